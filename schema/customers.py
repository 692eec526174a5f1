"""Customers and their contacts: staff see them, an order key does not show them (AC-2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.problems import NotFound
from counterfoil.access.text import LONGEST_SEARCH, MOST_WORDS
from counterfoil.access.viewer import Viewer
from counterfoil.customers.links import customer_url
from counterfoil.customers.models import Contact as ContactModel
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.models import LinkedAccount as LinkedAccountModel
from counterfoil.customers.queries import customers_visible_to, sees_customers
from counterfoil.customers.sessions import how_many_each
from counterfoil.interactions.queries import reads_interactions
from counterfoil.workspaces.queries import portal_address
from schema.context import Info
from schema.interactions.kinds import InteractionType
from schema.interactions.rows import interactions_of, unacknowledged_of
from schema.loading import Siblings
from schema.relay import After, Connection, First, Keyset, Node, pk_of
from schema.scopes import needs, type_needs
from schema.timeline.kinds import TimelineFilter, groups_of
from schema.timeline.rows import timelines_of_customers

if TYPE_CHECKING:
    from schema.interactions.types import Interaction
    from schema.timeline.types import TimelineEntry

CUSTOMERS = Keyset("customers", "pk", of=int)
LINKED_ACCOUNTS = Keyset("linked accounts", "pk", descending=False, of=int)
CONTACTS = Keyset("contacts", "pk", descending=False, of=int)


class ContactRow(NamedTuple):
    """What `Contact` is read from."""

    id: str
    name: str
    email: str
    has_account: bool
    pk: int
    parent: int
    siblings: Siblings


@type_needs(Permission.CUSTOMERS_READ)
@strawberry.type(description="A person of a customer.")
class Contact(Node):
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Their mail address; empty when none is known.")
    has_account: bool = strawberry.field(description="Whether they can sign in to the portal.")
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(
        description="In how many browsers they are signed in to the portal. Null without the scope.",
        metadata=needs(Permission.CUSTOMER_LINKS_READ),
    )
    def signed_in_on(self, info: Info) -> int | None:
        if not allows(info.context.viewer, Permission.CUSTOMER_LINKS_READ):
            return None
        return self.siblings.load("sessions", "pk", self.pk, how_many_each) or 0

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, ContactRow)


class LinkedAccountRow(NamedTuple):
    """What `LinkedAccount` is read from."""

    reason: str
    linked_at: datetime
    pk: int
    parent: int
    other_id: int
    siblings: Siblings


@type_needs(Permission.CUSTOMERS_READ)
@strawberry.type(description="That a customer has to do with another one. Nothing of the two is merged.")
class LinkedAccount:
    reason: str = strawberry.field(description="What they have to do with each other; empty when that is not said.")
    linked_at: datetime = strawberry.field(description="When they were linked.")
    other_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The other one.")
    def customer(self, info: Info) -> "Customer":
        viewer = info.context.viewer
        row = self.siblings.load("other", "other_id", self.other_id, lambda keys: customers_by_key(viewer, keys))
        return cast(Customer, row)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, LinkedAccountRow)


class CustomerRow(NamedTuple):
    """What `Customer` is read from."""

    id: str
    name: str
    external_id: str | None
    since: datetime
    is_active: bool
    ordering_blocked: bool
    pk: int
    link_version: int
    siblings: Siblings


@strawberry.input(description="Which entries to list; what is left out does not narrow the list.")
class InteractionFilter:
    type: InteractionType | None = strawberry.field(default=None, description="Only entries of this type.")
    search: str | None = strawberry.field(
        default=None,
        description="Words, each a part of the text, whatever their case and accents. "
        f"The first {MOST_WORDS} words count; more than {LONGEST_SEARCH} characters find nothing.",
    )


@type_needs(Permission.CUSTOMERS_READ)
@strawberry.type(description="The buying business or person.")
class Customer(Node):
    name: str = strawberry.field(description="The customer's name.")
    external_id: str | None = strawberry.field(description="What another system calls it; null for none.")
    since: datetime = strawberry.field(description="When it became a customer here.")
    is_active: bool = strawberry.field(description="Whether its people get in to the portal.")
    ordering_blocked: bool = strawberry.field(description="Whether they order nothing, and see everything.")
    pk: strawberry.Private[int]
    link_version: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The people who speak for it, the first one first. `first` is at most 100.")
    def contacts(self, info: Info, first: First, after: After = None) -> Connection[Contact]:
        page = self.siblings.load(
            ("contacts", first, after), "pk", self.pk, lambda keys: _contacts_of(keys, first, after)
        )
        return cast(Connection[Contact], page)

    @strawberry.field(description="The customers that it is linked with, in that order. `first` is at most 100.")
    def linked_accounts(self, info: Info, first: First, after: After = None) -> Connection[LinkedAccount]:
        page = self.siblings.load(
            ("linked", first, after), "pk", self.pk, lambda keys: _linked_with(keys, first, after)
        )
        return cast(Connection[LinkedAccount], page)

    @strawberry.field(
        description="The customer's link: who has it sees this customer's orders without an account. Null without "
        "the scope.",
        metadata=needs(Permission.CUSTOMER_LINKS_READ),
    )
    def portal_url(self, info: Info) -> str | None:
        viewer = info.context.viewer
        if not allows(viewer, Permission.CUSTOMER_LINKS_READ):
            return None
        address = self.siblings.load(
            "portal", "pk", self.pk, lambda keys: dict.fromkeys(keys, portal_address(viewer.workspace_id))
        )
        return address and customer_url(address, self.pk, self.link_version)

    @strawberry.field(
        description="What was logged about it, the newest first. `first` is at most 100. Null without the scope.",
        metadata=needs(Permission.INTERACTIONS_READ),
    )
    def interactions(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            InteractionFilter | None, strawberry.argument(description="Which entries to give; null gives all.")
        ] = None,
    ) -> Connection[Annotated["Interaction", strawberry.lazy("schema.interactions.types")]] | None:
        viewer = info.context.viewer
        if not reads_interactions(viewer):
            return None
        kind, search = (filter.type, filter.search or "") if filter else (None, "")
        page = self.siblings.load(
            ("interactions", first, after, kind, search),
            "pk",
            self.pk,
            lambda keys: interactions_of(viewer, keys, first, after, type=kind, search=search),
        )
        return cast(Connection[Any], page)

    @strawberry.field(
        description="What nobody has acknowledged yet about it, the newest first. `first` is at most 100. Null without "
        "the scope.",
        metadata=needs(Permission.INTERACTIONS_READ),
    )
    def unacknowledged(
        self, info: Info, first: First, after: After = None
    ) -> Connection[Annotated["Interaction", strawberry.lazy("schema.interactions.types")]] | None:
        viewer = info.context.viewer
        if not reads_interactions(viewer):
            return None
        page = self.siblings.load(
            ("unacknowledged", first, after), "pk", self.pk, lambda keys: unacknowledged_of(viewer, keys, first, after)
        )
        return cast(Connection[Any], page)

    @strawberry.field(
        description="Its story, the newest first: its orders and all that happened to them, messages, mails, payments, "
        "what was logged, and how it gets in. Of these, what the viewer may read. `first` is at most 100. Null without "
        "the scope.",
        metadata=needs(Permission.ORDERS_READ),
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
        if not allows(viewer, Permission.ORDERS_READ):
            return None
        page = self.siblings.load(
            ("timeline", first, after, groups),
            "pk",
            self.pk,
            lambda keys: timelines_of_customers(viewer, keys, first, after, groups),
        )
        return cast(Connection[Any], page)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, CustomerRow)


# What `_customer_rows` and `_contact_rows` are made from.
_CUSTOMER = ("pk", "name", "external_id", "created_at", "is_active", "ordering_blocked", "link_version")
_CONTACT = ("pk", "name", "email", "has_account", "customer_id")


def read_customers(customers: QuerySet[CustomerModel]) -> list[CustomerRow]:
    """Customers as rows; they share what they load."""
    return _customer_rows(customers.values_list(*_CUSTOMER))


def _customer_rows(facts: Iterable[tuple[Any, ...]]) -> list[CustomerRow]:
    """Customers as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        CustomerRow(f"customer_{pk}", name, external_id, since, is_active, blocked, pk, link_version, siblings)
        for pk, name, external_id, since, is_active, blocked, link_version in facts
    ]
    siblings.share(rows, "pk")
    return rows


