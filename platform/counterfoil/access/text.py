"""Text that comes from outside."""


def storable(text: str) -> bool:
    """Whether a database can hold this text: it has no NUL and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
