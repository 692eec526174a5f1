"""The process with the shop's rows, for the measuring of the customer's record: a short record and a long one, whose
pages' CPU it measures in itself, and the colleagues who look at the long one.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import cycle, islice
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import StaffMember, User
from counterfoil.access.text import folded
from counterfoil.access.viewer import Role
from counterfoil.customers.models import Contact, Customer
from counterfoil.events import relay
from counterfoil.events.models import Event
from counterfoil.interactions.actions import LOGGED
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.models import Order
from counterfoil.site.bench.asking import Cost, Site, cost
from counterfoil.site.bench.children import answer
from counterfoil.site.bench.record import FEW, MANY
from counterfoil.site.bench.shop import give_orders, make_contacts, tidy_up

_WAITING = 3  # entries of each record that nobody has acknowledged, the oldest ones
_TEXT = "Asked for the blue tins again, and whether the order could wait until they are back from the coast."
_OF_AN_ORDER = ("order.status_changed", "order.held", "order.released")
_STEP = {"from": "draft", "to": "confirmed"}
_SPREAD = timedelta(days=700)
_AT_ONCE = 2000


class Records:
    """One shop's rows, and requests for pages as a member of its staff."""

    def __init__(self) -> None:
        self._site = Site()
        self._asks: dict[str, tuple[str, str]] = {}

    def make(self, *, few: int, orders: int, interactions: int, colleagues: int) -> dict[str, Any]:
        """A customer with `few` orders and entries, and one with many; gives the long record's address, topic, and the
        cookies of so many colleagues.
        """
        short, long = make_contacts([f"{name}@record.example" for name in (FEW, MANY)])
        give_orders(short, few)
        give_orders(long, orders)
        _live_through(short, few)
        _live_through(long, interactions)
        relay.drain()
        tidy_up()
        cookies = _colleagues(colleagues)
        for name, contact in ((FEW, short), (MANY, long)):
            page = f"/admin/customers/customer_{contact.customer_id}"
            self._asks[f"profile.{name}"] = (page, cookies[0])
            self._asks[f"news.{name}"] = (f"{page}/interactions/news", cookies[0])
            self._asks[f"timeline.{name}"] = (f"{page}/timeline", cookies[0])
        for address, cookie in self._asks.values():
            told = self._ask(address, cookie)
            if _TEXT[:20].encode() not in told:
                raise ValueError(f"{address} shows no entries.")
        return {"page": self._asks[f"profile.{MANY}"][0], "cookies": cookies}

    def pages(self, *, turn: int) -> dict[str, Cost]:
        """What each page costs; `turn` says which comes first."""
        names, begin = list(self._asks), turn % len(self._asks)
        return {name: cost(partial(self._ask, *self._asks[name]), 2) for name in (*names[begin:], *names[:begin])}

    def _ask(self, address: str, cookie: str) -> bytes:
        status, told = self._site.ask(address, HTTP_COOKIE=cookie, HTTP_HX_REQUEST=_htmx(address))
        if status != 200:
            raise ValueError(f"{address} answered {status}: {told[:2000]!r}")
        return told


def _htmx(address: str) -> str:
    return "true" if address.endswith("/news") else ""


def _live_through(contact: Contact, entries: int) -> None:
    """So many entries, every second one about an order, and for each order what happens to most."""
    customer, staff = Customer.objects.get(pk=contact.customer_id), StaffMember.objects.order_by("pk").first()
    assert staff is not None  # noqa: S101  (the shop has one)
    orders = list(Order.objects.filter(customer=customer).order_by("placed_at"))
    made = Interaction.objects.bulk_create(_entries(customer, staff, orders, entries), batch_size=_AT_ONCE)
    Event.objects.bulk_create(_events(customer, staff, orders, made), batch_size=_AT_ONCE)


def _entries(customer: Customer, staff: StaffMember, orders: Sequence[Order], count: int) -> Iterator[Interaction]:
    first, step = clock.now() - _SPREAD, _SPREAD / (count + 1)
    for number, (order, kind) in enumerate(islice(zip(cycle(orders), cycle(InteractionType), strict=False), count)):
        yield Interaction(
            workspace_id=customer.workspace_id,
            customer=customer,
            order=order if number % 2 else None,
            type=kind,
            text=_TEXT,
            folded=folded(_TEXT),
            staff=staff,
            author_name=staff.name,
            logged_at=first + step * (number + 1),
            needs_acknowledgement=number < _WAITING,
        )


def _events(
    customer: Customer, staff: StaffMember, orders: Sequence[Order], entries: Sequence[Interaction]
) -> Iterator[Event]:
    known = {"workspace_id": customer.workspace_id, "customer_id": customer.pk, "actor": staff.viewer.reference}
    for order in orders:
        for kind in _OF_AN_ORDER:
            data = _STEP if kind == _OF_AN_ORDER[0] else {}
            yield Event(kind=kind, topic=order.topic, data=data, created_at=order.placed_at, **known)
    for entry in entries:
        yield Event(
            kind=LOGGED,
            topic=f"customer_{customer.pk}",
            internal=True,
            data={"interaction": entry.pk},
            created_at=entry.logged_at,
            **known,
        )


def _colleagues(count: int) -> list[str]:
    """The cookies of so many members of the staff, who are signed in."""
    workspace = StaffMember.objects.order_by("pk").values_list("workspace_id", flat=True)[0]
    cookies = []
    for number in range(count):
        user = User.objects.create(email=f"colleague{number}@bench.example")
        name = f"Colleague {number}"
        StaffMember.objects.create(workspace_id=workspace, user=user, name=name, role=Role.SHOP_MANAGER)
        client = Client()
        client.force_login(user)
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return cookies


def main() -> None:
    """Do the benchmark's tasks."""
    records = Records()
    answer({"make": records.make, "pages": records.pages})


if __name__ == "__main__":
    main()