def customers_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, CustomerRow]:
    """The visible customers among these primary keys."""
    if not sees_customers(viewer):
        return {}
    # Asked for keys of one workspace, SQLite walks that whole workspace; asked for keys, it reads those alone.
    found = CustomerModel.objects.filter(pk__in=keys).values_list("workspace_id", *_CUSTOMER)
    return {
        row.pk: row for row in _customer_rows(facts for workspace, *facts in found if workspace == viewer.workspace_id)
    }


def _read_contacts(contacts: QuerySet[ContactModel]) -> list[ContactRow]:
    return _contact_rows(contacts.values_list(*_CONTACT))


def _contact_rows(facts: Iterable[tuple[Any, ...]]) -> list[ContactRow]:
    """Contacts as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        ContactRow(f"contact_{pk}", name, email, has_account, pk, customer, siblings)
        for pk, name, email, has_account, customer in facts
    ]
    siblings.share(rows, "pk")
    return rows


def _contacts_of(customers: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    # Whoever sees a customer sees the people who speak for it.
    return CONTACTS.cut_each(
        ContactModel.objects.all(), _read_contacts, parent="customer_id", parents=customers, first=first, after=after
    )


def _read_linked(accounts: QuerySet[LinkedAccountModel]) -> list[LinkedAccountRow]:
    siblings = Siblings()
    facts = accounts.values_list("reason", "created_at", "pk", "customer_id", "other_id")
    rows = [LinkedAccountRow(*row, siblings) for row in facts]
    siblings.share(rows, "other_id")
    return rows


def _linked_with(customers: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    # Whoever sees a customer sees all of the workspace's.
    return LINKED_ACCOUNTS.cut_each(
        LinkedAccountModel.objects.all(),
        _read_linked,
        parent="customer_id",
        parents=customers,
        first=first,
        after=after,
    )


def contacts_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, ContactRow]:
    """The visible contacts among these primary keys."""
    if not sees_customers(viewer):
        return {}
    found = ContactModel.objects.filter(pk__in=keys).values_list("workspace_id", *_CONTACT)
    return {
        row.pk: row for row in _contact_rows(facts for workspace, *facts in found if workspace == viewer.workspace_id)
    }


def find_customer(viewer: Viewer, gid: str, field: str = "customerId") -> CustomerModel:
    """The customer that a mutation's `field` names. Raises `NotFound` also for one that the viewer may not see."""
    customer = customers_visible_to(viewer).filter(pk=pk_of(gid, "customer") or 0).first()
    if customer is None:
        raise NotFound("There is no such customer.", field=field)
    return customer


def found_customer(viewer: Viewer, pk: int) -> Customer:
    """The customer after a change. Raises `NotFound` when it is not to be seen any more."""
    found = customers_by_key(viewer, [pk]).get(pk)
    if found is None:
        raise NotFound("There is no such customer.", field="customerId")
    return cast(Customer, found)
