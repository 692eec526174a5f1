"""What the cells of a row say: a line of an order, something to skip, or something to correct (IM-2)."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from counterfoil.access import money
from counterfoil.access.problems import Invalid
from counterfoil.imports.columns import ColumnMap
from counterfoil.imports.source import Record

_LONGEST = {"order": 40, "sku": 80, "name": 300, "customer": 80, "country": 80}
_LARGEST_QUANTITY = 2**31 - 1
_NUMBER = re.compile(r"[^\s/?#%\\]{1,40}")
_QUANTITY = re.compile(r"([+-]?[0-9]{1,12})(\.0+)?")
_PRICE = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0")
_YEARS = range(1970, 2101)


class Skipped(Exception):
    """The row is no part of a customer's history, for a reason that is counted."""


class Rejected(Exception):
    """The row can't be imported as it is, for a reason that says what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of an order, or of a credit note where `returned`: `quantity` (above 0) units at `price` each.

    `identity` names it within its order: a digest of what it says, and how many equal ones came before it.
    """

    record: Record
    order: str
    returned: bool
    sku: str
    charge: bool
    name: str
    quantity: int
    price: Decimal
    total: Decimal
    at: datetime
    customer: str
    country: str
    digest: str
    identity: str = ""


def reader_of(columns: ColumnMap, positions: Mapping[str, int], width: int, time_zone: str) -> Callable[[Record], Row]:
    """A function that reads records of `width` cells; it raises `Skipped` or `Rejected`.

    Dates without an offset are of `time_zone`. One order repeats its date, so the last ones are kept.
    """
    zone = ZoneInfo(time_zone)

    @lru_cache(maxsize=1000)
    def moment(text: str) -> datetime:
        return _moment(text, columns.date_format, zone)

    def read(record: Record) -> Row:
        if record.broken:
            raise Rejected(f"{record.broken} Correct the quotation marks and commas of this line.")
        if len(record.cells) != width:
            raise Rejected(f"The row has {len(record.cells)} columns, the header {width}: check its commas and quotes.")
        cells = {meaning: _text(record.cells[position], meaning) for meaning, position in positions.items()}
        return _row(record, cells, columns, moment)

    return read


def _row(record: Record, cells: dict[str, str], columns: ColumnMap, moment: Callable[[str], datetime]) -> Row:
    order, sku = cells["order"], cells["sku"].upper()
    if not _NUMBER.fullmatch(order):
        raise Rejected("The order number has 1 to 40 characters, none of them a space or one of / ? # % \\: give one.")
    if columns.adjustment_prefix and order.startswith(columns.adjustment_prefix):
        raise Skipped("adjustment of the accounts")
    returned = bool(columns.return_prefix) and order.startswith(columns.return_prefix)
    quantity, price = _quantity(cells["quantity"]), _price(cells["price"])
    if quantity < 0 and price == 0 and not returned:
        raise Skipped("stock correction")
    customer = _without_point(cells["customer"])
    if not customer:
        raise Skipped("no customer")
    _check_sign(quantity, price, returned=returned)
    if not sku or len(sku) > _LONGEST["sku"]:
        raise Rejected("The SKU has 1 to 80 characters: give one.")
    try:
        total = money.order_total([money.line_total(abs(quantity), price, columns.currency)])
    except Invalid as problem:
        raise Rejected(problem.message) from None
    at = moment(cells["date"])
    content = "\x1f".join((sku, cells["name"], str(quantity), str(price.normalize()), at.astimezone(UTC).isoformat()))
    return Row(
        record=record,
        order=order,
        returned=returned,
        sku=sku,
        charge=sku in columns.charges,
        name=cells["name"],
        quantity=abs(quantity),
        price=price,
        total=total,
        at=at,
        customer=customer,
        country=cells.get("country", ""),
        digest=blake2b(content.encode(), digest_size=16).hexdigest(),
    )


def _text(cell: str, meaning: str) -> str:
    """A cell on one line, without spaces around."""
    text = cell.strip()
    if not text.isprintable():
        text = " ".join(text.split()) if any(character in text for character in "\r\n\t") else text
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise Rejected(f"The {meaning} holds a control character: remove it.")
    if len(text) > _LONGEST.get(meaning, 60):
        raise Rejected(f"The {meaning} has {len(text):,} characters: shorten it to {_LONGEST.get(meaning, 60)}.")
    return text


def _quantity(text: str) -> int:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise Rejected(f"{text!r} is no quantity: give a whole number, without separators.")
    quantity = int(found[1])
    if quantity == 0:
        raise Rejected("The quantity is 0: give how many units there were, or leave the row out.")
    if abs(quantity) > _LARGEST_QUANTITY:
        raise Rejected(f"{quantity:,} is too many: a quantity goes up to {_LARGEST_QUANTITY:,}.")
    return quantity


def _price(text: str) -> Decimal:
    if _PRICE.fullmatch(text) is None:
        raise Rejected(f"{text!r} is no price: give a number such as 2.55, without a currency or separators.")
    return Decimal(text)


def _check_sign(quantity: int, price: Decimal, *, returned: bool) -> None:
    if price < 0:
        raise Rejected("The price is negative: give the price of a unit, and for goods given back a credit note.")
    if returned and quantity > 0:
        raise Rejected("This is a credit note and the quantity is not negative: correct the quantity or the number.")
    if quantity < 0 and not returned:
        raise Rejected("The quantity is negative and this is no credit note: correct the quantity or the number.")


def _moment(text: str, date_format: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        expected = date_format or "2011-12-31 14:30:00"
        raise Rejected(f"{text!r} is no date: write it as {expected}, or name the format with --date-format.") from None
    if found.year not in _YEARS:
        raise Rejected(f"{text!r} is not between {_YEARS.start} and {_YEARS.stop - 1}: correct the year.")
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _without_point(text: str) -> str:
    """A customer's number; spreadsheets and data frames with gaps write 17850 as 17850.0."""
    found = _WHOLE_FLOAT.fullmatch(text)
    return found[1] if found else text
