"""Placing orders, and making the customers that they are for."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Product as ProductModel
from counterfoil.catalog.models import Unit as UnitModel
from counterfoil.catalog.queries import visible_to as products_visible_to
from counterfoil.customers import actions as customers
from counterfoil.customers.models import Contact as ContactModel
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to
from counterfoil.orders import actions
from counterfoil.orders.notes import LONGEST_NOTE
from counterfoil.workspaces.queries import stores_of
from schema.catalog.mutations import EXTERNAL_ID
from schema.context import Info
from schema.customers import Customer, customers_by_key
from schema.orders.addresses import PostalAddressInput, new_addresses
from schema.orders.mutations import ABOUT, KEY, changed_order, find_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs


@strawberry.input(description="A customer and its first contact as they should be.")
class SaveCustomerInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="The customer's global id; null changes the one of `externalId`, or makes a new one."
    )
    external_id: str | None = strawberry.field(default=None, description=EXTERNAL_ID)
    name: str = strawberry.field(description="The customer's name, at most 200 characters.")
    contact_name: str = strawberry.field(default="", description="The contact's name, at most 200 characters.")
    email: str = strawberry.field(default="", description="The contact's mail address; empty when none is known.")


@strawberry.type(description="The customer is as asked.")
class SaveCustomerSuccess:
    customer: Customer = strawberry.field(description="The customer.")


@strawberry.input(description="A line to order.")
class NewLineInput:
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product's global id; null for something that is not in the catalogue."
    )
    name: str | None = strawberry.field(
        default=None, description="At most 300 characters; null takes the product's name."
    )
    sku: str | None = strawberry.field(default=None, description="At most 80 characters; null takes the product's.")
    unit: str | None = strawberry.field(
        default=None, description="The unit of measure, at most 60 characters; null takes the product's usual one."
    )
    quantity: int = strawberry.field(description="How many units, at least 1.")
    unit_price: Decimal | None = strawberry.field(
        default=None,
        description="What one costs, in the currency's main unit, to 4 decimals: prices below a cent survive. Null "
        "takes what the product costs by this unit in the order's currency.",
    )


@strawberry.input(description="An order to place.")
class PlaceOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    external_id: str | None = strawberry.field(
        default=None,
        description="What your system calls it, at most 200 characters. Sent again, it names the order of then, which "
        "gets these lines and addresses as long as it is a draft. Null for none.",
    )
    customer_id: strawberry.ID = strawberry.field(description="Whose order it is: the customer's global id.")
    contact_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who orders: a contact of the customer; null takes the first."
    )
    currency: str = strawberry.field(description="The currency of its prices, as three letters of ISO 4217.")
    number: str | None = strawberry.field(
        default=None, description="What people call it, at most 40 characters; null takes the next number."
    )
    placed_at: datetime | None = strawberry.field(default=None, description="When it was placed; null means now.")
    lines: list[NewLineInput] = strawberry.field(description="What is ordered, at least one line.")
    delivery_address: PostalAddressInput | None = strawberry.field(
        default=None, description="Where it goes; null where that is not known."
    )
    billing_address: PostalAddressInput | None = strawberry.field(
        default=None, description="Who is billed; null where that is not known."
    )
    note: str | None = strawberry.field(
        default=None,
        description=f"What the customer asks of the shop about the order, at most {LONGEST_NOTE:,} characters; null "
        "for nothing, or, for an external id that came before, for the note that it has.",
    )
    browser: str = strawberry.field(
        default="",
        description="What the shop calls the buyer's browser: opaque, at most 200 characters, empty for none. A store "
        "that keeps this notes whose the browser's first order was, and only a keyed hash of the browser's name.",
    )


@strawberry.type(description="The order stands as a draft.")
class PlaceOrderSuccess:
    order: Order = strawberry.field(description="The order.")


@strawberry.input(description="The lines that a draft order should have.")
class ReviseOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    lines: list[NewLineInput] = strawberry.field(description="What is ordered, at least one line.")


@strawberry.type(description="The order has these lines.")
class ReviseOrderSuccess:
    order: Order = strawberry.field(description="The order.")


SaveCustomerResult = Annotated[
    SaveCustomerSuccess | Problem, strawberry.union("SaveCustomerResult", description="Done, or why not.")
]
PlaceOrderResult = Annotated[
    PlaceOrderSuccess | Problem, strawberry.union("PlaceOrderResult", description="Done, or why not.")
]
ReviseOrderResult = Annotated[
    ReviseOrderSuccess | Problem, strawberry.union("ReviseOrderResult", description="Done, or why not.")
]


def _contact(viewer: Viewer, input: PlaceOrderInput) -> ContactModel:
    mine = contacts_visible_to(viewer).filter(customer_id=pk_of(input.customer_id, "customer") or 0).order_by("pk")
    if input.contact_id is not None:
        mine = mine.filter(pk=pk_of(input.contact_id, "contact") or 0)
    found = mine.first()
    if found is None:
        field = "customerId" if input.contact_id is None else "contactId"
        raise NotFound("There is no such customer, or they have no such contact.", field=field)
    return found


def _lines(viewer: Viewer, lines: list[NewLineInput], currency: str) -> list[actions.NewLine]:
    """The lines to order; what a line leaves out is taken from its product."""
    pks = [pk_of(line.product_id, "product") or 0 for line in lines if line.product_id is not None]
    found = products_visible_to(viewer).filter(pk__in=pks).prefetch_related("units")
    products = {product.pk: product for product in found}
    return [_line(line, products, currency) for line in lines]


def _line(line: NewLineInput, products: dict[int, ProductModel], currency: str) -> actions.NewLine:
    if line.product_id is None:
        if line.unit_price is None:
            raise Invalid(f"Say what {line.name or 'each line'} costs: it names no product.", field="lines")
        return actions.NewLine(line.name or "", line.quantity, line.unit_price, line.sku or "", line.unit or "")
    product = products.get(pk_of(line.product_id, "product") or 0)
    if product is None:
        raise NotFound("There is no such product.", field="lines")
    if not product.active:
        raise Invalid(f"{product.name} can't be ordered any more.", field="lines")
    unit, price = line.unit, line.unit_price
    if unit is None or price is None:
        usual = _unit(product, unit, currency)
        unit, price = usual.name if unit is None else unit, usual.price if price is None else price
    return actions.NewLine(
        name=product.name if line.name is None else line.name,
        quantity=line.quantity,
        unit_price=price,
        sku=product.sku if line.sku is None else line.sku,
        unit=unit,
        product_id=product.pk,
    )


def _unit(product: ProductModel, name: str | None, currency: str) -> UnitModel:
    """The unit of this name, or the usual one, that has a price in the currency."""
    units = sorted(product.units.all(), key=lambda unit: unit.ordinal)
    for unit in units:
        if unit.currency == currency and name in (None, unit.name):
            return unit
    raise Invalid(f"{product.name} has no price {f'by {name} ' if name else ''}in {currency}: say it.", field="lines")


@strawberry.type
class PlacingMutations:
    @strawberry.mutation(
        description="Make a customer with a contact, or change those that `customerId` or `externalId` names.",
        metadata=needs(Permission.CUSTOMERS_WRITE),
    )
    def save_customer(self, info: Info, input: Annotated[SaveCustomerInput, ABOUT]) -> SaveCustomerResult:
        viewer = info.context.viewer

        def act() -> SaveCustomerSuccess:
            customer = None
            if input.customer_id is not None:
                customer = customers_visible_to(viewer).filter(pk=pk_of(input.customer_id, "customer") or 0).first()
                if customer is None:
                    raise NotFound("There is no such customer.", field="customerId")

            def save() -> int:
                return customers.save_customer(
                    viewer=viewer,
                    name=input.name,
                    contact_name=input.contact_name,
                    email=input.email,
                    external_id=input.external_id,
                    customer=customer,
                ).pk

            given = {
                "customer": customer and customer.pk,
                "facts": [input.external_id, input.name, input.contact_name, input.email],
            }
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="saveCustomer", given=given, act=save)
            return SaveCustomerSuccess(customer=customers_by_key(viewer, [pk])[pk])  # type: ignore[arg-type]

        return or_problem(act)

    @strawberry.mutation(
        description="Place an order as a draft; an external id that came before gives that order these lines instead.",
        metadata=needs(Permission.ORDERS_WRITE, Permission.CUSTOMERS_READ),
    )
    def place_order(self, info: Info, input: Annotated[PlaceOrderInput, ABOUT]) -> PlaceOrderResult:
        viewer = info.context.viewer

        def act() -> PlaceOrderSuccess:
            contact, lines = _contact(viewer, input), _lines(viewer, input.lines, input.currency)
            store = stores_of(viewer.workspace_id).order_by("pk").first()
            if store is None:
                raise NotFound("This workspace has no store yet.")
            placed_at = input.placed_at
            if placed_at is not None and placed_at.tzinfo is None:
                raise Invalid("Say the time zone: 2026-03-02T12:00:00Z.", field="placedAt")

            addresses = new_addresses(input.delivery_address, input.billing_address)

            def place() -> int:
                return actions.place_order(
                    viewer=viewer,
                    store=store,
                    contact=contact,
                    currency=input.currency,
                    lines=lines,
                    number=input.number,
                    external_id=input.external_id,
                    placed_at=placed_at,
                    addresses=addresses,
                    note=input.note,
                    browser=input.browser,
                ).pk

            given = {
                "contact": contact.pk,
                "facts": [input.currency, input.number, input.external_id, placed_at],
                "lines": lines,
                "addresses": addresses,
                "note": input.note,
                "browser": input.browser,
            }
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="placeOrder", given=given, act=place)
            return PlaceOrderSuccess(order=changed_order(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Give a draft order other lines; the same again is no change.",
        metadata=needs(Permission.ORDERS_WRITE),
    )
    def revise_order(self, info: Info, input: Annotated[ReviseOrderInput, ABOUT]) -> ReviseOrderResult:
        viewer = info.context.viewer

        def act() -> ReviseOrderSuccess:
            order = find_order(viewer, input.order_id)
            lines = _lines(viewer, input.lines, order.currency)

            def revise() -> int:
                actions.revise_order(viewer=viewer, order=order, lines=lines)
                return order.pk

            given = {"order": order.pk, "lines": lines}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="reviseOrder", given=given, act=revise)
            return ReviseOrderSuccess(order=changed_order(viewer, pk))

        return or_problem(act)
