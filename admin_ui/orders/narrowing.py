"""What the list of orders is narrowed by: the address's words and states, and words that name a state."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone

STATUSES = {"draft": "Draft", "confirmed": "Confirmed", "invoiced": "Invoiced", "cancelled": "Cancelled"}
SENT = {
    "unfulfilled": "Unfulfilled",
    "partially_fulfilled": "Partially fulfilled",
    "fulfilled": "Fulfilled",
    "on_hold": "On hold",
}
PAID = {
    "not_charged": "Not charged",
    "partially_paid": "Partially paid",
    "paid": "Paid",
    "partially_refunded": "Partially refunded",
    "refunded": "Refunded",
}
PLACED = {"today": "Today", "7": "Last 7 days", "30": "Last 30 days"}
# In whose words a state is typed: the longest first, so that “partially paid” is not “paid”.
_STATES = {
    label.lower(): (name, value)
    for name, labels in (("status", STATUSES), ("sent", SENT), ("paid", PAID))
    for value, label in labels.items()
}
_LONGEST_FIRST = sorted(_STATES, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What an address asks for; empty for what it does not. With `words` a state that is typed is a word as any."""

    q: str = ""
    status: str = ""
    sent: str = ""
    paid: str = ""
    placed: str = ""
    store: str = ""
    customer: str = ""
    words: str = ""

    @property
    def now(self) -> dict[str, str]:
        """As the address says it."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}

    def read(self) -> tuple["Narrowing", list[str]]:
        """With the states that its words name taken for what they are; and those words."""
        if self.words:
            return self, []
        typed, found, read = f" {self.q.lower()} ", [], self
        for state in _LONGEST_FIRST:
            name, value = _STATES[state]
            if f" {state} " in typed and getattr(read, name) in {"", value}:
                typed = typed.replace(f" {state} ", " ")
                read = replace(read, **{name: value})
                found.append(state)
        return replace(read, q=" ".join(typed.split())) if found else read, found

    def filter(self) -> dict[str, Any]:
        """As the schema's filter takes it."""
        return {
            "search": self.q or None,
            "status": self.status.upper() or None,
            "fulfilment": self.sent.upper() or None,
            "payment": self.paid.upper() or None,
            "placedFrom": since(self.placed),
            "storeId": self.store or None,
            "customerId": self.customer or None,
        }


def narrowing_of(given: QueryDict) -> Narrowing:
    """What an address or a form narrows by; what is none of ours narrows nothing."""

    def one_of(name: str, known: Mapping[str, str]) -> str:
        value = given.get(name, "")
        return value if value in known else ""

    return Narrowing(
        q=" ".join(given.get("q", "").replace("\0", " ").split()),
        status=one_of("status", STATUSES),
        sent=one_of("sent", SENT),
        paid=one_of("paid", PAID),
        placed=one_of("placed", PLACED),
        store=given.get("store", "").replace("\0", ""),
        customer=given.get("customer", "").replace("\0", ""),
        words=one_of("words", {"yes": ""}),
    )


def since(placed: str) -> str | None:
    """The moment at which a span of days began, by the store's clock; today is one of them."""
    if placed not in PLACED:
        return None
    days = 1 if placed == "today" else int(placed)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    began: datetime = timezone.make_aware(midnight - timedelta(days=days - 1))
    return began.isoformat()
