"""`counterfoil init`: a workspace, its store and its first admin, all of it or nothing (OP-5)."""

import os
import pty
import select
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.conf import global_settings
from django.test import Client
from pytest_django import Settings

from counterfoil.access.models import StaffMember, User
from counterfoil.access.problems import Invalid
from counterfoil.access.viewer import Role
from counterfoil.events.models import Event
from counterfoil.site import first_run
from counterfoil.site.answers import host_of
from counterfoil.site.command import Stop, main
from counterfoil.site.first_run import Terminal, Wanted, make_workspace, password_from, run_init, set_up
from counterfoil.workspaces.models import Store, Workspace
from counterfoil.workspaces.queries import store_for_host
from tests.factories import PASSWORD, Shop
from tests.serving import database_address
from tests.site.processes import COMMAND, PROJECT, START_WITHIN, clean_environment, started

pytestmark = pytest.mark.feature("OP-5")

GIVEN = {
    "workspace": "Quill & Crate",
    "host": "shop.example.com",
    "admin_name": "Ines",
    "admin_email": "ines@quill.example",
}
SECRET = "violet-ladder-nine"


class Person:
    """Someone at a terminal, with answers in the order in which they give them."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.asked_hidden: list[str] = []
        self.told: list[str] = []

    @property
    def terminal(self) -> Terminal:
        return Terminal(ask=self._answer(self.asked), ask_hidden=self._answer(self.asked_hidden), tell=self.told.append)

    def _answer(self, asked: list[str]) -> Callable[[str], str]:
        def answer(prompt: str) -> str:
            asked.append(prompt)
            return self.answers.pop(0)

        return answer


def rows() -> list[object]:
    """Everything that it could change."""
    return [list(model.objects.order_by("pk").values()) for model in (Workspace, Store, User, StaffMember, Event)]


def refusal(given: dict[str, str], *, password: str | None = SECRET, person: Person | None = None) -> str:
    """With what words it refuses; nothing has changed then."""
    before = rows()
    with pytest.raises(Stop) as stop:
        set_up(given, password=password, terminal=person.terminal if person else None)
    assert rows() == before
    return str(stop.value)


@pytest.mark.django_db
def test_it_makes_a_workspace_a_store_and_an_admin_who_can_sign_in() -> None:
    words = set_up(GIVEN | {"host": "other.test"}, password=SECRET, terminal=None)

    member = StaffMember.objects.select_related("workspace", "user").get()
    assert (member.workspace.name, member.name, member.role) == ("Quill & Crate", "Ines", Role.ADMIN)
    assert list(Store.objects.values_list("workspace", "name", "host", "base_url", "language", "time_zone")) == [
        (member.workspace_id, "Quill & Crate", "other.test", "https://other.test", "en", "UTC")
    ]
    assert Store.objects.get().mail_from == "orders@other.test"
    event = Event.objects.get()
    assert (event.kind, event.actor, event.topic, event.internal) == (
        "workspace.created",
        f"staff:{member.pk}",
        f"workspace_{member.workspace_id}",
        True,
    )
    assert "https://other.test/admin/" in words
    assert SECRET not in words
    browser = Client(headers={"Host": "other.test"})
    signed_in = browser.post("/admin/sign-in", {"email": "ines@quill.example", "password": SECRET})
    assert signed_in.status_code == 303
    assert browser.get("/admin/orders").status_code == 200


@pytest.mark.django_db
def test_every_option_is_kept() -> None:
    options = {"base_url": "http://shop.lan:8080", "language": "pt-BR", "time_zone": "Europe/Lisbon"}
    set_up(GIVEN | options | {"mail_from": "hello@quill.example"}, password=SECRET, terminal=None)

    assert list(Store.objects.values_list("base_url", "language", "time_zone", "mail_from")) == [
        ("http://shop.lan:8080", "pt-BR", "Europe/Lisbon", "hello@quill.example")
    ]


@pytest.mark.django_db
def test_the_closing_words_name_the_settings_that_are_missing(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    unknown = set_up(GIVEN, password=SECRET, terminal=None)
    known = GIVEN | {"host": "localhost", "admin_email": "ana@quill.example"}
    local = set_up(known, password=SECRET, terminal=None)

    hosts = "COUNTERFOIL_HOSTS=localhost,127.0.0.1,shop.example.com\n"
    assert hosts in unknown
    assert "COUNTERFOIL_HTTPS=1" in unknown
    assert "COUNTERFOIL_HOSTS" not in local
    assert "COUNTERFOIL_HTTPS" not in local
    assert "http://localhost:8000/admin/" in local
    for words in (unknown, local):
        commands = [words.index(f"counterfoil {next_}") for next_ in ("manage collectstatic", "serve", "worker")]
        assert commands == sorted(commands)


@pytest.mark.django_db
def test_a_host_that_answers_already_is_refused(shop: Shop) -> None:
    line = refusal(GIVEN | {"host": "fennel.test"})

    assert line == "--host: A store answers to fennel.test already; name another host."
    wanted = {"base_url": "https://fennel.test", "language": "en", "time_zone": "UTC", "mail_from": "a@b.example"}
    with pytest.raises(Invalid, match="already"):
        make_workspace(wanted=Wanted(**GIVEN | wanted | {"host": "fennel.test"}), password=SECRET)


@pytest.mark.django_db
def test_what_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        assert StaffMember.objects.count() == 1
        raise RuntimeError("killed")

    monkeypatch.setattr(first_run, "record", fail)
    with pytest.raises(RuntimeError, match="killed"):
        set_up(GIVEN, password=SECRET, terminal=None)

    assert rows() == [[], [], [], [], []]


@pytest.mark.django_db
def test_two_at_the_same_moment_make_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second found the host free, and the database refuses it."""
    monkeypatch.setattr(first_run, "_refuse_taken", lambda host: None)
    monkeypatch.setattr(first_run, "_AGAINST_DATABASE", {})
    monkeypatch.setattr(first_run, "call_command", lambda *_, **__: None)
    before = rows()
    with pytest.raises(Stop, match="just now, and nothing was made"):
        run_init(GIVEN | {"host": "fennel.test"}, password=SECRET, terminal=None)

    assert rows() == before


