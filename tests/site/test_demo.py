"""`counterfoil demo`: a believable shop from one command, gone without a trace when it is stopped (OP-1)."""

import json
import os
import re
import signal
import stat
import time
from base64 import b32decode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django_otp.oath import totp

from tests.site.processes import Shown, alive, gone_within, shown

pytestmark = [pytest.mark.once, pytest.mark.feature("OP-1")]

SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { sent { id } } ... on Problem { code message } }
}
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which an earlier first start was cut off half-way."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    folder.mkdir()
    (folder / "demo.sqlite3").write_bytes(b"SQLite format 3\x00 half a database")
    return folder


@pytest.fixture(scope="module")
def demo(data_dir: Path) -> Iterator[Shown]:
    with shown(data_dir) as running:
        yield running


def graphql(demo: Shown, text: str, variables: dict[str, object] | None = None) -> dict[str, object]:
    """Ask the API as the first of the staff."""
    headers = {"Authorization": f"Bearer {demo.world['staff'][0]['token']}"}
    answer = httpx.post(
        demo.world["graphql"], json={"query": text, "variables": variables or {}}, headers=headers, timeout=20
    )
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    assert "errors" not in found, found
    return found["data"]  # type: ignore[return-value]


def test_it_prints_one_line_of_json_that_says_where_to_go(demo: Shown) -> None:
    world = demo.world
    base = world["base"]

    assert demo.line == json.dumps(world) + "\n"
    assert set(world) == {
        *("base", "graphql", "admin", "mailbox", "version", "staff", "partners", "orders"),
        *("sign_in", "public_link", "customers"),
    }
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", base)
    assert (world["graphql"], world["admin"], world["mailbox"]) == (
        f"{base}/graphql",
        f"{base}/admin/",
        f"{base}/mailbox/",
    )
    assert re.fullmatch(r"\d+\.\d+\.\d+", world["version"])
    for member in world["staff"]:
        second = {"totp_secret", "recovery_codes"} if member["role"] == "Packer" else set()
        assert set(member) == {"email", "password", "role", "token"} | second
    assert [member["role"] for member in world["staff"]] == ["admin", "shop_manager", "Packer"]
    assert len(world["orders"]) >= 20
    for order in world["orders"]:
        assert set(order) == {"id", "number", "customer", "guest_url"}
        assert order["guest_url"].startswith(f"{base}/order/{order['number']}?key=")
    assert len({order["number"] for order in world["orders"]}) == len(world["orders"])


def test_its_pages_answer(demo: Shown) -> None:
    with httpx.Client(timeout=20) as browser:
        for path in ("/", "/mailbox/", "/healthz", "/readyz", "/admin/sign-in"):
            assert browser.get(demo.world["base"] + path).status_code == 200, path
        assert browser.get(demo.world["admin"]).status_code == 302
        for order in demo.world["orders"][:3]:
            followed = browser.get(order["guest_url"])
            page = browser.get(demo.world["base"] + followed.headers["location"])
            assert followed.status_code == 303
            assert page.status_code == 200
            assert order["number"] in page.text


def test_its_customers_get_in_by_their_links_and_by_codes(demo: Shown) -> None:
    customer = demo.world["customers"][0]
    with httpx.Client(base_url=demo.world["base"], timeout=20) as browser:
        for link in (customer["link"], demo.world["public_link"]):
            assert browser.get(link).headers["Location"] == "/store/welcome"
            assert browser.get("/store/welcome").status_code == 200
        form = browser.get(demo.world["sign_in"], follow_redirects=True).text
        given = {"csrfmiddlewaretoken": token_in(form), "email": customer["email"]}
        assert browser.post("/store/account/sign-in", data=given).status_code == 303
        code = newest_code(browser)
        form = browser.get("/store/account/code").text
        given = {"csrfmiddlewaretoken": token_in(form), "code": code}
        assert browser.post("/store/account/code", data=given).status_code == 303
        page = browser.get(demo.world["sign_in"])
        assert page.status_code == 200
        assert page.text.count("/order/") >= 20


def token_in(form: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert found
    return found[1]


def newest_code(browser: httpx.Client) -> str:
    """The code in the mail that comes within some seconds."""
    for _ in range(100):
        mails = browser.get("/mailbox/").text
        if "Your code for" in mails:
            newest = re.search(r'href="(/mailbox/[0-9a-f]+)"', mails)
            assert newest
            code = re.search(r"\b(\d{3} \d{3})\b", browser.get(newest[1] + "/html").text)
            assert code
            return code[1]
        time.sleep(0.1)
    raise AssertionError(mails)


def test_its_partners_program_gets_a_token(demo: Shown) -> None:
    (partner,) = demo.world["partners"]
    assert set(partner) == {"name", "client_id", "client_secret", "scopes"}
    with httpx.Client(base_url=demo.world["base"], timeout=20) as program:
        basic = (partner["client_id"], partner["client_secret"])
        issued = program.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=basic).json()
        assert issued["scope"].split() == partner["scopes"]
        asked = {"query": "{ viewer { kind name } orders(first: 1) { nodes { number } } }"}
        headers = {"Authorization": f"Bearer {issued['access_token']}"}
        data = program.post("/graphql", json=asked, headers=headers).json()["data"]
    assert data["viewer"] == {"kind": "PARTNER", "name": partner["name"]}
    assert len(data["orders"]["nodes"]) == 1


