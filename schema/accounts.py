"""Customers get in: links followed, mailboxes proved by codes, sessions begun and ended. For pages, through
`client.accounts`. None of it is an operation of the schema: it belongs to a browser, and a program has no use for it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils.http import url_has_allowed_host_and_scheme

from counterfoil.access import clock
from counterfoil.access.problems import Problem
from counterfoil.access.text import mailbox_of
from counterfoil.access.tries import TooManyTries
from counterfoil.customers import codes, sessions
from counterfoil.customers.links import addresses_on_file
from counterfoil.customers.models import Contact
from counterfoil.orders.accounts import open_account
from schema import buyers, cookies
from schema.account import Refusal
from schema.identity import address_of, network_of, store_of_request, workspace_of_request

__all__ = ["Asked", "Refusal", "SignedIn", "TooManyTries"]

_ASKED, _DEVICE = "asked", "device"
_ASKED_LASTS = 3600
_DEVICE_LASTS = 365 * 24 * 3600
_MOST_REMEMBERED = 8


# Proving a mailbox (AC-3).


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that was asked for in this browser: for the address that was typed, or for the contact whose mailbox is
    to be proved for a customer's link. `token` says so again, in a form. `next` is where to go on afterwards.
    """

    email: str
    contact_id: int | None
    next: str
    token: str

    @property
    def shown(self) -> str:
        """The address as this browser may see it."""
        return masked(self.email) if self.contact_id else self.email


def asked(request: HttpRequest) -> Asked | None:
    """The code that this browser waits for, by the form that was sent, else by its cookie."""
    held = cookies.opened(request.POST.get("asked", ""), _ASKED, max_age=_ASKED_LASTS)
    return _asked(request, held or cookies.read(request, _ASKED, max_age=_ASKED_LASTS))


def ask(request: HttpRequest, response: HttpResponseBase, email: str, then: str) -> Refusal | None:
    """Have a code mailed to this address, and let this browser wait for it. A code that was asked for a moment ago
    counts on. What happens is the same for every address.

    Raises `TooManyTries` when too much was asked for from this network.
    """
    return _ask(request, response, {"email": email.strip()}, email, then)


def ask_for_link(request: HttpRequest, response: HttpResponseBase, contact_id: str) -> Refusal | None:
    """Have a code mailed to one of the addresses on file of the customer whose link this browser followed (AC-7).

    Raises `TooManyTries`.
    """
    contact = next((contact for contact in _to_choose(request) if str(contact.pk) == contact_id), None)
    if contact is None:
        return {"field": "contact", "message": "Choose the address that is yours."}
    return _ask(request, response, {"contact": contact.pk}, contact.email, "")


def wait_for_next(request: HttpRequest, asked: Asked) -> int:
    """The seconds until another code may be asked for here."""
    browser = _browser(request, asked.email)
    return codes.wait_for(workspace_id=workspace_of_request(request), email=asked.email, browser=browser)


def enter(request: HttpRequest, response: HttpResponseBase, asked: Asked, typed: str) -> Refusal | None:
    """Sign in by the code that was asked for, under a new secret, or note that the mailbox was proved for a link."""
    workspace_id, browser = workspace_of_request(request), _browser(request, asked.email)
    try:
        contact = codes.enter(workspace_id=workspace_id, email=asked.email, typed=typed, browser=browser)
    except Problem as problem:
        return {"field": problem.field or "", "message": problem.message}
    _remember(request, response, asked.email)
    cookies.take_back(response, _ASKED)
    if asked.contact_id:
        _note_proof(request, response, asked)
        return None
    if not contact.customer.is_active:
        return {"field": "", "message": "This account is not currently active."}
    return _refusal(lambda: _sign_in(request, response, contact))


def _ask(
    request: HttpRequest, response: HttpResponseBase, about: dict[str, Any], email: str, then: str
) -> Refusal | None:
    store = store_of_request(request)
    if store is None:
        return {"field": "", "message": "There is no shop at this address."}
    browser = _browser(request, email)
    try:
        codes.ask(store=store, email=email, browser=browser)
    except Problem as problem:
        return {"field": problem.field or "", "message": problem.message}
    content = {**about, "browser": browser.name, "next": safe_address(request, then)}
    cookies.hand(response, _ASKED, content, max_age=_ASKED_LASTS)
    return None


def _asked(request: HttpRequest, held: Any) -> Asked | None:
    if not isinstance(held, dict):
        return None
    email, contact_id = held.get("email", ""), held.get("contact")
    if contact_id is not None:
        email = (
            Contact.objects.filter(workspace_id=workspace_of_request(request), pk=contact_id)
            .values_list("email")
            .first()
        )
        email = email[0] if email else ""
    return Asked(email, contact_id, held["next"], cookies.sealed(held, _ASKED)) if email else None


def _browser(request: HttpRequest, email: str) -> codes.Browser:
    mailbox = codes.proven(workspace_of_request(request), mailbox_of(email))
    return codes.Browser(_browser_name(request), network_of(request), known=mailbox in _device(request)[1])


def _browser_name(request: HttpRequest) -> str:
    """This browser's name: the one that it was given, that of the code that it waits for, or a new one."""
    waiting = cookies.opened(request.POST.get("asked", ""), _ASKED, max_age=_ASKED_LASTS) or cookies.read(
        request, _ASKED, max_age=_ASKED_LASTS
    )
    return _device(request)[0] or (waiting or {}).get("browser") or secrets.token_urlsafe(16)


# What this browser is known for: which mailboxes were proved in it.


