"""The process with the shop's rows, for the measuring of how customers get in: what stands in mails that nobody sends,
what staff do, and the pages of past orders, whose CPU it measures in itself.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import django

if __name__ == "__main__":
    django.setup()

from django.http import HttpRequest, HttpResponse

from counterfoil.access.links import customer_links, order_keys
from counterfoil.access.models import StaffMember
from counterfoil.access.viewer import Viewer
from counterfoil.customers import codes, sessions
from counterfoil.customers.access import end_account_sessions, rotate_customer_link, set_customer_flags
from counterfoil.customers.models import Contact, Customer, OneTimeCode
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from counterfoil.site.bench.asking import Cost, Site, cost
from counterfoil.site.bench.browsers import ORDERS
from counterfoil.site.bench.children import answer
from counterfoil.site.bench.shop import give_orders, make_contacts, tidy_up
from counterfoil.workspaces.actions import rotate_public_link, set_portal_settings
from counterfoil.workspaces.models import Workspace
from schema import buyers
from schema.orders.types import NEWEST_ORDERS

_A_PAGE, _PAGE, _FEW = 20, 100, 20
_GUESSED = ("stolen", "unknown")
# What no order has, what all have, what the oldest one alone has; words of which each order has the first twelve alone.
_SEARCHES = {"nothing": "9999999", "all": "1", "words": "no no. n o o. . , s sk sku sku- sku-0 nowhere"}
_FIND_NOTHING = ("search_nothing", "search_words")
type Cookies = dict[str, str]


class Entrance:
    """One shop's rows."""

    def __init__(self) -> None:
        self._site = Site()
        self._asks: dict[str, tuple[str, str]] = {}
        self._endings: dict[str, Callable[[], object]] = {}
        self._restore: list[Callable[[], object]] = []

    def make(self, *, addresses: int, orders: int) -> dict[str, list[str]]:
        """Contacts with so many addresses, as many that nobody has, and one contact with so many orders."""
        known = [f"known{number:05}@entry.example" for number in range(addresses)]
        people = [*known, *map(_guessed, _GUESSED), "few@entry.example", "many@entry.example"]
        *_, few, many = make_contacts(people)
        give_orders(few, _FEW)
        give_orders(many, orders)
        tidy_up()
        self._asks = _pages(few, many)
        for name, (address, cookie) in self._asks.items():
            told = self._ask(address, cookie)
            if b"/order/" not in told and name not in _FIND_NOTHING:
                raise ValueError(f"{address} shows no orders.")
        return {"known": known, "unknown": [f"nobdy{number:05}@entry.example" for number in range(addresses)]}

    def past_orders(self, *, turn: int) -> dict[str, Cost]:
        """What each page of a contact's past orders costs; `turn` says which comes first."""
        names, begin = list(self._asks), turn % len(self._asks)
        return {name: cost(partial(self._ask, *self._asks[name]), 1) for name in (*names[begin:], *names[:begin])}

    def contact(self, *, name: str) -> str:
        """The address of a contact whose code is to be guessed."""
        return _guessed(name)

    def digits(self, *, email: str) -> str:
        """The code that a mail to this address would tell."""
        return codes.digits_of(_codes(email)[0])

    def tries(self, *, email: str) -> dict[str, int]:
        """How many guesses at its newest code were looked at, and how many codes it has."""
        made = _codes(email)
        return {"tries": made[0].tries, "codes": len(made)}

    def doors(self) -> list[dict[str, Any]]:
        """What lets customers in: each by its name, with the page and the order that it opens. Strict security, which
        ends all customers' links, is the last.
        """
        staff, workspace = StaffMember.objects.get().viewer, Workspace.objects.get()
        by_key, signed_in, *by_link = _one_of_each_customer(5)
        rotated, closed, to_prove = by_link
        session = sessions.begin(contact=signed_in.contact, address=None, program="")
        self._endings = {
            "order_key": partial(rotate_order_key, viewer=staff, order=by_key),
            "customer_link": partial(rotate_customer_link, viewer=staff, customer=rotated.customer),
            "public_link": partial(rotate_public_link, viewer=staff),
            "account_session": partial(end_account_sessions, viewer=staff, contact=signed_in.contact),
            "inactive_customer": _flagged(staff, closed.customer, is_active=False),
            "strict_security": partial(set_portal_settings, viewer=staff, strict_security=True),
        }
        self._restore = [
            _flagged(staff, closed.customer, is_active=True),
            partial(set_portal_settings, viewer=staff, strict_security=False),
        ]
        key = order_keys.derive(by_key.pk, by_key.key_version)
        public = _cookies(buyers.Link(workspace.public_link_version, workspace_id=workspace.pk).hand)
        return [
            _door("order_key", f"/order/{by_key.number}", _cookies(partial(_grant, by_key)), by_key, key),
            _link_door("customer_link", rotated),
            _door("public_link", "/store/welcome", public),
            _door("account_session", ORDERS, _cookies(partial(_sign_in, session)), signed_in),
            _link_door("inactive_customer", closed),
            _link_door("strict_security", to_prove),
        ]

    def end(self, *, name: str) -> None:
        """End what lets somebody in."""
        self._endings[name]()

    def restore(self) -> None:
        """Let everybody in again."""
        for act in self._restore:
            act()

    def _ask(self, address: str, cookie: str) -> bytes:
        status, told = self._site.ask(address, HTTP_COOKIE=cookie)
        if status != 200:
            raise ValueError(f"{address} answered {status}: {told[:2000]!r}")
        return told


