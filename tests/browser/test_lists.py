"""Staff find rows of a list, choose some and change them at once: by mouse, by keyboard and without JavaScript."""

import re
from decimal import Decimal
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, watching
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

_quantities = count(777)


class Orders:
    """Three new drafts that nothing else has the total of, and the list that it finds them in."""

    def __init__(self, demo: Demo, api: Api) -> None:
        quantity = next(_quantities)
        like = demo.order("Bluebell Tearooms")
        self.made = [api.place_like(like, "Tea cosy", quantity=quantity) for _ in range(3)]
        self.total = str(quantity * Decimal("2.50"))
        self.address = f"{demo.base}/admin/orders?q={self.total}"

    def number(self, place: int) -> str:
        """The number of the order at this place of the list, which begins with the newest."""
        return self.made[-1 - place]["number"]

    def box(self, page: Page, place: int) -> Locator:
        """The box that chooses it."""
        return page.get_by_role("checkbox", name=f"Select order {self.number(place)}", exact=True)


@pytest.fixture
def orders(demo: Demo, api: Api) -> Orders:
    return Orders(demo, api)


def rows(page: Page) -> Locator:
    return page.locator("tbody").get_by_role("link")


def bar(page: Page) -> Locator:
    """What appears when a row is chosen."""
    return page.get_by_role("group", name="Selected")


def apply(page: Page, what: str) -> None:
    bar(page).get_by_label("What to do").select_option(label=what)
    bar(page).get_by_role("button", name="Apply").click()


def test_rows_are_chosen_by_mouse_and_each_says_what_became_of_it(windows: Windows, api: Api, orders: Orders) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0).new_page()
    page.goto(orders.address)
    watching(page)
    expect(rows(page)).to_have_text([orders.number(place) for place in range(3)])

    # The bar comes with the first row that is chosen, counts them, and goes with the last
    expect(bar(page)).to_be_hidden()
    orders.box(page, 0).check()
    expect(bar(page)).to_contain_text("1 selected")
    expect(bar(page)).to_be_in_viewport()
    orders.box(page, 0).uncheck()
    expect(bar(page)).to_be_hidden()

    # All on this page, and what was chosen stays so while the list fetches itself
    orders.box(page, 1).check()
    bar(page).get_by_role("button", name="All on this page").click()
    expect(bar(page)).to_contain_text("3 selected")
    expect(bar(page).get_by_role("button", name="All on this page")).to_be_hidden()
    api.move(orders.made[0], "CANCELLED")
    expect(page.get_by_role("row").filter(has_text=orders.number(2))).to_contain_text("Cancelled")
    for place in range(3):
        expect(orders.box(page, place)).to_be_checked()

    # Two are confirmed; the third says why not, and is the one that is still chosen
    apply(page, "Confirm")
    expect(page.get_by_role("heading", name="1 of 3 orders stays as it is")).to_be_visible()
    became = page.get_by_role("region", name="What became of each").get_by_role("listitem")
    expect(became).to_have_text(
        [
            re.compile(rf"{orders.number(0)}\s+confirmed"),
            re.compile(rf"{orders.number(1)}\s+confirmed"),
            re.compile(rf"{orders.number(2)}: An order that is cancelled can't become confirmed"),
        ]
    )
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_role("checkbox")).to_be_checked()
    expect(bar(page)).to_contain_text("1 selected")

    # And back in the list, which is narrowed as before, the states stand
    page.get_by_role("link", name="Back to the orders").click()
    expect(page).to_have_url(orders.address)
    expect(page.get_by_role("row").filter(has_text="Confirmed")).to_have_count(2)


def test_rows_are_chosen_and_put_on_hold_with_the_keyboard(windows: Windows, orders: Orders) -> None:
    page = windows.profile(staff=0).new_page()
    page.goto(orders.address)
    watching(page)

    # From row to row, and back to the box before the row's link
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(orders.box(page, 1)).to_be_focused()
    page.keyboard.press("Space")
    expect(bar(page)).to_contain_text("1 selected")

    # On to the bar, which is the next but the rows behind
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(bar(page).get_by_role("button", name="All on this page")).to_be_focused()
    page.keyboard.press("Tab")
    expect(bar(page).get_by_label("What to do")).to_be_focused()
    page.keyboard.type("Put")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 order put on hold.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="On hold")).to_contain_text(orders.number(1))
    expect(bar(page)).to_be_hidden()


