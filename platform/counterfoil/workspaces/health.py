"""The health check of a store: does its domain lead here, do its pages answer, can its mails leave (OR-5).

Each check finds one thing of a fixed list; `advice` has the words. What can't be told from this server is said to be
so, and never passes for well. The log keeps what was found: a check is asked for once, and read as often as wanted.
"""

import ipaddress
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Self
from urllib.parse import urljoin, urlsplit

from django.db import transaction
from django.db.models import Max
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.html import escape

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.tries import Limit, TooManyTries, reserve
from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from counterfoil.events.record import record
from counterfoil.workspaces.models import Store
from counterfoil.workspaces.network import Answer, Cause, Reaches, Unreachable
from counterfoil.workspaces.queries import stores_of

BEGUN, CHECKED = "store.check_begun", "store.checked"
PROOF_PATH, SIGN_IN_PATH, ORDERS_PATH = "/store/health", "/store/account/sign-in", "/store/account/orders"
CHECKS_A_QUARTER = 10
_SALT = "counterfoil.store-health"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_MOST_REDIRECTS = 3
_MOST_STORES = 100
_OK, _SERVER_FAULT = 200, 500
_REDIRECTS = {301, 302, 303, 307, 308}
# No name of the public network ends so (RFC 2606, RFC 6761, RFC 6762).
_RESERVED = ("example", "test", "invalid", "localhost", "local", "example.com", "example.net", "example.org")


class Subject(StrEnum):
    """What is looked at."""

    DOMAIN = "domain"
    PAGE = "page"
    PORTAL = "portal"
    MAIL_SERVER = "mail_server"
    SENDER = "sender"


class Verdict(StrEnum):
    """How it is."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """What one look has found: `finding` is a name of `advice.FINDINGS`, `facts` what its words tell."""

    subject: Subject
    finding: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, object]) -> Self:
        """As the log has it."""
        facts = kept["facts"] if isinstance(kept["facts"], dict) else {}
        return cls(Subject(str(kept["subject"])), str(kept["finding"]), facts)


def proof(store_id: int, challenge: str) -> str | None:
    """What this installation alone can say of one of its stores; None for what is no challenge."""
    if not _CHALLENGE.fullmatch(challenge):
        return None
    return salted_hmac(_SALT, f"{store_id} {challenge}", algorithm="sha256").hexdigest()


@transaction.atomic
def begin_check(*, viewer: Viewer, store: Store) -> int:
    """Note that a store is about to be checked; gives the key of the check.

    Raises `Invalid` where the workspace has asked too often lately.
    """
    require(viewer, Permission.SETTINGS_WRITE)
    found = stores_of(viewer.workspace_id).filter(pk=store.pk).first()
    if found is None:
        raise NotFound("There is no such store.")
    try:
        reserve(Limit("store health", (str(viewer.workspace_id),), CHECKS_A_QUARTER))
    except TooManyTries as error:
        minutes = ceil(timedelta(seconds=error.seconds) / timedelta(minutes=1))
        raise Invalid(f"Stores were checked often lately. Check again in {minutes} min.") from error
    return record(viewer, BEGUN, topic=f"store_{found.pk}", internal=True).pk


def check_store(*, viewer: Viewer, store: Store, begun: int, network: Reaches) -> list[Check]:
    """Look at everything, and keep what was found. No transaction is open meanwhile: it takes up to a minute."""
    require(viewer, Permission.SETTINGS_WRITE)
    checks = looked_at(store, network)
    kept = [{"subject": one.subject.value, "finding": one.finding, "facts": dict(one.facts)} for one in checks]
    record(viewer, CHECKED, topic=f"store_{store.pk}", internal=True, data={"begun": begun, "checks": kept})
    return checks


def was_checked(*, viewer: Viewer, store: Store, begun: int) -> bool:
    """Whether the check of this key is done."""
    done = Event.objects.filter(workspace_id=viewer.workspace_id, kind=CHECKED, topic=f"store_{store.pk}")
    return done.filter(data__begun=begun).exists()


def newest_checks(workspace_id: int, stores: Iterable[int]) -> dict[int, tuple[datetime, list[Check]]]:
    """When each of these stores was checked last, and what was found; a store that never was is left out."""
    topics = {f"store_{pk}": pk for pk in stores}
    done = Event.objects.filter(workspace_id=workspace_id, kind=CHECKED, topic__in=topics)
    newest = done.order_by().values("topic").annotate(newest=Max("pk")).values("newest")
    rows = Event.objects.filter(pk__in=newest).values_list("topic", "created_at", "data")
    return {topics[topic]: (at, [Check.of(kept) for kept in data["checks"]]) for topic, at, data in rows}


def looked_at(store: Store, network: Reaches) -> list[Check]:
    """What is found of a store now."""
    domain = _domain(store, network)
    if domain.finding in ("unresolved", "resolver_silent"):
        unasked = [Check(subject, "not_asked") for subject in (Subject.PAGE, Subject.PORTAL)]
    else:
        unasked = [_page(store, network), _portal(store, network)]
    return [domain, *unasked, *_mail(store, network)]


def _domain(store: Store, network: Reaches) -> Check:
    host = urlsplit(store.base_url).hostname or ""
    try:
        addresses = network.addresses(host)
    except Unreachable as error:
        finding = "resolver_silent" if error.cause is Cause.TIMEOUT else "unresolved"
        return Check(Subject.DOMAIN, finding, {"host": host})
    facts = {"host": host, "addresses": ", ".join(addresses)}
    if host != store.host:
        return Check(Subject.DOMAIN, "host_differs", {**facts, "listens": store.host})
    outside = any(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses)
    return Check(Subject.DOMAIN, "resolves" if outside else "resolves_inside", facts)


class _Astray(Exception):
    """An address led to nothing that was looked for."""

    def __init__(self, finding: str, **facts: str) -> None:
        super().__init__(finding)
        self.finding, self.facts = finding, facts


def _followed(network: Reaches, address: str) -> tuple[str, Answer]:
    """What is answered, and where: redirects are followed to the same host alone, such as from http to https."""
    host = urlsplit(address).hostname
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            answer = network.get(address)
        except Unreachable as error:
            raise _Astray(error.cause.value) from error
        if answer.status not in _REDIRECTS:
            return address, answer
        address = _led_to(address, answer)
        if urlsplit(address).hostname != host or urlsplit(address).scheme not in ("http", "https"):
            raise _Astray("leads_elsewhere", to=urlsplit(address).hostname or address[:200])
    raise _Astray("leads_in_circles")


def _led_to(address: str, answer: Answer) -> str:
    """Where a redirect leads that was answered at an address. What it says may be no address at all."""
    location = answer.headers.get("location", "")
    try:
        return urljoin(address, location)
    except ValueError as error:
        raise _Astray("leads_elsewhere", to=location[:200]) from error


def _page(store: Store, network: Reaches) -> Check:
    """Whether what the domain opens with is the front door of the store's portal."""
    facts = {"address": f"{store.base_url}/", "host": urlsplit(store.base_url).hostname or ""}
    try:
        _, answer = _followed(network, facts["address"])
    except _Astray as astray:
        return Check(Subject.PAGE, astray.finding, facts | astray.facts)
    return Check(Subject.PAGE, _finding_of_page(store, answer), {**facts, "status": str(answer.status)})


