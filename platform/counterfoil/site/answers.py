"""What the answers to `counterfoil init` may be, and what follows from the host."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from counterfoil.access.problems import Invalid
from counterfoil.access.text import one_line

_LONGEST_HOST = 253
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def host_of(text: str) -> str:
    """A host name as the `Host` header of a browser has it: lower case, its other letters in punycode (UTS 46)."""
    given = one_line(text, "host", 2000)
    address = _ip_address(given)
    if address is not None:
        return address
    folded = unicodedata.normalize("NFKC", "".join(map(str.lower, unicodedata.normalize("NFKC", given))))
    labels = [_ascii(label) for label in folded.replace("。", ".").removesuffix(".").split(".")]
    host = ".".join(labels)
    if len(host) > _LONGEST_HOST:
        raise Invalid(f"A host name has at most {_LONGEST_HOST} characters; this has {len(host):,}.", field="host")
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        advice = "write it alone, such as shop.example.com, and a port only into --base-url"
        if not given.isascii():
            advice = "write it as browsers send it, with xn--"
        raise Invalid(f"{given[:80]} is no host name; {advice}.", field="host")
    return host


def _ip_address(text: str) -> str | None:
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    return None if address.scope_id else f"[{address}]"


def _ascii(label: str) -> str:
    """The label in ASCII; one with symbols that browsers treat in ways of their own stays as it is, to be refused."""
    plain = all(letter == "-" or unicodedata.category(letter)[0] in "LMN" for letter in label)
    return label if label.isascii() or not plain else "xn--" + label.encode("punycode").decode()


def _base_url(text: str) -> str:
    given = one_line(text, "base_url", 300)
    try:
        parts = urlsplit(given)
        port = f":{parts.port}" if parts.port else ""
        exact = parts.scheme in ("http", "https") and not (parts.path.strip("/") or parts.query or parts.fragment)
        if exact and parts.hostname and "@" not in parts.netloc:
            return f"{parts.scheme}://{host_of(parts.hostname)}{port}"
    except (ValueError, Invalid):
        pass
    raise Invalid("Write scheme and host, and a port if need be: https://shop.example.com.", field="base_url")


def _mail_address(text: str) -> str:
    address = one_line(text, "email", 254).lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(f"{address} is no mail address; write one such as ana@shop.example.", field="email") from None
    return address


def _language(text: str) -> str:
    tag = one_line(text, "language", 12).replace("_", "-")
    try:
        Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        raise Invalid(f"{tag} is no language; write a tag such as en, de or pt-BR.", field="language") from None
    return tag


def _time_zone(text: str) -> str:
    given = one_line(text, "time_zone", 60)
    zones = {zone.lower(): zone for zone in available_timezones()}
    if given.lower() in zones:
        return zones[given.lower()]
    near = [zones[zone] for zone in get_close_matches(given.lower(), zones, 1)] or ["Europe/London"]
    raise Invalid(f"{given} is no time zone; write one such as {near[0]}.", field="time_zone")


def _name(text: str) -> str:
    return one_line(text, "name", 120)


CHECKS: Mapping[str, Callable[[str], str]] = {
    "workspace": _name,
    "host": host_of,
    "base_url": _base_url,
    "admin_name": _name,
    "admin_email": _mail_address,
    "language": _language,
    "time_zone": _time_zone,
    "mail_from": _mail_address,
}


def _is_local(host: str) -> bool:
    address = _ip_address(host)
    return ip_address(address.strip("[]")).is_loopback if address else ("." + host).endswith(".localhost")


def derived_from(host: str) -> dict[str, str]:
    """What follows from the host, where nothing else was said; no sender from a host that can't have mailboxes."""
    local = _is_local(host)
    derived = {"base_url": f"http://{host}:8000" if local else f"https://{host}", "language": "en", "time_zone": "UTC"}
    with suppress(Invalid):
        derived["mail_from"] = _mail_address("orders@localhost" if local else f"orders@{host}")
    return derived
