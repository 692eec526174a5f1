"""The API's documentation in Chromium: fit for all, quick to search, and a box that runs, with and without scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_customers import expect_fit_for_all
from tests.browser.test_pages import LARGEST_SHIFT, NARROWEST, beyond_the_edge
from tests.browser.windows import Windows, is_same_document, mark_document
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.feature("GQ-11")]

PAGES = (
    *("", "/tasks", "/tasks/send-a-part", "/tasks/follow-messages", "/search?q=order", "/search?q=zebra", "/run"),
    *("/queries", "/mutations", "/subscriptions", "/objects", "/inputs", "/enums", "/unions", "/scalars"),
    *("/interfaces", "/types/Order", "/types/FulfilOrderInput", "/types/OrderStatus", "/types/FulfilOrderResult"),
    *("/types/Node", "/types/Base64", "/types/Mutation"),
)
IN_EVERY_RUN = {"", "/tasks/send-a-part", "/types/Order"}


def docs(page: Page, demo: Demo, path: str = "") -> None:
    page.goto(f"{demo.base}/graphql/docs{path}")


@pytest.mark.parametrize(
    "path", [path if path in IN_EVERY_RUN else pytest.param(path, marks=pytest.mark.slow) for path in PAGES]
)
def test_page_is_accessible_and_fits(demo: Demo, windows: Windows, path: str) -> None:
    page = windows.profile().new_page()
    docs(page, demo, path)

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("window.shifted") < LARGEST_SHIFT
    expect_fit_for_all(page)
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    assert beyond_the_edge(page) == []


def test_the_contents_stand_beside_a_wide_page_and_fold_above_a_narrow_one(demo: Demo, windows: Windows) -> None:
    page = windows.profile().new_page()
    docs(page, demo, "/types/Order")
    contents = page.get_by_role("navigation", name="Documentation")

    expect(contents.get_by_role("link", name="Objects")).to_be_visible()
    expect(contents.get_by_role("link", name="Objects")).to_have_attribute("aria-current", "true")
    page.set_viewport_size({"width": 360, "height": 900})
    expect(contents.get_by_role("link", name="Objects")).to_be_hidden()
    page.get_by_text("Contents", exact=True).click()
    contents.get_by_role("link", name="Mutations").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mutations")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without JavaScript"])
def test_a_search_finds_and_leads_there(demo: Demo, windows: Windows, scripts: bool) -> None:
    page = windows.profile(java_script_enabled=scripts).new_page()
    docs(page, demo)
    page.get_by_role("searchbox").fill("tracking")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")

    page.get_by_role("searchbox").fill("fulfilOrder")
    if not scripts:
        page.get_by_role("button", name="Search").click()
    first = page.locator("#found").get_by_role("link").first
    expect(first).to_have_text("fulfilOrder")
    expect(page).to_have_url(re.compile(r"\?q=fulfilOrder$"))
    first.click()
    expect(page).to_have_url(re.compile("/graphql/docs/mutations#fulfilOrder$"))
    expect(page.locator("#fulfilOrder")).to_be_in_viewport()


@pytest.mark.slow
def test_a_task_runs_step_by_step_with_what_the_steps_before_gave(demo: Demo, windows: Windows) -> None:
    windows.expect_complaint("status of 422")
    page = windows.profile().new_page()
    docs(page, demo, "/tasks/place-an-order")
    mark_document(page)
    token = demo.world["staff"][0]["token"]
    page.get_by_label("Token").fill(token)
    answer = page.get_by_role("region", name="Answer")

    page.get_by_label("Operation").press("Control+Enter")
    expect(answer).to_contain_text("Lantern & Loom")
    page.get_by_role("link", name="Try step 2").click()
    expect(page.get_by_label("Operation")).to_have_value(re.compile("ProductsBySku"))
    expect(page.get_by_label("Operation")).to_be_focused()
    page.get_by_role("button", name="Run").click()
    expect(answer).to_contain_text("TT-22")
    page.get_by_role("link", name="Try step 3").click()
    expect(page.get_by_label("Variables")).to_have_value(re.compile(r'"customerId": "customer_\d+"'))
    expect(page.get_by_label("Variables")).to_have_value(re.compile(r'"productId": "product_\d+"'))
    page.get_by_role("button", name="Run").click()
    expect(answer).to_contain_text('"status": "DRAFT"')
    expect_fit_for_all(page)

    # What has to be mended is marked, and everything stays
    page.get_by_label("Variables").fill("{")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no JSON")
    expect(page.get_by_label("Variables")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Variables")).to_be_focused()
    expect(page.get_by_label("Variables")).to_have_value("{")
    expect(page.get_by_label("Token")).to_have_value(token)
    page.get_by_label("Variables").fill('{"input": null}')
    page.get_by_label("Token").fill("cft_nothing")
    page.get_by_role("button", name="Run").click()
    expect(answer).to_contain_text("The token was refused")
    expect(page.get_by_label("Variables")).not_to_have_attribute("aria-invalid", "true")

    assert is_same_document(page)
    assert token not in page.content()
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie, location.href])")
    assert token not in kept
    assert "Lantern" not in kept


def test_without_javascript_a_step_fills_the_box_and_runs(demo: Demo, windows: Windows) -> None:
    page = windows.profile(java_script_enabled=False).new_page()
    docs(page, demo, "/tasks/list-orders")
    page.get_by_role("link", name="Try it").click()
    page.get_by_label("Token").fill(demo.world["staff"][0]["token"])
    page.get_by_role("button", name="Run").click()

    expect(page).to_have_url(f"{demo.base}/graphql/docs/run")
    expect(page.get_by_role("region", name="Answer")).to_contain_text('"orders"')
    expect(page.get_by_label("Operation")).to_have_value(re.compile("NewestOrders"))
    expect(page.get_by_label("Token")).to_have_value("")
