"""Two shops full of the same numbers, names and codes, and everyone who may ask one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from graphql import ExecutionResult

from counterfoil.access import clock
from counterfoil.access.policy import GRANTABLE
from counterfoil.access.viewer import Role, Viewer, anonymous
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.customers.actions import save_customer
from counterfoil.customers.models import Contact
from counterfoil.customers.queries import signed_in
from counterfoil.orders.actions import NewLine, change_status, place_order
from counterfoil.orders.fulfilment import fulfil, move_parcel, set_hold
from counterfoil.orders.models import FulfilmentStatus, Order, OrderStatus
from counterfoil.orders.payments import record_payment
from counterfoil.partners.actions import register_client
from counterfoil.partners.budgets import Payer
from counterfoil.staff.roles import save_role
from schema.context import Context
from schema.reporting.root import execute
from tests.factories import Shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# What is taken for an order of 10 or more, and given back: every state of payment.
PAYMENTS: tuple[tuple[str, ...], ...] = ((), ("4.00",), ("all",), ("4.00", "-1.50"), ("4.00", "-4.00"))
CUSTOMERS = (("Harbour Café", "C-1"), ("harbour Hotel", "C-2"), ("100% Tea_House", None), ("Élan", "C-4"))


@dataclass(frozen=True)
class World:
    """A shop, another one whose data collide with its, and who may ask."""

    here: Shop
    there: Shop
    viewers: Mapping[str, Viewer]


def run(
    viewer: Viewer,
    text: str,
    *,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    payer: Payer | None = None,
) -> ExecutionResult:
    """Ask the reporting schema; with a `payer` as a program does, within the limits."""
    context = Context(viewer=viewer, payer=payer)
    return execute(text, variables=variables or {}, context=context, operation_name=operation_name)


def report(viewer: Viewer, text: str, /, **variables: Any) -> dict[str, Any]:
    """Ask the reporting schema; errors fail the test."""
    result = run(viewer, text, variables=variables)
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data


def refused(viewer: Viewer, text: str, /, **variables: Any) -> list[str]:
    """What the reporting schema says of a question that it does not answer."""
    result = run(viewer, text, variables=variables)
    assert result.data is None, result.data
    return [error.message for error in result.errors or []]


def fill(shop: Shop, orders: int = 15) -> list[Order]:
    """Customers, products, and orders in every state, two of which were placed at each moment."""
    people = []
    for name, external_id in CUSTOMERS:
        customer = save_customer(
            viewer=shop.staff, name=name, contact_name="Ana", email="ana@harbour.example", external_id=external_id
        )
        people.append(Contact.objects.get(customer_id=customer.pk))
    for sku, name, category, active, external_id in (
        ("TT-22", "Tea tin", "Tins", True, "P-1"),
        ("tt-23", "tea tin, large", "Tins", False, None),
        ("BC-07", "Biscuit cutters", "", True, "P-3"),
    ):
        unit = NewUnit("each", Decimal("2.00"), "GBP")
        save_product(
            viewer=shop.staff,
            sku=sku,
            name=name,
            units=[unit],
            category=category,
            active=active,
            external_id=external_id,
        )
    return [_order(shop, at, people[at % len(people)]) for at in range(orders)]


def _order(shop: Shop, at: int, contact: Contact) -> Order:
    lines = tuple(
        NewLine(f"Tin {number}", 3 + at, Decimal("5.8525"), sku=f"T-{number}", unit="case" if number % 2 else "")
        for number in range(1 + at % 4)
    )
    with clock.at(NOON + timedelta(hours=at // 2)):
        order = place_order(
            viewer=shop.staff,
            store=shop.store,
            contact=contact,
            currency=("GBP", "JPY", "EUR")[at % 3],
            lines=lines,
            number=f"A-{at}",
        )
        for amount in PAYMENTS[at % len(PAYMENTS)]:
            if order.currency != "JPY":
                given = order.total if amount == "all" else Decimal(amount)
                record_payment(viewer=shop.staff, order=order, amount=given)
        if at % 7:
            change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
            _send(shop, order, at)
        if at % 5 == 1:
            change_status(viewer=shop.staff, order=order, status=OrderStatus.INVOICED)
    return order


def _send(shop: Shop, order: Order, at: int) -> None:
    lines = list(order.lines.all())
    if at % 3 == 0:
        fulfil(viewer=shop.staff, order=order, carrier="DPD", tracking_number=f"N-{at}")
    elif at % 3 == 1:
        parcel = fulfil(viewer=shop.staff, order=order, quantities={lines[0].pk: 1}, tracking_url="https://t.example/1")
        move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.DELIVERED)
        fulfil(viewer=shop.staff, order=order, quantities={lines[0].pk: 2})
    if at % 4 == 1:
        set_hold(viewer=shop.staff, order=order, on_hold=True)


def make_world(here: Shop, there: Shop) -> World:
    """Both shops filled, the other one first and last, and the viewers."""
    fill(there, 4)
    orders = fill(here)
    for at in range(4, 15):
        _order(there, at, Contact.objects.filter(workspace=there.workspace)[at % 4])

    def partner(name: str, *scopes: str) -> Viewer:
        return register_client(viewer=here.staff, name=name, scopes=scopes)[0].acting(scopes)

    def member(name: str, *permissions: str) -> Viewer:
        return here.hire(name, save_role(viewer=here.staff, name=name, permissions=permissions))

    return World(
        here,
        there,
        {
            "anonymous": anonymous(here.workspace.pk),
            "guest": here.guest(orders[5]),
            "contact": signed_in(Contact.objects.get(pk=orders[1].contact_id)),
            "shop manager": here.hire("Sam", Role.SHOP_MANAGER),
            "admin": here.staff,
            "role without customers": member("Packer", "orders:read", "fulfilments:write"),
            "role of the catalogue": member("Shelver", "products:read"),
            "role of the customers": member("Caller", "customers:read"),
            "partner": partner("Everything", *sorted(GRANTABLE)),
            "partner of orders": partner("Orders", "orders:read"),
            "partner without orders": partner("Books", "customers:read", "products:read"),
            "staff of another workspace": there.staff,
        },
    )
