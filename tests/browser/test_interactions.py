"""The log of a customer in the browser: live for colleagues, by keyboard, read on by scrolling, without JavaScript."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.api import Api
from tests.browser.test_customers import expect_fit_for_all
from tests.browser.windows import Windows, is_same_document, mark_document, unlike_any, watching
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])


def new_customer(page: Page, demo: Demo, name: str = "Quince & Quill") -> str:
    """The page of a customer who was made just now; gives their address."""
    page.goto(f"{demo.base}/admin/customers/new")
    page.get_by_label("Customer’s name").fill(unlike_any(name))
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_role("heading", name="Interactions")).to_be_visible()
    return page.url


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Log what happened")


def entry(page: Page, text: str) -> Locator:
    return page.locator("li.entry").filter(has_text=text)


@pytest.mark.feature("IN-10")
@pytest.mark.feature("IN-4")
def test_colleagues_see_an_entry_and_its_acknowledgement_at_once_and_lose_nothing_that_they_type(
    demo: Demo, windows: Windows
) -> None:
    # Given two colleagues who look at one customer, one of whom is writing
    mara = windows.profile(staff=0).new_page()
    address = new_customer(mara, demo)
    watching(mara)
    jo = windows.profile(staff=1).new_page()
    jo.goto(address)
    watching(jo)
    mark_document(jo)
    box(jo).fill("Half a thought")
    jo.get_by_label("Needs acknowledgement").check()

    # When the other logs an entry with the keyboard
    mara.locator("body").press("l")
    expect(box(mara)).to_be_focused()
    box(mara).fill("Wants her tins wrapped one by one")
    mara.get_by_label("Email", exact=True).check()
    mara.get_by_label("Needs acknowledgement").check()
    box(mara).press("Control+Enter")

    # Then both have it, with its type in words, and nothing typed is gone
    for page in (mara, jo):
        expect(entry(page, "one by one")).to_contain_text("Email")
        expect(entry(page, "one by one")).to_have_class(re.compile("waits"))
        expect(page.get_by_role("region", name="Open promises")).to_contain_text("one by one")
    expect(box(mara)).to_have_value("")
    expect(box(jo)).to_have_value("Half a thought")
    expect(jo.get_by_label("Needs acknowledgement")).to_be_checked()
    expect_fit_for_all(mara)

    # When one more waits, it is put before what waited already
    with jo.expect_request(lambda request: "/interactions/news" in request.url) as asked:
        box(mara).fill("Rings on Friday")
        mara.get_by_label("Needs acknowledgement").check()
        mara.get_by_label("Needs acknowledgement").press("Control+Enter")
    assert asked.value.headers["live-position"].isdigit()
    for page in (mara, jo):
        expect(page.get_by_role("list", name="To acknowledge").locator("li.entry")).to_contain_text(
            ["Rings on Friday", "one by one"]
        )
        expect(page.get_by_role("region", name="Open promises").get_by_role("listitem")).to_contain_text(
            ["Rings on Friday", "one by one"]
        )
    entry(mara, "Rings on Friday").get_by_role("button", name="Acknowledge").click()
    for page in (mara, jo):
        expect(entry(page, "Rings on Friday")).to_contain_text("Acknowledged by Mara")

    # When one acknowledges it, it stays where it stands and says who did, on both pages
    entry(jo, "one by one").get_by_role("button", name="Acknowledge").click()
    for page in (mara, jo):
        expect(entry(page, "one by one")).to_contain_text("Acknowledged by Jo")
        expect(page.get_by_role("region", name="Open promises")).to_have_count(0)
    expect(box(jo)).to_have_value("Half a thought")
    assert is_same_document(jo)


@pytest.mark.feature("IN-3")
def test_a_long_log_is_read_on_by_scrolling_and_stays_where_it_is_read(demo: Demo, windows: Windows, api: Api) -> None:
    page = windows.profile(staff=0).new_page()
    gid = new_customer(page, demo).rpartition("/")[2]
    api.log(gid, *(f"Entry no. {number}." for number in range(65)))
    page.reload()
    watching(page)
    assert page.locator("li.entry").count() == 30

    # Scrolled to its end, the log goes on by itself
    for expected in (60, 65):
        page.locator("li.entry").last.scroll_into_view_if_needed()
        expect(page.locator("li.entry")).to_have_count(expected)
    expect(page.get_by_role("link", name="Earlier entries")).to_have_count(0)
    texts = page.locator("li.entry .said").all_text_contents()
    assert texts == [f"Entry no. {number}." for number in range(64, -1, -1)]

    # What is new comes before them, and what one reads does not move
    before = entry(page, "Entry no. 20.").bounding_box()
    api.log(gid, "The newest.")
    expect(page.locator("li.entry")).to_have_count(66)
    after = entry(page, "Entry no. 20.").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2

    # A search narrows it as one types, and stands in the address
    page.get_by_role("searchbox", name="Search interactions").fill("no. 6")
    expect(page.locator("li.entry")).to_have_count(11)  # each word, anywhere in the text
    expect(page).to_have_url(re.compile(r"\?q=no\.\+6$"))
    page.go_back()
    expect(page.locator("li.entry")).to_have_count(30)


@pytest.mark.feature("IN-3")
@pytest.mark.feature("IN-4")
@BOTH
def test_staff_log_narrow_and_acknowledge_with_and_without_javascript(
    demo: Demo, windows: Windows, scripts: bool
) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    address = new_customer(page, demo)
    expect(page.get_by_role("heading", name="Nothing logged yet")).to_be_visible()

    # A refusal stands at its control, and what was typed stays
    box(page).fill("Two mugs chipped")
    page.get_by_label("Complaint", exact=True).check()
    page.get_by_role("textbox", name="About order").or_(page.get_by_role("combobox", name="About order")).fill("9999")
    page.get_by_role("button", name="Log", exact=True).click()
    order = page.get_by_label("About order")
    expect(order).to_have_accessible_description(re.compile("There is no order 9999"))
    expect(box(page)).to_have_value("Two mugs chipped")
    expect(page.get_by_label("Complaint", exact=True)).to_be_checked()
    if scripts:
        expect_fit_for_all(page)

    # Mended, it is logged
    order.fill("")
    page.get_by_label("Needs acknowledgement").check()
    page.get_by_role("button", name="Log", exact=True).click()
    expect(entry(page, "Two mugs chipped")).to_be_visible()
    box(page).fill("Rang twice")
    page.get_by_label("Phone call", exact=True).check()
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.locator("li.entry")).to_have_count(2)

    # A type narrows what is below what waits
    page.get_by_role("navigation", name="Type").get_by_role("link", name="Return").click()
    expect(page).to_have_url(re.compile(r"\?type=return(#interactions)?$"))
    expect(page.get_by_role("heading", name="No other return here")).to_be_visible()
    expect(page.locator("li.entry")).to_have_count(1)
    page.get_by_role("navigation", name="Type").get_by_role("link", name="Phone call").click()
    expect(entry(page, "Rang twice")).to_be_visible()

    # It is acknowledged once, and says by whom
    entry(page, "Two mugs chipped").get_by_role("button", name="Acknowledge").click()
    expect(entry(page, "Two mugs chipped")).to_contain_text("Acknowledged by Mara")
    page.goto(address)
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


@pytest.mark.feature("IN-9")
@BOTH
def test_staff_link_two_customers_and_both_show_it(demo: Demo, windows: Windows, scripts: bool) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    other = new_customer(page, demo, "Sorrel Pantry")
    name = page.get_by_role("heading", level=1).inner_text()
    address = new_customer(page, demo)
    linked = page.get_by_role("region", name="Linked accounts")

    linked.get_by_label("Link with").fill(name)
    if not scripts:
        linked.get_by_role("button", name="Find").click()
    linked.get_by_role("radio", name=name).check()
    linked.get_by_label("What they have to do with each other").fill("Same owner")
    linked.get_by_role("button", name="Link accounts").click()
    expect(linked.get_by_text("Linked. Each of the two shows the other")).to_be_visible()
    expect(linked.get_by_role("link", name=name)).to_be_visible()
    if scripts:
        expect_fit_for_all(page)

    # Who is linked already can't be chosen again
    linked.get_by_label("Link with").fill(name)
    if not scripts:
        linked.get_by_role("button", name="Find").click()
    expect(linked.get_by_role("radio", name=f"{name} linked already")).to_be_disabled()

    # The other one shows it, and it ends on both sides
    page.goto(other)
    expect(linked.get_by_text("Same owner")).to_be_visible()
    linked.get_by_role("button", name="Unlink").click()
    if scripts:
        page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(linked.get_by_text("Not linked any more")).to_be_visible()
    page.goto(address)
    expect(linked.get_by_role("link", name=name)).to_have_count(0)


@pytest.mark.feature("IN-6")
@BOTH
def test_an_admin_switches_a_type_off_while_a_colleague_writes_of_it(
    demo: Demo, windows: Windows, scripts: bool
) -> None:
    windows.expect_complaint("status of 422")
    jo = windows.profile(staff=1, java_script_enabled=scripts).new_page()
    new_customer(jo, demo)
    box(jo).fill("Loved the card")
    jo.get_by_label("Compliment", exact=True).check()
    mara = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    mara.goto(f"{demo.base}/admin/settings/interactions")
    switch = mara.get_by_role("switch", name="Compliment")
    switch.click()
    expect(switch).not_to_be_checked()
    try:
        jo.get_by_role("button", name="Log", exact=True).click()
        expect(jo.get_by_text("“Compliment” has been switched off in the settings")).to_be_visible()
        expect(box(jo)).to_have_value("Loved the card")
        expect(jo.get_by_label("Compliment", exact=True)).to_have_count(0)
    finally:
        switch.click()
        expect(switch).to_be_checked()
