"""What is logged has no secret in it, whatever happened and whoever logged it (AC-1)."""

import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from django.test import Client

from counterfoil.access.links import order_keys
from counterfoil.access.models import AccessToken
from counterfoil.site.logs import HIDDEN, NoSecrets, without_secrets
from tests.factories import Shop

pytestmark = [pytest.mark.once, pytest.mark.feature("AC-1")]

KEY = order_keys.derive(4137, 1)
TOKEN = AccessToken.new_secret()
COOKIE = "q1kz0f3v6y8t2m5n7b9c4x1a0s3d6g8h"
# A line, and what must not be left of it.
SECRETS = {
    f"GET /order/4137?key={KEY} HTTP/1.1": KEY,
    f"/order/4137?lines=2&amp;key={KEY[:20]}": KEY[:20],
    f"/admin/sign-in?next=%2Forder%2F7%3Fkey%3D{KEY}": KEY,
    f"<QueryDict: {{'key': ['{KEY}']}}>": KEY,
    f"Not Found: /order/{KEY}": KEY,
    f"no such order: {order_keys.derive(1, 7)}.": order_keys.derive(1, 7),
    f"no such order: {order_keys.derive(10**9, 7)}.": order_keys.derive(10**9, 7),
    f"the token {TOKEN} is unknown": TOKEN,
    "Not Found: /admin/reset/7-d2kq0x-0123456789abcdef0123456789abcdef": "0123456789abcdef",
    "GET /admin/invitation/WzEyLDFd.q1kz0f3v6y8t2m5n7b9c4x1a0s3d6g8h HTTP/1.1": "q1kz0f3v6y8t2m5n7b9c4x1a0s3d6g8h",
    f"Cookie: __Host-reset=7-d2kq0x-{COOKIE}:1vAbCd:{COOKIE}": COOKIE,
    "the client gave cfs_0123456789abcdef": "cfs_0123456789abcdef",
    f"Authorization: Bearer {TOKEN}": TOKEN,
    "Authorization: Bearer short": "short",
    "authorization: Basic bWFyYTpob3JzZQ==": "bWFyYTpob3JzZQ==",
    "{'HTTP_AUTHORIZATION': 'Bearer abc.def', 'HTTP_HOST': 'x'}": "abc.def",
    "[(b'host', b'x'), (b'authorization', b'Bearer abc.def')]": "abc.def",
    r'{"payload": "{\"authorization\": \"Bearer abc.def\"}"}': "abc.def",
    "sent with bearer 0123456789abcdef0123": "0123456789abcdef0123",
    f"Cookie: a=b; session={COOKIE}; c=d": COOKIE,
    f"Cookie: __Host-session={COOKIE}": COOKIE,
    f"{{'__Host-csrf': '{COOKIE}'}}": COOKIE,
    f"<Morsel: csrf={COOKIE}; HttpOnly>": COOKIE,
    f"(b'cookie', b'orders=W1sxLDFdXQ:1vAbCd:{COOKIE}')": COOKIE,
    f"{{'csrfmiddlewaretoken': ['{COOKIE}']}}": COOKIE,
    f"X-CSRFToken: {COOKIE}": COOKIE,
    "csrfmiddlewaretoken=abc&email=mara%40x&password=correct-horse%26": "correct-horse",
    "<QueryDict: {'email': ['mara@x'], 'password': ['correct \\' horse', 'battery]']}>": "horse",
    "<QueryDict: {'new_password1': [\"correct' horse\"]}>": "horse",
    '{"password": "correct \\" horse"}': "horse",
    '{"password": "correct-horse': "correct-horse",
    "host=db user=shop password=correct-horse dbname=shop": "correct-horse",
    "COUNTERFOIL_SECRET_KEY=correct-horse": "correct-horse",
    "ORDER_KEY_SECRET: 'correct horse'": "horse",
    "postgresql://shop:correct-horse@db.example:5432/shop": "correct-horse",
    "can't connect to 'redis://:correct-horse@127.0.0.1:6379/0'": "correct-horse",
    "amqp://shop:correct@horse/battery@mq.example//": "horse",
    "amqp://a:correct@one,amqp://b:horse@two": "horse",
    "http://shop:12345@db.example/": "12345",
}
PLAIN = [
    "Not Found: /order/4137",
    "GET http://fennel.test:8000/orders?search=ana@harbour.example HTTP/1.1",
    "The sweep failed; it runs again in 3.0 s",
    'FATAL: password authentication failed for user "postgres"',
    "orders=12 key='k' keys=3",
    "    password = request.POST.get",
    "the bearer of this message",
    "",
]


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the product's own handler writes, as settings made it."""
    [handler] = [one for one in logging.getLogger().handlers if any(isinstance(f, NoSecrets) for f in one.filters)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    # Not `setStream`: it would flush the one before, which may be another test's and closed by now.
    monkeypatch.setattr(handler, "stream", written)
    return written


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_is_taken_out_and_what_stands_around_it_stays(line: str) -> None:
    clean = without_secrets(line)

    assert SECRETS[line] not in clean
    assert HIDDEN in clean
    assert clean[:3] == line[:3] or line.startswith(SECRETS[line])
    assert without_secrets(clean).count("[") == clean.count("[")


@pytest.mark.parametrize("line", PLAIN)
def test_what_is_no_secret_stays(line: str) -> None:
    assert without_secrets(line) == line


def test_what_stands_around_a_secret_can_still_be_read() -> None:
    assert without_secrets(f"GET /order/4137?key={KEY}&lines=2 from postgresql://shop:horse@db/shop") == (
        "GET /order/4137?key=[secret]&lines=2 from postgresql://shop:[secret]@db/shop"
    )


@pytest.mark.parametrize(
    "name", ["", "counterfoil.mail.tasks", "celery", "celery.task", "uvicorn.error", "django.request", "django.server"]
)
def test_whoever_logs_is_written_without_secrets_and_once(log: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("took %s from %s", TOKEN, {"password": "correct-horse"})

    assert log.getvalue().count("took [secret] from {'password': [secret]") == 1
    assert log.getvalue().count("\n") == 1
    assert TOKEN not in log.getvalue()
    assert "horse" not in log.getvalue()


@pytest.mark.parametrize("program", ["worker", "server"])
def test_a_process_of_the_product_has_no_handler_but_the_one_without_secrets(program: str) -> None:
    # Both go as far as they can without a broker and a port: Celery and uvicorn have set their logging up by then.
    begin = {
        "worker": """
            from celery.app.base import Celery
            from counterfoil.site.working import work
            Celery.worker_main = lambda app, arguments: app.log.setup("WARNING", redirect_stdouts=True)
            work(threads=1, with_parent=False)
        """,
        "server": """
            import django; django.setup()
            from counterfoil.site import serving
            serving.asyncio.run = lambda coroutine: coroutine.close()
            serving.serve_on(None)
        """,
    }[program]
    told = """
        import logging
        everyone = [logging.getLogger(name) for name in sorted(logging.root.manager.loggerDict)]
        print([(one.name, one.handlers, one.propagate) for one in everyone
            if one.name.partition(".")[0] in {"celery", "uvicorn", "django"} and one.name != "uvicorn.access"
            and (not one.propagate or [kept for kept in one.handlers if not isinstance(kept, logging.NullHandler)])])
        logging.getLogger("celery.task").error("took %s", "cft_0123456789")
        logging.getLogger("uvicorn.error").error("took %s", "cft_0123456789")
    """
    code = f"{dedent(begin)}\n{dedent(told)}"
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert ran.stdout == "[]\n"
    assert [line.partition("ERROR ")[2] for line in ran.stderr.splitlines()] == [
        "celery.task: took [secret]",
        "uvicorn.error: took [secret]",
    ]


def test_a_traceback_is_written_without_the_secret_in_its_message_its_causes_and_its_source(log: io.StringIO) -> None:
    def fail() -> None:
        try:
            raise ConnectionError("postgresql://shop:correct-horse@db/shop is away")
        except ConnectionError as error:
            raise ValueError(f"no such token: {TOKEN}") from error

    try:
        fail()
    except ValueError:
        logging.getLogger("counterfoil.test").exception("It failed", stack_info=True)

    assert "ValueError: no such token: [secret]" in log.getvalue()
    assert "ConnectionError: postgresql://shop:[secret]@db/shop is away" in log.getvalue()
    assert "fail()" in log.getvalue()
    assert "Stack (most recent call last)" in log.getvalue()
    assert TOKEN not in log.getvalue()
    assert "correct-horse" not in log.getvalue()


def test_other_handlers_get_the_record_as_it_was(log: io.StringIO, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("counterfoil.test").error("took %s", TOKEN)

    assert "took [secret]" in log.getvalue()
    assert caplog.records[-1].args == (TOKEN,)


@pytest.mark.parametrize(
    ("message", "args"),
    [("%s and %s", (f"?key={KEY}",)), ("%d", (TOKEN,)), ("%s", (Broken(),)), (Broken(), ()), ({"password": "x"}, ())],
)
def test_a_record_that_cant_be_formatted_raises_nothing(
    log: io.StringIO, capsys: pytest.CaptureFixture[str], message: object, args: tuple[object, ...]
) -> None:
    record = logging.LogRecord("a", logging.ERROR, "a.py", 1, message, args, None)
    [handler] = [one for one in logging.getLogger().handlers if any(isinstance(f, NoSecrets) for f in one.filters)]
    handler.handle(record)

    told = log.getvalue() + capsys.readouterr().err
    assert told
    assert KEY not in told
    assert TOKEN not in told


def test_a_record_with_an_odd_exception_raises_nothing() -> None:
    record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "a", (), None)
    record.exc_info = (1, 2, 3)  # type: ignore[assignment]

    assert NoSecrets().filter(record) is record


@pytest.mark.django_db
def test_a_request_that_fails_is_logged_without_the_key_in_its_address(
    shop: Shop, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: str, key: str) -> None:
        raise RuntimeError(f"{number} can't be opened with {key}")

    monkeypatch.setattr(
        "portal_ui.orders.views.client.follow_order_link", lambda request, *_: fail(request.get_full_path(), KEY)
    )
    browser = Client(headers={"Host": "fennel.test"}, raise_request_exception=False)

    response = browser.get(f"/order/4137?key={KEY}")

    assert response.status_code == 500
    assert "Internal Server Error: /order/4137" in log.getvalue()
    assert "RuntimeError: /order/4137?key=[secret] can't be opened with [secret]" in log.getvalue()
    assert KEY not in log.getvalue()


@pytest.mark.django_db
def test_a_request_for_nothing_is_logged_without_the_key_in_its_path(shop: Shop, log: io.StringIO) -> None:
    response = Client(headers={"Host": "fennel.test"}).get(f"/order/4137/{KEY}")

    assert response.status_code == 404
    assert "Not Found: /order/4137/[secret]" in log.getvalue()
    assert KEY not in log.getvalue()