# The admin's password.


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("abz-k", "This password is too short. It must contain at least 10 characters."),
        ("1234567890", "This password is too common."),
        ("", "This password is too short. It must contain at least 10 characters."),
        ("violet\0ladder\0nine", "This password holds what can't be typed into a page."),
        ("violet\udcffladder-nine", "This password holds what can't be typed into a page."),
    ],
)
def test_a_password_that_is_no_good_is_refused_in_one_line(password: str, why: str) -> None:
    assert refusal(GIVEN, password=password) == f"--password-stdin: {why}"


@pytest.mark.django_db
def test_a_password_like_the_address_is_refused_where_the_settings_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(first_run, "validate_password", lambda password, user: seen.append(user.email))
    set_up(GIVEN, password=SECRET, terminal=None)

    assert seen == ["ines@quill.example"]


@pytest.mark.django_db
def test_a_user_becomes_the_admin_with_their_own_password(shop: Shop) -> None:
    before = User.objects.values().get()
    given = GIVEN | {"admin_email": shop.user.email}
    words = set_up(given, password=PASSWORD, terminal=None)

    assert User.objects.values().get() == before
    memberships = shop.user.memberships.order_by("pk").values_list("workspace__name", "name", "role")
    assert list(memberships) == [("Fennel & Twine", "Mara", Role.ADMIN), ("Quill & Crate", "Ines", Role.ADMIN)]
    assert f"{shop.user.email} signs in with the password that you have already" in words


@pytest.mark.django_db
def test_nobody_becomes_the_admin_as_another_user(shop: Shop) -> None:
    User.objects.update(email="Mara@Fennel.example")
    given = GIVEN | {"admin_email": "mara@fennel.example"}
    line = refusal(given)

    assert line == "--password-stdin: mara@fennel.example signs in here already, and this is not their password."
    assert "not their password" in refusal(given, password="")


@pytest.mark.django_db
def test_who_may_no_longer_sign_in_does_not_become_the_admin(shop: Shop) -> None:
    User.objects.update(is_active=False)
    line = refusal(GIVEN | {"admin_email": shop.user.email}, password=PASSWORD)

    assert line == f"--admin-email: {shop.user.email} may no longer sign in here; name another address."


def test_the_password_is_the_first_line_of_standard_input() -> None:
    def given(raw: bytes) -> str:
        return password_from(TextIOWrapper(BytesIO(raw), encoding="utf-8"))

    assert given(b" spaced out \r\nmore\n") == " spaced out "
    assert given("größer".encode()) == "größer"
    assert given(b"") == ""
    with pytest.raises(Stop, match="UTF-8"):
        given(b"\xff\xfe\n")


# At a terminal.


