"""How a health check reaches out, against real sockets on this computer (OR-5)."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pytest
from django.core import mail
from pytest_django import Settings

from counterfoil.workspaces import network as reached
from counterfoil.workspaces.network import Answer, Cause, Network, Unreachable, within
from tests.services import need

pytestmark = [pytest.mark.feature("OR-5"), pytest.mark.once]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits as long as a test has patience for."""
    monkeypatch.setattr(reached, "SECONDS", 0.3)


class Pages(BaseHTTPRequestHandler):
    """A small site."""

    def do_GET(self) -> None:
        status, headers, body = {
            "/": (200, {"Content-Type": "text/html"}, b"<h1>Here</h1>"),
            "/large": (200, {}, b"x" * 200_000),
            "/fault": (500, {}, b""),
            "/away": (302, {"Location": "https://elsewhere.test/"}, b""),
        }.get(self.path.partition("?")[0], (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "X-Asked": self.path}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up because of a certificate
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def answering(say: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does `say` with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        say(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()


def cause_of(act: Callable[[], object]) -> Cause:
    with pytest.raises(Unreachable) as refusal:
        act()
    return refusal.value.cause


def get(port: int, path: str = "/", scheme: str = "http", host: str = "127.0.0.1") -> Answer:
    return Network().get(f"{scheme}://{host}:{port}{path}")


def test_a_page_is_fetched_as_it_is_and_no_redirect_is_followed() -> None:
    with serving() as port:
        page, away, fault, asked = (get(port, path) for path in ("/", "/away", "/fault", "/nothing?a=b"))
        large = get(port, "/large")

    assert (page.status, page.headers["content-type"], page.body) == (200, "text/html", b"<h1>Here</h1>")
    assert (away.status, away.headers["location"]) == (302, "https://elsewhere.test/")
    assert (fault.status, asked.status, asked.headers["x-asked"]) == (500, 404, "/nothing?a=b")
    assert len(large.body) == 64 * 1024


def test_nobody_who_listens_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert cause_of(lambda: get(port)) is Cause.REFUSED


def test_who_says_nothing_is_not_waited_for(hasty: None) -> None:
    with answering(lambda connection: time.sleep(0.8)) as port:
        assert cause_of(lambda: get(port)) is Cause.TIMEOUT


def test_who_says_a_little_now_and_then_is_hung_up_on(hasty: None) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(20):
            time.sleep(0.1)
            connection.sendall(b"x")

    began = time.monotonic()
    with answering(drip) as port:
        assert cause_of(lambda: get(port)) is Cause.TIMEOUT
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 two hundred\r\n\r\n"])
def test_who_is_no_web_server_is_told_so(said: bytes) -> None:
    def say(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(said)

    with answering(say) as port:
        assert cause_of(lambda: get(port)) is Cause.BROKEN


def test_who_speaks_no_tls_is_told_so() -> None:
    with serving() as port:
        assert cause_of(lambda: get(port, scheme="https")) in (Cause.NO_TLS, Cause.BROKEN)


@pytest.mark.parametrize(
    ("made", "trusted", "cause"),
    [
        (("DNS:localhost", 2), False, Cause.UNTRUSTED),
        (("DNS:elsewhere.test", 2), True, Cause.OTHER_NAME),
        (("DNS:localhost", -1), True, Cause.EXPIRED),
        (("DNS:localhost", 2), True, None),
    ],
)
def test_certificates_that_browsers_would_refuse_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: tuple[str, int], trusted: bool, cause: Cause | None
) -> None:
    need(which("openssl"), "No openssl is installed, which makes this test's certificates.")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    _certificate(key, certificate, *made)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with serving(context) as port:
        if cause is None:
            assert get(port, scheme="https", host="localhost").status == 200
        else:
            assert cause_of(lambda: get(port, scheme="https", host="localhost")) is cause


def _certificate(key: Path, certificate: Path, names: str, days: int) -> None:
    """One that signs itself, good from a year ago until `days` from now."""
    now = time.time()
    dates = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + offset * 86400)) for offset in (-365, days)]
    folder = key.parent
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=.\ndatabase=index.txt\nserial=serial\ndefault_md=sha256\n"
        f"policy=any\nx509_extensions=ext\nunique_subject=no\n[any]\ncommonName=supplied\n"
        f"[ext]\nsubjectAltName={names}\nbasicConstraints=critical,CA:TRUE\n"
    )

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-subj", "/CN=x", "-out", "request.pem")
    run(
        *("openssl", "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", str(key), "-in", "request.pem"),
        *("-out", str(certificate), "-startdate", dates[0], "-enddate", dates[1], "-notext"),
    )


