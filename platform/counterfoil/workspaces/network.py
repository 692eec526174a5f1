"""How a store's health check reaches out: names, pages and the mail server. The one place that touches the network.

`Network` looks for real. What goes wrong is raised as `Unreachable`, with a cause that somebody can act on.
"""

import http.client
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from django.core.mail import mailers
from django.core.mail.backends.smtp import EmailBackend

SECONDS = 5.0  # for an answer; a whole exchange takes no more than twice that
_MOST_BYTES = 64 * 1024
_ASKS_AS = "Counterfoil health check"
# What OpenSSL calls them (x509_vfy.h).
_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64


class Cause(StrEnum):
    """Why something could not be reached."""

    NO_NAME = "no_name"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    EXPIRED = "certificate_expired"
    OTHER_NAME = "certificate_other_name"
    UNTRUSTED = "certificate_untrusted"
    NO_TLS = "no_tls"
    BROKEN = "broken"
    LOGIN_REFUSED = "login_refused"


class Unreachable(Exception):
    """Nothing answered as it should, because of `cause`."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the first 64 KiB of it. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Reaches(Protocol):
    """What a health check asks the world. Each raises `Unreachable`."""

    def addresses(self, host: str) -> list[str]:
        """The addresses that a name stands for."""

    def get(self, address: str) -> Answer:
        """What is answered at an address of http or https; redirects are not followed."""

    def open_mail(self) -> str | None:
        """Connect to the mail server, sign in and hang up; gives its name, None where mails are kept here."""


class Network:
    """The real one."""

    def addresses(self, host: str) -> list[str]:
        """As the system's resolver has them."""
        found = within(SECONDS, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        return sorted({str(entry[4][0]) for entry in found})

    def get(self, address: str) -> Answer:
        """One GET, without cookies."""
        with _told(), _asked(address) as response:
            body = response.read(_MOST_BYTES)
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, body)

    def open_mail(self) -> str | None:
        """As the next mail would, but for the mail."""
        backend = mailers.default
        if not isinstance(backend, EmailBackend):
            return None
        backend.timeout = SECONDS
        with _told():
            try:
                backend.open()
            finally:
                backend.close()
        return str(backend.host)


def within[T](seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` gives, if it does so in time: resolvers know no limit of their own."""
    results: list[T | OSError] = []

    def run() -> None:
        try:
            results.append(ask())
        except (OSError, UnicodeError) as error:
            results.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not results:
        raise Unreachable(Cause.TIMEOUT)
    if isinstance(results[0], OSError):
        raise Unreachable(Cause.NO_NAME) from results[0]
    return results[0]


@contextmanager
def _asked(address: str) -> Iterator[http.client.HTTPResponse]:
    """The answer to one request. A server that sends a byte now and then is hung up on all the same."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    hung_up = threading.Event()
    hang_up = threading.Timer(2 * SECONDS, _hang_up, [connection, hung_up])
    hang_up.daemon = True
    try:
        connection.connect()
        hang_up.start()
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("GET", path, headers={"User-Agent": _ASKS_AS, "Accept": "*/*"})
        yield connection.getresponse()
        if hung_up.is_set():  # what was read until then looks like a short answer
            raise TimeoutError
    except (OSError, http.client.HTTPException) as error:
        if hung_up.is_set():
            raise TimeoutError from error
        raise
    finally:
        hang_up.cancel()
        connection.close()


def _hang_up(connection: http.client.HTTPConnection, hung_up: threading.Event) -> None:
    hung_up.set()
    with suppress(OSError):  # it has just ended by itself
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of sockets, TLS, HTTP and SMTP as causes."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        causes = {_EXPIRED: Cause.EXPIRED, _NOT_YET: Cause.EXPIRED}
        causes |= {_OTHER_NAME: Cause.OTHER_NAME, _OTHER_ADDRESS: Cause.OTHER_NAME}
        raise Unreachable(causes.get(error.verify_code, Cause.UNTRUSTED)) from error
    except ssl.SSLError as error:
        raise Unreachable(Cause.NO_TLS) from error
    except smtplib.SMTPAuthenticationError as error:
        raise Unreachable(Cause.LOGIN_REFUSED) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Unreachable(Cause.NO_TLS) from error
    except socket.gaierror as error:
        raise Unreachable(Cause.NO_NAME) from error
    except TimeoutError as error:
        raise Unreachable(Cause.TIMEOUT) from error
    except ConnectionRefusedError as error:
        raise Unreachable(Cause.REFUSED) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # smtplib's are OSErrors
        timed_out = isinstance(error.__context__, TimeoutError)  # which smtplib tells as a lost connection
        raise Unreachable(Cause.TIMEOUT if timed_out else Cause.BROKEN) from error
