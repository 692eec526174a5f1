"""Customers and their contacts: staff see them, an order key does not show them (AC-2)."""

from collections.abc import Sequence
from typing import NamedTuple

import strawberry
from django.db.models import QuerySet

from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact as ContactModel
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to
from schema.relay import Node, global_id


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


def read_customers(customers: QuerySet[CustomerModel]) -> list[CustomerRow]:
    """Customers as rows."""
    return [CustomerRow(*row) for row in customers.values_list(global_id("customer"), "name", "pk")]


def read_contacts(contacts: QuerySet[ContactModel]) -> list[ContactRow]:
    """Contacts as rows."""
    fields = (global_id("contact"), "name", "email", "has_account", "pk")
    return [ContactRow(*row) for row in contacts.values_list(*fields)]


def customers_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, CustomerRow]:
    """The visible customers among these primary keys."""
    return {row.pk: row for row in read_customers(customers_visible_to(viewer).filter(pk__in=keys))}


def contacts_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, ContactRow]:
    """The visible contacts among these primary keys."""
    return {row.pk: row for row in read_contacts(contacts_visible_to(viewer).filter(pk__in=keys))}
