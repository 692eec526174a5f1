"""`counterfoil init`: a workspace with its first store and its first admin, on an installation of one's own (OP-5)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getpass
from shlex import quote
from typing import TextIO

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import Error, IntegrityError, transaction
from django.http.request import validate_host

from counterfoil.access.models import StaffMember, User
from counterfoil.access.problems import Invalid
from counterfoil.access.text import storable
from counterfoil.access.viewer import Role, Viewer, ViewerKind
from counterfoil.events.record import record
from counterfoil.site.answers import CHECKS, derived_from
from counterfoil.site.command import Stop
from counterfoil.workspaces.models import Store, Workspace

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be made, each part checked by its entry in `answers.CHECKS`."""

    workspace: str
    host: str
    base_url: str
    admin_name: str
    admin_email: str
    language: str
    time_zone: str
    mail_from: str


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to talk with the person at a terminal."""

    ask: Callable[[str], str] = input
    ask_hidden: Callable[[str], str] = getpass
    tell: Callable[[str], None] = print


# Making it.


@transaction.atomic
def make_workspace(*, wanted: Wanted, password: str) -> StaffMember:
    """A workspace, its store, and its admin, who may be a user already: then `password` must be the one they have.

    Raises `Invalid` when another store answers to the host, and for a password that can't be taken.
    """
    _refuse_taken(wanted.host)
    _refuse_deactivated(wanted.admin_email)
    _refuse_password(wanted.admin_email, password)
    workspace = Workspace.objects.create(name=wanted.workspace)
    Store.objects.create(
        workspace=workspace,
        name=wanted.workspace,
        host=wanted.host,
        base_url=wanted.base_url,
        language=wanted.language,
        time_zone=wanted.time_zone,
        mail_from=wanted.mail_from,
    )
    user = _known(wanted.admin_email) or User.objects.create_user(wanted.admin_email, password)
    member = StaffMember.objects.create(workspace=workspace, user=user, name=wanted.admin_name, role=Role.ADMIN)
    viewer = Viewer(
        kind=ViewerKind.STAFF, workspace_id=workspace.pk, name=member.name, staff_id=member.pk, role=Role.ADMIN
    )
    record(viewer, "workspace.created", topic=f"workspace_{workspace.pk}", internal=True)
    return member


def _known(email: str) -> User | None:
    return User.objects.filter(email__iexact=email).first()


def _refuse_taken(host: str) -> None:
    if Store.objects.filter(host=host).exists():
        raise Invalid(f"A store answers to {host} already; name another host.", field="host")


def _refuse_deactivated(email: str) -> None:
    user = _known(email)
    if user is not None and not user.is_active:
        raise Invalid(f"{email} may no longer sign in here; name another address.", field="admin_email")


def _refuse_password(email: str, password: str) -> None:
    """Somebody new chooses a good one; who signs in already proves that it is them."""
    user = _known(email)
    if user is not None:
        if not user.check_password(password):
            raise Invalid(f"{email} signs in here already, and this is not their password.", field="password")
        return
    if not storable(password):
        raise Invalid("This password holds what can't be typed into a page.", field="password")
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from None


_QUESTIONS = {
    "workspace": "Name of the shop, as customers read it",
    "host": "Host name that customers and staff open (shop.example.com)",
    "mail_from": "Address that mails to customers come from",
    "admin_name": "Your name, as customers read it",
    "admin_email": "Your mail address, to sign in with",
}
_AGAINST_DATABASE: Mapping[str, Callable[[str], None]] = {"host": _refuse_taken, "admin_email": _refuse_deactivated}


# Asking.


def run_init(given: Mapping[str, str], *, password: str | None, terminal: Terminal | None) -> int:
    """Bring the database up to date, make what was asked for, and say what comes next; gives the exit status.

    `given` has the options of the command line, by their names in `Wanted`. What is missing is asked for on the
    terminal; without one it is refused. Raises `Stop`; then there is no new workspace.
    """
    answers = _checked(given)
    if terminal is None:
        _refuse_incomplete(answers, password)
    else:
        terminal.tell("Bringing the database up to date …")
    with _failures_in_words():
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        words = set_up(answers, password=password, terminal=terminal)
    print(words)
    return 0


def set_up(answers: Mapping[str, str], *, password: str | None, terminal: Terminal | None) -> str:
    """Ask for what is missing, and make it all; gives the closing words. Raises `Stop`."""
    for name, answer in answers.items():
        with _refusals_of(name):
            _AGAINST_DATABASE.get(name, _anything)(answer)
    answers = dict(answers)
    while terminal is not None and (missing := _missing(answers)):
        answers[missing[0]] = _ask(terminal, missing[0])
    wanted = Wanted(**derived_from(answers["host"]) | answers)
    was_known = _known(wanted.admin_email) is not None
    if password is None and terminal is not None:
        password = _ask_password(terminal, wanted.admin_email, was_known=was_known)
    with _refusals_of("password"):
        make_workspace(wanted=wanted, password=password or "")
    return closing_words(wanted, was_known=was_known)


def _anything(_: str) -> None:
    """What the database has no say in."""


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    answers = {}
    for name, text in given.items():
        with _refusals_of(name):
            answers[name] = CHECKS[name](text)
    return answers


@contextmanager
def _refusals_of(name: str) -> Iterator[None]:
    try:
        yield
    except Invalid as problem:
        field = problem.field if problem.field in CHECKS else None
        raise Stop(f"{_option(field or name)}: {problem.message}") from None


def _option(name: str) -> str:
    return "--password-stdin" if name == "password" else f"--{name.replace('_', '-')}"


def _missing(answers: Mapping[str, str]) -> list[str]:
    known = answers.keys() | (derived_from(answers["host"]).keys() if "host" in answers else {"mail_from"})
    return [name for name in _QUESTIONS if name not in known]


def _refuse_incomplete(answers: Mapping[str, str], password: str | None) -> None:
    missing = _missing(answers) + ([] if password else ["password"])
    if missing:
        options = ", ".join(map(_option, missing))
        raise Stop(f"without a terminal to ask on, these are needed as well: {options}. See counterfoil init --help.")


def _ask(terminal: Terminal, name: str) -> str:
    while True:
        try:
            answer = CHECKS[name](terminal.ask(f"{_QUESTIONS[name]}: "))
            _AGAINST_DATABASE.get(name, _anything)(answer)
        except Invalid as problem:
            terminal.tell(problem.message)
        else:
            return answer


def _ask_password(terminal: Terminal, email: str, *, was_known: bool) -> str:
    if was_known:
        terminal.tell(f"{email} signs in here already, and will be the admin of this workspace too.")
    for _ in range(_TRIES):
        password = terminal.ask_hidden("The password you have: " if was_known else "A password: ")
        try:
            _refuse_password(email, password)
        except Invalid as problem:
            terminal.tell(problem.message)
            continue
        if was_known or terminal.ask_hidden("The same password again: ") == password:
            return password
        terminal.tell("These were two different passwords.")
    raise Stop(
        f"that makes {_TRIES} passwords that can't be taken, and nothing was made. Begin again when you have one."
    )


def password_from(stdin: TextIO) -> str:
    """The password, from the first line of standard input."""
    try:
        return stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Stop("the password on standard input is no UTF-8 text. Write it so.") from None


@contextmanager
def _failures_in_words() -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise Stop("the answers ended too early, and nothing was made.") from None
    except IntegrityError:
        raise Stop("somebody made the same store or user just now, and nothing was made. Try again.") from None
    except Error as error:
        reason = str(error).splitlines()[0]
        raise Stop(f"the database can't be used ({reason}). COUNTERFOIL_DATABASE says where it is.") from None
    except OSError as error:
        raise Stop(f"can't write to {error.filename} ({error.strerror}). COUNTERFOIL_DATA_DIR says where to.") from None


def closing_words(wanted: Wanted, *, was_known: bool) -> str:
    """What there is now, and what to do next."""
    steps = [f"export {setting}" for setting in _settings_to_make(wanted)]
    steps += ["counterfoil manage collectstatic --no-input", "counterfoil serve", "counterfoil worker"]
    which = "the password that you have already" if was_known else "the password that you chose"
    return f"""
{wanted.workspace} is made. Its pages will be at {wanted.base_url}/admin/
where {wanted.admin_email} signs in with {which}.
Its clock shows {wanted.time_zone}, and its mails come from {wanted.mail_from}.

What comes next, with the settings (docs/settings.md) for every process:

  {"\n  ".join(steps)}
"""


def _settings_to_make(wanted: Wanted) -> list[str]:
    """The settings that this store needs and this environment does not have yet."""
    needed = []
    if not validate_host(wanted.host, settings.ALLOWED_HOSTS):
        needed.append("COUNTERFOIL_HOSTS=" + quote(",".join([*settings.ALLOWED_HOSTS, wanted.host])))
    if wanted.base_url.startswith("https:") and not settings.HTTPS:
        needed.append("COUNTERFOIL_HTTPS=1  # behind an HTTPS proxy")
    if settings.MAILERS["default"]["BACKEND"] == "counterfoil.mail.mailbox.MailboxBackend":
        needed.append("COUNTERFOIL_SMTP_HOST=…  # until then, mails stay in a folder")
    return needed
