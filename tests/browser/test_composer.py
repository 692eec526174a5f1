"""Writing: nothing typed is lost, nothing is sent twice, and every text arrives as it was typed."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.api import Api
from tests.browser.windows import (
    Windows,
    bubble,
    composer,
    expect_each_once,
    send_button,
    texts,
    unlike_any,
    write,
)
from tests.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.once]

HOSTILE = (
    "<script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title = 'taken'\">&amp;&lt;",
    "{{ 7|add:7 }} {% now 'Y' %} ${7*7} %s",
    "'; DROP TABLE orders; --",
    "👩‍👩‍👧‍👦 🏳️‍🌈 ｆｕｌｌ ﷽",
    "שלום, מתי זה מגיע? (abc) ١٢٣",
    "  two spaces, a\ttab\n\n    and a line below an empty one",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮ " + "w" * 200,
)


@pytest.mark.feature("CN-4")
def test_every_text_arrives_exactly_as_it_was_typed(demo: Demo, windows: Windows, api: Api) -> None:
    # Given both sides
    order = demo.order("Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG")
    customer, staff = windows.customer(order), windows.staff(order)

    # When the customer sends one half of these texts and staff the other
    for number, text in enumerate(HOSTILE):
        writer, reader = (customer, staff) if number % 2 else (staff, customer)
        write(writer, text)
        expect(composer(writer)).to_have_value("")
        expect(reader.locator("#thread article")).to_have_count(number + 1)

    # Then each stands on both sides as it was typed, and none did anything
    for page in (customer, staff):
        expect(page.locator("#thread article")).to_have_count(len(HOSTILE))
        assert texts(page) == list(HOSTILE)
        assert page.title().startswith(("Order ", order["number"]))
        assert page.locator("#thread article img, #thread article script").count() == 0
    assert api.texts(order) == list(HOSTILE)


def test_a_double_click_sends_one_message(demo: Demo, windows: Windows, api: Api) -> None:
    # Given a text in each side's box
    order = demo.order("Papeterie Lucien")
    pages = {windows.customer(order): unlike_any("Twice?"), windows.staff(order): unlike_any("Only once.")}
    for page, text in pages.items():
        composer(page).fill(text)

        # When its writer clicks twice
        send_button(page).dblclick()
        expect(composer(page)).to_have_value("")
        expect(bubble(page, text)).to_have_count(1)

    # Then it was sent once
    for page in pages:
        expect_each_once(page, *pages.values())
    assert [text for text in api.texts(order) if text in pages.values()] == list(pages.values())


def test_sending_again_after_the_answer_was_lost_sends_nothing_twice(demo: Demo, windows: Windows, api: Api) -> None:
    windows.expect_complaint(r"net::ERR_|htmx:(sendError|afterRequest)")
    # Given a line that breaks after the server took the message, before it could say so
    order = demo.order("Thistle & Thyme")
    pages = {windows.customer(order): unlike_any("Are you there?"), windows.staff(order): unlike_any("We are.")}

    def lose_the_answer(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort()

    for page, text in pages.items():
        page.route("**/messages", lose_the_answer, times=1)

        # When somebody sends, reads that it was not sent, and sends again
        write(page, text)
        expect(page.locator("#composer").get_by_role("alert").filter(has_text="Not sent")).to_be_visible()
        expect(composer(page)).to_have_value(text)
        send_button(page).click()
        expect(composer(page)).to_have_value("")

    # Then the message is there once
    for page in pages:
        expect_each_once(page, *pages.values())
    assert [text for text in api.texts(order) if text in pages.values()] == list(pages.values())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(" \n ", "Write something first", id="empty"),
        pytest.param("long " * 4_000, "20,000 characters", id="20,000 characters", marks=pytest.mark.slow),
    ],
)
def test_a_text_that_cannot_be_taken_stays_in_its_box_with_the_reason_beside_it(
    demo: Demo, windows: Windows, api: Api, text: str, reason: str
) -> None:
    windows.expect_complaint("status of 422")
    order = demo.order("Kettle & Co")
    before = api.texts(order)
    for page in (windows.customer(order), windows.staff(order)):
        # When somebody sends a text that can't be taken
        composer(page).fill(text)
        with page.expect_response("**/messages") as answer:
            send_button(page).click()

        # Then it is refused, the reason belongs to the box, and the text is still there
        assert answer.value.status == 422
        box = composer(page)
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(box).to_have_accessible_description(re.compile(reason))
        expect(page.locator("#composer").get_by_text(reason)).to_be_visible()
        expect(box).to_have_value(text)

    # And nothing was sent
    assert api.texts(order) == before


@pytest.mark.feature("CN-1")
def test_what_arrives_does_not_disturb_who_is_writing(demo: Demo, windows: Windows, api: Api) -> None:
    # Given somebody on each side in the middle of a sentence
    order = demo.order("The Corner Larder")
    pages = [windows.customer(order), windows.staff(order)]
    for page in pages:
        composer(page).press_sequentially("Half a thought")
        composer(page).evaluate("box => box.setSelectionRange(4, 6)")

    # When a message arrives
    arriving = unlike_any("The large tins are here!")
    api.send(order, arriving)

    # Then their text, their place in it and their focus are as they were
    for page in pages:
        expect(bubble(page, arriving)).to_have_count(1)
        expect(composer(page)).to_be_focused()
        expect(composer(page)).to_have_value("Half a thought")
        assert composer(page).evaluate("box => [box.selectionStart, box.selectionEnd]") == [4, 6]
