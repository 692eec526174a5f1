"""Everything that one does often can be done from the keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import Windows, bubble, composer, unlike_any, watching
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

MOST_TABS = 40


def focused(page: Page) -> str:
    """What has the focus: its id, else its text."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def skip_to_content(page: Page) -> None:
    """The first Tab of a page shows a link that leads past its head."""
    link = page.get_by_role("link", name="Skip to content")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_staff_find_and_open_an_order_with_the_keyboard(demo: Demo, windows: Windows) -> None:
    # Given the list of orders
    page = windows.profile(staff=0).new_page()
    page.goto(f"{demo.base}/admin/orders")
    watching(page)
    rows = page.locator("tbody").get_by_role("link")
    all_orders = rows.count()

    # j and k go from row to row, and stop at the ends
    for key, row in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(row)).to_be_focused()

    # ? says which keys there are, and Escape puts that away
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard")
    expect(help_dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()

    # / goes to the search, which narrows the list while one types, these letters among them
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search orders")
    expect(search).to_be_focused()
    page.keyboard.type("jkjkjk")
    expect(page.get_by_role("heading", name="No order matches “jkjkjk”")).to_be_visible()
    search.fill("kettle")
    expect(rows).to_have_count(2)
    expect(search).to_be_focused()
    expect(page).to_have_url(re.compile(r"/admin/orders\?q=kettle$"))
    search.fill("")
    expect(rows).to_have_count(all_orders)

    # Enter opens the row
    search.blur()
    page.keyboard.press("j")
    page.keyboard.press("j")
    number = rows.nth(1).inner_text()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{demo.base}/admin/orders/{number}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)


def test_staff_answer_with_the_keyboard(demo: Demo, windows: Windows) -> None:
    # Given the tab, whose keys are off while one writes
    staff = windows.staff(demo.order("Maple & Rye"))
    skip_to_content(staff)
    composer(staff).focus()
    text = unlike_any("j/k? Jokes aside: yes")
    staff.keyboard.type(text)
    expect(composer(staff)).to_have_value(text)

    # When they press Ctrl and Enter
    staff.keyboard.press("Control+Enter")

    # Then it is sent, and one can go on writing
    expect(bubble(staff, text)).to_have_count(1)
    expect(composer(staff)).to_have_value("")
    expect(composer(staff)).to_be_focused()

    # And an internal note is saved in the same way
    note = unlike_any("Likes jokes")
    box = staff.get_by_role("textbox", name="Internal note")
    box.fill(note)
    box.press("Control+Enter")
    expect(staff.get_by_role("region", name="Internal notes").get_by_text(note)).to_have_count(1)
    expect(bubble(staff, note)).to_have_count(0)
    expect(box).to_have_value("")


def test_a_customer_reaches_the_composer_and_sends_with_the_keyboard(demo: Demo, windows: Windows) -> None:
    # Given the order's page
    customer = windows.customer(demo.order("Nordlys Interiør"))
    skip_to_content(customer)

    # When one goes on with Tab alone
    reached: list[str] = []
    while "text" not in reached and len(reached) < MOST_TABS:
        customer.keyboard.press("Tab")
        reached.append(focused(customer))

    # Then one comes to the composer, and from there straight to Send
    expect(composer(customer)).to_be_focused()
    text = unlike_any("Sent without a mouse")
    customer.keyboard.type(text)
    customer.keyboard.press("Tab")
    expect(customer.get_by_role("button", name="Send", exact=True)).to_be_focused()
    customer.keyboard.press("Enter")
    expect(bubble(customer, text)).to_have_count(1)
    assert "text" not in reached[:-1]
