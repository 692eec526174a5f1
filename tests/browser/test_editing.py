"""Customers change their own orders, on a phone and without JavaScript, as staff look on (OR-7); a store's health."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, is_same_document, mark_document, watching
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

PHONE = {"width": 360, "height": 740}


def quantity(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Tea cosy")


@pytest.mark.feature("OR-7")
def test_what_a_customer_changes_stands_before_staff_who_look_on(demo: Demo, windows: Windows, api: Api) -> None:
    order = api.place_like(demo.order("Bluebell Tearooms"), "Tea cosy")
    theirs = windows.profile(viewport=PHONE).new_page()
    ours = windows.profile(staff=0).new_page()
    ours.goto(f"{demo.base}/admin/orders/{order['number']}")
    watching(ours)
    mark_document(ours)

    theirs.goto(order["guest_url"])
    expect(theirs.get_by_text(re.compile(r"^until \d\d:\d\d on "))).to_be_visible()
    theirs.get_by_role("link", name="Change this order").click()
    for _ in range(2):
        theirs.get_by_role("button", name="One more of Tea cosy").click()
    expect(quantity(theirs)).to_have_value("3")
    theirs.get_by_role("button", name="One less of Tea cosy").click()
    theirs.get_by_role("button", name="One more of Tea cosy").click()
    theirs.get_by_label("Note to Fennel & Twine").fill("Please ring twice.")
    theirs.get_by_role("button", name="Save").click()

    expect(theirs.get_by_text("Saved. Fennel & Twine sees what you changed.")).to_be_visible()
    expect(theirs.locator("#items")).to_contain_text("Please ring twice.")
    expect(theirs.locator("#items")).to_contain_text("£7.50")
    expect(ours.get_by_role("cell", name="3", exact=True)).to_be_visible()
    expect(ours.locator("#order-facts")).to_contain_text("Please ring twice.")
    expect(ours.locator("#order-header")).to_contain_text("£7.50")
    expect(ours.locator("#history")).to_contain_text("Lines changed by the customer")
    assert is_same_document(ours)


@pytest.mark.feature("OR-7")
def test_when_staff_confirm_meanwhile_the_open_form_says_so_and_nothing_typed_is_lost(
    demo: Demo, windows: Windows, api: Api
) -> None:
    windows.expect_complaint("status of 422")
    order = api.place_like(demo.order("Bluebell Tearooms"), "Tea cosy")
    page = windows.profile(viewport=PHONE).new_page()
    page.goto(order["guest_url"])
    page.get_by_role("link", name="Change this order").click()
    watching(page)
    mark_document(page)
    quantity(page).fill("7")
    page.get_by_label("Note to").fill("Please ring twice.")

    api.move(order, "CONFIRMED")

    expect(page.locator("#change-state")).to_contain_text("quantities can’t be changed any more. The rest can.")
    expect(quantity(page)).to_have_value("7")
    expect(page.get_by_label("Note to")).to_have_value("Please ring twice.")
    assert is_same_document(page)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_label("Quantities")).to_have_value("Tea cosy: 7 instead of 1")
    expect(page.get_by_label("Note to")).to_have_value("Please ring twice.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#items")).to_contain_text("Please ring twice.")


@pytest.mark.feature("OR-7")
def test_an_order_is_changed_and_cancelled_without_javascript(demo: Demo, windows: Windows, api: Api) -> None:
    windows.expect_complaint("status of 422")
    order = api.place_like(demo.order("Bluebell Tearooms"), "Tea cosy")
    page = windows.profile(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(order["guest_url"])
    page.get_by_role("link", name="Change this order").click()
    expect(page.get_by_role("button", name="One more of Tea cosy")).to_be_hidden()

    # What can't be taken stays in its box
    quantity(page).fill("four")
    page.get_by_label("Note to").fill("Please ring twice.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write a whole number; 0 takes it out of the order.")).to_be_visible()
    expect(quantity(page)).to_have_value("four")

    # And is taken once it is mended
    quantity(page).fill("4")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#items")).to_contain_text("£10.00")
    expect(page.locator("#items")).to_contain_text("Please ring twice.")

    # Cancelled, after one more question
    page.get_by_role("link", name="Change this order").click()
    page.get_by_role("link", name="Cancel this order").click()
    page.get_by_role("link", name="Keep the order").click()
    page.get_by_role("link", name="Change this order").click()
    page.get_by_role("link", name="Cancel this order").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_role("heading", name="This order was cancelled")).to_be_visible()
    expect(page.get_by_role("link", name="Change this order")).to_have_count(0)


@pytest.mark.feature("OR-5")
@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "plain"])
def test_the_demos_own_pages_prove_themselves(demo: Demo, windows: Windows, scripts: bool) -> None:
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/settings/portal")
    page.get_by_role("link", name="Check its health").click()

    page.get_by_role("button", name="Check now").click()

    expect(page.get_by_text("Checked just now")).to_be_visible()
    rows = page.get_by_role("listitem")
    expect(rows.filter(has_text="shows your portal’s front page")).to_contain_text("Works")
    expect(rows.filter(has_text="as this store, and asks customers to sign in")).to_contain_text("Works")
    expect(rows.filter(has_text="No mail server is set up")).to_contain_text("To mend")
    expect(rows.filter(has_text="From here it can’t be told")).to_contain_text("Can’t be told")
