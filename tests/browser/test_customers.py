"""Staff make and change customers by hand, in the browser, with and without JavaScript (OR-8)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import WIDTHS, beyond_the_edge, violations
from tests.browser.windows import Windows
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow]


def expect_fit_for_all(page: Page) -> None:
    """The page as it stands is accessible and within its edge, narrow and wide, light and dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        assert violations(page) == [], f"{width} px, light"
        page.emulate_media(color_scheme="dark")
        assert violations(page, colours_alone=True) == [], f"{width} px, dark"
        assert beyond_the_edge(page) == [], f"{width} px"


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize(
    "scripts",
    [pytest.param(True, id="with scripts"), pytest.param(False, id="without JavaScript", marks=pytest.mark.slow)],
)
def test_staff_make_a_customer_find_it_and_change_it(demo: Demo, windows: Windows, scripts: bool) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/orders")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers").click()
    page.get_by_role("link", name="New customer").click()

    # A mail address that is none is refused beside its control, and nothing typed is lost
    name = f"Lantern & Loom {'on' if scripts else 'off'}"
    email = page.get_by_label("Mail address")
    page.get_by_label("Customer’s name").fill(name)
    page.get_by_label("Contact’s name").fill("Noor")
    email.fill("no address")
    page.get_by_role("button", name="Create customer").click()
    expect(email).to_have_accessible_description(re.compile("no address is no mail address"))
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_be_focused()
    expect(page.get_by_label("Customer’s name")).to_have_value(name)
    expect(page.get_by_label("Contact’s name")).to_have_value("Noor")
    if scripts:
        expect_fit_for_all(page)

    # Corrected, it makes them
    email.fill("noor@loom.example")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.get_by_role("link", name="noor@loom.example")).to_be_visible()
    expect(page.get_by_role("heading", name="No order yet")).to_be_visible()
    if scripts:
        expect_fit_for_all(page)

    # They are found by a word of theirs, with the keyboard
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers").click()
    search = page.get_by_role("searchbox", name="Search customers")
    search.fill("noor@loom")
    if not scripts:
        search.press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/customers\?q=noor%40loom$"))
    row = page.locator("tbody").get_by_role("link", name=name)
    expect(row).to_be_visible()
    if scripts:
        search.blur()
        page.keyboard.press("j")
        expect(page.locator("tbody").get_by_role("link").first).to_be_focused()
    row.click()

    # And changed
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Customer’s name")).to_have_value(name)
    page.get_by_label("Contact’s name").fill("Noor Haddad")
    page.get_by_label("Mail address").fill("")
    page.get_by_role("button", name="Save customer").click()
    expect(page.get_by_role("heading", name="Noor Haddad")).to_be_visible()
    expect(page.get_by_text("No e-mail address on file")).to_be_visible()


@pytest.mark.feature("AC-6")
@pytest.mark.feature("AC-9")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
def test_staff_decide_how_a_customer_gets_in(demo: Demo, windows: Windows, scripts: bool) -> None:
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/customers/new")
    name = f"Reed & Rush {'on' if scripts else 'off'}"
    page.get_by_label("Customer’s name").fill(name)
    page.get_by_role("button", name="Create customer").click()

    # A new link; with scripts not before it is said what that ends
    old = page.get_by_role("textbox", name="Portal link").input_value()
    page.get_by_role("button", name="Make a new link…").click()
    if scripts:
        page.get_by_role("button", name="Keep the link").click()
        expect(page.get_by_role("textbox", name="Portal link")).to_have_value(old)
        page.get_by_role("button", name="Make a new link…").click()
        page.get_by_role("dialog").get_by_role("button", name="Make a new link").click()
        expect(page.get_by_role("button", name="Copy")).to_be_focused()
    expect(page.get_by_text("The old link is closed")).to_be_visible()
    expect(page.get_by_role("textbox", name="Portal link")).not_to_have_value(old)

    # What the account may do is said by switches, and by chips
    for label, chip in (("Account active", "Not active"), ("Ordering allowed", "Ordering blocked")):
        switch = page.get_by_role("switch", name=label)
        expect(switch).to_be_checked()
        switch.click()
        expect(page.get_by_text(chip, exact=True)).to_be_visible()
        expect(switch).not_to_be_checked()
    page.get_by_role("switch", name="Account active").click()
    expect(page.get_by_text("Not active", exact=True)).to_have_count(0)

    # And staff see what the customer sees
    page.get_by_role("button", name="Preview the portal").click()
    expect(page.get_by_text(f"You see the portal as {name} does")).to_be_visible()
    page.get_by_role("button", name="End preview").click()
    expect(page).to_have_url(re.compile("/admin/"))
