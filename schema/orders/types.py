"""Orders."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.orders.models import AddressUse, guest_url, payment_state
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.queries import visible_to
from schema.context import Info
from schema.conversations.types import InternalNote, Message, messages_of, notes_of
from schema.customers import Contact, Customer, contacts_by_key, customers_by_key
from schema.interactions.notices import PackingNotice, noted_on, notices_for, waiting_of
from schema.loading import Siblings
from schema.money import Money, money
from schema.orders.addresses import PostalAddress, addresses_of
from schema.orders.editable import EditableOrder, editable_of, notes_asked
from schema.orders.fulfilments import Fulfilment, fulfilments_of
from schema.orders.history import OrderEvent, history_of
from schema.orders.invoices import Invoice, invoiced_at
from schema.orders.lines import OrderLine, lines_of
from schema.orders.states import FulfilmentState, OrderStatus, PaymentState
from schema.relay import After, Connection, First, Keyset, Node
from schema.scopes import needs, type_needs
from schema.timeline.kinds import TimelineFilter, groups_of
from schema.timeline.rows import timelines_of_orders
from schema.workspaces import Store, stores_by_key

if TYPE_CHECKING:
    from schema.timeline.types import TimelineEntry

NEWEST_ORDERS = Keyset("orders", "placed_at")


@strawberry.enum(description="Whose choice decides whether new messages are mailed.")
class MailPreferenceOwner(Enum):
    CONTACT = strawberry.enum_value("contact", description="The contact's, for all their orders: they have an account.")
    ORDER = strawberry.enum_value("order", description="This order's alone.")


@strawberry.type(description="Whether new messages of the shop are mailed to the customer.")
class MailPreference:
    enabled: bool = strawberry.field(description="Whether they are.")
    belongs_to: MailPreferenceOwner = strawberry.field(description="Whose choice that is.")
    has_address: bool = strawberry.field(description="Whether there is an address. Until then the choice waits.")


class MailPreferenceRow(NamedTuple):
    """What `MailPreference` is read from."""

    enabled: bool
    belongs_to: MailPreferenceOwner
    has_address: bool


# Looking up a value costs less than calling the enum, and lists read a hundred of them.
_STATUSES = {status.value: status for status in OrderStatus}
_FULFILMENT_STATES = {state.value: state for state in FulfilmentState}


class OrderRow(NamedTuple):
    """What `Order` is read from."""

    id: str
    number: str
    status: OrderStatus
    fulfilment: FulfilmentState
    payment: PaymentState
    placed_at: datetime
    total: Money
    taken: Decimal
    returned: Decimal
    pk: int
    store_id: int
    customer_id: int
    contact_id: int
    browser_contact_id: int
    key_version: int
    mail_preference: "MailPreferenceRow"
    siblings: Siblings


@type_needs(Permission.ORDERS_READ)
@strawberry.type(description="What a customer ordered, and the conversation about it.")
class Order(Node):
    number: str = strawberry.field(description="What people call the order; unique in the workspace.")
    status: OrderStatus = strawberry.field(description="Where it stands on the order axis.")
    fulfilment: FulfilmentState = strawberry.field(description="Where it stands on the fulfilment axis.")
    payment: PaymentState = strawberry.field(description="Where it stands on the payment axis.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    total: Money = strawberry.field(description="The sum of its lines.")
    mail_preference: MailPreference = strawberry.field(description="Whether new messages of the shop are mailed.")
    taken: strawberry.Private[Decimal]
    returned: strawberry.Private[Decimal]
    pk: strawberry.Private[int]
    store_id: strawberry.Private[int]
    customer_id: strawberry.Private[int]
    contact_id: strawberry.Private[int]
    browser_contact_id: strawberry.Private[int]
    key_version: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="What was taken for it so far.")
    def paid(self) -> Money:
        return money(self.taken, self.total.currency)

    @strawberry.field(description="What was given back of it.")
    def refunded(self) -> Money:
        return money(self.returned, self.total.currency)

    @strawberry.field(description="The store that it was placed in.")
    def store(self, info: Info) -> Store:
        return cast(Store, _store(self, info))

    @strawberry.field(description="Who ordered; null for a guest.", metadata=needs(Permission.CUSTOMERS_READ))
    def customer(self, info: Info) -> Customer | None:
        viewer = info.context.viewer
        row = self.siblings.load(
            "customer", "customer_id", self.customer_id, lambda keys: customers_by_key(viewer, keys)
        )
        return cast(Customer | None, row)

    @strawberry.field(
        description="The person who ordered; null for a guest.", metadata=needs(Permission.CUSTOMERS_READ)
    )
    def contact(self, info: Info) -> Contact | None:
        viewer = info.context.viewer
        row = self.siblings.load("contact", "contact_id", self.contact_id, lambda keys: contacts_by_key(viewer, keys))
        return cast(Contact | None, row)

    @strawberry.field(
        description="The contact of the first order that was placed in the same browser, in a store that keeps this; "
        "null where it does not, for an order without a browser, and for a guest. It may be another than `contact`: a "
        "hint for staff, by which nobody reads anything.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def browser_contact(self, info: Info) -> Contact | None:
        viewer = info.context.viewer
        row = self.siblings.load(
            "browser", "browser_contact_id", self.browser_contact_id, lambda keys: contacts_by_key(viewer, keys)
        )
        return cast(Contact | None, row)

    @strawberry.field(
        description="Where it goes; null where that is not known, and for who opened the order by a link: it asks for "
        "a login.",
        metadata=needs(Permission.ADDRESSES_READ),
    )
    def delivery_address(self, info: Info) -> PostalAddress | None:
        return _address(self, info, AddressUse.DELIVERY)

    @strawberry.field(
        description="Who is billed; null where that is not known, and for who opened the order by a link.",
        metadata=needs(Permission.ADDRESSES_READ),
    )
    def billing_address(self, info: Info) -> PostalAddress | None:
        return _address(self, info, AddressUse.BILLING)

    @strawberry.field(
        description="What is owed for it once it is invoiced; null until then, and for who opened the order by a link.",
        metadata=needs(Permission.INVOICES_READ),
    )
    def invoice(self, info: Info) -> Invoice | None:
        if self.status != OrderStatus.INVOICED or not allows(info.context.viewer, Permission.INVOICES_READ):
            return None
        due = max(self.total.amount - self.taken, Decimal(0))
        currency = self.total.currency
        return Invoice(
            number=self.number,
            issued_at=self.siblings.load("invoice", "pk", self.pk, invoiced_at),
            total=self.total,
            paid=money(self.taken, currency),
            due=money(due, currency),
        )

    @strawberry.field(
        description="What the customer asks of the shop about it, as plain text; empty for nothing. Null for who came "
        "by a customer's link."
    )
    def note(self, info: Info) -> str | None:
        viewer = info.context.viewer
        return self.siblings.load("note", "pk", self.pk, lambda keys: notes_asked(viewer, keys))

    @strawberry.field(
        description="What its customer may change of it now, as its contact or by its link. Null for the shop, and "
        "for who came by a customer's link."
    )
    def editable(self, info: Info) -> EditableOrder | None:
        viewer = info.context.viewer
        found = self.siblings.load("editable", "pk", self.pk, lambda keys: editable_of(viewer, keys))
        return cast(EditableOrder | None, found)

    @strawberry.field(description="What was ordered, in the order of its lines. `first` is at most 100.")
    def lines(self, info: Info, first: First, after: After = None) -> Connection[OrderLine]:
        page = self.siblings.load(("lines", first, after), "pk", self.pk, lambda keys: lines_of(keys, first, after))
        return cast(Connection[OrderLine], page)

    @strawberry.field(description="The parcels that it left in, the first one first. `first` is at most 100.")
    def fulfilments(self, info: Info, first: First, after: After = None) -> Connection[Fulfilment]:
        page = self.siblings.load(
            ("fulfilments", first, after), "pk", self.pk, lambda keys: fulfilments_of(keys, first, after)
        )
        return cast(Connection[Fulfilment], page)

    @strawberry.field(
        description="What its packer reads before a parcel leaves, newest first: what was logged about it, and what of "
        "its customer nobody has acknowledged yet. `first` is at most 100: page on until there is no more. Null for "
        "everybody but the shop.",
        metadata=needs(Permission.FULFILMENTS_WRITE),
    )
    def packing_notices(self, info: Info, first: First, after: After = None) -> Connection[PackingNotice] | None:
        viewer = info.context.viewer
        if not (viewer.is_shop and allows(viewer, Permission.FULFILMENTS_WRITE)):
            return None
        load, page = self.siblings.load, (first, after)
        noted = load(("noted", *page), "pk", self.pk, lambda keys: noted_on(keys, *page))
        waiting = load(("waiting", *page), "customer_id", self.customer_id, lambda keys: waiting_of(keys, *page))
        return notices_for(self.pk, cast(Any, noted), cast(Any, waiting), *page)

    @strawberry.field(
        description="What happened to it, by whom and when, newest first. `first` is at most 100. "
        "Null for everybody but staff."
    )
    def history(self, info: Info, first: First, after: After = None) -> Connection[OrderEvent] | None:
        viewer = info.context.viewer
        if not viewer.is_staff:
            return None
        page = self.siblings.load(
            ("history", first, after), "pk", self.pk, lambda keys: history_of(viewer, keys, first, after)
        )
        return cast(Connection[OrderEvent], page)

    @strawberry.field(
        description="Its story, the newest first: all that happened to it, messages, mails, payments, and what was "
        "logged about it. Of these, what the viewer may read. `first` is at most 100. Null for everybody but the shop."
    )
    def timeline(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            TimelineFilter | None, strawberry.argument(description="Which entries to give; null gives all.")
        ] = None,
    ) -> Connection[Annotated["TimelineEntry", strawberry.lazy("schema.timeline.types")]] | None:
        viewer, groups = info.context.viewer, groups_of(filter)
        if not viewer.is_shop:
            return None
        page = self.siblings.load(
            ("timeline", first, after, groups),
            "pk",
            self.pk,
            lambda keys: timelines_of_orders(viewer, keys, first, after, groups),
        )
        return cast(Connection[Any], page)

    @strawberry.field(
        description="The messages between shop and customer, newest first. `first` is at most 100.",
        metadata=needs(Permission.MESSAGES_READ),
    )
    def messages(self, info: Info, first: First, after: After = None) -> Connection[Message]:
        viewer = info.context.viewer
        page = self.siblings.load(
            ("messages", first, after), "pk", self.pk, lambda keys: messages_of(viewer, keys, first, after)
        )
        return cast(Connection[Message], page)

    @strawberry.field(
        description="The shop's own notes, newest first. `first` is at most 100. Null for everybody else.",
        metadata=needs(Permission.NOTES_READ),
    )
    def internal_notes(self, info: Info, first: First, after: After = None) -> Connection[InternalNote] | None:
        viewer = info.context.viewer
        if not (viewer.is_shop and allows(viewer, Permission.NOTES_READ)):
            return None
        page = self.siblings.load(
            ("notes", first, after), "pk", self.pk, lambda keys: notes_of(viewer, keys, first, after)
        )
        return cast(Connection[InternalNote], page)

    @strawberry.field(
        description="The customer's link to this order: who has it reads and answers without an account. Null for "
        "everybody else.",
        metadata=needs(Permission.ORDER_KEYS_READ),
    )
    def guest_url(self, info: Info) -> str | None:
        if not allows(info.context.viewer, Permission.ORDER_KEYS_READ):
            return None
        store: Any = _store(self, info)
        return guest_url(store.base_url, self.number, self.pk, self.key_version)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, OrderRow)


def _store(order: Order, info: Info) -> object:
    workspace_id = info.context.viewer.workspace_id
    return order.siblings.load("store", "store_id", order.store_id, lambda keys: stores_by_key(workspace_id, keys))


def _address(order: Order, info: Info, use: AddressUse) -> PostalAddress | None:
    viewer = info.context.viewer
    found = order.siblings.load("addresses", "pk", order.pk, lambda keys: addresses_of(viewer, keys))
    return cast(PostalAddress | None, (found or {}).get(use))


def read_orders(orders: QuerySet[OrderModel]) -> list[OrderRow]:
    """Orders as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        OrderRow(
            id=f"order_{pk}",
            number=number,
            status=_STATUSES[status],
            fulfilment=_FULFILMENT_STATES[fulfilment],
            payment=payment_state(total, paid, refunded),
            placed_at=placed_at,
            total=money(total, currency),
            taken=paid,
            returned=refunded,
            pk=pk,
            store_id=store_id,
            customer_id=customer_id,
            contact_id=contact_id,
            browser_contact_id=browser_contact_id or 0,
            key_version=key_version,
            mail_preference=MailPreferenceRow(contact_wants, MailPreferenceOwner.CONTACT, email != "")
            if has_account
            else MailPreferenceRow(order_wants, MailPreferenceOwner.ORDER, email != ""),
            siblings=siblings,
        )
        for (
            number,
            status,
            fulfilment,
            paid,
            refunded,
            placed_at,
            total,
            currency,
            pk,
            store_id,
            customer_id,
            contact_id,
            browser_contact_id,
            key_version,
            order_wants,
            contact_wants,
            has_account,
            email,
        ) in orders.values_list(
            "number",
            "status",
            "fulfilment",
            "paid",
            "refunded",
            "placed_at",
            "total",
            "currency",
            "pk",
            "store_id",
            "customer_id",
            "contact_id",
            "browser_contact_id",
            "key_version",
            "wants_mail",
            "contact__wants_mail",
            "contact__has_account",
            "contact__email",
        )
    ]
    siblings.share(rows, "pk", "store_id", "customer_id", "contact_id", "browser_contact_id")
    return rows


def order_by_key(viewer: Viewer, pk: int | None) -> Order | None:
    """The order with this primary key, if the viewer sees it."""
    rows = read_orders(visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(Order, rows[0]) if rows else None


def orders_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, OrderRow]:
    """The visible orders among these primary keys."""
    return {row.pk: row for row in read_orders(visible_to(viewer).filter(pk__in=keys))}