@pytest.mark.django_db
def test_at_a_terminal_it_asks_for_what_is_missing_and_again_for_what_is_wrong(shop: Shop) -> None:
    person = Person(
        " ",
        "Quill & Crate",
        "quill.test:80",
        "fennel.test",
        "Quill.TEST",
        "Ines",
        "ines",
        "ines@quill.example",
        "short",
        SECRET,
        "something else",
        SECRET,
        SECRET,
    )
    words = set_up({}, password=None, terminal=person.terminal)

    assert person.answers == []
    assert person.told == [
        "Write something here.",
        "quill.test:80 is no host name; write it alone, such as shop.example.com, and a port only into --base-url.",
        "A store answers to fennel.test already; name another host.",
        "ines is no mail address; write one such as ana@shop.example.",
        "This password is too short. It must contain at least 10 characters.",
        "These were two different passwords.",
    ]
    assert len(person.asked) == 8
    assert len(person.asked_hidden) == 5
    member = StaffMember.objects.get(workspace__name="Quill & Crate")
    assert member.user.check_password(SECRET)
    assert Store.objects.filter(host="quill.test", workspace=member.workspace).exists()
    assert SECRET not in words


@pytest.mark.django_db
def test_at_a_terminal_only_what_is_missing_is_asked_for() -> None:
    person = Person("orders@quill.example", SECRET, SECRET)
    set_up(GIVEN | {"host": "quill"}, password=None, terminal=person.terminal)

    assert [prompt.partition(" ")[0] for prompt in person.asked] == ["Address"]
    assert Store.objects.get().mail_from == "orders@quill.example"


@pytest.mark.django_db
def test_at_a_terminal_a_user_gives_the_password_they_have_once(shop: Shop) -> None:
    person = Person("not it", PASSWORD)
    set_up(GIVEN | {"admin_email": shop.user.email}, password=None, terminal=person.terminal)

    assert person.asked_hidden == ["The password you have: "] * 2
    assert shop.user.memberships.count() == 2


@pytest.mark.django_db
def test_at_a_terminal_three_wrong_passwords_are_enough(shop: Shop) -> None:
    person = Person("one", "two", "three", PASSWORD)
    line = refusal(GIVEN | {"admin_email": shop.user.email}, password=None, person=person)

    assert line.startswith("that makes 3 passwords that can't be taken, and nothing was made.")
    assert person.answers == [PASSWORD]


