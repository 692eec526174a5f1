"""A customer's changes of an order as the form has them: what was typed, what of it differs, and what came too late.

Each control brings along what it held when the page was made. So what a person left alone is no change, also when
somebody else has changed it meanwhile.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal_ui.orders.addresses import Address, addresses_of, refused
from portal_ui.responses import version_of

PARTS = ("quantities", "note", "address")
_LARGEST_QUANTITY = 2**31 - 1
_LONGEST_TYPED = 10_000  # of what is shown again


class Line(NamedTuple):
    """A line in the form. `typed` is the quantity as it was written, `was` what stood there."""

    id: str
    name: str
    typed: str
    was: str
    line: Mapping[str, Any] | None = None
    problem: str = ""

    @property
    def differs(self) -> bool:
        """Whether another quantity is wanted."""
        return self.typed != self.was


class Lost(NamedTuple):
    """What was typed and can't be saved any more, to be copied."""

    heading: str
    text: str


class Changes(NamedTuple):
    """All of the form. `parts` are those that it had when it was sent, `problems` what stands above each."""

    parts: tuple[str, ...]
    lines: list[Line]
    gone: list[Line]
    note: str
    note_was: str
    addresses: list[Address]
    problems: Mapping[str, str]

    @property
    def failed(self) -> bool:
        """Whether something is to be mended before it can be asked for."""
        return (
            bool(self.problems)
            or any(line.problem for line in self.lines)
            or any(address.has_problem for address in self.addresses)
        )


def as_it_stands(order: Mapping[str, Any]) -> Changes:
    """The form of an order as it is now, with what may be changed."""
    lines = [_line(line, str(line["quantity"]), str(line["quantity"])) for line in order["lines"]["nodes"]]
    note = order["note"] or ""
    return Changes(open_parts(order), lines, [], note, version_of(note), addresses_of(order), {})


def as_typed(order: Mapping[str, Any], given: Any) -> Changes:
    """The form as somebody sent it (a QueryDict), beside the order as it is now."""
    shown = {line["id"]: line for line in order["lines"]["nodes"]}
    lines = [_line(line, *_quantities(given, pk, str(line["quantity"]))) for pk, line in shown.items()]
    asked = [name.removeprefix("quantity_") for name in given if name.startswith("quantity_")]
    away = [pk for pk in asked if pk not in shown]
    gone = [Line(pk, given.get(f"name_{pk}", ""), *_quantities(given, pk, "")) for pk in away]
    note = given.get("note", "").replace("\r\n", "\n").strip()
    parts = tuple(part for part in PARTS if part in given.getlist("part"))
    found = Changes(
        parts,
        [line._replace(problem=_wrong(line)) for line in lines],
        [line for line in gone if line.differs],
        note,
        given.get("note_was", ""),
        addresses_of(order, given),
        {},
    )
    if not found.gone:
        return found
    return found._replace(problems={"quantities": "The shop has changed these lines. Here they are as they are now."})


def _line(line: Mapping[str, Any], typed: str, was: str) -> Line:
    return Line(line["id"], line["name"], typed, was, line)


def _quantities(given: Mapping[str, str], pk: str, kept: str) -> tuple[str, str]:
    """What was typed for a line, and what stood there; a line that the form did not have stays as it is."""
    typed = given.get(f"quantity_{pk}")
    return (kept, kept) if typed is None else (typed.strip()[:40], given.get(f"was_{pk}", kept))


def _wrong(line: Line) -> str:
    if not line.differs or (line.typed.isdecimal() and int(line.typed) <= _LARGEST_QUANTITY):
        return ""
    return "Write a whole number; 0 takes it out of the order."


def open_parts(order: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the form that may be changed now."""
    return tuple(part for part in PARTS if order["editable"][part])


def asked_for(form: Changes) -> dict[str, Any]:
    """What the schema is asked for: what differs, of the parts that the form had."""
    given: dict[str, Any] = {}
    if "quantities" in form.parts and (lines := [line for line in form.lines if line.differs]):
        given["lines"] = [{"lineId": line.id, "quantity": int(line.typed)} for line in lines]
    if "note" in form.parts and version_of(form.note) != form.note_was:
        given["note"] = form.note
    if "address" in form.parts:
        given |= {f"{one.use}Address": one.typed for one in form.addresses if one.differs}
    return given


def with_refusal(form: Changes, problem: Mapping[str, Any]) -> Changes:
    """The form with what the schema refused at the part that it speaks of."""
    field, message = problem["field"] or "", problem["message"]
    if field.partition(".")[0] in ("deliveryAddress", "billingAddress") and "." in field:
        return form._replace(addresses=refused(form.addresses, field, message))
    part = {"lines": "quantities", "note": "note", "deliveryAddress": "address"}.get(field, "")
    return form._replace(problems={part: message})


def too_late(form: Changes, order: Mapping[str, Any]) -> list[Lost]:
    """What was typed into parts that are closed now, or for lines that are gone."""
    closed = set(form.parts) - set(open_parts(order))
    lost = []
    lines = [line for line in (*form.gone, *(form.lines if "quantities" in closed else ())) if line.differs]
    if lines:
        lost.append(Lost("Quantities", "\n".join(f"{one.name}: {one.typed} instead of {one.was}" for one in lines)))
    if "note" in closed and version_of(form.note) != form.note_was:
        lost.append(Lost("Note", form.note[:_LONGEST_TYPED]))
    if "address" in closed:
        changed = [address for address in form.addresses if address.differs]
        lost += [Lost(one.heading, "\n".join(text for text in one.typed.values() if text)) for one in changed]
    return lost


def content_of(order: Mapping[str, Any]) -> str:
    """The version of all that the form changes."""
    lines = [(line["id"], line["quantity"]) for line in order["lines"]["nodes"]]
    return version_of([lines, order["note"], order.get("deliveryAddress"), order.get("billingAddress")])
