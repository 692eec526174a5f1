"""The mail that tells a customer of a message, in the demo's mailbox (CN-7)."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.windows import Windows, bubble, unlike_any, write
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.mark.slow
@pytest.mark.feature("CN-7")
def test_a_staff_message_lands_in_the_mailbox_and_its_button_opens_the_order(demo: Demo, windows: Windows) -> None:
    # Given the mailbox, open
    order = demo.order("Oakfield Primary School PTA")
    mailbox = windows.profile().new_page()
    mailbox.goto(demo.world["mailbox"])
    mails = mailbox.get_by_role("region", name="Mails").get_by_role("link")
    newest = mails.filter(has_text=order["number"]).first
    before = mails.count()

    # When staff write to a customer
    staff, text = windows.staff(order), unlike_any("The fair is on the 12th of May, then?")
    write(staff, text)
    expect(bubble(staff, text)).to_contain_text("Mail sent")

    # Then the mail appears by itself, once
    expect(mails).to_have_count(before + 1)
    expect(newest).to_contain_text("To priya@oakfieldpta.example")
    newest.click()

    # And holds the text, as HTML and as plain text
    expect(mailbox.get_by_role("heading", level=1)).to_contain_text(order["number"])
    letter = mailbox.frame_locator("iframe")
    expect(letter.get_by_text(text)).to_be_visible()
    plain = mailbox.get_by_role("region", name="As plain text")
    expect(plain).to_contain_text(text)
    expect(plain.get_by_role("link")).to_have_attribute("href", re.compile(re.escape(order["guest_url"])))

    # And its one button opens the conversation, without the secret in the address
    letter.get_by_role("link").click()
    expect(bubble(mailbox, text)).to_have_count(1)
    assert mailbox.url == f"{demo.base}/order/{order['number']}#conversation"
