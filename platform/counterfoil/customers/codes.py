"""One-time codes: six digits in a mail, by which somebody proves that a mailbox is theirs (AC-3, AC-4).

What happens for an address that nobody has is the same, statement for statement, as for a contact's: a row of a code,
an event, a mail that is never sent. A guess is counted, and refused beyond five, by one UPDATE before it is looked at,
so it holds for threads, processes and servers that share the database. The browser that asked for a code has all five
tries; guesses from elsewhere (another device, or somebody who knows nothing but the address) may use two of them.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from counterfoil.access import clock
from counterfoil.access.problems import Invalid
from counterfoil.access.text import mail_address, mailbox_of
from counterfoil.access.tries import Limit, TooManyTries, Waits, give_back, reserve, rest, seconds_left, take_turn
from counterfoil.access.viewer import anonymous
from counterfoil.customers.models import Contact, OneTimeCode
from counterfoil.events.record import record
from counterfoil.workspaces.models import Store

ASKED = "code.asked"
LASTS = timedelta(minutes=10)
TRIES, TRIES_ELSEWHERE = 5, 2
ASKED_OF_NETWORK = 60  # an hour
WAITS = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900))
_REST = timedelta(hours=1)
_KEPT = timedelta(days=1)
_FORGOTTEN_AT_ONCE = 100
_LONGEST_TYPED = 2000
# Six digits, each at most one space or hyphen from the next, that are no part of a longer number.
_SIX = re.compile(r"(?<!\d)\d(?:[\s‐-―-]?\d){5}(?!\d)")


@dataclass(frozen=True, slots=True)
class Browser:
    """Which browser asks: what it was handed when it first did, where it is, and whether that mailbox was proved in it
    before. A browser like that waits by itself, however often strangers ask for the same address.
    """

    name: str
    network: str
    known: bool = False


def proven(workspace_id: int, mailbox: str) -> str:
    """What a mailbox is called where its address should not stand."""
    return salted_hmac("counterfoil.mailbox", f"{workspace_id}:{mailbox}", algorithm="sha256").hexdigest()


def holder(workspace_id: int, mailbox: str) -> int | None:
    """The id of the contact who signs in with this mailbox: of several, the one who was created first (AC-4)."""
    found = Contact.objects.filter(workspace_id=workspace_id, mailbox=mailbox).order_by("created_at", "pk")
    return found.values_list("pk", flat=True).first() if mailbox else None


def ask(*, store: Store, email: str, browser: Browser) -> int | None:
    """Have a code mailed to this address, if a contact has it; nobody learns whether one has. Gives the seconds until
    another one may be asked for, and None where one was asked for so lately that none was made: that one counts.

    Raises `Invalid` for what is no address, and `TooManyTries` when too much was asked for from this network.
    """
    workspace_id, mailbox = store.workspace_id, mailbox_of(mail_address(email, "email"))
    reserve(_of_network(browser))
    try:
        wait = take_turn(_waits(proven(workspace_id, mailbox), browser))
    except TooManyTries:
        give_back(_of_network(browser))
        return None
    _issue(store, mailbox, browser)
    return wait


def wait_for(*, workspace_id: int, email: str, browser: Browser) -> int:
    """The seconds until another code may be asked for here."""
    return seconds_left(_waits(proven(workspace_id, mailbox_of(email)), browser))


@transaction.atomic
def _issue(store: Store, mailbox: str, browser: Browser) -> None:
    workspace_id, now, seed = store.workspace_id, clock.now(), secrets.token_hex(16)
    old = OneTimeCode.objects.filter(issued_at__lte=now - _KEPT).order_by("issued_at").values_list("pk", flat=True)
    OneTimeCode.objects.filter(pk__in=list(old[:_FORGOTTEN_AT_ONCE])).delete()
    code = OneTimeCode.objects.create(
        workspace_id=workspace_id,
        mailbox=proven(workspace_id, mailbox),
        contact_id=holder(workspace_id, mailbox),
        browser=_digest(browser.name),
        seed=seed,
        digest=_digest(seed + _made_of(seed)),
        issued_at=now,
        expires_at=now + LASTS,
    )
    record(anonymous(workspace_id), ASKED, topic="codes", internal=True, data={"code": code.pk, "store": store.pk})


def digits_of(code: OneTimeCode) -> str:
    """The six digits, for the mail."""
    return _made_of(code.seed)


def newest(workspace_id: int, mailbox: str) -> OneTimeCode | None:
    """The only code that may count for a mailbox, `proven`'s name of it."""
    return OneTimeCode.objects.filter(workspace_id=workspace_id, mailbox=mailbox).order_by("-pk").first()


