"""Customers and their contacts: staff see them, an order key does not show them (AC-2)."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.text import LONGEST_SEARCH
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact as ContactModel
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import customers_visible_to, matching, sees_customers
from schema.context import Info
from schema.loading import Siblings
from schema.relay import After, Connection, First, Keyset, Node
from schema.scopes import needs, type_needs

CUSTOMERS = Keyset("customers", "pk", of=int)
CONTACTS = Keyset("contacts", "pk", descending=False, of=int)


class ContactRow(NamedTuple):
    """What `Contact` is read from."""

    id: str
    name: str
    email: str
    has_account: bool
    pk: int
    parent: int


@type_needs(Permission.CUSTOMERS_READ)
@strawberry.type(description="A person of a customer.")
class Contact(Node):
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Their mail address; empty when none is known.")
    has_account: bool = strawberry.field(description="Whether they can sign in to the portal.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, ContactRow)


class CustomerRow(NamedTuple):
    """What `Customer` is read from."""

    id: str
    name: str
    external_id: str | None
    pk: int
    siblings: Siblings


@type_needs(Permission.CUSTOMERS_READ)
@strawberry.type(description="The buying business or person.")
class Customer(Node):
    name: str = strawberry.field(description="The customer's name.")
    external_id: str | None = strawberry.field(description="What another system calls it; null for none.")
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The people who speak for it, the first one first. `first` is at most 100.")
    def contacts(self, info: Info, first: First, after: After = None) -> Connection[Contact]:
        page = self.siblings.load(
            ("contacts", first, after), "pk", self.pk, lambda keys: _contacts_of(keys, first, after)
        )
        return cast(Connection[Contact], page)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, CustomerRow)


@strawberry.input(description="Which customers to list; what is left out does not narrow the list.")
class CustomerFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Words, each the beginning of a word of the name, or a part of a contact's name or mail address. "
        f"More than {LONGEST_SEARCH} characters find nothing.",
    )


@strawberry.type
class CustomerQueries:
    @strawberry.field(
        description="The customers that the viewer may see, the newest first. `first` is at most 100.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def customers(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            CustomerFilter | None, strawberry.argument(description="Which customers to give; null gives all.")
        ] = None,
    ) -> Connection[Customer]:
        found = customers_visible_to(info.context.viewer)
        if filter is not None:
            found = matching(found, search=filter.search or "")
        return CUSTOMERS.cut(found, _read_customers, first=first, after=after)


def _read_customers(customers: QuerySet[CustomerModel]) -> list[CustomerRow]:
    return _customer_rows(customers.values_list("pk", "name", "external_id"))


def _customer_rows(facts: Iterable[tuple[int, str, str | None]]) -> list[CustomerRow]:
    """Customers as rows; they share what they load."""
    siblings = Siblings()
    rows = [CustomerRow(f"customer_{pk}", name, external_id, pk, siblings) for pk, name, external_id in facts]
    siblings.share(rows, "pk")
    return rows


def customers_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, CustomerRow]:
    """The visible customers among these primary keys."""
    if not sees_customers(viewer):
        return {}
    # Asked for keys of one workspace, SQLite walks that whole workspace; asked for keys, it reads those alone.
    found = CustomerModel.objects.filter(pk__in=keys).values_list("workspace_id", "pk", "name", "external_id")
    rows = _customer_rows(
        (pk, name, external_id) for workspace, pk, name, external_id in found if workspace == viewer.workspace_id
    )
    return {row.pk: row for row in rows}


def _read_contacts(contacts: QuerySet[ContactModel]) -> list[ContactRow]:
    return [
        ContactRow(f"contact_{pk}", name, email, has_account, pk, customer)
        for pk, name, email, has_account, customer in contacts.values_list(
            "pk", "name", "email", "has_account", "customer_id"
        )
    ]


def _contacts_of(customers: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    # Whoever sees a customer sees the people who speak for it.
    return CONTACTS.cut_each(
        ContactModel.objects.all(), _read_contacts, parent="customer_id", parents=customers, first=first, after=after
    )


def contacts_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, ContactRow]:
    """The visible contacts among these primary keys."""
    if not sees_customers(viewer):
        return {}
    found = ContactModel.objects.filter(pk__in=keys).values_list(
        "workspace_id", "pk", "name", "email", "has_account", "customer_id"
    )
    return {
        pk: ContactRow(f"contact_{pk}", name, email, has, pk, customer)
        for workspace, pk, name, email, has, customer in found
        if workspace == viewer.workspace_id
    }
