"""With JavaScript off, every form still does its work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, bubble, composer, unlike_any, write
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

MORE_ORDERS = """
from decimal import Decimal
from counterfoil.access.models import StaffMember
from counterfoil.access.viewer import Role, Viewer, ViewerKind
from counterfoil.customers.actions import create_customer
from counterfoil.orders.actions import NewLine, place_order
from counterfoil.workspaces.models import Store
store, mara = Store.objects.get(), StaffMember.objects.get(name="Mara")
viewer = Viewer(
    kind=ViewerKind.STAFF, workspace_id=store.workspace_id, name="Mara", staff_id=mara.pk, role=Role.ADMIN
)
for number in range(40):
    name = f"Market stall {number}"
    contact = create_customer(viewer=viewer, name=name, contact_name="Sam", email="sam@stall.example")
    lines = (NewLine("Twine", 1, Decimal("1.95")),)
    place_order(viewer=viewer, store=store, contact=contact, currency="GBP", lines=lines)
"""


@pytest.fixture(scope="module")
def many_orders(demo: Demo, demo_folder: Path) -> None:
    """More orders than one page of the list shows."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")},
        "DJANGO_SETTINGS_MODULE": "counterfoil.site.settings",
        "COUNTERFOIL_DATA_DIR": str(demo_folder),
        "COUNTERFOIL_DATABASE": f"sqlite:///{demo_folder}/demo.sqlite3",
    }
    command = [sys.executable, "-m", "counterfoil.site.command", "manage", "shell", "-v0", "-c", MORE_ORDERS]
    subprocess.run(command, env=environment, check=True, timeout=60)


@pytest.fixture
def page(windows: Windows) -> Page:
    """A window of a browser that runs no script."""
    return windows.profile(java_script_enabled=False).new_page()


@pytest.mark.feature("CN-8")
def test_a_customer_reads_answers_and_chooses_mails_without_javascript(
    demo: Demo, windows: Windows, page: Page, api: Api
) -> None:
    windows.expect_complaint("status of 422")
    order = demo.order("Harbour Café")
    answer, question = unlike_any("Your tins are packed."), unlike_any("Which post do they take?")
    api.send(order, answer)

    # They read
    page.goto(order["guest_url"])
    assert page.url == f"{demo.base}/order/{order['number']}"
    expect(bubble(page, answer)).to_be_visible()
    expect(page.get_by_role("cell", name="Tea tin, retro spot")).to_be_visible()

    # And answer: once, in the one conversation
    write(page, question)
    expect(bubble(page, question)).to_be_visible()
    expect(composer(page)).to_have_value("")
    page.reload()
    assert api.texts(order)[-2:] == [answer, question]

    # A text that can't be taken is still in its box, the reason beside it
    too_long = "tea " * 5_000
    write(page, too_long)
    expect(composer(page)).to_have_accessible_description(re.compile("20,000 characters"))
    expect(composer(page)).to_have_value(too_long)
    assert api.texts(order)[-1] == question

    # They choose whether they get mails
    page.goto(f"{demo.base}/order/{order['number']}")
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("You get no e-mail when they answer")).to_be_visible()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("You get an e-mail when they answer")).to_be_visible()


@pytest.mark.slow
def test_a_customer_reads_a_long_conversation_page_by_page_without_javascript(demo: Demo, page: Page, api: Api) -> None:
    # Given more messages than a page shows, on an order whose customer wants no mails
    order = demo.order("Juniper Lane")
    sent = [f"Lantern number {number}" for number in range(1, 56)]
    api.send(order, *sent)
    page.goto(order["guest_url"])
    expect(bubble(page, sent[-1])).to_be_visible()
    newest = page.locator("#thread article > p").all_text_contents()

    # When one follows the link to the earlier ones, as far as it goes
    read = newest
    while page.get_by_role("link", name="Show earlier messages").count():
        assert len(read) < len(sent)
        page.get_by_role("link", name="Show earlier messages").click()
        read = page.locator("#thread article > p").all_text_contents() + read

    # Then every message stood on exactly one page, and one link leads back
    assert read == sent
    assert len(newest) < len(sent)
    page.get_by_role("link", name="Go to the newest").click()
    assert page.locator("#thread article > p").all_text_contents() == newest


def test_staff_find_an_order_without_javascript(demo: Demo, page: Page, many_orders: None) -> None:
    # They sign in, and go to the orders
    demo.sign_in(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Orders").click()
    rows = page.locator("tbody").get_by_role("link")
    first_page = rows.all_inner_texts()

    # And page to older orders, and back to the newest
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newest")).to_be_visible()
    second_page = rows.all_inner_texts()
    assert len(second_page) > 0
    assert not set(first_page) & set(second_page)
    page.get_by_role("link", name="Newest").click()
    expect(rows).to_have_text(first_page)

    # They search, narrow by state, and open what they find
    search = page.get_by_role("searchbox", name="Search orders")
    search.fill("lighthouse")
    search.press("Enter")
    expect(rows).to_have_count(1)
    page.get_by_role("navigation", name="State").get_by_role("link", name="Draft").click()
    expect(page.get_by_role("heading", name="No draft order matches “lighthouse”")).to_be_visible()
    page.get_by_role("navigation", name="State").get_by_role("link", name="Invoiced").click()
    rows.click()
    order = demo.order("The Little Lighthouse Gift Shop")
    assert page.url == f"{demo.base}/admin/orders/{order['number']}"
    expect(page.get_by_role("cell", name="Hanging heart lantern")).to_be_visible()


@pytest.mark.feature("CN-2")
def test_staff_answer_note_and_renew_the_link_without_javascript(
    demo: Demo, windows: Windows, page: Page, api: Api
) -> None:
    windows.expect_complaint("status of 404")
    order = demo.order("The Little Lighthouse Gift Shop")
    demo.sign_in(page)
    page.goto(f"{demo.base}/admin/orders/{order['number']}")

    # From tab to tab
    tabs = page.get_by_role("navigation", name=f"Order {order['number']}")
    tabs.get_by_role("link", name="Customer notes").click()
    expect(tabs.get_by_role("link", name="Customer notes")).to_have_attribute("aria-current", "page")
    assert page.url.split("#")[0] == demo.notes_address(order)

    # A message to the customer
    text, note = unlike_any("The bakery has your parcels."), unlike_any("The bakery is closed on Mondays.")
    write(page, text)
    expect(bubble(page, text)).to_be_visible()
    assert api.texts(order)[-1] == text

    # An internal note, which is none
    page.get_by_role("textbox", name="Internal note").fill(note)
    page.get_by_role("button", name="Save internal note").click()
    expect(page.get_by_role("region", name="Internal notes").get_by_text(note)).to_be_visible()
    expect(bubble(page, note)).to_have_count(0)
    assert note not in api.texts(order)

    # The mail preference
    switch = page.get_by_role("switch", name="gets an e-mail for each message")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    expect(page.locator("#audience")).to_contain_text("No e-mail is sent")
    switch.click()
    expect(switch).to_be_checked()

    # A new link, which ends the old one
    page.get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("The old link is closed")).to_be_visible()
    renewed = page.get_by_role("textbox", name="Customer’s link").input_value()
    customer = windows.profile(java_script_enabled=False).new_page()
    refusal, answer = customer.goto(order["guest_url"]), customer.goto(renewed)
    assert refusal is not None
    assert answer is not None
    assert (refusal.status, answer.status) == (404, 200)
    expect(bubble(customer, text)).to_be_visible()
    assert note not in customer.content()
    order["guest_url"] = renewed

    # And out again
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(demo.notes_address(order))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
