"""What customers' pages and programs watch ends at once with what let them in (AC-1, AC-6, AC-7, AC-9)."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from counterfoil.access.links import customer_links
from counterfoil.customers import access
from counterfoil.customers.models import AccountSession
from counterfoil.customers.sessions import end_others, end_session, sessions_of
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import change_status, place_order
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.workspaces.actions import set_portal_settings
from tests.factories import LINES, Shop
from tests.portal_ui.entering import WELCOME, browser, link_of, signed_in
from tests.schema.test_live_nudges import GUEST, ended, guest_cookies, hello, nudge, watched
from tests.schema.test_live_sse import CHANGES, from_now, subscribed
from tests.serving import Served, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("AC-1")]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server whose streams look at nothing by themselves: what ends one has told it so."""
    for module in ("live", "streams"):
        monkeypatch.setattr(f"schema.{module}.BEAT", 60.0)
    with serving() as running:
        yield running


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


type WayIn = Callable[[Order], dict[str, str]]


def account(order: Order) -> dict[str, str]:
    """What a browser keeps in which the order's contact is signed in."""
    return {"account": signed_in(order.contact).cookies["account"].value}


def link(order: Order) -> dict[str, str]:
    """What a browser keeps that followed the link of the order's customer."""
    there = browser()
    there.get(link_of(order.customer))
    there.post(WELCOME, {"answer": "yes"})
    return {"link": there.cookies["link"].value}


def refused(served: Served, cookies: Mapping[str, str], *topics: str) -> bool:
    with watched(served, GUEST, cookies, *topics) as stream:
        return stream.response.status_code == 403


@pytest.mark.feature("OR-4")
@pytest.mark.parametrize("way_in", [account, link])
def test_who_is_in_hears_of_their_orders_and_of_no_others(
    shop: Shop, order: Order, served: Served, way_in: WayIn
) -> None:
    other, begin, cookies = shop.order(), last_position(), way_in(order)
    mine, theirs = f"customer_{order.customer_id}", f"customer_{other.customer_id}"
    with watched(served, GUEST, cookies, order.topic, mine, other.topic, theirs, "*", after=begin) as stream:
        assert stream.take(2) == [hello(begin), ended(other.topic, theirs, "*")]
        for one in (other, order):
            change_status(viewer=shop.staff, order=one, status=OrderStatus.CONFIRMED)
        assert stream.take(1) == [nudge(begin + 2, order, "order.status_changed")]


@pytest.mark.feature("OR-4")
@pytest.mark.parametrize("way_in", [account, link])
def test_who_is_in_hears_of_an_order_that_was_not_there_before(
    shop: Shop, order: Order, served: Served, way_in: WayIn
) -> None:
    cookies, begin, mine = way_in(order), last_position(), f"customer_{order.customer_id}"
    with watched(served, GUEST, cookies, mine, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES)
        [frame] = stream.take(1)
    assert (frame.data["topic"], frame.data["kind"]) == (mine, "customer.ordered")


def test_ending_a_session_ends_the_streams_of_its_pages_and_of_no_other_browser(
    shop: Shop, order: Order, served: Served
) -> None:
    here, there, begin = account(order), account(order), last_position()
    with (
        watched(served, GUEST, here, order.topic, after=begin) as ending,
        watched(served, GUEST, there, order.topic) as going_on,
    ):
        assert [ending.take(1), going_on.take(1)] == [[hello(begin)]] * 2
        end_session(contact=order.contact, session_id=sessions_of(order.contact)[1].pk)
        assert ending.rest() == [ended(order.topic)]
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        assert going_on.take(1) == [nudge(begin + 2, order, "order.status_changed")]
    assert refused(served, here, order.topic)


def test_a_page_of_the_account_is_told_also_where_the_browser_holds_the_orders_link_too(
    shop: Shop, order: Order, served: Served
) -> None:
    cookies, begin, me = {**guest_cookies(order), **account(order)}, last_position(), f"contact_{order.contact_id}"
    with watched(served, GUEST, cookies, order.topic, me, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        access.end_account_sessions(viewer=shop.staff, contact=order.contact)
        assert stream.take(1) == [ended(me)]
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        assert stream.take(1) == [nudge(begin + 2, order, "order.status_changed")]


@pytest.mark.feature("AC-6")
def test_a_new_link_ends_the_streams_of_the_old_one(shop: Shop, order: Order, served: Served) -> None:
    cookies, begin = link(order), last_position()
    with watched(served, GUEST, cookies, order.topic, after=begin) as page:
        assert page.take(1) == [hello(begin)]
        access.rotate_customer_link(viewer=shop.staff, customer=order.customer)
        assert page.rest() == [ended(order.topic)]
    assert refused(served, cookies, order.topic)


@pytest.mark.feature("AC-9")
@pytest.mark.parametrize("way_in", [account, link])
def test_closing_an_account_ends_its_streams(shop: Shop, order: Order, served: Served, way_in: WayIn) -> None:
    cookies, begin = way_in(order), last_position()
    with watched(served, GUEST, cookies, order.topic, after=begin) as page:
        assert page.take(1) == [hello(begin)]
        access.set_customer_flags(viewer=shop.staff, customer=order.customer, is_active=False)
        assert page.rest() == [ended(order.topic)]
    assert refused(served, cookies, order.topic)


@pytest.mark.feature("AC-7")
def test_strict_security_ends_the_streams_of_who_has_proved_nothing(shop: Shop, order: Order, served: Served) -> None:
    unproved, proved, begin = link(order), {**link(order), **account(order)}, last_position()
    mine = f"customer_{order.customer_id}"
    with watched(served, GUEST, unproved, mine, after=begin) as page, watched(served, GUEST, proved, mine) as other:
        assert [page.take(1), other.take(1)] == [[hello(begin)]] * 2
        set_portal_settings(viewer=shop.staff, strict_security=True)
        assert page.rest() == [ended(mine)]
        access.set_customer_flags(viewer=shop.staff, customer=order.customer, ordering_blocked=True)
        assert [frame.data["kind"] for frame in other.take(1)] == ["customer.flags_changed"]
    assert refused(served, unproved, mine)


@pytest.mark.feature("GQ-4")
@pytest.mark.parametrize("end", ["rotate", "close", "strict"])
def test_a_programs_subscription_by_a_customers_link_ends_with_it(
    shop: Shop, order: Order, served: Served, end: str
) -> None:
    ends = {
        "rotate": lambda: access.rotate_customer_link(viewer=shop.staff, customer=order.customer),
        "close": lambda: access.set_customer_flags(viewer=shop.staff, customer=order.customer, is_active=False),
        "strict": lambda: set_portal_settings(viewer=shop.staff, strict_security=True),
    }
    key = customer_links.derive(order.customer_id, 1)
    with subscribed(served, CHANGES, from_now(order), token=key) as stream:
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        assert [frame.data["data"]["orderChanged"]["kind"] for frame in stream.take(1)] == ["order.status_changed"]
        ends[end]()
        assert [frame.event for frame in stream.rest()] == ["complete"]
    with subscribed(served, CHANGES, from_now(order), token=key) as stream:
        assert stream.response.status_code == 401


def test_signing_out_everywhere_else_leaves_this_browser(shop: Shop, order: Order, served: Served) -> None:
    there, here, begin = account(order), account(order), last_position()
    with watched(served, GUEST, there, order.topic, after=begin) as ending:
        assert ending.take(1) == [hello(begin)]
        end_others(contact=order.contact, but=sessions_of(order.contact)[0].pk)
        assert ending.rest() == [ended(order.topic)]
    assert AccountSession.objects.count() == 1
    assert not refused(served, here, order.topic)
