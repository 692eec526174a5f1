"""Customers who are in: their orders, their devices, and out again (OR-4, AC-1, AC-2)."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accounts import DEVICES, ORDERS, SIGN_IN, mailed, sign_in
from tests.browser.api import Api
from tests.browser.windows import Windows, is_same_document, mark_document, unlike_any, watching
from tests.demo import CHROMIUM_FLAGS, Demo
from tests.services import need_chromium

pytestmark = [pytest.mark.browser, pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-4")]


def open_orders(profile: BrowserContext, demo: Demo) -> Page:
    """The past orders of who is signed in, watching."""
    page = profile.new_page()
    page.goto(f"{demo.base}{ORDERS}")
    return watching(page)


@pytest.mark.feature("AC-2")
def test_a_guest_signs_in_from_their_order_and_is_back_on_it_with_its_addresses(demo: Demo, windows: Windows) -> None:
    order = demo.order("Wren Bookshop")
    page = windows.customer(order)
    expect(page.get_by_role("heading", name="Goes to")).to_have_count(0)

    page.locator("#account").get_by_role("link", name="Sign in").click()
    sign_in(page, demo, "alice@wrenbooks.example")

    page.wait_for_url(f"**/order/{order['number']}")
    expect(page.get_by_role("heading", name="Goes to")).to_be_visible()
    page.get_by_role("link", name="Orders").click()
    expect(page.get_by_role("link", name=order["number"])).to_be_visible()


@pytest.mark.feature("AC-1")
def test_going_back_after_signing_out_shows_nothing_of_the_account(demo: Demo, windows: Windows) -> None:
    order = demo.order("Pemberton Farm Shop")
    page = windows.profile().new_page()
    windows.expect_complaint("status of 404")
    sign_in(page, demo, "george@pembertonfarm.example")
    for path in (f"/order/{order['number']}", DEVICES, ORDERS):
        page.goto(f"{demo.base}{path}")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out on this device.")).to_be_visible()

    for told in ("See all your orders", "See all your orders", "This link doesn’t open an order"):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text(told)
        expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
        expect(page.get_by_text("George")).to_have_count(0)


@pytest.mark.feature("AC-1")
@pytest.mark.slow
@pytest.mark.parametrize("live", [True, False], ids=["a live page", "a page without a stream"])
def test_no_page_of_the_account_waits_in_the_back_forward_cache(demo: Demo, browser: Browser, live: bool) -> None:
    email = "hannah@maplerye.example" if live else "gwen@littlelighthouse.example"
    order = demo.order("Maple & Rye" if live else "The Little Lighthouse Gift Shop")
    kept = ["--disable-back-forward-cache"]  # the driver's own flag
    with browser.browser_type.launch(
        executable_path=need_chromium(), args=CHROMIUM_FLAGS, ignore_default_args=kept
    ) as roomy:
        page = roomy.new_page()
        sign_in(page, demo, email)
        page.goto(f"{demo.base}{ORDERS}" if live else f"{demo.base}/order/{order['number']}/invoice")
        name = page.locator(".me").inner_text()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out on this device.")).to_be_visible()

        page.go_back()

        expect(page.get_by_role("heading", level=1)).to_have_text(
            "See all your orders" if live else "This link doesn’t open an order"
        )
        assert name not in page.content()


@pytest.mark.feature("AC-1")
def test_signing_out_in_one_tab_turns_the_others_at_once(demo: Demo, windows: Windows) -> None:
    order = demo.order("Nordlys Interiør")
    profile = windows.profile()
    windows.expect_complaint("status of (403|404)")
    sign_in(profile.new_page(), demo, "ingrid@nordlys.example")
    orders, guest = open_orders(profile, demo), profile.new_page()
    guest.goto(order["guest_url"])
    expect(watching(guest).get_by_role("heading", name="Goes to")).to_be_visible()
    devices = profile.new_page()
    devices.goto(f"{demo.base}{DEVICES}")

    watching(devices).get_by_role("button", name="Sign out").click()

    orders.wait_for_url(f"**{SIGN_IN}**")
    # The order's link is let go of too: who uses this computer next sees nothing.
    expect(guest.get_by_role("heading", name="This link doesn’t open an order")).to_be_visible()


@pytest.mark.feature("AC-1")
def test_a_device_that_is_signed_out_elsewhere_shows_nothing_any_more(demo: Demo, windows: Windows) -> None:
    email = "kit@saltmarsh.example"
    phone, desk = windows.profile(), windows.profile()
    windows.expect_complaint("status of 403")
    sign_in(phone.new_page(), demo, email)
    lost = open_orders(phone, demo)
    page = desk.new_page()
    sign_in(page, demo, email)
    page.goto(f"{demo.base}{DEVICES}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signed in on 2 devices")

    page.get_by_role("button", name="Sign out everywhere else").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in on this device alone")
    lost.wait_for_url(f"**{SIGN_IN}**")


@pytest.mark.feature("AC-9")
def test_open_pages_turn_at_once_when_the_account_is_closed(demo: Demo, windows: Windows, api: Api) -> None:
    order = demo.order("Foxglove Florist")
    windows.expect_complaint("status of 403")
    account, linked = windows.profile(), windows.profile().new_page()
    sign_in(account.new_page(), demo, "beth@foxglove.example")
    orders = open_orders(account, demo)
    linked.goto(api.portal_link(order))
    linked.get_by_role("button", name="Yes, start ordering").click()
    expect(watching(linked).get_by_role("link", name=order["number"])).to_be_visible()

    api.set_active(order, active=False)

    try:
        for page in (orders, linked):
            expect(page.get_by_role("heading", level=1)).to_have_text("This account is not currently active")
            expect(page.get_by_text(order["number"])).to_have_count(0)
    finally:
        api.set_active(order, active=True)


def test_a_new_order_rises_into_the_list_and_goes_on_being_watched(demo: Demo, windows: Windows, api: Api) -> None:
    order, product = demo.order("Bluebell Tearooms"), unlike_any("Tea cosy")
    profile = windows.profile()
    sign_in(profile.new_page(), demo, "nell@bluebelltea.example")
    page = open_orders(profile, demo)
    mark_document(page)

    new = api.place_like(order, product)
    row = page.get_by_role("row").filter(has_text=product)
    expect(row).to_contain_text("We are checking it")
    expect(page.locator("#orders-heading")).to_contain_text("are open")

    api.move(new, "CONFIRMED")
    expect(row).to_contain_text("Confirmed, we are getting it ready")
    assert is_same_document(page)


def test_a_search_narrows_as_one_types_and_can_be_shared_and_cleared(demo: Demo, windows: Windows, api: Api) -> None:
    order, product = demo.order("Thistle & Thyme"), unlike_any("Kneeler")
    api.place_like(order, product)
    profile = windows.profile()
    sign_in(profile.new_page(), demo, "isla@thistlethyme.example")
    page = open_orders(profile, demo)
    expect(page.get_by_role("row")).to_have_count(3)

    page.get_by_role("searchbox").press_sequentially(product)

    expect(page.locator("#orders-heading")).to_have_text("1 order found")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile("q=Kneeler"))
    page.get_by_role("searchbox").fill("nothing like it")
    page.get_by_role("link", name="Clear the search").click()
    expect(page.get_by_role("row")).to_have_count(3)


def test_everything_works_without_javascript(demo: Demo, windows: Windows, api: Api) -> None:
    order, product = demo.order("Pemberton Farm Shop"), unlike_any("Colander")
    for _ in range(21):
        api.place_like(order, product)
    page = windows.profile(java_script_enabled=False).new_page()
    sign_in(page, demo, "george@pembertonfarm.example", then=ORDERS)

    page.get_by_role("link", name="Older orders").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Earlier orders")
    page.get_by_role("link", name="Newest").click()
    page.get_by_role("searchbox").fill(order["number"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 order found")
    page.get_by_role("link", name=order["number"]).click()
    expect(page.get_by_role("heading", name="Goes to")).to_be_visible()
    page.get_by_role("link", name="Devices").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out on this device.")).to_be_visible()


def test_the_keyboard_leads_from_the_menu_to_an_order(demo: Demo, windows: Windows) -> None:
    order = demo.order("Kettle & Co")
    page = windows.profile().new_page()
    sign_in(page, demo, "rob@kettleandco.example", then=ORDERS)
    names = []
    for _ in range(7):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))

    assert names == ["Skip to content", "Fennel & Twine", "Orders", "Devices", "Sign out", "", order["number"]]
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/order/{order['number']}")


@pytest.mark.feature("AC-7")
def test_staff_look_at_the_portal_as_a_customer_and_end_it(demo: Demo, windows: Windows) -> None:
    order = demo.order("Harbour Café")
    page = windows.profile(staff=0).new_page()
    page.goto(f"{demo.base}/admin/customers?q=harbour")
    page.get_by_role("link", name="Harbour Café", exact=True).click()
    page.get_by_role("button", name="Preview the portal").click()

    page.wait_for_url("**/store/orders")
    expect(page.get_by_text("You see the portal as Harbour Café does.")).to_be_visible()
    page.get_by_role("link", name=order["number"]).click()
    expect(page.get_by_text("Sign in to read and write messages")).to_be_visible()
    page.get_by_role("button", name="End preview").click()
    page.wait_for_url("**/admin/")


@pytest.mark.feature("AC-3")
def test_buttons_that_are_pressed_twice_are_pressed_once(demo: Demo, windows: Windows) -> None:
    page = windows.profile().new_page()
    page.goto(f"{demo.base}{SIGN_IN}")
    email = "marco@copperkettle.example"
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send me a code").dblclick()
    page.get_by_label("The six digits in the e-mail").fill(mailed(page, demo, email, []))
    page.get_by_role("button", name="Sign in").dblclick()

    page.wait_for_url(f"{demo.base}{ORDERS}")
    expect(page.get_by_role("link", name="Devices")).to_be_visible()
