"""The addresses of an order that staff write by hand: both may be left out, and one may stand for both (OR-2)."""

from typing import Any

from django.http import HttpRequest

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
USES = ("delivery", "billing")

type Typed = dict[str, dict[str, str]]


def typed_addresses(request: HttpRequest) -> Typed:
    """What was typed, by use and part."""
    return {use: {part: request.POST.get(f"{use}_{part}", "").strip() for part in PARTS} for use in USES}


def given_addresses(typed: Typed) -> dict[str, Any]:
    """As the API takes them: one that was left empty is none, and without another one the delivery's is billed."""
    delivery, billing = (typed[use] if any(typed[use].values()) else None for use in USES)
    return {"deliveryAddress": delivery, "billingAddress": billing or delivery}


def is_of_address(field: str | None) -> bool:
    """Whether a refusal speaks of a part of an address."""
    return (field or "").partition(".")[0] in {f"{use}Address" for use in USES}


def controls(typed: Typed, refused: str | None = None, message: str = "") -> dict[str, Any]:
    """The controls of each address; `message` stands at the one that the API refused. `is_open`: it is not folded."""
    return {
        use: {
            "parts": [
                {
                    "part": part,
                    "name": f"{use}_{part}",
                    "label": label,
                    "value": typed[use][part],
                    "problem": _said_here(part, message) if refused == f"{use}Address.{part}" else "",
                }
                for part, label in PARTS.items()
            ],
            "is_open": any(typed[use].values()),
        }
        for use in USES
    }


def _said_here(part: str, message: str) -> str:
    """The API speaks of codes, the form has a list."""
    return "Choose a country." if part == "country" else message
