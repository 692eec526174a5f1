"""Customers and their contacts: staff see them, an order key does not show them (AC-2)."""

from collections.abc import Sequence
from typing import NamedTuple

import strawberry

from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact as ContactModel
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import sees_customers
from schema.relay import Node


class CustomerRow(NamedTuple):
    """What `Customer` is read from."""

    id: str
    name: str
    pk: int


@strawberry.type(description="The buying business or person. Needs the scope customers:read.")
class Customer(Node):
    name: str = strawberry.field(description="The customer's name.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, CustomerRow)


class ContactRow(NamedTuple):
    """What `Contact` is read from."""

    id: str
    name: str
    email: str
    has_account: bool
    pk: int


@strawberry.type(description="A person of a customer. Needs the scope customers:read.")
class Contact(Node):
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="Their mail address; empty when none is known.")
    has_account: bool = strawberry.field(description="Whether they can sign in to the portal.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, ContactRow)


def customers_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, CustomerRow]:
    """The visible customers among these primary keys."""
    if not sees_customers(viewer):
        return {}
    # Asked for keys of one workspace, SQLite walks that whole workspace; asked for keys, it reads those alone.
    found = CustomerModel.objects.filter(pk__in=keys).values_list("pk", "name", "workspace_id")
    return {
        pk: CustomerRow(f"customer_{pk}", name, pk) for pk, name, workspace in found if workspace == viewer.workspace_id
    }


def contacts_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, ContactRow]:
    """The visible contacts among these primary keys."""
    if not sees_customers(viewer):
        return {}
    found = ContactModel.objects.filter(pk__in=keys).values_list("pk", "name", "email", "has_account", "workspace_id")
    return {
        pk: ContactRow(f"contact_{pk}", name, email, has, pk)
        for pk, name, email, has, workspace in found
        if workspace == viewer.workspace_id
    }
