"""Changing one's own order in the portal: what may be changed, until when, and that nothing typed is lost (OR-7)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.access import clock
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, change_status, revise_order, rotate_order_key
from counterfoil.orders.editing import edit_order
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.orders.payments import record_payment
from counterfoil.workspaces.actions import set_order_editing
from tests.admin_ui.pages import Html
from tests.factories import ADDRESSES, LINES, Shop
from tests.portal_ui.entering import browser, hidden, signed_in
from tests.portal_ui.test_order_of_account import by_link, follow

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-7")]

PAGE, CHANGE, STATE, CANCEL = "/order/INV-7", "/order/INV-7/change", "/order/INV-7/change/state", "/order/INV-7/cancel"
HTMX = {"HX-Request": "true"}


def allow(shop: Shop, *changes: str) -> None:
    every = ("address", "note", "quantities", "cancel")
    set_order_editing(viewer=shop.staff, **{change: change in changes for change in every}, minutes=24 * 60)


@pytest.fixture
def order(shop: Shop) -> Order:
    allow(shop, "address", "note", "quantities", "cancel")
    return shop.order(number="INV-7", addresses=ADDRESSES)


def form(page: HttpResponse) -> dict[str, str | list[str]]:
    """What the form would send as it stands."""
    found: dict[str, str | list[str]] = {}
    shown = Html(page)
    for tag, attributes in shown.tags:
        if tag == "input" and attributes.get("name") not in (None, "have"):
            found.setdefault(attributes["name"], attributes.get("value", ""))
    found["part"] = shown.values("part")
    text = page.content.decode()
    if 'id="note"' in text:
        found["note"] = text.partition('<textarea id="note"')[2].partition(">\n")[2].partition("</textarea>")[0]
    for use in ("delivery", "billing"):
        if f'id="{use}_country"' in text:
            found[f"{use}_country"] = "GB"
    return found


def first_line(order: Order) -> str:
    return f"line_{order.lines.order_by('ordinal').values_list('pk', flat=True)[0]}"


def kinds() -> list[str]:
    known = ("order.revised", "order.note_changed", "order.addressed", "order.status_changed")
    return list(Event.objects.filter(kind__in=known).order_by("pk").values_list("kind", flat=True))


def test_the_orders_page_says_until_when_it_may_be_changed_and_leads_there(shop: Shop, order: Order) -> None:
    there = follow(order)
    page = there.get(PAGE).content.decode()
    assert f'href="{CHANGE}"' in page
    assert "tomorrow</span>" in page

    allow(shop, "cancel")
    page = there.get(PAGE).content.decode()
    assert (f'href="{CHANGE}"' in page, f'href="{CANCEL}"' in page) == (False, True)

    allow(shop)
    page = there.get(PAGE).content.decode()
    assert (f'href="{CHANGE}"' in page, f'href="{CANCEL}"' in page) == (False, False)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 6, 17, 9, tzinfo=UTC), "until 10:20 tomorrow"),
        (datetime(2026, 6, 18, 9, tzinfo=UTC), "until 10:20 today"),
    ],
)
def test_until_when_is_told_on_the_shops_clock(shop: Shop, now: datetime, words: str) -> None:
    allow(shop, "note")
    with clock.at(datetime(2026, 6, 17, 9, 20, tzinfo=UTC)):
        order = shop.order(number="INV-7")

    with clock.at(now), pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: now)
        page = follow(order).get(PAGE).content.decode()

    assert words in page


@pytest.mark.parametrize("changes", [("quantities",), ("note",), ("address",), ("cancel",), ("note", "cancel"), ()])
@pytest.mark.parametrize("who", ["guest", "contact"])
def test_the_form_has_what_is_allowed_and_nothing_else(
    shop: Shop, order: Order, who: str, changes: tuple[str, ...]
) -> None:
    allow(shop, *changes)
    there = follow(order) if who == "guest" else signed_in(order.contact)

    page = there.get(CHANGE)

    text = page.content.decode()
    mine = [part for part in ("quantities", "note", "address") if part in changes]
    if who == "guest" and "address" in mine:
        mine.remove("address")
    assert page.status_code == 200
    assert Html(page).values("part") == mine
    assert ("quantity_" in text, 'name="note"' in text, 'name="delivery_street"' in text) == (
        "quantities" in mine,
        "note" in mine,
        "address" in mine,
    )
    assert (f'href="{CANCEL}"' in text) == ("cancel" in changes)
    assert ("4 Pier Road" in text) == ("address" in mine)
    assert ("any more</h1>" in text) == (not mine and "cancel" not in changes)


def test_a_guest_changes_quantities_and_the_note_and_is_told_so(order: Order) -> None:
    there = follow(order)
    typed = {**form(there.get(CHANGE)), f"quantity_{first_line(order)}": " 6 ", "note": "Ring twice.\r\n<b>Please</b>"}

    answer = there.post(CHANGE, typed)

    assert (answer.status_code, answer["Location"]) == (303, f"{PAGE}?done=changed")
    page = there.get(answer["Location"]).content.decode()
    assert "Saved. " in page
    assert "£214.20" in page
    assert "Ring twice.\n&lt;b&gt;Please&lt;/b&gt;" in page
    assert kinds() == ["order.note_changed", "order.revised"]


def test_a_contact_writes_where_it_goes(order: Order) -> None:
    there = signed_in(order.contact)
    typed = {**form(there.get(CHANGE)), "delivery_street": "5 Pier Road", "delivery_country": "PT"}

    answer = there.post(CHANGE, typed)

    assert answer["Location"] == f"{PAGE}?done=changed"
    assert list(order.addresses.order_by("use").values_list("street", "country")) == [
        ("PO Box 9", "GB"),
        ("5 Pier Road", "PT"),
    ]
    assert kinds() == ["order.addressed"]


def test_what_is_saved_as_it_stands_changes_nothing(order: Order) -> None:
    for there in (follow(order), signed_in(order.contact)):
        answer = there.post(CHANGE, form(there.get(CHANGE)))
        assert (answer.status_code, answer["Location"]) == (303, PAGE)

    assert kinds() == []


def test_what_was_left_alone_stays_as_somebody_else_made_it_meanwhile(shop: Shop, order: Order) -> None:
    there = signed_in(order.contact)
    tins, cutters = order.lines.order_by("ordinal")
    typed = {**form(there.get(CHANGE)), f"quantity_line_{cutters.pk}": "2"}
    edit_order(viewer=shop.guest(order), order=order, note="Ring.", quantities={tins.pk: 9})

    there.post(CHANGE, typed)

    order.refresh_from_db()
    assert (order.note, list(order.lines.order_by("ordinal").values_list("quantity", flat=True))) == ("Ring.", [9, 2])


@pytest.mark.parametrize("text", ["four", "-1", "1.5", "2147483648", "²", ""])
def test_a_quantity_that_is_none_is_marked_and_what_was_typed_stays(order: Order, text: str) -> None:
    there, line = follow(order), first_line(order)

    answer = there.post(CHANGE, {**form(there.get(CHANGE)), f"quantity_{line}": text, "note": "Ring."})

    page = Html(answer)
    assert answer.status_code == 422
    assert page.value_of(line) == text
    assert page.told_at(line) == "Write a whole number; 0 takes it out of the order."
    assert page.focused() == [line]
    assert "Ring." in page.text
    assert kinds() == []


def test_to_take_out_everything_is_to_cancel(order: Order) -> None:
    there = follow(order)
    none = {f"quantity_line_{pk}": "0" for pk in order.lines.values_list("pk", flat=True)}

    answer = there.post(CHANGE, {**form(there.get(CHANGE)), **none})

    assert answer.status_code == 422
    assert "At least one line stays in an order" in answer.content.decode()
    assert order.lines.count() == 2


def test_what_the_shop_does_not_take_stands_beside_its_control(order: Order) -> None:
    there = signed_in(order.contact)
    typed = form(there.get(CHANGE))

    note = there.post(CHANGE, {**typed, "note": "x" * 2001})
    city = there.post(CHANGE, {**typed, "delivery_city": ""})
    country = there.post(CHANGE, {**typed, "billing_country": ""})

    assert [answer.status_code for answer in (note, city, country)] == [422] * 3
    assert "The note has 2,001 characters" in note.content.decode().partition('id="note-error"')[2]
    assert Html(city).told_at("delivery_city") == "Write something here."
    assert "Choose a country." in country.content.decode().partition('id="billing_country-error"')[2][:400]
    assert kinds() == []


def test_when_staff_confirm_meanwhile_the_form_says_so_keeps_what_was_typed_and_saves_the_rest(
    shop: Shop, order: Order
) -> None:
    there, line = follow(order), first_line(order)
    typed = {**form(there.get(CHANGE)), f"quantity_{line}": "6", "note": "Ring."}
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    answer = there.post(CHANGE, typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The shop has confirmed the order, so quantities can’t be changed any more." in page
    assert "Tea tin, retro spot: 6 instead of 4" in page
    assert "Ring." in page
    assert "quantity_" not in page
    assert kinds() == ["order.status_changed"]

    assert there.post(CHANGE, form(answer))["Location"] == f"{PAGE}?done=changed"
    order.refresh_from_db()
    assert (order.note, order.status) == ("Ring.", "confirmed")


def test_once_nothing_is_open_all_that_was_typed_is_shown_to_be_copied(shop: Shop, order: Order) -> None:
    there = signed_in(order.contact)
    typed = {**form(there.get(CHANGE)), "note": "Ring.", "delivery_street": "5 Pier Road"}
    set_order_editing(viewer=shop.staff, address=False, note=False, quantities=False, cancel=False)

    answer = there.post(CHANGE, typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<form class" not in page.partition("<main")[2]
    assert "This can’t be saved any more" in page
    assert "Ring.</textarea>" in page
    assert "5 Pier Road" in page
    assert kinds() == []


def test_lines_that_the_shop_replaced_meanwhile_are_told_by_their_names(shop: Shop, order: Order) -> None:
    there = follow(order)
    typed = {**form(there.get(CHANGE)), f"quantity_{first_line(order)}": "6"}
    revise_order(viewer=shop.staff, order=order, lines=[*LINES, NewLine("Twine", 1, LINES[0].unit_price)])

    answer = there.post(CHANGE, typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The shop has changed these lines." in page
    assert "Tea tin, retro spot: 6 instead of 4" in page
    assert "Twine" in page


def test_a_window_that_is_over_is_told_with_its_end(shop: Shop, order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(placed_at=clock.now() - timedelta(days=3))

    page = follow(order).get(CHANGE).content.decode()

    assert "This order can’t be changed here any more" in page
    assert "The time to change this order ended on " in page
    assert f'href="{PAGE}#conversation"' in page


def test_sending_a_form_twice_does_it_once_and_its_key_stands_for_one_change(order: Order) -> None:
    there, line = follow(order), first_line(order)
    typed = {**form(there.get(CHANGE)), f"quantity_{line}": "6"}

    for _ in range(2):
        assert there.post(CHANGE, typed)["Location"] == f"{PAGE}?done=changed"
    other = there.post(CHANGE, {**typed, f"quantity_{line}": "7"})

    assert other.status_code == 422
    assert "You saved other changes from this page before." in other.content.decode()
    assert kinds() == ["order.revised"]
    assert there.post(CHANGE, form(other)).status_code == 303
    assert order.lines.get(ordinal=1).quantity == 7


# Cancelling.


def test_who_cancels_is_asked_once_more(order: Order) -> None:
    there = follow(order)
    page = there.get(CANCEL)
    assert "for good?" in page.content.decode()
    assert "your money" not in page.content.decode()

    answer = there.post(CANCEL, {"client_mutation_key": hidden(page, "client_mutation_key")})

    assert answer["Location"] == f"{PAGE}?done=cancelled"
    page = there.get(answer["Location"]).content.decode()
    assert "You cancelled this order." in page
    assert "This order was cancelled" in page
    assert there.get(CANCEL)["Location"] == PAGE
    assert kinds() == ["order.status_changed"]


def test_who_has_paid_is_told_to_ask_about_it(shop: Shop, order: Order) -> None:
    record_payment(viewer=shop.staff, order=order, amount=order.total)

    assert "It is paid: ask" in follow(order).get(CANCEL).content.decode()


def test_what_can_not_be_cancelled_any_more_says_why(shop: Shop, order: Order) -> None:
    there = follow(order)
    for status in (OrderStatus.CONFIRMED, OrderStatus.INVOICED):
        change_status(viewer=shop.staff, order=order, status=status)

    asked, sent = there.get(CANCEL), there.post(CANCEL)

    assert (asked.status_code, sent.status_code) == (200, 422)
    assert all("The order is invoiced already" in page.content.decode() for page in (asked, sent))
    order.refresh_from_db()
    assert order.status == "invoiced"


def test_where_cancelling_alone_is_closed_the_question_is_not_asked(shop: Shop, order: Order) -> None:
    allow(shop, "note")

    assert follow(order).get(CANCEL)["Location"] == PAGE


# While it stands open.


def state_of(there: Client, page: HttpResponse, kind: str = "guest") -> HttpResponse:
    shown = Html(page)
    asked = {"as": kind, "have": shown.value_of("change-version"), "part": shown.values("part")}
    return there.get(STATE, {**asked, "content": shown.value("content")}, headers=HTMX)


def test_a_page_that_stands_open_is_told_what_it_can_not_save_any_more(shop: Shop, order: Order) -> None:
    there = follow(order)
    page = there.get(CHANGE)
    assert state_of(there, page).status_code == 204

    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    told = state_of(there, page).content.decode()
    assert "has gone on with this order: quantities can’t be changed any more. The rest can." in told
    assert "What you typed is still here." in told

    change_status(viewer=shop.staff, order=order, status=OrderStatus.INVOICED)
    assert "The order is invoiced already" in state_of(there, page).content.decode()


def test_a_page_that_stands_open_is_told_that_the_order_was_changed(shop: Shop, order: Order) -> None:
    there = follow(order)
    page = there.get(CHANGE)
    edit_order(viewer=shop.guest(order), order=order, note="Ring.")

    assert "This order was changed meanwhile." in state_of(there, page).content.decode()


def test_a_page_whose_link_has_ended_asks_again_as_a_whole(shop: Shop, order: Order) -> None:
    there = follow(order)
    page = there.get(CHANGE)
    rotate_order_key(viewer=shop.staff, order=order)

    assert state_of(there, page)["HX-Refresh"] == "true"
    assert there.get(CHANGE).status_code == 404
    kept = there.post(CHANGE, {"note": "Ring twice."})
    assert (kept.status_code, "Ring twice." in kept.content.decode()) == (404, True)
    assert there.post(CANCEL).status_code == 404


# Who may not.


@pytest.mark.feature("AC-1")
def test_a_customers_link_changes_nothing_and_shows_no_note(shop: Shop, order: Order) -> None:
    edit_order(viewer=shop.guest(order), order=order, note="Ring twice.")
    there = by_link(order)

    page = there.get(PAGE).content.decode()
    assert ("Change this order" in page, "Ring twice." in page, "INV-7" in page) == (False, False, True)
    for path in (CHANGE, CANCEL):
        assert there.get(path)["Location"] == PAGE
        assert there.post(path, {"note": "Mine", "part": "note", "note_was": "x"})["Location"] == PAGE
    order.refresh_from_db()
    assert (order.note, order.status) == ("Ring twice.", "draft")


def test_nobody_finds_the_order_of_somebody_else(shop: Shop, other_shop: Shop, order: Order) -> None:
    theirs = other_shop.order(number="INV-8")
    for there in (browser(), follow(shop.order()), signed_in(shop.order().contact), signed_in(theirs.contact)):
        assert [there.get(path).status_code for path in (CHANGE, CANCEL)] == [404, 404]
        assert [there.post(path, {"note": "x"}).status_code for path in (CHANGE, CANCEL)] == [404, 404]
    assert kinds() == []


def test_an_order_of_many_lines_is_changed_a_page_at_a_time(shop: Shop) -> None:
    allow(shop, "quantities")
    lines = tuple(NewLine(f"Tin {number}", 1, LINES[0].unit_price) for number in range(130))
    order = shop.order(number="INV-7", lines=lines)
    there = follow(order)
    address = next(
        attributes["href"]
        for tag, attributes in Html(there.get(CHANGE)).tags
        if "?lines=" in attributes.get("href", "")
    )

    page = there.get(address)
    last = order.lines.get(ordinal=130)
    answer = there.post(address, {**form(page), f"quantity_line_{last.pk}": "5"})

    assert page.content.decode().count('name="quantity_') == 30
    assert answer["Location"] == f"{PAGE}?done=changed"
    last.refresh_from_db()
    assert last.quantity == 5
    assert there.get(f"{CHANGE}?lines=nonsense")["Location"] == CHANGE
