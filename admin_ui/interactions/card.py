"""What the interactions card on a customer's profile is made of (IN-3, IN-4).

On top stand the entries that nobody has acknowledged, whatever their age and however the rest is narrowed; below them
the log, newest first. An entry that is acknowledged while a page shows it on top stays there on that page, with who and
when: what a person reads does not move. Entries never change but by that, so a page that is open only ever gets new
ones put before those that it has.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import Truncator

from admin_ui.forms import fresh_key
from admin_ui.interactions.kinds import KINDS, Kind, kind_called, open_kinds
from admin_ui.lists import words_of
from admin_ui.regions import version_of
from schema import client

OPERATIONS = client.operations_beside(__file__)

ENTRIES_A_PAGE = 30
MOST_WAITING = 30
NEWEST_ORDERS = 10
# A text that is longer, or has more lines, is folded.
FOLDED_FROM, LINES_FROM = 700, 10
# By how many of its newest entries a page says what it has, and among how many it looks for new ones.
SEEN = 3
NEWS = 8
# How many that were on top and are not any more are looked for by themselves.
MOST_KEPT = 5

type Entry = dict[str, Any]


class Narrowed(NamedTuple):
    """What the address of a profile says of the log: which type, which words, and behind which cursor."""

    kind: Kind | None = None
    search: str = ""
    before: str = ""

    @property
    def variables(self) -> dict[str, Any]:
        """As the operations take it."""
        return {
            "first": ENTRIES_A_PAGE,
            "waiting": MOST_WAITING,
            "after": self.before or None,
            "filter": {"type": self.kind and self.kind.type, "search": self.search or None},
        }

    @property
    def ending(self) -> str:
        """As the end of an address, beginning with `?`; nothing for the whole log."""
        given = {"type": self.kind.slug if self.kind else "", "q": self.search, "before": self.before}
        said = {name: value for name, value in given.items() if value}
        return f"?{urlencode(said)}" if said else ""


def narrowed_by(request: HttpRequest) -> Narrowed:
    """How the address narrows the log."""
    return Narrowed(kind_called(request.GET.get("type", "")), words_of(request), request.GET.get("before", ""))


def card_of(
    viewer: client.Viewer, found: dict[str, Any], narrowed: Narrowed, *, on_top: Collection[str] = ()
) -> dict[str, Any]:
    """The card of a customer: what waits, and a page of the log. `on_top` are the ids that a page shows on top."""
    if found["interactions"] is None:
        return {}
    pinned = _pinned(viewer, found, on_top)
    pinned_ids = [entry["id"] for entry in pinned]
    listed = found["interactions"]["nodes"]
    more = found["interactions"]["pageInfo"]
    later = narrowed._replace(before=more["endCursor"] or "")
    return {
        "customer": found,
        "pinned": pinned,
        "more_pinned": found["unacknowledged"]["pageInfo"]["hasNextPage"],
        "entries": [shown(entry) for entry in listed if entry["id"] not in pinned_ids],
        "earlier": later.ending if more["hasNextPage"] else "",
        "narrowed": narrowed,
        "filters": _filters(narrowed),
        "on_top": " ".join(pinned_ids),
        **now_of(found),
        "acknowledge_key": fresh_key(),
    }


def now_of(found: dict[str, Any]) -> dict[str, Any]:
    """What a page that is open says that it has, when it asks for news: what waits, and its newest entries."""
    waiting = " ".join(entry["id"] for entry in found["unacknowledged"]["nodes"])
    seen = " ".join(entry["id"] for entry in found["interactions"]["nodes"][:SEEN])
    return {"waiting": waiting, "seen": seen, "log_version": version_of([waiting, seen])}


def _pinned(viewer: client.Viewer, found: dict[str, Any], on_top: Collection[str]) -> list[Entry]:
    """What waits, and what this page shows on top though somebody has acknowledged it meanwhile; newest first."""
    waiting = [shown(entry) for entry in found["unacknowledged"]["nodes"]]
    gone = [gid for gid in on_top if gid not in {entry["id"] for entry in waiting}]
    kept = [entry for gid in gone[:MOST_KEPT] if (entry := entry_of(viewer, found["id"], gid))]
    done = [shown(entry) for entry in kept if entry["acknowledgedAt"]]
    return sorted([*waiting, *done], key=lambda entry: entry["loggedAt"], reverse=True)


def entry_of(viewer: client.Viewer, customer: str, gid: str) -> Entry | None:
    """An entry of this customer by its global id; None where there is none that the viewer sees."""
    entry: Entry | None = client.run(viewer, OPERATIONS["Interaction"], {"id": gid})["entry"]
    return entry if entry and entry["customer"]["id"] == customer else None


def shown(entry: Entry) -> Entry:
    """An entry with its type as people see it, and its beginning where the whole is long."""
    text = entry["text"]
    lines = text.splitlines()
    beginning = ""
    if len(text) > FOLDED_FROM or len(lines) > LINES_FROM:
        beginning = Truncator("\n".join(lines[: LINES_FROM - 2])).chars(FOLDED_FROM // 2)
    return {**entry, "kind": KINDS[entry["type"]], "beginning": beginning, "waits": waits(entry)}


def waits(entry: Mapping[str, Any]) -> bool:
    """Whether somebody still has to take note of it."""
    return bool(entry["needsAcknowledgement"] and not entry["acknowledgedAt"])


def _filters(narrowed: Narrowed) -> list[dict[str, Any]]:
    """The types to narrow by; the one that is chosen leads back to all."""
    return [
        {
            "kind": kind,
            "query": Narrowed(None if kind is narrowed.kind else kind, narrowed.search).ending,
            "is_chosen": kind is narrowed.kind,
        }
        for kind in KINDS.values()
    ]


def form_of(data: dict[str, Any], typed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The form by which one logs: its types, the newest orders, and what was typed; at first a note about none."""
    kinds = open_kinds(data["interactionTypes"])
    filled = {"text": "", "type": kinds[0].slug if kinds else "", "order": "", "waits": "", **(typed or {})}
    return {
        "log_kinds": kinds,
        "log_orders": [order["number"] for order in data["orders"]["nodes"]],
        "log": {"key": fresh_key(), **filled},
    }


def profile_address(gid: str, query: str = "", part: str = "interactions") -> str:
    """The profile of a customer, at a part of it."""
    return f"{reverse('admin:customer', args=[gid])}{query}#{part}"
