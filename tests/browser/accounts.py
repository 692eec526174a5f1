"""Contacts who sign in to the portal, with the codes that the demo's mailbox got."""

import re
import time

from playwright.sync_api import Cookie, Page

from tests.browser.windows import PATIENCE
from tests.demo import Demo

SIGN_IN, ORDERS, DEVICES = "/store/account/sign-in", "/store/account/orders", "/store/account/devices"
_known: dict[tuple[str, str], list[Cookie]] = {}


def be(page: Page, demo: Demo, email: str) -> None:
    """Be signed in as this contact. The code is asked for once: those of one address come with growing waits."""
    if (demo.base, email) not in _known:
        sign_in(page, demo, email)
        _known[demo.base, email] = [cookie for cookie in page.context.cookies() if cookie["name"] == "account"]
    page.context.add_cookies(_known[demo.base, email])  # type: ignore[arg-type]


def sign_in(page: Page, demo: Demo, email: str, then: str = "") -> None:
    """Sign in here; without `then` from the page that asks for the address, which is open already."""
    if not page.url.startswith(f"{demo.base}{SIGN_IN}"):
        page.goto(f"{demo.base}{SIGN_IN}?next={then}")
    before = _codes(page, demo, email)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("The six digits in the e-mail").fill(mailed(page, demo, email, before))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/store/account/code" not in url)


def mailed(page: Page, demo: Demo, email: str, before: list[str]) -> str:
    """The code of the first mail to this address that was not there before."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until:
        if new := [mail for mail in _codes(page, demo, email) if mail not in before]:
            mail = page.request.get(f"{demo.base}{new[0]}").text()
            [digits] = re.findall(r"^\d{3} \d{3}$", mail.partition('id="text-heading"')[2], re.MULTILINE)
            return str(digits)
        time.sleep(0.2)
    raise AssertionError(f"No code came for {email}.")


def _codes(page: Page, demo: Demo, email: str) -> list[str]:
    """The mails with codes for this address, newest first."""
    listed = page.request.get(demo.world["mailbox"]).text()
    mails = re.findall(r'<a href="([^"]+)" id="mail-.*?</a>', listed, re.DOTALL)
    told = re.findall(r'<a href="[^"]+" id="mail-(.*?)</a>', listed, re.DOTALL)
    return [mail for mail, about in zip(mails, told, strict=True) if "Your code" in about and email in about]
