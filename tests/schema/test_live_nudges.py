"""The pages' streams `/live` and `/admin/live`: what changed, never what it says, while one may watch (CN-1)."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone

from counterfoil.access.models import CustomRole, Session, StaffMember, User
from counterfoil.conversations.actions import Receipt, report_receipt, send_message, write_internal_note
from counterfoil.customers.access import rotate_customer_link
from counterfoil.events.relay import last_position
from counterfoil.orders.actions import change_status, rotate_all_order_keys, rotate_order_key, set_mail_preference
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.staff.members import deactivate_member, set_member_role
from counterfoil.staff.passwords import reset_password, reset_token
from counterfoil.staff.roles import save_role
from counterfoil.staff.sessions import end_sessions
from tests.factories import Shop
from tests.serving import Frame, Served, Stream, serving, wait_for_followers

pytestmark = pytest.mark.django_db(transaction=True)

GUEST, STAFF = "/live", "/admin/live"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order()


def guest_cookies(*orders: Order) -> dict[str, str]:
    """What a browser keeps that followed the present links of these orders."""
    browser = Client(headers={"Host": "fennel.test"})
    for order in orders:
        order.refresh_from_db()
        answer = browser.get(order.guest_url.removeprefix("http://fennel.test"))
        assert answer.status_code == 303
    return {name: morsel.value for name, morsel in browser.cookies.items()}


def staff_cookies(user: User) -> dict[str, str]:
    """What a browser keeps in which this user signed in."""
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(user)
    return {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}


@contextmanager
def watched(
    served: Served, path: str, cookies: Mapping[str, str], *topics: str, after: int | str | None = None
) -> Iterator[Stream]:
    """A page's stream; beats are left out."""
    parameters = [("topics", topic) for topic in topics] + ([] if after is None else [("after", str(after))])
    with served.client(cookies) as client, client.stream("GET", path, params=parameters) as response:
        yield Stream(response, skip=frozenset({"beat"}))


def nudge(position: int, order: Order, kind: str) -> Frame:
    return Frame("nudge", {"position": str(position), "topic": order.topic, "kind": kind}, str(position))


def hello(position: int) -> Frame:
    return Frame("hello", {"position": str(position)}, str(position))


def ended(*topics: str) -> Frame:
    return Frame("ended", {"topics": sorted(topics)}, None)


# What arrives.


