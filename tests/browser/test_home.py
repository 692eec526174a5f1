"""The home page as somebody has it open: it follows what happens, by itself, and what waits is done on it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import Api
from tests.browser.windows import Windows, is_same_document, mark_document, unlike_any, watching, write
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]


def home(windows: Windows, demo: Demo) -> Page:
    """The home page of an admin, watching."""
    page = windows.profile(staff=0).new_page()
    page.goto(f"{demo.base}/admin/")
    return watching(page)


def test_a_customers_question_stands_on_the_home_page_until_it_is_answered(demo: Demo, windows: Windows) -> None:
    order, question = demo.order("Maple & Rye"), unlike_any("Which day?")
    page, customer = home(windows, demo), windows.customer(order)
    mark_document(page)

    write(customer, question)
    windows.staff(order)  # that somebody reads it is no answer
    page.goto(f"{demo.base}/admin/attention/waiting")  # it has waited least, and so is last of all
    watching(page)
    mark_document(page)
    expect(page.get_by_text(question)).to_be_visible()

    write(windows.staff(order), "On Monday.")
    expect(page.get_by_text(question)).to_have_count(0)
    assert is_same_document(page)


def test_a_draft_is_confirmed_in_place_by_the_keyboard_and_every_open_page_knows(
    demo: Demo, windows: Windows, api: Api
) -> None:
    page, colleague = home(windows, demo), home(windows, demo)
    mark_document(page)
    draft = api.place_like(demo.order("Maple & Rye"), unlike_any("Colander"))
    button = page.get_by_role("button", name=f"Confirm {draft['number']}")
    expect(button).to_be_visible()
    expect(colleague.get_by_role("link", name=draft["number"])).to_be_visible()

    button.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name=draft["number"])).to_have_count(0)
    expect(colleague.get_by_role("link", name=draft["number"])).to_have_count(0)
    assert is_same_document(page)


def test_the_numbers_stay_open_while_the_plots_follow_what_happens(demo: Demo, windows: Windows, api: Api) -> None:
    page = home(windows, demo)
    page.get_by_text("The numbers by day").click()
    today = page.locator("#numbers tbody tr").first.get_by_role("cell").first
    before = int(today.inner_text())

    api.place_like(demo.order("Maple & Rye"), unlike_any("Colander"))

    expect(today).to_have_text(str(before + 1))
    expect(today).to_be_visible()


def test_without_javascript_a_failed_mail_is_sent_again(demo: Demo, windows: Windows) -> None:
    page = windows.profile(staff=0, java_script_enabled=False).new_page()
    page.goto(f"{demo.base}/admin/")
    mails = page.get_by_role("region", name="Mails that failed")
    expect(mails.get_by_text("The mail server refuses the address: 550 No such domain")).to_be_visible()

    mails.get_by_role("button", name="Send again").click()

    expect(page).to_have_url(f"{demo.base}/admin/")
    expect(page.get_by_text("No mail to a customer was given up.")).to_be_visible()
