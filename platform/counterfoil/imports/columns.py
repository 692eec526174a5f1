"""Which column of a file means what, and the presets for files that people have (IM-1)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from counterfoil.access import money
from counterfoil.access.problems import Invalid

_OPTIONAL = {"country"}
MEANINGS = ("order", "sku", "name", "quantity", "date", "price", "customer", "country")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """The names of a file's columns, and how its cells are read. A row is one line of an order.

    `date_format` is one of strptime's, or empty for ISO 8601; dates without an offset are the store's local time.
    Orders whose number begins with `return_prefix` are credit notes, those with `adjustment_prefix` concern the
    accounts alone; empty means that there are none. `charges` are codes, upper-case, of what is no product: postage.
    """

    order: str = ""
    sku: str = ""
    name: str = ""
    quantity: str = ""
    date: str = ""
    price: str = ""
    customer: str = ""
    country: str = ""
    currency: str = "GBP"
    date_format: str = ""
    return_prefix: str = ""
    adjustment_prefix: str = ""
    charges: frozenset[str] = frozenset()


PRESETS: Mapping[str, ColumnMap] = {
    "online-retail": ColumnMap(
        order="InvoiceNo",
        sku="StockCode",
        name="Description",
        quantity="Quantity",
        date="InvoiceDate",
        price="UnitPrice",
        customer="CustomerID",
        country="Country",
        return_prefix="C",
        adjustment_prefix="A",
        charges=frozenset({"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S"}),
    ),
}


def column_map(*, preset: str | None, mapped: str | None, **options: str | None) -> ColumnMap:
    """The map that was asked for: a preset, `order=InvoiceNo,sku=StockCode,…`, or a preset with changes.

    `options` are other fields of `ColumnMap`, None where not given; `charges` is a list with commas. Raises `Invalid`
    for what is unknown or missing.
    """
    if preset is not None and preset not in PRESETS:
        raise Invalid(f"There is no preset {preset}: choose one of {', '.join(PRESETS)}, or name the columns.")
    changes: dict[str, Any] = {}
    for pair in filter(None, (mapped or "").split(",")):
        meaning, equals, column = pair.partition("=")
        if meaning.strip() not in MEANINGS or not equals or not column.strip():
            raise Invalid(f"{pair!r} maps no column: write MEANING=COLUMN with one of {', '.join(MEANINGS)}.")
        changes[meaning.strip()] = column.strip()
    given: dict[str, Any] = {name: text for name, text in options.items() if text is not None and name != "charges"}
    found = replace(PRESETS[preset] if preset else ColumnMap(), **changes, **given)
    if options.get("charges") is not None:
        codes = (code.strip().upper() for code in str(options["charges"]).split(","))
        found = replace(found, charges=frozenset(filter(None, codes)))
    missing = [
        field.name
        for field in fields(found)
        if field.name in MEANINGS and field.name not in _OPTIONAL and not getattr(found, field.name)
    ]
    if missing:
        raise Invalid(f"It isn't said which column is {', '.join(missing)}: choose a preset, or name the columns.")
    money.smallest_coin(found.currency)
    return found
