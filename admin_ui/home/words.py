"""What the home page says."""

from collections.abc import Mapping

COUNTED = 100  # counting ends there, which means as many or more
TYPES = {
    "NOTE": "Note",
    "PHONE_CALL": "Phone call",
    "EMAIL": "Email",
    "COMPLAINT": "Complaint",
    "COMPLIMENT": "Compliment",
    "REFUND_REQUEST": "Refund request",
    "RETURN": "Return",
    "PREFERENCE_UPDATE": "Preference update",
    "OTHER": "Other",
}
MAILS = {"MESSAGE": "Message", "CONFIRMATION": "Confirmation of the order", "PARCEL": "News of a parcel"}
# What is most urgent is said; all of it stands below.
_HEADINGS = (
    ("waiting", "A customer waits for an answer", "Customers wait for an answer on {} orders"),
    ("failedMails", "A mail to a customer could not be sent", "{} mails to customers could not be sent"),
    ("unacknowledged", "An entry waits to be acknowledged", "{} entries wait to be acknowledged"),
    ("drafts", "An order waits to be confirmed", "{} orders wait to be confirmed"),
)


def heading(counts: Mapping[str, int | None]) -> str:
    """What is true for this reader now."""
    for name, one, many in _HEADINGS:
        if count := counts[name]:
            return one if count == 1 else many.format(f"more than {COUNTED - 1}" if count >= COUNTED else count)
    return "Nothing waits. Well done."


def short(count: int | None) -> str:
    """A count as it stands beside a heading: 7, or 99+; nothing for what is not the viewer's to see."""
    return "" if count is None else f"{COUNTED - 1}+" if count >= COUNTED else str(count)