def enter(*, workspace_id: int, email: str, typed: str, browser: Browser) -> Contact:
    """Use up the code that was typed; gives the contact whose mailbox is proved by it.

    Raises `Invalid` with what to do. What has no six digits is not counted as a try.
    """
    digits = read_code(typed)
    mailbox = proven(workspace_id, mailbox_of(email))
    code = newest(workspace_id, mailbox)
    here = code is not None and constant_time_compare(code.browser, _digest(browser.name))
    if code is None or not _may_try(code, here=here):
        raise Invalid(_why_none(code), field="code")
    unused = OneTimeCode.objects.filter(pk=code.pk, used_at=None)
    # Whose it is is asked once more: the contact may have got another address since.
    contact = (
        Contact.objects.select_related("customer").filter(pk=code.contact_id or 0, mailbox=mailbox_of(email)).first()
    )
    right = constant_time_compare(code.digest, _digest(code.seed + digits))
    if contact is None or not right or not unused.update(used_at=clock.now()):
        raise Invalid(_wrong(unused, here=here), field="code")
    rest(_waits(mailbox, browser))
    give_back(_of_network(browser))
    return contact


def read_code(typed: str) -> str:
    """The six digits in what was typed or pasted, of any script, also among words. Raises `Invalid` for none."""
    plain = "".join(
        str(value) if (value := unicodedata.decimal(character, None)) is not None else character
        for character in typed[:_LONGEST_TYPED]
    )
    found = {re.sub(r"\D", "", match) for match in _SIX.findall(plain)}
    every = re.sub(r"\D", "", plain)
    if len(found) == 1:
        return found.pop()
    if not found and len(every) == 6:
        return every
    raise Invalid("Type the six digits that stand in the e-mail.", field="code")


def _may_try(code: OneTimeCode, *, here: bool) -> bool:
    """Whether a guess at this code may be looked at; it is counted."""
    open_ones = OneTimeCode.objects.filter(pk=code.pk, used_at=None, expires_at__gt=clock.now(), tries__lt=TRIES)
    if here:
        return bool(open_ones.update(tries=F("tries") + 1))
    elsewhere = open_ones.filter(tries_elsewhere__lt=TRIES_ELSEWHERE)
    return bool(elsewhere.update(tries=F("tries") + 1, tries_elsewhere=F("tries_elsewhere") + 1))


def _why_none(code: OneTimeCode | None) -> str:
    if code is not None:
        code.refresh_from_db()
    if code is None or code.used_at is not None or code.expires_at <= clock.now():
        return "This code does not count any more: codes last ten minutes, and work once. Send a new one."
    return "There were too many wrong tries, so this code does not count any more. Send a new one."


def _wrong(code: QuerySet[OneTimeCode], *, here: bool) -> str:
    tries, elsewhere = code.values_list("tries", "tries_elsewhere").first() or (TRIES, TRIES_ELSEWHERE)
    left = TRIES - tries if here else min(TRIES - tries, TRIES_ELSEWHERE - elsewhere)
    if left <= 0:
        return "This code is not right, and it was the last try. Send a new one."
    tries_left = "one try is left" if left == 1 else f"{left} tries are left"
    return f"This code is not right: {tries_left}. If you have several e-mails, only the newest one’s code counts."


def _of_network(browser: Browser) -> Limit:
    return Limit("codes of network", (browser.network,), ASKED_OF_NETWORK, _REST)


def _waits(mailbox: str, browser: Browser) -> Waits:
    return Waits("code", (mailbox, browser.name if browser.known else ""), WAITS, _REST)


def _made_of(seed: str) -> str:
    made = salted_hmac("counterfoil.code", seed, algorithm="sha256").digest()
    return f"{int.from_bytes(made[:8]) % 1_000_000:06}"


def _digest(secret: str) -> str:
    return salted_hmac("counterfoil.code-kept", secret, algorithm="sha256").hexdigest()
