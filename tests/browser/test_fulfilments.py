"""Staff send a part of an order, and the customer's page shows it by itself (OR-2, OR-3, OR-6)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import Windows, is_same_document, mark_document
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])

SLOW_WITHOUT = pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(True, id="with scripts"),
        pytest.param(False, id="without JavaScript", marks=pytest.mark.slow),
    ],
)


def tab(page: Page, demo: Demo, customer: str) -> Page:
    """The Fulfilments tab of a customer's newest order."""
    page.goto(f"{demo.base}/admin/orders/{demo.order(customer)['number']}/fulfilments")
    return page


def send(page: Page) -> None:
    """Press the button, and wait for the answer, which brings the form anew."""
    with page.expect_response("**/fulfilments/send"):
        page.get_by_role("button", name="Send parcel").click()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


@pytest.mark.feature("OR-2")
@pytest.mark.feature("OR-3")
def test_half_an_order_is_sent_and_the_customers_page_shows_it_by_itself(demo: Demo, windows: Windows) -> None:
    # Given a customer who looks at an order of 6 lanterns, 36 mugs and 20 rolls of twine
    customer = windows.customer(demo.order("Nordlys Interiør"))
    expect(customer.get_by_role("heading", level=1)).to_have_text("Your order is confirmed")
    mark_document(customer)

    # When staff send the lanterns and half of the mugs
    staff = tab(windows.profile(staff=0).new_page(), demo, "Nordlys Interiør")
    staff.get_by_label("Enamel mug").fill("18")
    staff.get_by_label("Jute twine").fill("")
    staff.get_by_label("Carrier").fill("Posten")
    staff.get_by_label("Tracking number").fill("NO 77")
    staff.get_by_label("Tracking address").fill("https://posten.example/NO77")
    send(staff)

    # Then staff see the parcel, and what is left
    expect(staff.get_by_role("status").filter(has_text="Parcel 1 has left")).to_be_visible()
    expect(staff.get_by_role("article", name="Parcel 1")).to_contain_text("18 × Enamel mug")
    expect(staff.get_by_label("Enamel mug")).to_have_value("18")
    expect(staff.get_by_label("Hanging heart lantern")).to_have_count(0)
    expect(staff.get_by_role("banner").or_(staff.locator("#order-header"))).to_contain_text("Partially fulfilled")

    # And the customer, without a reload, how far each line is and where the parcel is
    expect(customer.get_by_role("heading", level=1)).to_have_text("A part of your order is on its way")
    parcel = customer.get_by_role("region", name="Parcel 1")
    expect(parcel).to_contain_text("6 × Hanging heart lantern")
    expect(parcel).to_contain_text("with Posten")
    expect(parcel.get_by_role("link", name="Follow parcel 1")).to_have_attribute("href", "https://posten.example/NO77")
    expect(customer.get_by_text("18 of 36 sent")).to_be_visible()
    assert is_same_document(customer)

    # When the rest follows
    send(staff)

    # Then everything has left
    expect(customer.get_by_role("heading", level=1)).to_have_text("Your order is on its way")
    expect(staff.get_by_role("heading", name="Everything has left")).to_be_visible()
    assert is_same_document(customer)


@SCRIPTS
@pytest.mark.feature("OR-3")
def test_what_can_not_be_sent_is_refused_beside_its_control_and_nothing_typed_is_lost(
    demo: Demo, windows: Windows, scripts: bool
) -> None:
    windows.expect_complaint("status of 422")
    page = tab(windows.profile(staff=0, java_script_enabled=scripts).new_page(), demo, "Juniper Lane")
    page.get_by_label("Carrier").fill("DPD")

    # Quantities
    for quantity in ("1.5", "-1", "1000000000", "51", "ten", "1e1"):
        page.get_by_label("Wrapping paper").fill(quantity)
        send(page)
        box = page.get_by_label("Wrapping paper")
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(box).to_have_accessible_description(re.compile("Write a whole number from 0 to 50"))
        expect(box).to_have_value(quantity)
        expect(page.get_by_label("Carrier")).to_have_value("DPD")

    # Nothing at all
    for label in ("Wrapping paper", "Jute twine", "Hanging heart lantern"):
        page.get_by_label(label).fill("0")
    send(page)
    expect(page.get_by_role("alert").filter(has_text="Nothing is chosen")).to_be_visible()

    # An address that is none of the web
    page.get_by_label("Wrapping paper").fill("2")
    for address in ("javascript:alert(1)", "data:text/html,x"):
        page.get_by_label("Tracking address").fill(address)
        send(page)
        box = page.get_by_label("Tracking address")
        expect(box).to_have_accessible_description(re.compile("begins with https://"))
        expect(box).to_have_value(address)
        expect(page.get_by_label("Wrapping paper")).to_have_value("2")

    # And no parcel left
    expect(page.get_by_role("heading", name="No parcel yet")).to_be_visible()


@SLOW_WITHOUT
@pytest.mark.feature("OR-3")
def test_a_parcel_is_corrected_cancelled_and_sent_again(demo: Demo, windows: Windows, scripts: bool) -> None:
    windows.expect_complaint("status of 422")
    customer = "Thistle & Thyme" if scripts else "Wren Bookshop"
    page = tab(windows.profile(staff=0, java_script_enabled=scripts).new_page(), demo, customer)
    send(page)
    parcel = page.get_by_role("article", name="Parcel 1")

    # Its tracking is corrected
    parcel.get_by_text("Correct the tracking").click()
    parcel.get_by_label("Tracking number").fill("XY 1")
    parcel.get_by_role("button", name="Save the tracking").click()
    expect(parcel.get_by_text("XY 1")).to_be_visible()

    # It is cancelled, and can be sent again
    parcel.get_by_text("Correct the tracking").click()
    parcel.get_by_role("button", name="Cancel parcel 1").click()
    if scripts:
        page.get_by_role("button", name="Cancel the parcel").click()
    expect(parcel.get_by_text("Cancelled")).to_be_visible()
    send(page)
    second = page.get_by_role("article", name="Parcel 2")
    expect(second).to_be_visible()

    # And arrives
    second.get_by_role("button", name="Parcel 2 has arrived").click()
    expect(second.get_by_text("Arrived")).to_be_visible()


@SLOW_WITHOUT
@pytest.mark.feature("OR-6")
def test_staff_confirm_hold_release_and_cancel_an_order(demo: Demo, windows: Windows, scripts: bool) -> None:
    customer = "Copper Kettle Deli" if scripts else "Foxglove Florist"
    page = tab(windows.profile(staff=0, java_script_enabled=scripts).new_page(), demo, customer)
    header = page.locator("#order-header")
    expect(page.get_by_role("heading", name="Confirm the order first")).to_be_visible()

    for step, shown in (
        ("Confirm order", "Confirmed"),
        ("Put on hold", "On hold"),
        ("Release", "Unfulfilled"),
        ("Back to draft", "Draft"),
        ("Cancel order", "Cancelled"),
    ):
        header.get_by_role("button", name=step).click()
        if scripts and step == "Cancel order":
            page.get_by_role("button", name="Cancel the order").click()
        expect(header.get_by_text(shown, exact=True)).to_be_visible()
    expect(header.get_by_role("button")).to_have_count(0)
