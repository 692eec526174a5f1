"""A customer with whom everything happens that a story tells of, through the real actions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.customers.access import rotate_customer_link, set_customer_flags
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.linked import link_customers, unlink_customers
from counterfoil.customers.models import Customer
from counterfoil.customers.sessions import begin, end_all
from counterfoil.events import relay
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.mail import delivery
from counterfoil.orders.actions import (
    NewLine,
    change_status,
    place_order,
    revise_order,
    rotate_order_key,
    set_mail_preference,
)
from counterfoil.orders.fulfilment import correct_parcel, fulfil, move_parcel, set_hold
from counterfoil.orders.models import Fulfilment, FulfilmentStatus, Order, OrderStatus, Return, ReturnLine
from counterfoil.orders.payments import record_payment
from tests.factories import LINES, Shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OTHER_LINES = (*LINES, NewLine("Hessian sack", 2, Decimal("1.50")))


@dataclass
class Eventful:
    """What there is in the end. `guest` holds the link to the order."""

    customer: Customer
    order: Order
    parcel: Fulfilment
    entry: Interaction
    guest: Viewer

    @property
    def gid(self) -> str:
        """The customer's global id."""
        return f"customer_{self.customer.pk}"


class _Clock:
    """One minute after the other, from noon on."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


def eventful(shop: Shop, number: str = "4137") -> Eventful:
    """Everything, a minute each, beginning at 12:01 with a customer who is made."""
    tick, staff = _Clock(), shop.staff
    with clock.at(tick()):
        person = create_customer(
            viewer=staff, name="Harbour Café", contact_name="Ana Reis", email="ana@harbour.example"
        )
    with clock.at(tick()):
        placed = place_order(viewer=staff, store=shop.store, contact=person, currency="GBP", lines=LINES, number=number)
    order = Order.objects.select_related("contact", "customer", "store").get(pk=placed.pk)
    guest = shop.guest(order)
    _on_its_way(shop, order, tick)
    parcel = _parcels(shop, order, tick)
    _words(shop, order, guest, tick)
    entry = _notebook(shop, order, tick)
    _ways_in(shop, order, tick)
    return Eventful(order.customer, order, parcel, entry, guest)


def _on_its_way(shop: Shop, order: Order, tick: _Clock) -> None:
    with clock.at(tick()):
        revise_order(viewer=shop.staff, order=order, lines=OTHER_LINES)
    with clock.at(tick()):
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    with clock.at(tick()):
        set_hold(viewer=shop.staff, order=order, on_hold=True)
    with clock.at(tick()):
        set_hold(viewer=shop.staff, order=order, on_hold=False)
    with clock.at(tick()):
        record_payment(viewer=shop.staff, order=order, amount=Decimal("84.20"))
    with clock.at(tick()):
        record_payment(viewer=shop.staff, order=order, amount=Decimal("-4.20"))


def _parcels(shop: Shop, order: Order, tick: _Clock) -> Fulfilment:
    line = order.lines.get(ordinal=1)
    with clock.at(tick()):
        parcel = fulfil(viewer=shop.staff, order=order, quantities={line.pk: 4}, carrier="DHL")
    with clock.at(tick()):
        correct_parcel(
            viewer=shop.staff,
            fulfilment=parcel,
            carrier="DHL",
            tracking_number="7",
            tracking_url="https://dhl.example/7",
        )
    with clock.at(tick()):
        move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.DELIVERED)
    rows = {"workspace": shop.workspace}
    note = "C-9" if order.number == "4137" else f"C-{order.number}"
    back = Return.objects.create(
        customer=order.customer, number=note, currency="GBP", total=Decimal("30.00"), returned_at=tick(), **rows
    )
    for of, total in ((line, Decimal("24.00")), (None, Decimal("6.00"))):
        ReturnLine.objects.create(returned=back, line=of, name="Tin", quantity=1, unit_price=total, total=total, **rows)
    return parcel


def _words(shop: Shop, order: Order, guest: Viewer, tick: _Clock) -> None:
    with clock.at(tick()):
        send_message(viewer=guest, order=order, text="Where is my parcel?")
    with clock.at(tick()):
        send_message(viewer=shop.staff, order=order, text="On its way.")
    with clock.at(tick()):
        relay.drain()
        for mail in delivery.due():
            delivery.deliver(mail)
    with clock.at(tick()):
        write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    with clock.at(tick()):
        set_mail_preference(viewer=guest, order=order, enabled=False)


def _notebook(shop: Shop, order: Order, tick: _Clock) -> Interaction:
    jo = shop.hire("Jo")
    with clock.at(tick()):
        entry = log_interaction(
            viewer=jo,
            customer=order.customer,
            order=order,
            type=InteractionType.EMAIL,
            text="Hold order 4137 until July 12 per their email; family trip; unusual circumstance.",
            needs_acknowledgement=True,
        )
    with clock.at(tick()):
        acknowledge_interaction(viewer=shop.staff, interaction=entry)
    return entry


def _ways_in(shop: Shop, order: Order, tick: _Clock) -> None:
    customer, contact = order.customer, order.contact
    with clock.at(tick()):
        rotate_order_key(viewer=shop.staff, order=order)
    with clock.at(tick()):
        rotate_customer_link(viewer=shop.staff, customer=customer)
    with clock.at(tick()):
        set_customer_flags(viewer=shop.staff, customer=customer, ordering_blocked=True)
    for _ in range(2):
        begin(contact=contact, address=None, program="")
    with clock.at(tick()):
        end_all(viewer=shop.staff, contact=contact)
    with clock.at(tick()):
        save_customer(
            viewer=shop.staff, name="Harbour Cafés", contact_name="Ana Reis", email=contact.email, customer=customer
        )
    other = create_customer(viewer=shop.staff, name="Pier 2", contact_name="Ben", email="ben@pier.example").customer
    with clock.at(tick()):
        link_customers(viewer=shop.staff, customer=customer, other=other, reason="The same owner")
    with clock.at(tick()):
        unlink_customers(viewer=shop.staff, customer=customer, other=other)
    customer.refresh_from_db()
