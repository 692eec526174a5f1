"""The addresses of an order in a form: their controls, and what was typed into them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal_ui.responses import version_of

PARTS = {
    "name": "Name",
    "company": "Business",
    "street": "Street and number",
    "street2": "Floor, building",
    "postalCode": "Postal code",
    "city": "Town",
    "region": "County or state",
    "country": "Country",
    "phone": "Telephone",
}
USES = {"delivery": "Goes to", "billing": "Billed to"}


class Control(NamedTuple):
    """One part of an address: what it is called in the form, what it holds, and what is wrong with that."""

    part: str
    name: str
    label: str
    value: str
    problem: str = ""


class Address(NamedTuple):
    """An address in the form. `was` is the version of what stood there when the page was made."""

    use: str
    heading: str
    controls: list[Control]
    was: str

    @property
    def typed(self) -> dict[str, str]:
        """What it holds, by its parts."""
        return {control.part: control.value for control in self.controls}

    @property
    def differs(self) -> bool:
        """Whether it is another one than stood there."""
        return version_of(self.typed) != self.was

    @property
    def has_problem(self) -> bool:
        """Whether one of its parts is to be mended."""
        return any(control.problem for control in self.controls)


def addresses_of(order: Mapping[str, Any], given: Mapping[str, str] | None = None) -> list[Address]:
    """The addresses of an order, or what the form gave in their place."""
    return [_address(use, order.get(f"{use}Address") or {}, given) for use in USES]


def _address(use: str, kept: Mapping[str, str], given: Mapping[str, str] | None) -> Address:
    kept = {part: kept.get(part, "") for part in PARTS}
    typed = kept if given is None else {part: given.get(f"{use}_{part}", "").strip() for part in PARTS}
    was = version_of(kept) if given is None else given.get(f"{use}_was", "")
    controls = [Control(part, f"{use}_{part}", label, typed[part]) for part, label in PARTS.items()]
    return Address(use, USES[use], controls, was)


def refused(addresses: list[Address], field: str, message: str) -> list[Address]:
    """The same with the message at the part that the schema refused: `deliveryAddress.city`."""
    use, _, part = field.partition(".")
    said = "Choose a country." if part == "country" else message  # it speaks of codes, the form has a list

    def marked(address: Address) -> Address:
        controls = [one._replace(problem=said) if one.part == part else one for one in address.controls]
        return address._replace(controls=controls)

    return [marked(address) if use == f"{address.use}Address" else address for address in addresses]
