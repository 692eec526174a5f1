"""What the pages about parcels are made of: what is to be read first, what is left to send, what has left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import HttpRequest

from admin_ui.forms import fresh_key, key_of
from admin_ui.interactions.kinds import KINDS
from admin_ui.regions import version_of

LINES_A_PAGE = PARCELS = 100
NOTICES_A_PAGE = 50
# So many notices have a box each to tick; more of them have one for all that a page shows.
EACH_BY_ITSELF = 5
TRACKING = {"carrier": "carrier", "tracking_number": "trackingNumber", "tracking_url": "trackingUrl"}

LABELS = {"carrier": "Carrier", "tracking_number": "Tracking number", "tracking_url": "Tracking address"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form for the next parcel. `values` are the quantities and the tracking by control, None in a
    form that nobody has touched; `read` the ids of the notices that were ticked, those of earlier pages too; `behind`
    the cursor of the page of notices; `problems` what is wrong, by control, `form` or `notices`.
    """

    key: str = field(default_factory=fresh_key)
    values: Mapping[str, str] | None = None
    read: frozenset[str] = frozenset()
    behind: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def posted(cls, request: HttpRequest) -> Self:
        """What came with a POST."""
        names = [name for name in request.POST if name.startswith("quantity ") or name in TRACKING]
        return cls(
            key=key_of(request),
            values={name: request.POST.get(name, "") for name in names},
            read=read_in(request.POST.getlist("read")),
            behind=request.POST.get("notices_after", ""),
        )


def read_in(boxes: list[str]) -> frozenset[str]:
    """The ids that ticked boxes stand for: each has one, or those of a page with spaces between."""
    return frozenset(gid for box in boxes for gid in box.split())


def quantities_of(found: dict[str, Any], typed: Typed) -> tuple[dict[str, int], dict[str, str]]:
    """How much of each line was chosen, and what is wrong with what was typed, by control."""
    quantities, problems = {}, {}
    for line in found["lines"]["nodes"]:
        control = f"quantity {line['id']}"
        text = (typed.values or {}).get(control, "").strip()
        left = line["quantity"] - line["fulfilled"]
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= left):
            gone = f"Nothing is left to send of it: all {line['quantity']:,} have left. Leave it empty."
            problems[control] = f"Write a whole number from 0 to {left:,}." if left else gone
        elif int(text):
            quantities[line["id"]] = int(text)
    if not quantities and not problems:
        problems["form"] = "Nothing is chosen: write how many of at least one line are in the parcel."
    return quantities, problems


def form_of(found: dict[str, Any], typed: Typed | None = None) -> dict[str, Any]:
    """What is left to send, with what was typed; at first everything that is left."""
    typed = typed or Typed()
    values, problems = typed.values or {}, typed.problems
    lines = []
    for line in found["lines"]["nodes"]:
        left, control = line["quantity"] - line["fulfilled"], f"quantity {line['id']}"
        if left or control in problems:
            lines.append({
                **line,
                "left": left,
                "control": control,
                "value": left if typed.values is None else values.get(control, ""),
                "problem": problems.get(control, ""),
            })  # fmt: skip
    tracking = {name: {"value": values.get(name, ""), "problem": problems.get(name, "")} for name in TRACKING}
    is_open = found["status"] in ("CONFIRMED", "INVOICED") and found["fulfilment"] != "ON_HOLD"
    return {
        "form": {
            "key": typed.key,
            "lines": lines,
            "problem": problems.get("form", ""),
            "failed": bool(problems),
            "open": is_open,
            "next": _next_number(found),
            **tracking,
        },
        "notices": notices_of(found, typed, to_tick=is_open and bool(lines)),
        "more": found["lines"]["pageInfo"],
    }


def _next_number(found: dict[str, Any]) -> int | None:
    """Which parcel the next one is; None where there are too many to know."""
    sent = found["fulfilments"]
    return None if sent["pageInfo"]["hasNextPage"] else max((one["number"] for one in sent["nodes"]), default=0) + 1


def notices_of(found: dict[str, Any], typed: Typed, *, to_tick: bool) -> dict[str, Any]:
    """What is in the way of the next parcel; without `to_tick`, what is worth knowing while there is none to send."""
    page = found["packingNotices"] or {"nodes": [], "pageInfo": {"hasNextPage": False, "hasPreviousPage": False}}
    entries = [
        {**notice, "kind": KINDS[notice["type"]], "is_read": notice["id"] in typed.read} for notice in page["nodes"]
    ]
    unread = [entry["id"] for entry in entries if not entry["is_read"]]
    beyond = page["pageInfo"]["hasNextPage"] or page["pageInfo"]["hasPreviousPage"]
    return {
        "entries": entries,
        "to_tick": to_tick,
        "each": len(entries) <= EACH_BY_ITSELF,
        "unread": unread,
        "label": "Read the entries first" if beyond else to_read(len(unread)),
        "read_before": sorted(typed.read.difference(entry["id"] for entry in entries)),
        "behind": typed.behind,
        "next": page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else "",
        "problem": typed.problems.get("notices", ""),
        "version": version_of([page, to_tick]),
    }


def to_read(many: int) -> str:
    """What the button says while so many entries are not read."""
    if not many:
        return ""
    return "Read 1 entry first" if many == 1 else f"Read {many:,} entries first"


def parcels_of(found: dict[str, Any], problem: dict[str, Any] | None = None) -> dict[str, Any]:
    """The parcels, the newest first; `problem` is a refused change of one, with what was typed and at which control."""
    sent = [
        {**parcel, "key": fresh_key(), "tracking": _tracking_of(parcel, problem)}
        for parcel in reversed(found["fulfilments"]["nodes"])
    ]
    if problem:
        problem = {**problem, "is_shown": any(parcel["id"] == problem["parcel"] for parcel in sent)}
    return {"parcels": sent, "problem": problem, "parcels_version": version_of(found["fulfilments"])}


def _tracking_of(parcel: dict[str, Any], problem: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The controls of a parcel's tracking: as it is, or as it was typed when that was refused."""
    refused = problem if problem and problem["typed"] and problem["parcel"] == parcel["id"] else None
    return [
        {
            "name": name,
            "label": LABELS[name],
            "value": (refused["typed"][name] if refused else parcel[ours]) or "",
            "problem": refused["message"] if refused and refused["at"] == name else "",
        }
        for name, ours in TRACKING.items()
    ]


def control_of(field: str | None) -> str:
    """The control that a problem of the schema speaks of."""
    return {ours: name for name, ours in TRACKING.items()}.get(field or "", "form")
