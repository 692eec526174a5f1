"""What a customer asks of the shop about an order: one text, which staff and the customer read."""

from counterfoil.access.problems import Invalid
from counterfoil.access.text import storable

LONGEST_NOTE = 2000  # characters


def checked(note: str) -> str:
    """The note as it is kept: without space around it, its lines ended in one way. Raises `Invalid` about `note`."""
    text = note.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise Invalid(
            f"The note has {len(text):,} characters; {LONGEST_NOTE:,} is the most. Shorten it, or send the rest as a "
            "message.",
            field="note",
        )
    if not storable(text):
        raise Invalid("The note holds a character that no text can have (NUL or half a pair). Remove it.", field="note")
    return text
