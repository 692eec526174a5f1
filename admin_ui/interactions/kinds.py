"""The nine types of entry as people see them: an icon and a word, always both (IN-1)."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A type: what the schema calls it, its icon, and its word."""

    type: str
    icon: str
    label: str

    @property
    def slug(self) -> str:
        """What it is called in addresses and forms."""
        return self.type.lower()


KINDS = {
    kind.type: kind
    for kind in (
        Kind("NOTE", "sticky-note", "Note"),
        Kind("PHONE_CALL", "phone", "Phone call"),
        Kind("EMAIL", "mail", "Email"),
        Kind("COMPLAINT", "frown", "Complaint"),
        Kind("COMPLIMENT", "heart", "Compliment"),
        Kind("REFUND_REQUEST", "hand-coins", "Refund request"),
        Kind("RETURN", "undo-2", "Return"),
        Kind("PREFERENCE_UPDATE", "sliders-horizontal", "Preference update"),
        Kind("OTHER", "circle-ellipsis", "Other"),
    )
}
_BY_SLUG = {kind.slug: kind for kind in KINDS.values()}


def kind_called(slug: str) -> Kind | None:
    """The type that an address or a form names; None for what names none."""
    return _BY_SLUG.get(slug)


def open_kinds(settings: Sequence[dict[str, Any]] | None) -> list[Kind]:
    """Those of which there are new entries, by the schema's `interactionTypes`."""
    return [KINDS[setting["type"]] for setting in settings or () if setting["isOn"]]
