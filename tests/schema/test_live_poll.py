"""The polls `/live/poll` and `/admin/live/poll`: the same news, asked for by pages that hold no stream (CN-1)."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from counterfoil.access.models import StaffMember
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.customers.access import end_account_sessions, rotate_customer_link
from counterfoil.events import feed
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import change_status, rotate_order_key
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.staff.roles import save_role
from tests.factories import Shop
from tests.portal_ui.entering import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

GUEST, STAFF = "/live/poll", "/admin/live/poll"


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


@pytest.fixture
def browser() -> Client:
    return Client(headers={"Host": "fennel.test"})


def follow_link(browser: Client, order: Order) -> None:
    order.refresh_from_db()
    answer = browser.get(order.guest_url.removeprefix("http://fennel.test"))
    assert answer.status_code == 303


def poll(browser: Client, path: str, after: int | str, *topics: str) -> Mapping[str, Any]:
    answer = browser.get(path, {"topics": topics, "after": str(after)})
    assert answer.status_code == 200, answer.content
    found: Mapping[str, Any] = answer.json()
    return found


def nudge(position: int, order: Order, kind: str) -> dict[str, str]:
    return {"position": str(position), "topic": order.topic, "kind": kind}


@pytest.mark.feature("CN-1")
@pytest.mark.feature("CN-2")
def test_a_guest_is_told_what_happened_since_and_of_no_note(shop: Shop, order: Order, browser: Client) -> None:
    other, begin = shop.order(), last_position()
    follow_link(browser, order)
    nothing = poll(browser, GUEST, begin, order.topic)
    write_internal_note(viewer=shop.staff, order=order, text="For us alone")
    send_message(viewer=shop.staff, order=other, text="Not for this guest")
    send_message(viewer=shop.staff, order=order, text="Hello")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    news = poll(browser, GUEST, begin, order.topic, other.topic, "*")
    again = poll(browser, GUEST, news["position"], order.topic)

    assert nothing == {"position": str(begin), "nudges": [], "ended": []}
    assert news == {
        "position": str(begin + 4),
        "nudges": [nudge(begin + 3, order, "message.sent"), nudge(begin + 4, order, "order.status_changed")],
        "ended": sorted(["*", other.topic]),
    }
    assert again == {"position": str(begin + 4), "nudges": [], "ended": []}


@pytest.mark.feature("AC-1")
def test_a_page_of_the_account_is_told_that_it_ended_though_the_orders_link_holds(
    shop: Shop, order: Order, browser: Client
) -> None:
    follow_link(browser, order)
    browser.cookies.update(signed_in(order.contact).cookies)
    begin, me = last_position(), f"contact_{order.contact_id}"
    before = poll(browser, GUEST, begin, me, order.topic)
    end_account_sessions(viewer=shop.staff, contact=order.contact)

    assert before["ended"] == []
    assert poll(browser, GUEST, begin, me, order.topic)["ended"] == [me]


@pytest.mark.feature("CN-1")
def test_staff_are_told_of_everything_in_their_workspace(
    shop: Shop, other_shop: Shop, order: Order, browser: Client
) -> None:
    foreign, begin = other_shop.order(), last_position()
    browser.force_login(shop.user)
    send_message(viewer=other_shop.staff, order=foreign, text="Theirs")
    write_internal_note(viewer=shop.staff, order=order, text="For us alone")
    news = poll(browser, STAFF, begin, "*")
    one = poll(browser, STAFF, begin, order.topic)

    assert news == {"position": str(begin + 2), "nudges": [nudge(begin + 2, order, "note.written")]}
    assert one == news


def test_who_was_away_for_long_gets_it_in_parts_and_misses_nothing(
    shop: Shop, order: Order, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_BATCH", 3)
    follow_link(browser, order)
    begin = last_position()
    for number in range(7):
        send_message(viewer=shop.staff, order=order, text=str(number))
    after, got = begin, []
    while nudges := (answer := poll(browser, GUEST, after, order.topic))["nudges"]:
        assert len(nudges) <= 3
        got += [int(found["position"]) for found in nudges]
        after = int(answer["position"])

    assert got == list(range(begin + 1, begin + 8))


@pytest.mark.feature("CN-8")
def test_whoever_has_no_right_to_watch_is_refused(shop: Shop, other_shop: Shop, order: Order, browser: Client) -> None:
    foreign = other_shop.order()

    def status(path: str, *topics: str) -> int:
        return browser.get(path, {"topics": topics, "after": "0"}).status_code

    nobody = [status(GUEST, order.topic), status(STAFF, order.topic)]
    follow_link(browser, order)
    guest = [status(GUEST, order.topic), status(GUEST, foreign.topic), status(GUEST, "*"), status(GUEST)]
    crossed = [status(STAFF, order.topic), status(STAFF, "*")]
    rotate_order_key(viewer=shop.staff, order=order)
    old_link = status(GUEST, order.topic)
    browser.force_login(other_shop.user)
    stranger = [status(STAFF, order.topic), status(GUEST, order.topic)]

    assert nobody == [403, 403]
    assert guest == [200, 403, 403, 403]
    assert crossed == [403, 403]
    assert old_link == 403
    assert stranger == [403, 403]


@pytest.mark.parametrize("path", [GUEST, STAFF])
def test_without_a_position_there_is_nothing_to_tell(shop: Shop, order: Order, browser: Client, path: str) -> None:
    follow_link(browser, order)
    browser.force_login(shop.user)
    for after in ("", "abc", "-1", "1" * 19, "١"):
        assert browser.get(path, {"topics": order.topic, "after": after}).status_code == 400
    assert browser.get(path, {"topics": order.topic}).status_code == 400
    assert browser.post(path, {"topics": order.topic, "after": "0"}).status_code == 405


@pytest.mark.parametrize("path", [GUEST, STAFF])
def test_no_cache_keeps_an_answer(shop: Shop, order: Order, browser: Client, path: str) -> None:
    follow_link(browser, order)
    browser.force_login(shop.user)
    answer = browser.get(path, {"topics": order.topic, "after": "0"})

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.feature("IN-10")
@pytest.mark.feature("AC-10")
def test_who_reads_customers_and_no_orders_polls_for_customers_alone(shop: Shop, order: Order, browser: Client) -> None:
    role = save_role(viewer=shop.staff, name="Carer", permissions=["customers:read"])
    browser.force_login(StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id).user)
    begin, customer = last_position(), f"customer_{order.customer_id}"
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    rotate_customer_link(viewer=shop.staff, customer=order.customer)

    news = poll(browser, STAFF, begin, customer, order.topic)
    refused = [browser.get(STAFF, {"topics": topic, "after": "0"}).status_code for topic in (order.topic, "*")]

    assert news["nudges"] == [{"position": str(begin + 2), "topic": customer, "kind": "customer_link.rotated"}]
    assert refused == [403, 403]
