"""Where an order goes, and who is billed, as it was written when it was placed (OR-2)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from counterfoil.access.countries import COUNTRIES
from counterfoil.access.problems import Invalid
from counterfoil.access.text import one_line
from counterfoil.orders.models import AddressUse, Order, OrderAddress


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address to keep. `country` is a code of ISO 3166-1 alpha-2; what may be left out is empty."""

    name: str
    street: str
    city: str
    country: str
    company: str = ""
    street_2: str = ""
    postal_code: str = ""
    region: str = ""
    phone: str = ""


type Addresses = Mapping[AddressUse, NewAddress]

_REQUIRED = {"name", "street", "city"}
# What an input calls the parts, where that is not their name here.
_CALLED = {"street_2": "street2", "postal_code": "postalCode"}
_LONGEST: dict[str, int] = {  # characters
    "name": 200,
    "company": 200,
    "street": 200,
    "street_2": 200,
    "postal_code": 20,
    "city": 120,
    "region": 120,
    "phone": 40,
}


def checked(addresses: Addresses) -> dict[AddressUse, NewAddress]:
    """These without spaces around their parts, the country in capitals.

    Raises `Invalid` for a part that is missing, too long or no line of text, and for a country that is none.
    """
    return {use: _checked(address, f"{use.value}Address") for use, address in addresses.items()}


def _checked(address: NewAddress, named: str) -> NewAddress:
    country = address.country.strip().upper()
    parts = {
        part: one_line(
            getattr(address, part), f"{named}.{_CALLED.get(part, part)}", longest, required=part in _REQUIRED
        )
        for part, longest in _LONGEST.items()
    }
    if country not in COUNTRIES:
        raise Invalid("Give the country as two letters of ISO 3166-1, such as GB or PT.", field=f"{named}.country")
    return NewAddress(country=country, **parts)


def write(order: Order, addresses: Addresses) -> None:
    """Keep these with the order, each in the place of the one of its use."""
    for use, address in addresses.items():
        OrderAddress.objects.update_or_create(
            workspace_id=order.workspace_id, order=order, use=use, defaults=asdict(address)
        )


def stand(order: Order, addresses: Addresses) -> bool:
    """Whether the order has these already."""
    kept = {row.use: row for row in order.addresses.all()} if addresses else {}
    return all(
        use in kept and all(getattr(kept[use], part) == text for part, text in asdict(address).items())
        for use, address in addresses.items()
    )
