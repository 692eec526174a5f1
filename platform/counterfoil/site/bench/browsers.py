"""A browser as far as signing in needs one: cookies, forms, and a network of its own on the loopback interface."""

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from counterfoil.site.bench.streams import HOST

SIGN_IN, CODE, ORDERS = "/store/account/sign-in", "/store/account/code", "/store/account/orders"
_HIDDEN = r'<input type="hidden" name="{}" value="([^"]*)"'
_PATIENCE = 60  # seconds
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str

    def hidden(self, name: str) -> str:
        """The value of the first hidden control of this name. Raises `ValueError` where there is none."""
        found = re.search(_HIDDEN.format(name), self.text)
        if found is None:
            raise ValueError(f"A page without the control {name}: {self.status} {self.text[:500]!r}")
        return found[1]


class Browser:
    """One that comes from `address`, and holds `cookies`."""

    def __init__(self, port: int, address: str = HOST, cookies: Mapping[str, str] | None = None) -> None:
        self._port, self._address = port, address
        self.cookies = dict(cookies or {})

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, **form: str) -> Answer:
        """Send a form."""
        return self._ask("POST", path, urlencode(form))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Host": HOST}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = _FORM
        connection = http.client.HTTPConnection(HOST, self._port, _PATIENCE, source_address=(self._address, 0))
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for header in response.msg.get_all("Set-Cookie", ()):
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, text)
