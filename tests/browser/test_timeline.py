"""Timelines in the browser: live, and going on as one reads, with and without JavaScript (IN-11)."""

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, is_same_document, mark_document, unlike_any, watching, write
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.feature("IN-11")]

_LOG = """mutation ($input: LogInteractionInput!) {
  logInteraction(input: $input) { __typename ... on LogInteractionSuccess { interaction { id } } }
}"""
_ACKNOWLEDGE = """mutation ($input: AcknowledgeInteractionInput!) {
  acknowledgeInteraction(input: $input) { __typename }
}"""
_BUYER = "query ($number: String!) { orderByNumber(number: $number) { customer { id } } }"


def entries(page: Page) -> Locator:
    """What the page tells, from top to bottom."""
    return page.locator("li.happened")


def telling(page: Page, text: str) -> Locator:
    """The entry with this text."""
    return entries(page).filter(has_text=text)


def buyer(api: Api, order: dict[str, str]) -> str:
    """The global id of who ordered."""
    return str(api._ask(_BUYER, number=order["number"])["orderByNumber"]["customer"]["id"])


def logged(api: Api, customer: str, order: dict[str, str], text: str) -> str:
    """The global id of a new entry of the log about an order, which somebody has to acknowledge."""
    given = {"customerId": customer, "orderId": order["id"], "type": "COMPLAINT", "text": text}
    answer = api._ask(_LOG, input={"clientMutationKey": str(uuid4()), "needsAcknowledgement": True, **given})
    return str(answer["logInteraction"]["interaction"]["id"])


def test_what_happens_stands_on_top_of_both_stories_without_a_reload(demo: Demo, windows: Windows, api: Api) -> None:
    # Given two of the staff, who look at the story of a customer and at that of their order
    order = demo.order("Juniper Lane")
    customer = buyer(api, order)
    of_customer, of_order = (windows.profile(staff=number).new_page() for number in (0, 1))
    of_customer.goto(f"{demo.base}/admin/customers/{customer}/timeline")
    of_order.goto(f"{demo.base}/admin/orders/{order['number']}/timeline")
    for page in (of_customer, of_order):
        watching(page)
        mark_document(page)
    before = entries(of_customer).count()

    # When the customer writes
    question = unlike_any("Are the lanterns blue?")
    write(windows.customer(order), question)

    # Then it stands on top of both
    for page in (of_customer, of_order):
        expect(telling(page, question)).to_have_count(1)
        expect(entries(page).first).to_contain_text(question)

    # When something is logged about the order, and acknowledged
    complaint = unlike_any("One came without its glass.")
    entry = logged(api, customer, order, complaint)
    for page in (of_customer, of_order):
        expect(telling(page, complaint)).to_contain_text("logged a complaint")
        expect(telling(page, complaint)).to_contain_text("Not acknowledged yet")
    api._ask(_ACKNOWLEDGE, input={"clientMutationKey": str(uuid4()), "interactionId": entry})

    # Then both say so, and nothing was loaded again
    expect(telling(of_order, complaint)).to_contain_text("acknowledged by Jo")
    expect(entries(of_customer).first).to_contain_text("acknowledged a complaint that Jo logged")
    assert entries(of_customer).count() == before + 3
    assert all(is_same_document(page) for page in (of_customer, of_order))


def test_earlier_entries_come_as_one_reads_on_and_what_is_new_leaves_them_alone(
    demo: Demo, windows: Windows, api: Api
) -> None:
    order = demo.order("Harbour Café")
    page = windows.profile(staff=0).new_page()
    page.goto(f"{demo.base}/admin/customers/{buyer(api, order)}/timeline")
    watching(page)
    expect(entries(page)).to_have_count(30)

    # Reading on, all comes, each once
    earlier = page.get_by_role("link", name="Earlier", exact=True)
    for count in (60, 90):
        earlier.scroll_into_view_if_needed()
        expect(entries(page)).to_have_count(count)
    told = entries(page).all_inner_texts()
    assert len(set(told)) == len(told)

    # What is new comes on top, and nothing else moves
    text = unlike_any("Done, and packed.")
    api.send(order, text)
    expect(telling(page, text)).to_have_count(1)
    now = entries(page).all_inner_texts()
    assert now[-len(told) :] == told
    days = page.locator("h3.day:not(.visually-hidden)").all_inner_texts()
    assert len(set(days)) == len(days)


def test_a_story_is_narrowed_and_read_on_without_javascript(demo: Demo, windows: Windows, api: Api) -> None:
    customer = buyer(api, demo.order("Harbour Café"))
    page = windows.profile(staff=0, java_script_enabled=False).new_page()
    page.goto(f"{demo.base}/admin/customers/{customer}")
    page.get_by_role("link", name="Timeline", exact=True).click()

    page.get_by_role("link", name="Earlier", exact=True).click()
    expect(page.get_by_text("You are reading what happened earlier.")).to_be_visible()
    expect(entries(page)).to_have_count(30)
    page.get_by_role("link", name="Go to the newest").click()

    chips = page.get_by_role("navigation", name="Show only")
    chips.get_by_role("link", name="Payments").click()
    expect(chips.get_by_role("link", name="Payments")).to_have_attribute("aria-current", "true")
    for line in entries(page).all_inner_texts():
        assert "noted £" in line
    chips.get_by_role("link", name="Payments").click()
    expect(entries(page)).to_have_count(30)
