"""How what happened is told: for each kind its icon, and the words in `prose.html`, a partial of the kind's name.

A kind without words stands in no story of the schema either: a test holds the two against what the product records.
"""

from typing import Any

from admin_ui.interactions.kinds import KINDS

# A kind's icon. `{kind}` with an underscore for its dot is the name of its sentence.
ICONS = {
    "order.placed": "package",
    "order.revised": "pencil",
    "order.addressed": "pencil",
    "order.note_changed": "pencil",
    "order.status_changed": "arrow-right",
    "order.held": "circle-pause",
    "order.released": "circle-play",
    "order.parcel_sent": "truck",
    "order.parcel_corrected": "truck",
    "order.parcel_moved": "truck",
    "order.payment_taken": "banknote",
    "order.payment_returned": "undo-2",
    "order.claimed": "user-check",
    "order_key.rotated": "key-round",
    "customer_link.rotated": "key-round",
    "account_session.ended": "log-out",
    "goods.credited": "undo-2",
    "message.sent": "message-square",
    "note.written": "lock",
    "mail.sent": "mail",
    "mail.failed": "mail-x",
    "mail.suppressed": "mail-x",
    "mail.retried": "mail",
    "mail_preference.changed": "mail",
    "interaction.logged": "notebook-pen",
    "interaction.acknowledged": "check",
    "customer.created": "user-plus",
    "customer.changed": "pencil",
    "customer.flags_changed": "user",
    "customer.linked": "link",
    "customer.unlinked": "unlink",
}
# Icons that point somewhere turn round with the line.
_TURNING = frozenset({"arrow-right", "undo-2", "log-out", "truck"})
# Each type of entry as a noun.
_ENTRIES = {
    "NOTE": "a note",
    "PHONE_CALL": "a phone call",
    "EMAIL": "an e-mail",
    "COMPLAINT": "a complaint",
    "COMPLIMENT": "a compliment",
    "REFUND_REQUEST": "a refund request",
    "RETURN": "a return",
    "PREFERENCE_UPDATE": "a preference",
    "OTHER": "something",
}
# What staff did to an order by a step of its axis, and what became of a parcel.
_STEPS = {"DRAFT": "a draft", "CONFIRMED": "confirmed", "INVOICED": "invoiced", "CANCELLED": "cancelled"}
_PARCELS = {
    "PENDING": "is packed",
    "SHIPPED": "has left",
    "DELIVERED": "has arrived",
    "CANCELLED": "never left: its goods are left to send",
    "RETURNED": "came back",
}
_LONGEST_QUOTE = 400


def told(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with what its sentence and its line are made of."""
    icon = _icon_of(entry)
    said = entry["message"] or entry["note"] or entry["interaction"]
    return {
        **entry,
        "icon": icon,
        "turns": icon in _TURNING,
        "sentence": sentence_of(entry["kind"]),
        "quote": _quoted(said["text"]) if said and entry["kind"] != "interaction.acknowledged" else "",
        "before": _STEPS.get(entry["statusBefore"] or ""),
        "after": _STEPS.get(entry["statusAfter"] or ""),
        "parcel_now": _PARCELS.get(entry["parcelAfter"] or ""),
        "why": _why(entry),
        "noun": _ENTRIES.get(entry["interaction"]["type"]) if entry["interaction"] else "",
    }


def _icon_of(entry: dict[str, Any]) -> str:
    """A kind's icon; what was logged has that of its type."""
    if entry["kind"] == "interaction.logged" and entry["interaction"]:
        return KINDS[entry["interaction"]["type"]].icon
    return ICONS.get(entry["kind"], "info")


def sentence_of(kind: str) -> str:
    """The template that tells a kind; one that is unknown here is told by its name."""
    name = kind.replace(".", "_") if kind in ICONS else "unknown"
    return f"admin_ui/timeline/prose.html#{name}"


def _why(entry: dict[str, Any]) -> str:
    """Why a mail was not sent, as the end of a sentence: `the customer has turned mails off`."""
    reason = str(entry["mail"]["reason"]).strip().removesuffix(".") if entry["mail"] else ""
    return reason[:1].lower() + reason[1:] if entry["kind"] == "mail.suppressed" else reason


def _quoted(text: str) -> str:
    """The beginning of a long text, cut behind a word."""
    if len(text) <= _LONGEST_QUOTE:
        return text
    beginning = text[:_LONGEST_QUOTE]
    return f"{beginning.rsplit(None, 1)[0] or beginning}…"