# What the options may be.


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("Shop.Example.COM", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("STRASSE.faß.example", "strasse.xn--fa-hia.example"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]"),
        ("[2001:DB8::0:1]", "[2001:db8::1]"),
    ],
)
@pytest.mark.django_db
def test_a_host_is_kept_as_browsers_send_it(shop: Shop, typed: str, host: str) -> None:
    set_up(GIVEN | {"host": host_of(typed), "mail_from": "a@b.example"}, password=SECRET, terminal=None)

    found = store_for_host(host)
    assert found is not None
    assert found.workspace.name == "Quill & Crate"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "shop example.com",
        "https://shop.example.com",
        "shop.example.com/orders",
        "shop.example.com:8000",
        "mara@shop.example.com",
        "*.example.com",
        ".example.com",
        "shop..example.com",
        "-shop.example.com",
        "shop_1.example.com",
        "1.2.3.999",
        "fe80::1%eth0",
        "i❤.example",
        "℀.example",
        "shop\u200d.example",
        "shop\n.example",
        f"{'a' * 64}.example",
        ".".join(["abcdefgh"] * 29),
        "a" * 250,
        "a" * 5000,
    ],
)
def test_what_is_no_host_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        host_of(typed)

    assert len(refused.value.message) < 200


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("--host", "shop example", "is no host name; write it alone"),
        ("--host", "i❤.example", "is no host name; write it as browsers send it, with xn--."),
        ("--workspace", "", "Write something here."),
        ("--workspace", "x" * 121, "This has 121 characters; use at most 120."),
        ("--admin-name", "In\nes", "This holds a line's end"),
        ("--admin-email", "ines@", "ines@ is no mail address; write one such as ana@shop.example."),
        ("--mail-from", "orders", "orders is no mail address"),
        ("--time-zone", "Europe/Lisboa", "Europe/Lisboa is no time zone; write one such as Europe/Lisbon."),
        ("--time-zone", "../../etc/passwd", "is no time zone"),
        ("--language", "klingon", "klingon is no language; write a tag such as en, de or pt-BR."),
        ("--base-url", "shop.example.com", "Write scheme and host"),
        ("--base-url", "ftp://shop.example.com", "Write scheme and host"),
        ("--base-url", "https://shop.example.com/orders", "Write scheme and host"),
        ("--base-url", "https://shop.example.com:port", "Write scheme and host"),
        ("--base-url", "https://mara@shop.example.com", "Write scheme and host"),
    ],
)
def test_what_an_option_can_not_be_is_said_in_one_line(
    option: str, text: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the database: these are looked at first."""
    assert main(["init", option, text]) == 2

    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"counterfoil: {option}: ")
    assert why in said.err


def test_without_a_terminal_everything_that_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def missing(*given: str) -> str:
        assert main(["init", *given]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        start = "counterfoil: without a terminal to ask on, these are needed as well: "
        assert said.err.startswith(start)
        return said.err.removeprefix(start).partition(".")[0]

    assert missing() == "--workspace, --host, --admin-name, --admin-email, --password-stdin"
    assert missing("--host", "shop.example.com", "--admin-name", "Ines") == (
        "--workspace, --admin-email, --password-stdin"
    )
    assert missing("--host", "10.0.0.1", "--workspace", "Quill") == (
        "--mail-from, --admin-name, --admin-email, --password-stdin"
    )


@pytest.mark.parametrize("arguments", [["--password", SECRET], [f"--password={SECRET}"], ["--password"]])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *arguments]) == 2

    said = capsys.readouterr()
    assert said.err.startswith("counterfoil: others on this machine could read a password here.")
    assert SECRET not in said.err + said.out


@pytest.mark.django_db
def test_an_import_before_it_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("order\n1\n")

    assert main(["import", "csv", str(file), "--preset", "online-retail"]) == 2
    assert capsys.readouterr().err == "counterfoil: there is no workspace yet. Make one with: counterfoil init\n"


# As people start it.

OPTIONS = [f"--{name.replace('_', '-')}={text}" for name, text in GIVEN.items()]


@pytest.fixture
def same_hashers(settings: Settings) -> None:
    """The test reads what another process has hashed."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


def piped(**environment: str) -> tuple[int, str, str]:
    """The command with every option, and the password on standard input."""
    with started(COMMAND, "init", *OPTIONS, "--password-stdin", stdin=subprocess.PIPE, **environment) as process:
        out, err = process.communicate(f"{SECRET}\n", timeout=START_WITHIN)
    return process.returncode, out, err


@pytest.mark.slow
@pytest.mark.once
def test_on_a_new_installation_it_makes_the_database_too(tmp_path: Path) -> None:
    data_dir = tmp_path / "new"
    environment = {"COUNTERFOIL_DATA_DIR": str(data_dir), "COUNTERFOIL_SECRET_KEY": "for-this-test"}
    status, out, err = piped(**environment)

    assert (status, err) == (0, "")
    assert "https://shop.example.com/admin/" in out
    with closing(sqlite3.connect(data_dir / "counterfoil.sqlite3")) as database:
        assert database.execute("SELECT name, host FROM workspaces_store").fetchall() == [
            ("Quill & Crate", "shop.example.com")
        ]
    again = piped(**environment)
    assert again == (2, "", "counterfoil: --host: A store answers to shop.example.com already; name another host.\n")


@pytest.mark.slow_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_from_a_pipe_it_never_shows_the_password_and_a_second_time_changes_nothing(
    same_hashers: None, tmp_path: Path
) -> None:
    status, out, err = piped(COUNTERFOIL_DATA_DIR=str(tmp_path), COUNTERFOIL_DATABASE=database_address())

    assert (status, err) == (0, "")
    assert "https://shop.example.com/admin/" in out
    assert SECRET not in out
    assert SECRET not in str(rows())
    assert User.objects.get().check_password(SECRET)
    before = rows()
    with pytest.raises(Stop, match="A store answers to shop"):
        run_init(GIVEN, password=SECRET, terminal=None)
    assert rows() == before


@pytest.mark.slow_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_on_a_terminal_it_asks_and_never_shows_the_password(same_hashers: None, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {"COUNTERFOIL_DATA_DIR": str(tmp_path), "COUNTERFOIL_DATABASE": database_address()}
    process = subprocess.Popen(
        [COMMAND, "init", "--host", "localhost", "--admin-name", "Ines", "--admin-email", "ines@quill.example"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=clean_environment() | environment,
        cwd=PROJECT,
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""

    def shown_until(text: str) -> None:
        nonlocal shown
        until = time.monotonic() + START_WITHIN
        while text not in shown:
            assert select.select([ours], [], [], max(0, until - time.monotonic()))[0], shown
            shown += os.read(ours, 4096).decode(errors="replace")

    try:
        for prompt, answer in (("customers read it: ", "Quill"), ("A password: ", SECRET), ("again: ", SECRET)):
            shown_until(prompt)
            os.write(ours, f"{answer}\n".encode())
        shown_until("counterfoil worker")
        assert process.wait(START_WITHIN) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)

    assert "Quill\r\n" in shown
    assert SECRET not in shown
    assert Store.objects.get().base_url == "http://localhost:8000"
    assert User.objects.get().check_password(SECRET)
