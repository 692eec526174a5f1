"""Staff make an order by hand, by keyboard too, and the customer sees it; with and without JavaScript (OR-8)."""

import pytest
from playwright.sync_api import expect

from tests.browser.windows import Windows
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize(
    "scripts",
    [pytest.param(True, id="with scripts"), pytest.param(False, id="without JavaScript", marks=pytest.mark.slow)],
)
def test_an_order_is_written_changed_and_confirmed(demo: Demo, windows: Windows, scripts: bool) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()

    # Given a customer on the telephone
    page.goto(f"{demo.base}/admin/orders")
    page.get_by_role("link", name="New order").click()
    page.get_by_role("searchbox", name="Search customers").fill("bluebell")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Bluebell Tearooms").click()

    # When a price is forgotten, it is asked for, and what was typed is there
    page.get_by_label("Name").first.fill("Cake stand")
    page.get_by_label("Quantity").first.fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Write what one costs")).to_be_visible()
    expect(page.get_by_label("Price each").first).to_be_focused()
    page.get_by_label("Price each").first.fill("18.50")
    page.get_by_role("button", name="Place as a draft").click()

    # Then the order stands as a draft
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bluebell Tearooms")
    expect(page.get_by_role("region", name="Lines")).to_contain_text("£37.00")
    expect(page.get_by_role("region", name="History")).to_contain_text("Placed by Mara")

    # And its lines can change until it is confirmed
    page.get_by_role("link", name="Change the lines").click()
    page.get_by_label("Quantity").first.fill("3")
    page.get_by_role("button", name="Save the lines").click()
    expect(page.get_by_role("region", name="Lines")).to_contain_text("£55.50")
    page.get_by_role("button", name="Confirm order").click()
    expect(page.locator("#order-header")).to_contain_text("Confirmed")
    expect(page.get_by_role("region", name="History")).to_contain_text("Confirmed by Mara")
