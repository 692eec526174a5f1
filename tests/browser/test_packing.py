"""The packing view: what was logged is read before a parcel leaves, also what a colleague logs meanwhile (IN-8)."""

import re
from base64 import b32decode

import pytest
from django_otp.oath import totp
from playwright.sync_api import Locator, Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, is_same_document, mark_document, unlike_any, watching
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.feature("IN-8")]

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
CUSTOMER = "The Corner Larder"
ADDRESS = {"name": "Dev Patel", "street": "55 Station Parade", "city": "Leicester", "country": "GB"}


@pytest.fixture
def order(demo: Demo, api: Api) -> dict[str, str]:
    """A new order of 12 mugs and 12 tins, to be sent to Leicester."""
    placed = api.place_like(demo.order(CUSTOMER), "Enamel mug", "Tea tin", quantity=12, address=ADDRESS)
    api.move(placed, "CONFIRMED")
    return placed


def bench(page: Page, demo: Demo, order: dict[str, str]) -> Page:
    page.goto(f"{demo.base}/admin/orders/{order['number']}/pack")
    return page


def packer(windows: Windows, demo: Demo) -> Page:
    """A page of Pia, whose role sends parcels and reads neither customers nor what is logged about them."""
    login = demo.world["staff"][2]
    page = windows.profile().new_page()
    page.goto(demo.world["admin"])
    page.get_by_label("E-mail").fill(login["email"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill(f"{totp(b32decode(login['totp_secret'])):06}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    return page


def notice(page: Page, text: str) -> Locator:
    return page.locator("#notices article").filter(has=page.get_by_text(text, exact=True))


def read_all(page: Page) -> None:
    for box in page.locator("#notices").get_by_role("checkbox").all():
        box.check()


def send(page: Page) -> None:
    with page.expect_response("**/fulfilments/send"):
        page.locator("#send-parcel").click()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


@SCRIPTS
def test_a_parcel_leaves_once_every_entry_was_read(
    demo: Demo, windows: Windows, api: Api, order: dict[str, str], scripts: bool
) -> None:
    windows.expect_complaint("status of 422")
    hold = api.log_about(order, unlike_any("Hold until July 12."))
    page = bench(windows.profile(staff=0, java_script_enabled=scripts).new_page(), demo, order)
    expect(page.locator("#send-parcel")).to_have_accessible_name(re.compile("^Read (1 entry|[0-9]+ entries) first$"))
    first = page.locator(".pick input").first
    first.fill("1")
    for other in page.locator(".pick input").all()[1:]:
        other.fill("")
    page.locator("#carrier").fill("DPD")

    # Pressed all the same, it sends nothing, and says what is missing
    send(page)
    expect(page.get_by_role("alert").filter(has_text="Nothing was sent: ")).to_be_visible()
    expect(first).to_have_value("1")
    expect(page.locator("#carrier")).to_have_value("DPD")

    # Ticked, the button says that it sends
    read_all(page)
    expect(page.locator("#send-parcel")).to_have_accessible_name(re.compile("^Send parcel [0-9]+$"))
    number = (page.locator("#send-parcel").inner_text()).split()[-1]
    expect(notice(page, hold)).to_be_visible()
    send(page)

    expect(page.get_by_role("article", name=f"Parcel {number}")).to_contain_text("1 ×")
    expect(page.get_by_role("article", name=f"Parcel {number}")).to_contain_text("DPD")


def test_what_a_colleague_logs_meanwhile_closes_the_way_and_takes_nothing_that_was_typed(
    demo: Demo, windows: Windows, api: Api, order: dict[str, str]
) -> None:
    # Given a packer who has read everything and typed half of the form
    api.log_about(order, unlike_any("Two boxes, please."))
    page = watching(bench(windows.profile(staff=0).new_page(), demo, order))
    read_all(page)
    expect(page.locator("#send-parcel")).to_have_accessible_name(re.compile("^Send parcel"))
    page.locator("#carrier").fill("Our own van")
    page.locator("#tracking_number").focus()
    page.keyboard.type("Ring tw")
    mark_document(page)

    # When a colleague logs something
    late = api.log_about(order, unlike_any("They cancel the mugs!"), points=False, waits=True)

    # Then it stands there, unread, and the rest is as it was
    expect(notice(page, late)).to_be_visible()
    expect(page.locator("#send-parcel")).to_have_accessible_name("Read 1 entry first")
    boxes = page.locator("#notices").get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [False, *[True] * (boxes.count() - 1)]
    page.keyboard.type("ice")
    expect(page.locator("#tracking_number")).to_have_value("Ring twice")
    expect(page.locator("#carrier")).to_have_value("Our own van")
    assert is_same_document(page)

    # And who may acknowledges it there, which is to have read it
    notice(page, late).get_by_role("button", name="Acknowledge").click()
    expect(notice(page, late)).to_have_count(0)
    expect(page.locator("#send-parcel")).to_have_accessible_name(re.compile("^Send parcel"))
    expect(page.locator("#tracking_number")).to_have_value("Ring twice")


def test_return_in_a_field_sends_and_never_acknowledges(
    demo: Demo, windows: Windows, api: Api, order: dict[str, str]
) -> None:
    windows.expect_complaint("status of 422")
    wait = api.log_about(order, unlike_any("Call first."), waits=True)
    page = bench(windows.profile(staff=0).new_page(), demo, order)

    with page.expect_response("**/fulfilments/send"):
        page.locator("#carrier").press("Enter")

    expect(page.get_by_role("alert").filter(has_text="Nothing was sent: ")).to_be_visible()
    expect(notice(page, wait)).to_contain_text("Not acknowledged")


def test_the_paper_shows_the_parcel_and_nothing_of_the_shops_own(
    demo: Demo, windows: Windows, api: Api, order: dict[str, str]
) -> None:
    secret = api.log_about(order, unlike_any("Pays late."))
    page = bench(windows.profile(staff=0).new_page(), demo, order)
    boxes = page.locator(".pick input").all()
    boxes[0].fill("2")
    boxes[1].fill("")
    names = page.locator(".pick label > bdi").all_inner_texts()

    page.emulate_media(media="print")

    shown = page.locator("body").inner_text()
    for said in ("Fennel & Twine", f"Order {order['number']}", "55 Station Parade", "Parcel ", names[0]):
        assert said in shown
    for hidden in (secret, names[1], "£", "Carrier", "Print slip", "Send parcel", "Acknowledge", "Confirmed"):
        assert hidden not in shown, hidden
    expect(boxes[0]).to_be_visible()  # prints what was typed
    assert page.locator(".parcel").evaluate_all("all => all.filter((one) => one.checkVisibility()).length") == 0


def test_the_paper_of_a_parcel_that_left_shows_that_parcel_alone(demo: Demo, windows: Windows) -> None:
    order = demo.order("Brightwater Garden Centre")
    page = bench(windows.profile(staff=0).new_page(), demo, order)
    page.evaluate("window.print = () => { window.printed = location.hash; }")

    page.get_by_role("link", name="Print slip 1").click()

    page.wait_for_function("window.printed === '#parcel-1'")
    page.emulate_media(media="print")
    expect(page.locator("#parcel-1")).to_be_visible()
    expect(page.locator("#parcel-2")).to_be_hidden()
    expect(page.locator("#send-form")).to_be_hidden()
    assert "£" not in page.locator("body").inner_text()


def test_a_packer_who_sees_neither_customers_nor_the_log_is_told_live(
    demo: Demo, windows: Windows, api: Api, order: dict[str, str]
) -> None:
    page = watching(bench(packer(windows, demo), demo, order))
    expect(page.get_by_text("Your role does not see addresses.")).to_be_visible()

    news = api.log_about(order, unlike_any("No plastic."), points=False, waits=True)

    expect(notice(page, news)).to_be_visible()