def name_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give this browser its name before it asks for a code: pressing the button twice, it is one browser."""
    name, _ = _device(request)
    if not name:
        cookies.hand(response, _DEVICE, [_browser_name(request), []], max_age=_DEVICE_LASTS)


def _device(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        name, known = cookies.read(request, _DEVICE, max_age=_DEVICE_LASTS)
    except (ValueError, TypeError):
        return "", []
    return str(name), list(known)


def _remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    _, known = _device(request)
    mailbox = codes.proven(workspace_of_request(request), mailbox_of(email))
    known = [*(one for one in known if one != mailbox), mailbox][-_MOST_REMEMBERED:]
    cookies.hand(response, _DEVICE, [_browser(request, email).name, known], max_age=_DEVICE_LASTS)


# Sessions (AC-1).


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser in which the contact is signed in. `program` is what it says of itself; `here` is the one that asks."""

    handle: str
    program: str
    address: str | None
    began_at: datetime
    here: bool


def my_sessions(request: HttpRequest) -> list[SignedIn]:
    """Where the contact who asks is signed in: here first, then the newest."""
    mine = buyers.account_session(request, workspace_of_request(request))
    rows = sorted(sessions.sessions_of(mine.contact), key=lambda row: row.pk != mine.pk) if mine else []
    return [
        SignedIn(str(row.pk), row.program, row.address, row.began_at, mine is not None and row.pk == mine.pk)
        for row in rows
    ]


def end_session(request: HttpRequest, handle: str) -> Refusal | None:
    """End one of the contact's sessions, and the streams of its pages, at once."""
    mine = buyers.account_session(request, workspace_of_request(request))
    session_id = int(handle) if handle.isascii() and handle.isdigit() and len(handle) <= 18 else 0
    return _refusal(lambda: sessions.end_session(contact=mine.contact, session_id=session_id)) if mine else None


def end_other_sessions(request: HttpRequest) -> None:
    """End all of the contact's sessions but this one."""
    if mine := buyers.account_session(request, workspace_of_request(request)):
        sessions.end_others(contact=mine.contact, but=mine.pk)


def sign_out(request: HttpRequest, response: HttpResponseBase) -> None:
    """End this browser's session, and take back what else lets it in: who uses it next sees nothing. What it kept of
    the account's pages is to be forgotten too.
    """
    if mine := buyers.account_session(request, workspace_of_request(request)):
        _refusal(lambda: sessions.end_session(contact=mine.contact, session_id=mine.pk))
    buyers.forget_everything(response)
    response["Clear-Site-Data"] = '"cache"'


def keep_signed_in(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that hands the account's cookie out anew, once a thirtieth of its time has gone by."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        held = buyers.account_secret(request)
        if (
            held is not None
            and held[1] > buyers.account_lasts() / 30
            and not buyers.is_handed(response)
            and "public" not in response.headers.get("Cache-Control", "")  # a shared cache would hand it to everybody
            and buyers.account_session(request, workspace_of_request(request))
        ):
            buyers.hand_account(response, held[0])
        return response

    return middleware


def _sign_in(request: HttpRequest, response: HttpResponseBase, contact: Contact) -> None:
    held = buyers.account_secret(request)
    open_account(contact)
    secret = sessions.begin(
        contact=contact,
        address=address_of(request),
        program=request.headers.get("User-Agent", ""),
        instead_of=held[0] if held else "",
    )
    buyers.hand_account(response, secret)
    rotate_token(request)
    if buyers.previews(request, contact.workspace_id):
        buyers.forget_link(response)


# What pages ask.


def account_is_closed(request: HttpRequest) -> bool:
    """Whether who asks is signed in to an account that is not active."""
    session = buyers.account_session(request, workspace_of_request(request))
    return session is not None and not session.contact.customer.is_active


def ordering_is_blocked(request: HttpRequest) -> bool:
    """Whether the customer of the contact who is signed in may order nothing now (AC-9)."""
    session = buyers.account_session(request, workspace_of_request(request))
    return session is not None and session.contact.customer.ordering_blocked


def masked(email: str) -> str:
    """An address that its owner recognises, and nobody else can write to: a•••@h•••.example."""
    name, _, domain = email.rpartition("@")
    host, _, last = domain.rpartition(".")
    return f"{name[:1]}•••@{host[:1]}•••.{last}"


def safe_address(request: HttpRequest, address: str) -> str:
    """A page of this site, or nothing."""
    safe = address.startswith("/") and url_has_allowed_host_and_scheme(
        address, {request.get_host()}, require_https=request.is_secure()
    )
    return address if safe and address.isprintable() and len(address) <= 500 else ""


def _note_proof(request: HttpRequest, response: HttpResponseBase, asked: Asked) -> None:
    if link := buyers.Link.held(request):
        mailbox = codes.proven(workspace_of_request(request), mailbox_of(asked.email))
        replace(link, confirmed=True, proved=(mailbox, clock.now().timestamp())).hand(response)


def _to_choose(request: HttpRequest) -> list[Contact]:
    """Of whose mailboxes one may be proved for the link: none where no proof is asked for."""
    link = buyers.Link.held(request)
    customer = buyers.customer_of(request, link, workspace_of_request(request)) if link else None
    if link is None or customer is None or not customer.is_active or not buyers.to_be_proved(request, link, customer):
        return []
    return addresses_on_file(customer)


def _refusal(act: Callable[[], None]) -> Refusal | None:
    try:
        act()
    except Problem as problem:
        return {"field": problem.field or "", "message": problem.message}
    return None