def test_this_computers_own_name_leads_to_it() -> None:
    assert "127.0.0.1" in Network().addresses("localhost")


def test_a_name_that_can_not_be_one_leads_nowhere() -> None:
    assert cause_of(lambda: Network().addresses("a" * 70 + ".test")) is Cause.NO_NAME


def test_a_resolver_that_says_nothing_is_not_waited_for() -> None:
    assert cause_of(lambda: within(0.05, lambda: time.sleep(1))) is Cause.TIMEOUT


# Mail servers.


def smtp(settings: Settings, port: int, **options: object) -> None:
    options = {"host": "127.0.0.1", "port": port, **options}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}


def speaking(*lines: bytes) -> Callable[[socket.socket], None]:
    """A mail server that answers each command with the next line."""

    def say(connection: socket.socket) -> None:
        connection.sendall(lines[0])
        for line in lines[1:]:
            if not connection.recv(1000):
                return
            connection.sendall(line)
        connection.recv(1000)

    return say


def test_mails_that_are_kept_here_go_to_no_server() -> None:
    assert Network().open_mail() is None
    assert mail.outbox == []


def test_a_mail_server_that_takes_us_is_named_and_gets_no_mail(settings: Settings) -> None:
    heard: list[bytes] = []

    def say(connection: socket.socket) -> None:
        connection.sendall(b"220 mail\r\n")
        for answer in (b"250-mail\r\n250 AUTH PLAIN\r\n", b"235 in\r\n", b"221 bye\r\n"):
            heard.append(connection.recv(1000).split()[0].upper())
            connection.sendall(answer)

    with answering(say) as port:
        smtp(settings, port, username="ana", password="right")
        assert Network().open_mail() == "127.0.0.1"

    assert heard == [b"EHLO", b"AUTH", b"QUIT"]


@pytest.mark.parametrize(
    ("lines", "options", "cause"),
    [
        ((b"220 mail\r\n", b"250-mail\r\n250 AUTH PLAIN\r\n", b"535 no\r\n"), {"username": "a", "password": "b"},
         Cause.LOGIN_REFUSED),
        ((b"220 mail\r\n", b"250 mail\r\n"), {"username": "a", "password": "b"}, Cause.NO_TLS),
        ((b"220 mail\r\n", b"250 mail\r\n"), {"use_tls": True}, Cause.NO_TLS),
        ((b"554 go away\r\n",), {}, Cause.BROKEN),
        ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), {}, Cause.BROKEN),
    ],
)  # fmt: skip
def test_a_mail_server_that_does_not_take_us(
    settings: Settings, lines: tuple[bytes, ...], options: dict[str, object], cause: Cause
) -> None:
    with answering(speaking(*lines)) as port:
        smtp(settings, port, **options)
        assert cause_of(Network().open_mail) is cause


def test_a_mail_server_that_is_not_there_or_says_nothing(settings: Settings, hasty: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    smtp(settings, port)
    assert cause_of(Network().open_mail) is Cause.REFUSED

    with answering(lambda connection: time.sleep(0.8)) as port:
        smtp(settings, port)
        assert cause_of(Network().open_mail) is Cause.TIMEOUT