def test_cancelling_many_is_asked_about_and_can_be_left(windows: Windows, orders: Orders) -> None:
    page = windows.profile(staff=0).new_page()
    page.goto(orders.address)
    orders.box(page, 0).check()
    orders.box(page, 2).check()

    apply(page, "Cancel…")
    expect(page.get_by_role("heading", name="Cancel 2 orders for good?")).to_be_visible()
    page.get_by_role("link", name="Keep them").click()
    expect(page.get_by_role("row").filter(has_text="Cancelled")).to_have_count(0)

    orders.box(page, 0).check()
    apply(page, "Cancel…")
    page.get_by_role("button", name="Cancel 1 order").click()
    expect(page.get_by_text("1 order cancelled.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Cancelled")).to_contain_text(orders.number(0))


def test_many_are_changed_without_javascript(windows: Windows, api: Api, orders: Orders) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile(staff=0, java_script_enabled=False).new_page()
    api.move(orders.made[2], "CANCELLED")
    page.goto(orders.address)

    # The bar is there without a script; what only a script can do is not
    orders.box(page, 0).check()
    orders.box(page, 1).check()
    expect(bar(page).get_by_role("button", name="All on this page")).to_be_hidden()
    apply(page, "Confirm")
    expect(page.get_by_role("heading", name="1 of 2 orders stays as it is")).to_be_visible()
    expect(page.get_by_text("1 order confirmed.")).to_be_visible()

    # What was refused is chosen still, for something else
    expect(page.get_by_role("checkbox")).to_be_checked()
    apply(page, "Confirm")
    expect(page.get_by_role("heading", name="1 of 1 order stays as it is")).to_be_visible()
    page.get_by_role("link", name="Back to the orders").click()
    expect(page.get_by_role("row").filter(has_text="Confirmed")).to_contain_text(orders.number(1))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
def test_a_mistyped_name_finds_the_nearest_and_chips_narrow_it(demo: Demo, windows: Windows, scripts: bool) -> None:
    page = windows.profile(staff=0, java_script_enabled=scripts).new_page()
    page.goto(f"{demo.base}/admin/orders")
    search = page.get_by_role("searchbox", name="Search orders")

    search.fill("lihgthouse")
    search.press("Enter")

    expect(page.get_by_text("Nothing begins with “lihgthouse”. Showing “lighthouse”.")).to_be_visible()
    expect(rows(page)).to_have_text([demo.order("The Little Lighthouse Gift Shop")["number"]])

    # A chip narrows what was found, keeps the words, and is taken off by itself
    chips = page.get_by_role("navigation", name="Fulfilment")
    chips.get_by_role("link", name="On hold").click()
    expect(page.get_by_role("heading", name=re.compile("^No on hold order"))).to_be_visible()
    expect(search).to_have_value("lihgthouse")
    chips.get_by_role("link", name=re.compile("^On hold.*, show all")).click()
    expect(rows(page)).to_have_count(1)

    # A state that is typed is read as one
    search.fill("lighthouse draft")
    search.press("Enter")
    expect(page.get_by_text("“draft” is read as a state.")).to_be_visible()
    expect(page.get_by_role("navigation", name="State").get_by_role("link", name="Draft")).to_have_attribute(
        "aria-current", "page"
    )


def test_customers_are_narrowed_by_chips_and_changed_at_once(demo: Demo, windows: Windows) -> None:
    page = windows.profile(staff=0).new_page()
    page.goto(f"{demo.base}/admin/customers?q=juniper")
    page.get_by_role("checkbox", name="Select Juniper Lane").check()
    apply(page, "Block ordering")
    expect(page.get_by_text("1 customer blocked from ordering.")).to_be_visible()

    page.get_by_role("navigation", name="Narrow").get_by_role("link", name="Ordering blocked").click()
    expect(rows(page)).to_have_text(["Juniper Lane"])
    page.get_by_role("checkbox", name="Select Juniper Lane").check()
    apply(page, "Allow ordering")

    expect(page.get_by_text("1 customer allowed to order.")).to_be_visible()
    expect(rows(page)).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Ordering blocked.*, show all")).click()
    expect(rows(page)).to_have_text(["Juniper Lane"])
