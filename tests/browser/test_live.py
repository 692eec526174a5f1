"""A message stands on the other side by itself, whatever happens to the line (CN-1, CN-3, CN-8)."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import Api
from tests.browser.buffering_proxy import buffering_proxy
from tests.browser.conftest import Restart
from tests.browser.windows import (
    Windows,
    bubble,
    composer,
    expect_each_once,
    is_same_document,
    mark_document,
    send_button,
    texts,
    unlike_any,
    watching,
    write,
)
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.slow_on_postgresql]

LINE_IS_DOWN = r"net::ERR_|htmx:(sendError|afterRequest)|Failed to load resource"
HIDE = """() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
SHOW = """() => {
    delete document.hidden;
    delete document.visibilityState;
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.feature("CN-1")
@pytest.mark.feature("CN-8")
def test_what_one_side_writes_stands_on_the_other_side_without_a_reload(demo: Demo, windows: Windows) -> None:
    # Given a customer without an account, and a staff member, both looking at one order
    order = demo.order("Nordlys Interiør")
    customer, staff = windows.customer(order), windows.staff(order)
    for page in (customer, staff):
        mark_document(page)
    question, answer = unlike_any("Where is my parcel?"), unlike_any("On its way, Ingrid.")

    # When the customer asks
    write(customer, question)

    # Then staff read it; and when they answer, the customer reads that
    expect(bubble(staff, question)).to_have_count(1)
    write(staff, answer)
    for page in (customer, staff):
        expect_each_once(page, question, answer)
        expect(composer(page)).to_have_value("")
        assert is_same_document(page)


@pytest.mark.once
@pytest.mark.feature("CN-3")
def test_a_message_is_sent_then_delivered_and_read_once_the_customers_page_shows_it(
    demo: Demo, windows: Windows
) -> None:
    # Given a staff member alone
    order = demo.order("東京ギフト商会")
    staff = windows.staff(order)
    text = unlike_any("The indigo cloth is back.")

    # When they write, and the mail about it has gone out
    write(staff, text)
    sent = bubble(staff, text)
    expect(sent).to_contain_text("Mail sent")

    # Then it is sent, and nothing more: nobody has seen it
    expect(sent).to_contain_text("Sent")
    assert not re.search("delivered|read", sent.inner_text(), re.IGNORECASE)

    # When the customer opens the page
    customer = windows.customer(order)
    expect(bubble(customer, text)).to_have_count(1)

    # Then staff see by themselves that it was delivered and read, each with its time
    expect(sent).to_contain_text(re.compile(r"Delivered \d\d:\d\d"))
    expect(sent).to_contain_text(re.compile(r"Read \d\d:\d\d"))


@pytest.mark.once
@pytest.mark.feature("CN-3")
def test_a_customer_sees_when_a_message_of_theirs_was_delivered_but_not_whether_staff_read_it(
    demo: Demo, windows: Windows
) -> None:
    # Given a customer who wrote while no staff member looked
    order = demo.order("Maple & Rye")
    customer = windows.customer(order)
    text = unlike_any("Could you add twelve mugs?")
    write(customer, text)
    mine = bubble(customer, text)
    expect(mine).to_contain_text(re.compile(r"Sent \d\d:\d\d"))
    expect(mine.get_by_text("Delivered")).not_to_be_visible()

    # When staff look
    staff = windows.staff(order)
    expect(bubble(staff, text)).to_contain_text(re.compile(r"Read \d\d:\d\d"))

    # Then the customer sees that it was delivered
    expect(mine.get_by_text("Delivered")).to_be_visible()
    expect(mine).to_contain_text(re.compile(r"Delivered \d\d:\d\d"))
    expect(mine).not_to_contain_text("Read")


@pytest.mark.once
@pytest.mark.feature("CN-8")
def test_regenerating_the_link_ends_the_old_one_and_every_page_that_it_opened(demo: Demo, windows: Windows) -> None:
    windows.expect_complaint("status of 404")
    # Given a customer who looks at an order
    order = demo.order("Wren Bookshop")
    customer, staff = windows.customer(order), windows.staff(order)
    assert customer.url == f"{demo.base}/order/{order['number']}"

    # When staff regenerate its link
    staff.get_by_role("button", name="Regenerate").click()
    staff.get_by_role("dialog").get_by_role("button", name="Regenerate the link").click()
    link = staff.get_by_role("textbox", name="Customer’s link")
    expect(link).not_to_have_value(order["guest_url"])

    # Then the open page says by itself that it has ended
    closed = customer.get_by_role("heading", name="This link doesn’t open an order")
    expect(closed).to_be_visible(timeout=10_000)
    expect(customer.get_by_role("log")).to_have_count(0)

    # And the old link opens nothing, for anybody
    stranger = windows.profile().new_page()
    for page in (customer, stranger):
        response = page.goto(order["guest_url"])
        assert response is not None
        assert response.status == 404
        expect(page.get_by_role("heading", name="This link doesn’t open an order")).to_be_visible()

    # And the new one opens the order, live
    order["guest_url"] = link.input_value()
    customer.goto(order["guest_url"])
    watching(customer)
    text = unlike_any("Here is your new link.")
    write(staff, text)
    expect(bubble(customer, text)).to_have_count(1)


@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_nothing_is_missed_and_nothing_doubled_when_the_server_is_started_again(
    demo: Demo, start_again: Restart, windows: Windows, api: Api
) -> None:
    windows.expect_complaint(LINE_IS_DOWN)
    # Given both sides, watching
    order = demo.order("Saltmarsh Studio")
    customer, staff = windows.customer(order), windows.staff(order)
    before, after, later = [unlike_any(f"Candles, part {part}") for part in (1, 2, 3)]
    api.send(order, before)
    for page in (customer, staff):
        expect(bubble(page, before)).to_have_count(1)
        mark_document(page)

    # When the server is stopped and started again, and at once somebody writes
    demo.stop()
    start_again()
    api.send(order, after)

    # Then each message stands on both sides, once, and both watch again
    for page in (customer, staff):
        expect_each_once(page, before, after)
        watching(page)
    api.send(order, later)
    for page in (customer, staff):
        expect_each_once(page, before, after, later)
        assert is_same_document(page)
    assert [text for text in api.texts(order) if text in (before, after, later)] == [before, after, later]


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_a_text_survives_a_server_that_is_down_and_the_next_try_sends_it_once(
    demo: Demo, start_again: Restart, windows: Windows, api: Api
) -> None:
    windows.expect_complaint(LINE_IS_DOWN)
    # Given a customer and a staff member who have written something, and a server that is down
    order = demo.order("Foxglove Florist")
    customer, staff = windows.customer(order), windows.staff(order)
    written = {customer: unlike_any("Is the twine dyed?"), staff: unlike_any("The twine is not dyed.")}
    demo.stop()

    # When they send it
    for page, text in written.items():
        write(page, text)

    # Then the page says that it was not sent, and the text is still in its box
    for page, text in written.items():
        expect(page.locator("#composer").get_by_role("alert").filter(has_text="Not sent")).to_be_visible()
        expect(composer(page)).to_have_value(text)

    # And once the server is back, the same button sends each exactly once
    start_again()
    for page in written:
        send_button(page).click()
        expect(composer(page)).to_have_value("")
    for page in written:
        expect_each_once(page, *written.values())
    assert sorted(api.texts(order)) == sorted(written.values())


@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_nothing_is_missed_while_a_page_is_offline(demo: Demo, windows: Windows, api: Api) -> None:
    windows.expect_complaint(LINE_IS_DOWN)
    # Given a customer's page that lost its line
    order = demo.order("Copper Kettle Deli")
    customer = windows.customer(order)
    mark_document(customer)
    customer.context.set_offline(True)
    watching(customer, "off")

    # When staff write meanwhile, and the line comes back
    meanwhile = [unlike_any(f"Tins, part {part}") for part in (1, 2)]
    api.send(order, *meanwhile)
    customer.context.set_offline(False)

    # Then nothing is missing, nothing is there twice, and the page watches again
    expect_each_once(customer, *meanwhile)
    watching(customer)
    afterwards = unlike_any("Tins, part 3")
    api.send(order, afterwards)
    expect_each_once(customer, *meanwhile, afterwards)
    assert is_same_document(customer)


@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_nothing_is_missed_while_a_page_is_hidden(demo: Demo, windows: Windows, api: Api) -> None:
    # Given a customer's page that was put away for long enough to give up its stream
    order = demo.order("Pemberton Farm Shop")
    customer = windows.profile().new_page()
    customer.clock.install()
    customer.goto(order["guest_url"])
    watching(customer)
    mark_document(customer)
    with customer.expect_event("requestfailed", lambda request: "/live?" in request.url):
        customer.evaluate(HIDE)
        customer.clock.fast_forward("00:10")

    # When staff write, and the customer comes back to the page
    meanwhile = [unlike_any(f"Sacks, part {part}") for part in (1, 2)]
    api.send(order, *meanwhile)
    assert not set(texts(customer)) & set(meanwhile)
    customer.evaluate(SHOW)

    # Then nothing is missing, nothing is there twice, and the page watches again
    expect_each_once(customer, *meanwhile)
    watching(customer)
    afterwards = unlike_any("Sacks, part 3")
    api.send(order, afterwards)
    expect_each_once(customer, *meanwhile, afterwards)
    assert is_same_document(customer)


@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_a_message_stands_within_ten_seconds_where_streams_are_blocked(demo: Demo, windows: Windows) -> None:
    windows.expect_complaint(LINE_IS_DOWN)
    # Given a customer whose network cuts every stream, and staff behind a proxy that keeps every stream back for ever
    order = demo.order("Papeterie Lucien")
    profile = windows.profile()
    profile.route(re.compile(r"/live\?"), lambda route: route.abort())
    customer = profile.new_page()
    customer.goto(order["guest_url"])
    with buffering_proxy(demo.base) as proxy:
        staff = windows.profile(staff=0).new_page()
        staff.goto(demo.notes_address(order).replace(demo.base, proxy))
        for page in (customer, staff):
            watching(page, "polling")
            mark_document(page)
        question, answer = unlike_any("Is it thick paper?"), unlike_any("It has 120 grams.")

        # When one writes, then the other
        write(customer, question)
        expect(bubble(customer, question)).to_have_count(1)
        write(staff, answer)

        # Then each message is there, once, without a reload
        expect(bubble(staff, question)).to_have_count(1, timeout=10_000)
        expect(bubble(customer, answer)).to_have_count(1, timeout=10_000)
        for page in (customer, staff):
            expect_each_once(page, question, answer)
            assert is_same_document(page)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.feature("CN-1")
def test_eight_windows_of_one_browser_all_get_their_message_and_a_ninth_opens(
    demo: Demo, windows: Windows, api: Api
) -> None:
    # Given four orders open in the admin and four in the portal, in one browser
    names = ("Harbour Café", "Thistle & Thyme", "Kettle & Co", "Brightwater Garden Centre")
    theirs = ("Bluebell Tearooms", "The Corner Larder", "Maple & Rye", "The Little Lighthouse Gift Shop")
    profile = windows.profile(staff=0)
    open_pages: list[tuple[dict[str, str], Page]] = []
    for name in names:
        order = demo.order(name)
        open_pages.append((order, windows.staff(order, profile)))
    for name in theirs:
        order = demo.order(name)
        open_pages.append((order, windows.customer(order, profile)))

    # When somebody writes on each
    sent = [(page, order, unlike_any("Good morning")) for order, page in open_pages]
    for _, order, text in sent:
        api.send(order, text)

    # Then each window shows its own
    for page, _, text in sent:
        expect(bubble(page, text)).to_have_count(1)

    # And a ninth window still opens and watches
    windows.staff(demo.order("Harbour Café"), profile)


@pytest.mark.slow
@pytest.mark.feature("CN-1")
def test_two_staff_who_answer_at_the_same_moment_both_get_through(demo: Demo, windows: Windows, api: Api) -> None:
    # Given two staff members who wrote an answer to the same customer
    order = demo.order("Harbour Café Pier 2")
    customer = windows.customer(order)
    staff = [windows.staff(order, staff=who) for who in (0, 1)]
    answers = [unlike_any("Yes, on Friday."), unlike_any("No, on Monday.")]
    for page, answer in zip(staff, answers, strict=True):
        composer(page).fill(answer)

    # When both send at the same moment
    moment = staff[0].evaluate("Date.now() + 400")
    for page in staff:
        page.evaluate(
            "moment => void setTimeout(() => document.querySelector('#composer button').click(), moment - Date.now())",
            moment,
        )

    # Then both messages stand on each of the three pages, once and in one order
    expect(bubble(customer, answers[0])).to_have_count(1)
    expect(bubble(customer, answers[1])).to_have_count(1)
    order_of_both = [text for text in api.texts(order) if text in answers]
    assert sorted(order_of_both) == sorted(answers)
    for page in (customer, *staff):
        expect_each_once(page, *order_of_both)
