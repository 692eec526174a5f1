"""Windows of a customer and of staff, and what both sides have in common."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, StorageState, WebError, expect

from tests.demo import Demo

PATIENCE = 20_000  # milliseconds to wait for what must happen; reached only when a test fails

_COUNT_SHIFTS = """
window.shifted = 0;
if (window === window.top) { // a frame that may run no scripts would complain
  new PerformanceObserver((list) => { for (const shift of list.getEntries()) window.shifted += shift.value; })
    .observe({ type: "layout-shift", buffered: true });
}
"""


class Doors:
    """Signs each staff member in once, and remembers it for the windows that follow."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser, self._demo = browser, demo
        self._states: dict[int, StorageState] = {}

    def state_of(self, staff: int) -> StorageState:
        """What the browser of this staff member keeps once they are signed in."""
        if staff not in self._states:
            with self._browser.new_context() as context:
                self._demo.sign_in(context.new_page(), staff)
                self._states[staff] = context.storage_state()
        return self._states[staff]


class Windows:
    """Opens windows, each with a browser profile of its own unless it is told which."""

    def __init__(self, browser: Browser, demo: Demo, doors: Doors) -> None:
        self._browser, self._demo, self._doors = browser, demo, doors
        self._profiles: list[BrowserContext] = []
        self._said: list[str] = []
        self._expected: list[str] = []

    def profile(self, *, staff: int | None = None, **options: Any) -> BrowserContext:
        """A browser profile: fresh, or signed in as one of the demo's staff."""
        state = None if staff is None else self._doors.state_of(staff)
        options = {"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 900}, **options}
        profile = self._browser.new_context(storage_state=state, **options)
        profile.set_default_timeout(PATIENCE)
        profile.add_init_script(_COUNT_SHIFTS)
        profile.on("console", self._hear)
        profile.on("weberror", self._hear_error)
        self._profiles.append(profile)
        return profile

    def customer(self, order: dict[str, str], profile: BrowserContext | None = None) -> Page:
        """The order's page in the portal, opened by its link, watching."""
        page = (profile or self.profile()).new_page()
        page.goto(order["guest_url"])
        return watching(page)

    def staff(self, order: dict[str, str], profile: BrowserContext | None = None, *, staff: int = 0) -> Page:
        """The order's Customer notes tab, watching."""
        page = (profile or self.profile(staff=staff)).new_page()
        page.goto(self._demo.notes_address(order))
        return watching(page)

    def expect_complaint(self, pattern: str) -> None:
        """This test brings something about that the console speaks of."""
        self._expected.append(pattern)

    def complaints(self) -> list[str]:
        """Every error in a console that no test expects: scripts that failed, refusals of the policy, lost files."""
        return [said for said in self._said if not any(re.search(pattern, said) for pattern in self._expected)]

    def close(self) -> None:
        """Close them all. What a page says meanwhile, of requests that it could not finish, is no complaint."""
        for profile in self._profiles:
            profile.remove_listener("console", self._hear)
            profile.remove_listener("weberror", self._hear_error)
            profile.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._said.append(f"{message.text} ({message.location.get('url', '')})")

    def _hear_error(self, error: WebError) -> None:
        self._said.append(str(error.error))


def watching(page: Page, how: str = "on") -> Page:
    """The page, once its live connection stands; or while it is `off`, or makes do with `polling`."""
    expect(page.locator("html")).to_have_attribute("data-live", how)
    return page


def unlike_any(text: str) -> str:
    """The text with a mark that no other text has."""
    return f"{text} {uuid4().hex[:10]}"


def composer(page: Page) -> Locator:
    """Where one writes to the other side."""
    return page.get_by_role("textbox", name=re.compile("^Message to "))


def send_button(page: Page) -> Locator:
    """What sends it."""
    return page.locator("#composer").get_by_role("button", name=re.compile("^Send"))


def write(page: Page, text: str) -> None:
    """Write to the other side and send it."""
    composer(page).fill(text)
    send_button(page).click()


def bubble(page: Page, text: str) -> Locator:
    """The message with exactly this text (of one line)."""
    return page.locator("#thread article").filter(has=page.get_by_text(text, exact=True))


def texts(page: Page) -> list[str]:
    """The messages that stand in the page, from top to bottom."""
    return page.locator("#thread article > p").all_text_contents()


def expect_each_once(page: Page, *sent: str) -> None:
    """These messages stand in the page, each once, in this order."""
    expect(bubble(page, sent[-1])).to_have_count(1)
    assert [text for text in texts(page) if text in sent] == list(sent)


def mark_document(page: Page) -> None:
    """Remember this document, so that `is_same_document` tells whether it was loaded again."""
    page.evaluate("window.unlikeAnyOther = true")


def is_same_document(page: Page) -> bool:
    """Whether the page was never loaded again since `mark_document`."""
    return bool(page.evaluate("window.unlikeAnyOther === true"))
