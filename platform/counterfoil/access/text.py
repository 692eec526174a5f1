"""Text that comes from outside."""

import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from counterfoil.access.problems import Invalid

# Nobody looks for more, and each word is a condition, which each row that is looked at costs again.
LONGEST_SEARCH = 300
MOST_WORDS = 10
_LONGEST_ADDRESS = 254


def storable(text: str) -> bool:
    """Whether a database can hold this text: it has no NUL and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def words_of(search: str) -> list[str] | None:
    """The words to look for, each once, the first ten; None where there are none to find: text that no database holds,
    or too much of it.
    """
    if not storable(search) or len(search) > LONGEST_SEARCH:
        return None
    return list(dict.fromkeys(search.split()))[:MOST_WORDS]


def one_line(text: str, field: str, longest: int, *, required: bool = True) -> str:
    """A name or code without spaces around it. Raises `Invalid` for none, too long, or what is no part of a line."""
    line = text.strip()
    if required and not line:
        raise Invalid("Write something here.", field=field)
    if len(line) > longest:
        raise Invalid(f"This has {len(line):,} characters; use at most {longest}.", field=field)
    if not storable(line) or any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in line):
        raise Invalid("This holds a line's end or another control character; leave it out.", field=field)
    return line


def mail_address(text: str, field: str, *, required: bool = True) -> str:
    """A mail address in lower case, or nothing where none is required. Raises `Invalid` for what is none."""
    address = one_line(text, field, _LONGEST_ADDRESS, required=required).lower()
    if address:
        try:
            validate_email(address)
        except ValidationError:
            raise Invalid(f"{address} is no mail address; write one such as ana@shop.example.", field=field) from None
    return address


def mailbox_of(address: str) -> str:
    """What an address is compared by: the same for all ways to write one mailbox, of whatever case, the domain in its
    own letters or encoded for the network. What follows a plus is a part of the name: a mailbox of its own, for all
    that we can know. What is longer than any address is cut off: normalising takes time with the square of it.
    """
    name, at, domain = unicodedata.normalize("NFC", address.strip()[:_LONGEST_ADDRESS]).rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        domain = domain.casefold()
    return f"{name.casefold()}{at}{domain.lower()}"


def folded(text: str) -> str:
    """Text as searches compare it: without case, accents and the different forms of one character."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return unicodedata.normalize("NFKC", bare.casefold())
