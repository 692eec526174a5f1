"""Every kind of answer has its security headers; cookies are as strict as they can be (AC-8)."""

import asyncio
import re
import runpy
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as ours
from django.test import Client
from pytest_django import Settings

from counterfoil.partners.actions import register_client
from counterfoil.site.headers import with_headers
from tests.admin_ui.signing_in import proved
from tests.factories import PASSWORD, Shop
from tests.posting import key_of, token_of
from tests.serving import Served, serving
from tests.site.processes import COMMAND, PROJECT, run

STRICT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SETTINGS = PROJECT / "platform/counterfoil/site/settings.py"


class Page(HTMLParser):
    """What a browser would run or style of its own in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if (tag == "script" and "src" not in names) or tag == "style":
            self.inline.append(tag)
        self.inline += [name for name in names if name.startswith(("on", "hx-on")) or name == "style"]
        self.inline += [name for name, value in attrs if (value or "").strip().lower().startswith("javascript:")]


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def https(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings as they are behind an HTTPS proxy."""
    monkeypatch.setenv("COUNTERFOIL_HTTPS", "1")
    monkeypatch.setenv("COUNTERFOIL_DATA_DIR", str(tmp_path))
    for name, value in runpy.run_path(str(SETTINGS)).items():
        if name.startswith(("SECURE_", "SESSION_COOKIE", "CSRF_COOKIE", "X_FRAME")):
            setattr(settings, name, value)


def check(response: httpx.Response) -> None:
    """An answer that nobody may frame, sniff, or learn an address from."""
    told = {name: response.headers.get(name) for name in STRICT}
    assert told == STRICT, str(response.url)
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    for name in ("Server", "X-Powered-By"):
        assert name not in response.headers
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert re.fullmatch(r"'self'( 'nonce-[\w+/=-]+')?", policy["script-src"])
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert Page(response.text).inline == []


@pytest.mark.feature("AC-8")
@pytest.mark.django_db(transaction=True)
def test_every_kind_of_answer_has_its_headers(shop: Shop, served: Served) -> None:
    order = shop.order(number="INV-7")
    staff = Client(headers={"host": "fennel.test"})
    staff.force_login(shop.user)
    session = {ours.SESSION_COOKIE_NAME: staff.cookies[ours.SESSION_COOKIE_NAME].value}
    found: dict[str, int] = {}

    def ask(client: httpx.Client, method: str, address: str, **given: Any) -> None:
        with client.stream(method, address, **given) as response:
            kind = response.headers.get("Content-Type", "").partition(";")[0]
            if kind != "text/event-stream":
                response.read()
                check(response)
            else:
                assert {name: response.headers.get(name) for name in STRICT} == STRICT
            found[f"{method} {address} {kind}"] = response.status_code

    token = {"Authorization": f"Bearer {token_of(shop.member)}"}
    query = {"query": "{ position }"}
    with served.client() as nobody, served.client(session) as mara:
        for address in ("/", "/nowhere", "/admin/sign-in", "/healthz", "/static/nothing.css", "/media/nothing.webp"):
            ask(nobody, "GET", address)
        ask(nobody, "GET", f"/order/INV-7?key={key_of(order)}")
        ask(nobody, "GET", "/order/INV-7")
        for address in ("/admin", "/admin/orders", "/admin/orders/INV-7", "/admin/account", "/admin/programs/new"):
            ask(mara, "GET", address)
        ask(mara, "POST", "/admin/sign-out")  # without its token: 403
        ask(nobody, "POST", "/admin/sign-in", content=b"x" * (11 * 2**20))  # 413
        ask(nobody, "POST", "/oauth/token", data={"grant_type": "client_credentials"})
        for headers in ({}, token, {"Authorization": "Bearer nonsense"}):
            ask(nobody, "POST", "/graphql", json=query, headers=headers)
            ask(nobody, "POST", "/graphql", json=query, headers={**headers, "Accept": "text/event-stream"})
        ask(nobody, "GET", "/graphql")
        ask(nobody, "GET", "/oauth/token")  # 405
        ask(nobody, "GET", "/live?topics=order_1")
        ask(nobody, "GET", "/healthz", headers={"Host": "elsewhere.test"})  # 400

    assert {400, 401, 403, 404, 405, 413} <= set(found.values()), found
    assert not [answer for answer, status in found.items() if status >= 500]


@pytest.mark.once
@pytest.mark.feature("AC-8")
def test_what_another_server_answers_keeps_its_headers_and_gets_the_missing_ones() -> None:
    async def file(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"Content-Security-Policy", b"sandbox"), (b"content-type", b"text/css")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(with_headers(file)), verify=False) as client:
            return await client.get("http://fennel.test/static/app.css")

    response = asyncio.run(ask())

    assert {name: response.headers.get(name) for name in STRICT} == STRICT
    assert response.headers.get_list("Content-Security-Policy") == ["sandbox"]
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.django_db
@pytest.mark.feature("AC-8")
def test_behind_https_cookies_are_bound_to_the_host_and_browsers_told_to_stay(shop: Shop, https: None) -> None:
    order = shop.order(number="INV-7")
    secure = {"host": "fennel.test", "x-forwarded-proto": "https"}
    guest, staff = Client(headers=secure), Client(headers=secure)

    followed = guest.get(f"/order/INV-7?key={key_of(order)}")
    shown = staff.get("/admin/sign-in")
    staff.post("/admin/sign-in", {"email": shop.user.email, "password": PASSWORD})
    signed_in = staff.get("/admin/orders")

    assert followed.headers["Location"] == "/order/INV-7"
    assert guest.get("/order/INV-7").status_code == signed_in.status_code == 200
    for response in (followed, shown, signed_in):
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookies = {**guest.cookies, **staff.cookies}
    assert set(cookies) == {"__Host-orders", "__Host-csrf", "__Host-session", "__Host-browser"}
    for name, cookie in cookies.items():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax"), name
        assert (cookie["path"], cookie["domain"]) == ("/", ""), name


@pytest.mark.django_db
@pytest.mark.feature("AC-8")
def test_behind_https_a_plain_request_is_sent_on_but_for_health(shop: Shop, https: None) -> None:
    plain = Client(headers={"host": "fennel.test"})

    sent_on = plain.get("/admin/orders?q=tea")

    assert (sent_on.status_code, sent_on.headers["Location"]) == (301, "https://fennel.test/admin/orders?q=tea")
    assert plain.get("/healthz").status_code == plain.get("/readyz").status_code == 200


@pytest.mark.django_db
@pytest.mark.feature("AC-11")
def test_a_secret_is_on_a_page_that_nobody_keeps(shop: Shop) -> None:
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    staff = Client(headers={"host": "fennel.test"})
    staff.force_login(shop.user)

    path, form = f"/admin/programs/client_{client.pk}/secret", {"client_mutation_key": "1"}
    unproved = staff.post(path, form)
    response = proved(staff).post(path, form)

    assert (unproved.status_code, b"cfs_" in unproved.content) == (422, False)

    assert b"cfs_" in response.content
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.once
@pytest.mark.feature("AC-8")
def test_the_check_for_deployment_has_nothing_to_say(tmp_path: Path) -> None:
    done = run(
        COMMAND, "manage", "check", "--deploy", "--fail-level", "WARNING",
        COUNTERFOIL_HTTPS="1", COUNTERFOIL_DATA_DIR=str(tmp_path),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
