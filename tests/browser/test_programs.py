"""An admin registers a partner's program, gives it another secret and ends it, with and without JavaScript (AC-11)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_customers import expect_fit_for_all
from tests.browser.windows import Windows
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.slow]


@pytest.mark.feature("AC-11")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
def test_an_admin_registers_a_program_makes_a_new_secret_and_ends_it(
    demo: Demo, windows: Windows, scripts: bool
) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/account")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Programs").click()
    page.get_by_role("link", name="Register a program").click()

    # Without a scope it is refused, and the name stays
    name = f"Till of the Harbour Company for Provisions, Teas and Biscuits {'on' if scripts else 'off'}"
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Register and show the secret").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one scope")
    expect(page.get_by_label("Name", exact=True)).to_have_value(name)
    looked_at(page, scripts)

    page.get_by_label("Place orders").check()
    page.get_by_role("button", name="Register and show the secret").click()
    first = secret_on(page)
    looked_at(page, scripts)
    if scripts:
        page.get_by_role("button", name="Copy the secret").click()
        expect(page.get_by_role("button", name=re.compile("Copied"))).to_be_visible()

    # Reloading sends the form again, and shows nothing
    page.reload()
    expect(page.get_by_text("its secret was shown already")).to_be_visible()
    expect(page.locator("#secret")).to_have_count(0)

    page.get_by_role("link", name="Make a new secret").click()
    looked_at(page, scripts)
    page.get_by_role("button", name="Make a new secret").click()
    assert secret_on(page) != first

    page.get_by_role("link", name="To the program").click()
    expect(page.get_by_text("Place orders")).to_be_visible()
    expect(page.get_by_text(re.compile("See orders"))).to_be_visible()  # came along
    assert first not in page.content()
    looked_at(page, scripts)
    page.get_by_role("link", name="End the program").click()
    page.get_by_role("button", name="End the program").click()
    expect(page.get_by_text("The program was ended.")).to_be_visible()
    expect(page.get_by_role("link", name="New secret")).to_have_count(0)


def secret_on(page: Page) -> str:
    """The secret that the page shows, in a field that one can select by hand."""
    field = page.get_by_label("Secret", exact=True)
    expect(field).to_have_value(re.compile(r"cfs_[\w-]{43}"))
    return field.input_value()


def looked_at(page: Page, scripts: bool) -> None:
    if scripts:
        expect_fit_for_all(page)
