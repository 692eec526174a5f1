"""Template filters of both UIs: money and times as the reader's language writes them, from the schema's own values."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from unicodedata import normalize

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_time
from babel.numbers import format_decimal
from django import template
from django.utils import timezone
from django.utils.translation import get_language

from counterfoil.access.countries import COUNTRIES
from counterfoil.access.money import locale_of, smallest_coin, written

register = template.Library()


def _locale() -> Locale:
    """The page's language."""
    return locale_of(get_language() or "en")


@register.filter
def money(value: Mapping[str, str]) -> str:
    """`{amount, currency}` as people write it: £184.20; a price with parts of a cent keeps them: £0.0425."""
    return _money(value["amount"], value["currency"], _locale())


@register.filter
def money_in(amount: Decimal, currency: str) -> str:
    """An amount that a page added up, as people write it in this currency."""
    return written(amount.quantize(smallest_coin(currency)), currency, _locale())


@register.simple_tag
def countries() -> list[tuple[str, str]]:
    """The countries that an address can be in, each code with its name, by their names."""
    names = _locale().territories
    named = [(code, str(names.get(code, code))) for code in COUNTRIES]
    return sorted(named, key=lambda country: normalize("NFKD", country[1]).casefold())  # Åland among the As


@register.filter
def address_lines(address: Mapping[str, str]) -> list[str]:
    """A PostalAddress of the schema as the lines of a label."""
    country = str(_locale().territories.get(address["country"], address["country"]))
    place = " ".join(part for part in (address["postalCode"], address["city"]) if part)
    whose = (address["name"], address["company"], address["street"], address["street2"])
    return [line for line in (*whose, place, address["region"], country, address["phone"]) if line]


@register.filter
def moment(value: str) -> datetime:
    """A DateTime of the schema as a datetime on the store's clock."""
    return timezone.localtime(datetime.fromisoformat(value))


@register.filter
def clock(value: str) -> str:
    """A DateTime as the time of day: 10:04."""
    return _clock(value, timezone.get_current_timezone(), _locale())


@register.filter
def day(value: str) -> str:
    """A DateTime as a day: 17 June, with the year when it is not this one."""
    return _day(moment(value).date())


@register.filter
def by_when(value: str) -> str:
    """A DateTime that is to come, as people say when something ends: 14:20 today, 14:20 on 20 June."""
    days = (moment(value).date() - _today()).days
    return f"{clock(value)} {('today', 'tomorrow')[days] if days in (0, 1) else f'on {day(value)}'}"


@register.filter
def calendar_day(value: str) -> str:
    """A Date of the schema, which is on no clock, as a day: 17 June, with the year when it is not this one."""
    return _day(date.fromisoformat(value))


@register.filter
def weekday(value: str) -> str:
    """A DateTime as a day with its weekday: Tuesday 17 June."""
    when = moment(value).date()
    return f"{format_date(when, 'EEEE', locale=_locale())} {day(value)}"


@register.filter
def full_moment(value: str) -> str:
    """A DateTime in full, for titles: 17 June 2026 at 10:04."""
    return _full_moment(value, timezone.get_current_timezone(), _locale())


@register.filter
def grouped(value: int) -> str:
    """A number with its thousands apart: 12,345."""
    return format_decimal(value, locale=_locale())


def _day(when: date) -> str:
    return _in_words(when, "MMMMd" if when.year == _today().year else "yMMMMd", _locale())


def _today() -> date:
    return timezone.localdate()


@register.filter
def country(code: str) -> str:
    """Two letters of ISO 3166-1 as the country's name: Norway; those that no list has stay as they are."""
    return str(_locale().territories.get(code, code))


# A list writes the same days and prices again and again, and so does the next one: a fifth of a list's time.
_remembered = lru_cache(maxsize=4096)


@_remembered
def _money(amount: str, currency: str, locale: Locale) -> str:
    return written(Decimal(amount), currency, locale)


@_remembered
def _full_moment(value: str, zone: tzinfo, locale: Locale) -> str:
    return format_datetime(datetime.fromisoformat(value), "long", tzinfo=zone, locale=locale)


@_remembered
def _clock(value: str, zone: tzinfo, locale: Locale) -> str:
    return format_time(datetime.fromisoformat(value), "short", tzinfo=zone, locale=locale)


@_remembered
def _in_words(when: date, skeleton: str, locale: Locale) -> str:
    return format_skeleton(skeleton, datetime.combine(when, time(), tzinfo=UTC), locale=locale)
