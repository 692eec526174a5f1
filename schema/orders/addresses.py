"""The addresses of orders."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import strawberry

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.orders.addresses import NewAddress
from counterfoil.orders.models import AddressUse, OrderAddress
from schema.scopes import type_needs


@type_needs(Permission.ADDRESSES_READ)
@strawberry.type(description="Where an order goes, or who is billed, as it was written then.")
class PostalAddress:
    name: str = strawberry.field(description="Who gets the parcel or the invoice.")
    company: str = strawberry.field(description="Their business; empty for none.")
    street: str = strawberry.field(description="Street and number.")
    street_2: str = strawberry.field(description="A second line: a floor, a building; empty for none.")
    postal_code: str = strawberry.field(description="The postal code; empty where there is none.")
    city: str = strawberry.field(description="The town.")
    region: str = strawberry.field(description="The county, state or province; empty for none.")
    country: str = strawberry.field(description="The country, as two letters of ISO 3166-1.")
    phone: str = strawberry.field(description="A telephone number; empty for none.")


class AddressRow(NamedTuple):
    """What `PostalAddress` is read from."""

    name: str
    company: str
    street: str
    street_2: str
    postal_code: str
    city: str
    region: str
    country: str
    phone: str


@strawberry.input(description="Where an order goes, or who is billed.")
class PostalAddressInput:
    name: str = strawberry.field(description="Who gets the parcel or the invoice, at most 200 characters.")
    company: str = strawberry.field(default="", description="Their business, at most 200 characters.")
    street: str = strawberry.field(description="Street and number, at most 200 characters.")
    street_2: str = strawberry.field(default="", description="A second line, at most 200 characters.")
    postal_code: str = strawberry.field(default="", description="The postal code, at most 20 characters.")
    city: str = strawberry.field(description="The town, at most 120 characters.")
    region: str = strawberry.field(default="", description="The county, state or province, at most 120 characters.")
    country: str = strawberry.field(description="The country, as two letters of ISO 3166-1.")
    phone: str = strawberry.field(default="", description="A telephone number, at most 40 characters.")


def new_addresses(
    delivery: PostalAddressInput | None, billing: PostalAddressInput | None
) -> dict[AddressUse, NewAddress]:
    """The addresses that an input gives."""
    given = {AddressUse.DELIVERY: delivery, AddressUse.BILLING: billing}
    return {
        use: NewAddress(**{part: getattr(address, part) for part in AddressRow._fields})
        for use, address in given.items()
        if address is not None
    }


def addresses_of(viewer: Viewer, orders: Sequence[int]) -> Mapping[int, Mapping[str, AddressRow]]:
    """The addresses of each of these orders, which the viewer sees, by their use; none for who reads no addresses."""
    if not allows(viewer, Permission.ADDRESSES_READ):
        return {}
    found: dict[int, dict[str, AddressRow]] = {}
    rows = OrderAddress.objects.filter(order_id__in=orders).values_list("order_id", "use", *AddressRow._fields)
    for order_id, use, *parts in rows:
        found.setdefault(order_id, {})[use] = AddressRow(*parts)
    return found