def test_its_staff_can_sign_in(demo: Shown) -> None:
    for member in demo.world["staff"]:
        with httpx.Client(base_url=demo.world["base"], timeout=20) as browser:
            form = browser.get("/admin/sign-in").text
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
            assert token
            given = {"csrfmiddlewaretoken": token[1], "email": member["email"], "password": member["password"]}
            signed_in = browser.post("/admin/sign-in", data=given)
            assert signed_in.status_code == 303
            if "totp_secret" in member:
                assert browser.get("/admin/orders").status_code == 302
                code = f"{totp(b32decode(member['totp_secret'])):06}"
                assert signed_in.headers["Location"].startswith("/admin/sign-in/code")
                given = {"csrfmiddlewaretoken": token[1], "code": code}
                assert browser.post("/admin/sign-in/code", data=given).status_code == 303
            assert browser.get("/admin/orders").status_code == 200


def test_its_api_answers_the_staffs_token(demo: Shown) -> None:
    viewer = graphql(demo, "{ viewer { kind name } orders(first: 100) { nodes { id number } } }")

    assert viewer["viewer"] == {"kind": "STAFF", "name": "Mara"}
    assert {(order["id"], order["number"]) for order in viewer["orders"]["nodes"]} == {  # type: ignore[index]
        (order["id"], order["number"]) for order in demo.world["orders"]
    }


@pytest.mark.feature("CN-7")
@pytest.mark.parametrize("worker", ["at work", "killed"])
def test_a_message_to_a_customer_becomes_a_mail_in_its_mailbox(demo: Shown, worker: str) -> None:
    """Also when the worker has just died: another takes its place."""
    if worker == "killed":
        for pid in demo.family():
            os.kill(pid, signal.SIGKILL)
    order = demo.world["orders"][0]
    text = f"A parcel for the mailbox test: {worker}"
    given = {"orderId": order["id"], "text": text, "clientMutationKey": text}
    graphql(demo, SEND, {"input": given})
    until = time.monotonic() + 30
    with httpx.Client(base_url=demo.world["base"], timeout=20) as browser:
        found = ""
        while text not in found:
            assert time.monotonic() < until, "the mail did not come"
            newest = re.search(r'href="(/mailbox/[0-9a-f]+)"', browser.get("/mailbox/").text)
            found = browser.get(newest[1]).text if newest else ""
            time.sleep(0.1)
        html = browser.get(f"{newest[1]}/html" if newest else "")

    assert html.status_code == 200
    assert text in html.text
    assert html.headers["content-security-policy"].startswith("default-src 'none'")


def test_its_secrets_are_for_its_owner_alone(demo: Shown, data_dir: Path) -> None:
    for name in ("demo.json", "secret.key"):
        assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name


def test_stopped_by_sigterm_it_is_gone_in_five_seconds_with_all_that_it_started_and_comes_back_as_it_was(
    demo: Shown, data_dir: Path
) -> None:
    """The last test of this demo: it stops it, starts it again, and interrupts that one."""
    order = demo.world["orders"][0]
    given = {"orderId": order["id"], "text": "Before the restart", "clientMutationKey": "restart-test"}
    graphql(demo, SEND, {"input": given})
    started = demo.family()
    headers = {"Authorization": f"Bearer {demo.world['staff'][0]['token']}", "Accept": "text/event-stream"}
    watch = {"query": "subscription { orderChanged { kind } }"}
    with httpx.stream("POST", demo.world["graphql"], json=watch, headers=headers, timeout=20) as stream:
        assert stream.status_code == 200
        took = demo.stop(signal.SIGTERM)

    assert demo.process.returncode == 0
    assert took < 5
    assert started
    assert alive(started) == set()
    assert demo.rest() == ""
    assert "Traceback" not in demo.said.read_text()

    with shown(data_dir) as again:
        assert again.seconds < 15
        assert again.world["staff"] == demo.world["staff"]
        assert {order["id"] for order in again.world["orders"]} == {order["id"] for order in demo.world["orders"]}
        assert again.world["orders"][0]["guest_url"].startswith(again.world["base"])
        newest = graphql(
            again,
            "query ($id: ID!) { order(id: $id) { messages(first: 1) { nodes { text } } } }",
            {"id": order["id"]},
        )
        assert newest == {"order": {"messages": {"nodes": [{"text": "Before the restart"}]}}}
        started = again.family()
        took = again.stop(signal.SIGINT)

        assert again.process.returncode == 0
        assert took < 5
        assert started
        assert alive(started) == set()
        assert "Traceback" not in again.said.read_text()


@pytest.mark.slow
def test_a_demo_that_is_killed_takes_all_that_it_started_with_it(tmp_path: Path) -> None:
    with shown(tmp_path / "data") as killed:
        started = killed.family()
        killed.stop(signal.SIGKILL)

        assert started
        assert gone_within(started, 10)