def _finding_of_page(store: Store, answer: Answer) -> str:
    if answer.status == 400:
        return "host_not_allowed"
    if answer.status >= _SERVER_FAULT:
        return "fault"
    if answer.status != _OK or "text/html" not in answer.headers.get("content-type", ""):
        return "no_page"
    name = escape(store.workspace.name)
    return "page" if name in answer.body.decode(errors="replace") else "other_page"


def _portal(store: Store, network: Reaches) -> Check:
    """Whether this installation answers there, as this store, and leads customers to the sign-in."""
    challenge = secrets.token_urlsafe(24)
    facts = {"address": f"{store.base_url}{PROOF_PATH}", "listens": store.host}
    facts["host"] = urlsplit(store.base_url).hostname or ""
    try:
        address, said = _followed(network, f"{store.base_url}{PROOF_PATH}?challenge={challenge}")
        whose = _whose(store, said, challenge)
        if whose != store.pk:
            return Check(Subject.PORTAL, "another_store" if whose else "another_site", facts)
        orders = network.get(urljoin(address, ORDERS_PATH))
        leads_to = urlsplit(_led_to(address, orders)).path
    except _Astray as astray:
        return Check(Subject.PORTAL, astray.finding, facts | astray.facts)
    except Unreachable as error:
        return Check(Subject.PORTAL, error.cause.value, facts)
    if orders.status not in _REDIRECTS or leads_to != SIGN_IN_PATH:
        return Check(Subject.PORTAL, "no_sign_in", {**facts, "status": str(orders.status)})
    return Check(Subject.PORTAL, "portal", facts)


def _whose(store: Store, answer: Answer, challenge: str) -> int | None:
    """Which of the workspace's stores proves itself there."""
    try:
        said = str(json.loads(answer.body)["proof"]) if answer.status == _OK else ""
    except (ValueError, KeyError, TypeError):
        return None
    known = stores_of(store.workspace_id).order_by("pk").values_list("pk", flat=True)[:_MOST_STORES]
    return next((pk for pk in known if constant_time_compare(said, proof(pk, challenge) or "")), None)


def _mail(store: Store, network: Reaches) -> list[Check]:
    """Whether a mail would leave, and whether anybody would believe its sender."""
    domain = store.mail_from.rpartition("@")[2].lower()
    facts = {"sender": store.mail_from, "domain": domain}
    reserved = any(domain == name or domain.endswith(f".{name}") for name in _RESERVED)
    sender = Check(Subject.SENDER, "reserved_domain" if reserved or not domain else "unproved", facts)
    try:
        server = network.open_mail()
    except Unreachable as error:
        return [Check(Subject.MAIL_SERVER, error.cause.value), sender]
    if server is None:
        return [Check(Subject.MAIL_SERVER, "kept_here"), sender]
    return [Check(Subject.MAIL_SERVER, "server", {"server": server}), sender]