@pytest.mark.feature("CN-1")
@pytest.mark.feature("CN-2")
def test_a_guests_page_is_told_what_happens_to_its_order_and_of_no_note(
    shop: Shop, order: Order, served: Served
) -> None:
    other = shop.order()
    begin = last_position()
    with watched(served, GUEST, guest_cookies(order), order.topic, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        write_internal_note(viewer=shop.staff, order=order, text="For us alone")
        change_status(viewer=shop.staff, order=other, status=OrderStatus.CONFIRMED)
        message = send_message(viewer=shop.staff, order=order, text="Hello")
        report_receipt(viewer=shop.guest(order), order=order, up_to=message.pk, receipt=Receipt.DELIVERED)
        set_mail_preference(viewer=shop.staff, order=order, enabled=False)
        frames = stream.take(3)

    assert stream.response.status_code == 200
    assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.response.headers["cache-control"] == "no-cache, no-transform"
    assert stream.response.headers["x-accel-buffering"] == "no"
    assert frames == [
        nudge(begin + 3, order, "message.sent"),
        nudge(begin + 4, order, "receipt.delivered"),
        nudge(begin + 5, order, "mail_preference.changed"),
    ]


@pytest.mark.feature("CN-1")
def test_a_staff_page_is_told_of_everything_in_its_workspace_notes_too(
    shop: Shop, other_shop: Shop, order: Order, served: Served
) -> None:
    second, foreign, begin = shop.order(), other_shop.order(), last_position()
    cookies = staff_cookies(shop.user)
    with (
        watched(served, STAFF, cookies, "*", after=begin) as everything,
        watched(served, STAFF, cookies, second.topic, after=begin) as one,
    ):
        write_internal_note(viewer=shop.staff, order=order, text="For us alone")
        write_internal_note(viewer=other_shop.staff, order=foreign, text="For them alone")
        send_message(viewer=shop.guest(second), order=second, text="Hello")
        assert everything.take(3) == [
            hello(begin),
            nudge(begin + 1, order, "note.written"),
            nudge(begin + 3, second, "message.sent"),
        ]
        assert one.take(2) == [hello(begin), nudge(begin + 3, second, "message.sent")]


@pytest.mark.feature("CN-1")
def test_a_page_that_comes_back_is_told_what_it_missed_and_nothing_twice(
    shop: Shop, order: Order, served: Served
) -> None:
    begin, cookies = last_position(), guest_cookies(order)
    with watched(served, GUEST, cookies, order.topic, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        send_message(viewer=shop.staff, order=order, text="one")
        assert stream.take(1) == [nudge(begin + 1, order, "message.sent")]
    send_message(viewer=shop.staff, order=order, text="two")
    with watched(served, GUEST, cookies, order.topic, after=begin + 1) as stream:
        assert stream.take(1)[0].event == "hello"  # its position: how far this process has read
        send_message(viewer=shop.staff, order=order, text="three")
        assert stream.take(2) == [
            nudge(begin + 2, order, "message.sent"),
            nudge(begin + 3, order, "message.sent"),
        ]


def test_without_a_usable_position_a_stream_begins_now(shop: Shop, order: Order, served: Served) -> None:
    send_message(viewer=shop.staff, order=order, text="before")
    cookies = guest_cookies(order)
    for nonsense in (None, "", "abc", "-1", "9" * 30):
        begin = last_position()
        with watched(served, GUEST, cookies, order.topic, after=nonsense) as stream:
            assert stream.take(1) == [hello(begin)]
            send_message(viewer=shop.staff, order=order, text="now")
            assert stream.take(1) == [nudge(begin + 1, order, "message.sent")]


def test_a_page_from_before_a_restored_backup_is_told_where_the_log_stands_and_what_happens_then(
    shop: Shop, order: Order, served: Served
) -> None:
    begin = last_position()
    with watched(served, GUEST, guest_cookies(order), order.topic, after=begin + 500) as stream:
        assert stream.take(1) == [hello(begin)]
        send_message(viewer=shop.staff, order=order, text="now")
        assert stream.take(1) == [nudge(begin + 1, order, "message.sent")]


def test_while_nothing_happens_the_stream_beats_with_the_position_of_the_log(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 0.1)
    begin = last_position()
    with watched(served, GUEST, guest_cookies(order), order.topic, after=begin) as stream:
        stream.skip = frozenset()
        assert stream.take(3)[1:] == [Frame("beat", {"position": str(begin)}, None)] * 2


# Who may watch, and for how long.


@pytest.mark.feature("CN-8")
@pytest.mark.feature("AC-1")
def test_whoever_has_no_right_to_watch_is_refused(shop: Shop, other_shop: Shop, order: Order, served: Served) -> None:
    second, foreign = shop.order(), other_shop.order()
    grant = guest_cookies(order)
    old = guest_cookies(second)
    rotate_order_key(viewer=shop.staff, order=second)
    forged = {name: value[:-2] + ("AA" if value[-2:] != "AA" else "BB") for name, value in grant.items()}
    stranger = staff_cookies(other_shop.user)
    nobody: dict[str, str] = {}
    refused = [
        (GUEST, nobody, order.topic),
        (GUEST, forged, order.topic),
        (GUEST, old, second.topic),
        (GUEST, grant, second.topic),
        (GUEST, grant, foreign.topic),
        (GUEST, grant, "*"),
        (GUEST, grant, "order_999999"),
        (GUEST, grant, "message_1"),
        (GUEST, staff_cookies(shop.user), order.topic),
        (STAFF, nobody, order.topic),
        (STAFF, grant, order.topic),
        (STAFF, stranger, order.topic),
        (STAFF, {settings.SESSION_COOKIE_NAME: "made-up"}, order.topic),
    ]

    for path, cookies, topic in refused:
        with watched(served, path, cookies, topic, after=0) as stream:
            assert stream.response.status_code == 403, (path, topic)
            assert stream.response.read() == b"Nothing to watch here: open the page again."
    with watched(served, GUEST, grant) as stream:
        assert stream.response.status_code == 403
    served.host = "evil.example"
    with watched(served, GUEST, grant, order.topic) as stream:
        assert stream.response.status_code == 403
    assert served.followers() == 0


def test_what_a_guest_may_not_watch_is_named_and_the_rest_goes_on(shop: Shop, order: Order, served: Served) -> None:
    foreign, begin = shop.order(), last_position()
    topics = (foreign.topic, order.topic, "order_999999", "*")
    with watched(served, GUEST, guest_cookies(order), *topics, after=begin) as stream:
        assert stream.take(2) == [hello(begin), ended(foreign.topic, "order_999999", "*")]
        send_message(viewer=shop.staff, order=foreign, text="Not for this guest")
        send_message(viewer=shop.staff, order=order, text="Hello")
        assert stream.take(1) == [nudge(begin + 2, order, "message.sent")]


@pytest.mark.feature("CN-8")
def test_regenerating_the_key_ends_the_stream_of_the_old_link_at_once(shop: Shop, order: Order, served: Served) -> None:
    begin, cookies = last_position(), guest_cookies(order)
    with watched(served, GUEST, cookies, order.topic, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        began = time.monotonic()
        rotate_order_key(viewer=shop.staff, order=order)
        rest = stream.rest()
        took = time.monotonic() - began

    assert rest == [ended(order.topic)]
    assert took < 3  # far from the beat of ten seconds
    with watched(served, GUEST, cookies, order.topic, after=begin) as stream:
        assert stream.response.status_code == 403
    with watched(served, GUEST, guest_cookies(order), order.topic, after=begin) as stream:
        assert stream.take(2) == [hello(begin + 1), nudge(begin + 1, order, "order_key.rotated")]


@pytest.mark.feature("CN-8")
def test_ending_all_links_ends_every_guests_stream_at_once_and_tells_staff_on_the_orders_page(
    shop: Shop, order: Order, served: Served
) -> None:
    second, begin = shop.order(), last_position()
    cookies = guest_cookies(order, second)
    with (
        watched(served, GUEST, cookies, order.topic, second.topic, after=begin) as guest,
        watched(served, STAFF, staff_cookies(shop.user), order.topic, after=begin) as staff,
    ):
        assert guest.take(1) == staff.take(1) == [hello(begin)]
        began = time.monotonic()
        rotate_all_order_keys(viewer=shop.staff)
        rest, told = guest.rest(), staff.take(1)
        took = time.monotonic() - began

    assert rest == [ended(*sorted([order.topic, second.topic]))]
    assert told == [nudge(begin + 1, order, "order_key.rotated")]
    assert took < 3  # far from the beat of ten seconds


@pytest.mark.feature("CN-8")
def test_the_other_orders_of_a_browser_are_watched_on_when_one_key_is_regenerated(
    shop: Shop, order: Order, served: Served
) -> None:
    second, begin = shop.order(), last_position()
    cookies = guest_cookies(order, second)
    with watched(served, GUEST, cookies, order.topic, second.topic, after=begin) as stream:
        frames = stream.take(1)
        rotate_order_key(viewer=shop.staff, order=order)
        frames += stream.take(1)
        send_message(viewer=shop.staff, order=order, text="To the new key alone")
        send_message(viewer=shop.staff, order=second, text="Hello")
        frames += stream.take(1)

    assert frames == [hello(begin), ended(order.topic), nudge(begin + 3, second, "message.sent")]


@pytest.mark.feature("GQ-4")
def test_a_staff_stream_ends_soon_after_the_session_or_the_membership_does(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 0.1)
    ends = (
        lambda: Session.objects.all().delete(),
        lambda: Session.objects.update(expire_date=timezone.now()),
        lambda: User.objects.filter(pk=shop.user.pk).update(password=make_password("another-long-password")),
        lambda: User.objects.filter(pk=shop.user.pk).update(is_active=False),
        lambda: StaffMember.objects.filter(pk=shop.member.pk).update(is_active=False),
    )
    for end in ends:
        begin = last_position()
        User.objects.update(is_active=True)
        shop.user.refresh_from_db()
        with watched(served, STAFF, staff_cookies(shop.user), order.topic, "*", after=begin) as stream:
            assert stream.take(1) == [hello(begin)]
            end()
            assert stream.rest() == [ended(order.topic, "*")]


@pytest.mark.feature("GQ-4")
def test_a_stream_on_which_much_happens_ends_with_the_session_too(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 1.0)
    with watched(served, STAFF, staff_cookies(shop.user), order.topic) as stream:
        set_mail_preference(viewer=shop.staff, order=order, enabled=False)
        stream.take(2)
        Session.objects.update(expire_date=timezone.now())
        for change in range(20):
            set_mail_preference(viewer=shop.staff, order=order, enabled=change % 2 == 0)
            time.sleep(0.2)
        told = stream.rest()

    assert told[-1] == ended(order.topic)
    assert len(told) < 15


@pytest.mark.feature("AC-10")
def test_a_staff_stream_ends_at_once_when_its_member_may_read_orders_no_more(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 60.0)  # nobody looks by themselves
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    other = save_role(viewer=shop.staff, name="Writer", permissions=["products:write"])
    member = StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id)
    for end in (
        lambda: save_role(viewer=shop.staff, role=role, name="Packer", permissions=["products:read"]),
        lambda: set_member_role(viewer=shop.staff, member=member, role=other),
        lambda: deactivate_member(viewer=shop.staff, member=member),
    ):
        CustomRole.objects.filter(pk=role.pk).update(permissions=["orders:read"])
        StaffMember.objects.filter(pk=member.pk).update(custom_role=role, is_active=True)
        begin = last_position()
        with watched(served, STAFF, staff_cookies(member.user), order.topic, after=begin) as stream:
            assert stream.take(1) == [hello(begin)]
            end()
            assert stream.rest() == [ended(order.topic)]


@pytest.mark.feature("IN-10")
@pytest.mark.feature("AC-10")
def test_who_reads_customers_and_no_orders_is_told_of_customers_alone(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 60.0)
    role = save_role(viewer=shop.staff, name="Carer", permissions=["customers:read"])
    member = StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id)
    customer, story = f"customer_{order.customer_id}", f"story_{order.customer_id}"
    begin = last_position()
    with watched(served, STAFF, staff_cookies(member.user), customer, story, order.topic, "*", after=begin) as stream:
        assert stream.take(2) == [hello(begin), ended(order.topic, "*")]
        send_message(viewer=shop.staff, order=shop.order(), text="Of another customer")
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        rotate_customer_link(viewer=shop.staff, customer=order.customer)
        told = [(frame.data["topic"], frame.data["kind"]) for frame in stream.take(2)]
        assert told == [(story, "order.status_changed"), (customer, "customer_link.rotated")]

        save_role(viewer=shop.staff, role=role, name="Carer", permissions=["products:read"])
        assert stream.rest() == [ended(customer, story)]


def test_signing_out_on_a_page_ends_the_stream_of_its_browser(
    shop: Shop, order: Order, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schema.live.BEAT", 0.1)
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(shop.user)
    cookies = {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}
    other_browser = staff_cookies(shop.user)
    begin = last_position()
    with (
        watched(served, STAFF, cookies, order.topic, after=begin) as stream,
        watched(served, STAFF, other_browser, order.topic, after=begin) as other,
    ):
        assert [*stream.take(1), *other.take(1)] == [hello(begin), hello(begin)]
        assert browser.post("/admin/sign-out").status_code == 303
        assert stream.rest() == [ended(order.topic)]
        send_message(viewer=shop.guest(order), order=order, text="Still live elsewhere")
        assert other.take(1) == [nudge(begin + 1, order, "message.sent")]


@pytest.mark.feature("AC-10")
def test_a_session_that_is_ended_elsewhere_loses_its_streams_within_a_second(
    shop: Shop, order: Order, served: Served
) -> None:
    name, mine, theirs = settings.SESSION_COOKIE_NAME, staff_cookies(shop.user), staff_cookies(shop.user)
    begin = last_position()
    with (
        watched(served, STAFF, mine, order.topic, after=begin) as kept,
        watched(served, STAFF, theirs, order.topic, after=begin) as stream,
    ):
        assert [*kept.take(1), *stream.take(1)] == [hello(begin)] * 2
        began = time.monotonic()
        end_sessions(user=shop.user, but=mine[name])
        assert stream.rest() == [ended(order.topic)]
        assert time.monotonic() - began < 1
        send_message(viewer=shop.guest(order), order=order, text="Still live here")
        assert kept.take(1) == [nudge(begin + 2, order, "message.sent")]


@pytest.mark.feature("AC-10")
def test_a_new_password_by_a_link_ends_the_streams_within_a_second(shop: Shop, order: Order, served: Served) -> None:
    begin, cookies = last_position(), staff_cookies(shop.user)
    shop.user.refresh_from_db()
    token = reset_token(shop.user, timezone.now())
    with watched(served, STAFF, cookies, order.topic, after=begin) as stream:
        assert stream.take(1) == [hello(begin)]
        began = time.monotonic()
        reset_password(workspace_id=shop.workspace.pk, token=token, password="another-long-password")
        assert stream.rest() == [ended(order.topic)]
        assert time.monotonic() - began < 1


# Leaving, and stopping.


def test_a_page_that_was_closed_is_noticed_and_costs_nothing_any_more(shop: Shop, order: Order, served: Served) -> None:
    cookies = guest_cookies(order)
    with watched(served, GUEST, cookies, order.topic), watched(served, GUEST, cookies, order.topic):
        wait_for_followers(served, 2)

    wait_for_followers(served, 0)


def test_a_server_that_stops_ends_the_pages_streams_without_a_fuss(
    shop: Shop, order: Order, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving() as served, watched(served, GUEST, guest_cookies(order), order.topic, after=0) as stream:
        wait_for_followers(served, 1)
        served.stop()
        rest = stream.rest()

    assert not [frame for frame in rest if frame.event == "ended"]
    assert "Traceback" not in capfd.readouterr().err
