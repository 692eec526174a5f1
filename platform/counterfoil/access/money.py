"""Exact money: decimal amounts in a named currency, rounded only where a currency's smallest coin demands it.

Amounts are kept with 15 digits, 4 of them after the point: unit prices below a cent survive, and SQLite, which keeps
decimals as eight-byte floats, gives back every 15-digit amount exactly.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision
from moneyed import CurrencyDoesNotExist, get_currency

from counterfoil.access.problems import Invalid

DIGITS = 15
PLACES = 4
SMALLEST = Decimal(1).scaleb(-PLACES)
LARGEST = Decimal(10) ** (DIGITS - PLACES) - SMALLEST


def smallest_coin(currency: str, field: str | None = None) -> Decimal:
    """The currency's smallest unit: 0.01 for GBP, 1 for JPY, 0.001 for KWD (ISO 4217).

    Raises `Invalid` about `field` for what is no currency.
    """
    try:
        return Decimal(1) / Decimal(get_currency(code=currency).sub_unit)
    except CurrencyDoesNotExist:
        message = f"{currency!r} is no currency code: use three letters of ISO 4217, such as GBP."
        raise Invalid(message, field=field) from None


def check_price(price: Decimal, field: str) -> None:
    """Raise `Invalid` for a price that can't be kept exactly: too large, too fine, or no number."""
    if not price.is_finite() or abs(price) > LARGEST or price != price.quantize(SMALLEST):
        raise Invalid(f"{price} is no price: use at most {PLACES} decimals, up to {LARGEST:,}.", field=field)


def line_total(quantity: int, unit_price: Decimal, currency: str) -> Decimal:
    """What a line costs: quantity × unit price, to the smallest coin, halves away from zero.

    Raises `Invalid` for a price that can't be kept exactly: too large, too fine, or no number.
    """
    check_price(unit_price, "lines")
    return (quantity * unit_price).quantize(smallest_coin(currency), rounding=ROUND_HALF_UP)


def order_total(line_totals: Iterable[Decimal]) -> Decimal:
    """What an order costs: its lines, summed exactly."""
    totals = list(line_totals)
    total = sum(totals, Decimal(0))
    if any(abs(amount) > LARGEST for amount in (*totals, total)):
        raise Invalid(f"The order comes to more than {LARGEST:,}; split it into several.", field="lines")
    return total


def written(amount: Decimal, currency: str, locale: Locale) -> str:
    """An amount as people write it: £184.20; a price with parts of a cent keeps them: £0.0425."""
    places = max(-int(amount.as_tuple().exponent), get_currency_precision(currency))
    whole = locale.currency_formats["standard"].pattern.split(";")[0]
    exact = whole.replace("0.00", "0" + ("." + "0" * places if places else ""))
    return format_currency(amount, currency, format=exact, locale=locale, currency_digits=False)


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale:
    """How a language writes; English stands for British English, whose dates put the day first."""
    try:
        return Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