def _pages(few: Contact, many: Contact) -> dict[str, tuple[str, str]]:
    """Address and cookie of each page of past orders that is measured."""
    cookies = {}
    for contact in (few, many):
        secret = sessions.begin(contact=contact, address=None, program="")
        cookies[contact] = "; ".join(f"{name}={value}" for name, value in _cookies(partial(_sign_in, secret)).items())

    def page(**asked: str) -> tuple[str, str]:
        return f"{ORDERS}?{urlencode(asked)}", cookies[many]

    last = Order.objects.filter(contact=many).order_by(*NEWEST_ORDERS.order)[_A_PAGE * (_PAGE - 1) - 1]
    oldest = Order.objects.filter(contact=many).order_by(*NEWEST_ORDERS.order).last()
    searches = {**_SEARCHES, "oldest": oldest.number if oldest else ""}
    return {
        "few": (ORDERS, cookies[few]),
        "many": (ORDERS, cookies[many]),
        f"page_{_PAGE}": page(after=NEWEST_ORDERS.encode(last)),
        **{f"search_{name}": page(q=typed) for name, typed in searches.items()},
    }


def _guessed(name: str) -> str:
    return f"{name}@guessed.example"


def _codes(email: str) -> list[OneTimeCode]:
    mailbox = codes.proven(Workspace.objects.get().pk, email)
    return list(OneTimeCode.objects.filter(mailbox=mailbox).order_by("-pk"))


def _one_of_each_customer(count: int) -> list[Order]:
    """An order each of so many customers."""
    orders: dict[int, Order] = {}
    for order in Order.objects.select_related("contact", "customer").order_by("pk"):
        orders.setdefault(order.customer_id, order)
        if len(orders) == count:
            break
    return list(orders.values())


def _flagged(staff: Viewer, customer: Customer, *, is_active: bool) -> Callable[[], None]:
    return partial(set_customer_flags, viewer=staff, customer=customer, is_active=is_active)


def _door(name: str, page: str, cookies: Cookies, order: Order | None = None, token: str = "") -> dict[str, Any]:
    return {"name": name, "page": page, "cookies": cookies, "order": order.topic if order else "", "token": token}


def _link_door(name: str, order: Order) -> dict[str, Any]:
    customer = order.customer
    link = buyers.Link(customer.link_version, customer.pk, confirmed=True)
    token = customer_links.derive(customer.pk, customer.link_version)
    return _door(name, "/store/orders", _cookies(link.hand), order, token)


def _cookies(hand: Callable[[HttpResponse], None]) -> Cookies:
    response = HttpResponse()
    hand(response)
    morsels: Iterable[tuple[str, Any]] = response.cookies.items()
    return {name: morsel.value for name, morsel in morsels}


def _grant(order: Order, response: HttpResponse) -> None:
    buyers.grant(HttpRequest(), response, order)


def _sign_in(secret: str, response: HttpResponse) -> None:
    buyers.hand_account(response, secret)


def main() -> None:
    """Do the benchmark's tasks."""
    shop = Entrance()
    answer(
        {
            "make": shop.make,
            "past_orders": shop.past_orders,
            "contact": shop.contact,
            "digits": shop.digits,
            "tries": shop.tries,
            "doors": shop.doors,
            "end": shop.end,
            "restore": shop.restore,
        }
    )


if __name__ == "__main__":
    main()
