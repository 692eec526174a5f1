"""Who reads what: the banner, the two places to write in, and where an internal note never goes (CN-2, CN-6)."""

import re

import pytest
from playwright.sync_api import Response, expect

from tests.browser.windows import Windows, bubble, composer, unlike_any, write
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.mark.feature("CN-2")
def test_the_banner_says_who_reads_and_the_two_places_to_write_in_cannot_be_confused(
    demo: Demo, windows: Windows
) -> None:
    order = demo.order("Harbour Café")
    staff = windows.staff(order)

    # The banner names the customer, and belongs to the composer
    banner = staff.locator("#audience")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Harbour Café reads what you write here, and gets it by e-mail.")
    to_customer = staff.get_by_role("textbox", name="Message to Harbour Café", exact=True)
    expect(to_customer).to_have_accessible_description(re.compile("Harbour Café reads what you write here"))

    # Internal notes have a place, a name and a button of their own
    aside = staff.get_by_role("region", name="Internal notes")
    note = aside.get_by_role("textbox", name="Internal note, for staff only", exact=True)
    expect(note).to_have_accessible_description(re.compile("Never shown to the customer"))
    expect(aside.get_by_role("button", name="Save internal note")).to_have_count(1)
    expect(aside.get_by_role("button", name="Send to customer")).to_have_count(0)
    expect(staff.locator("#composer").get_by_role("button", name="Send to customer")).to_have_count(1)
    surfaces = [
        box.evaluate("box => getComputedStyle(box.closest('form, section')).backgroundColor")
        for box in (banner, aside.get_by_role("heading"))
    ]
    assert surfaces[0] != surfaces[1]


def is_content(answer: Response) -> bool:
    """Whether this is a page or a part of one; a stream has no end that one could wait for."""
    return answer.status == 200 and answer.request.resource_type in {"document", "xhr", "fetch"}


@pytest.mark.feature("CN-2")
def test_an_internal_note_reaches_staff_and_never_the_customers_page(demo: Demo, windows: Windows) -> None:
    # Given a customer's page, of which every answer and every event of its stream is kept
    order = demo.order("Bluebell Tearooms")
    profile = windows.profile()
    customer = profile.new_page()
    events: list[str] = []
    answers: list[Response] = []
    line = profile.new_cdp_session(customer)
    line.send("Network.enable")
    line.on("Network.eventSourceMessageReceived", lambda event: events.append(event["data"]))
    customer.on("response", lambda answer: answers.append(answer) if is_content(answer) else None)
    customer.goto(order["guest_url"])
    first, second = windows.staff(order), windows.staff(order, staff=1)

    # When staff save an internal note and then write to the customer
    secret, open_text = unlike_any("Owner is moving to Porto, keep quiet"), unlike_any("It arrives on the 27th.")
    first.get_by_role("textbox", name="Internal note").fill(secret)
    first.get_by_role("button", name="Save internal note").click()
    for staff in (first, second):
        expect(staff.get_by_role("region", name="Internal notes").get_by_text(secret, exact=True)).to_have_count(1)
        expect(bubble(staff, secret)).to_have_count(0)
    write(first, open_text)
    expect(bubble(customer, open_text)).to_have_count(1)

    # Then the customer's page got the message, and nothing of the note: not even that there is one
    assert any("message.sent" in event for event in events)
    assert not any("note" in event for event in events)
    content = [answer.text() for answer in answers]
    assert any(open_text in text for text in content)
    assert not any(secret in text for text in content)
    assert secret not in customer.content()
    customer.reload()
    expect(bubble(customer, open_text)).to_have_count(1)
    assert secret not in customer.content()


@pytest.mark.feature("CN-6")
def test_turning_the_mails_off_on_one_side_shows_on_the_other(demo: Demo, windows: Windows) -> None:
    # Given both sides of an order whose customer gets mails
    order = demo.order("Brightwater Garden Centre")
    customer, staff = windows.customer(order), windows.staff(order)
    switch = staff.get_by_role("switch", name="Brightwater Garden Centre gets an e-mail for each message")
    expect(switch).to_be_checked()
    expect(staff.locator("#audience")).to_contain_text("gets it by e-mail")

    # When the customer turns them off
    customer.get_by_role("button", name="Turn off").click()

    # Then the staff's page says so, and the message that they send
    expect(customer.get_by_text("You get no e-mail when they answer")).to_be_visible()
    expect(switch).not_to_be_checked()
    expect(staff.locator("#audience")).to_contain_text("No e-mail is sent")
    text = unlike_any("Candles are back in stock.")
    write(staff, text)
    expect(bubble(staff, text)).to_contain_text("No mail")

    # And when staff turn them on again, the customer's page follows
    switch.click()
    expect(switch).to_be_checked()
    expect(customer.get_by_text("You get an e-mail when they answer")).to_be_visible()
    expect(composer(staff)).to_be_visible()
