"""The Fulfilments tab and the packing view: what is read first, and what can't be taken is answered at its control."""

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access.models import StaffMember
from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.actions import NewLine, change_status
from counterfoil.orders.fulfilment import fulfil, move_parcel, set_hold
from counterfoil.orders.models import Fulfilment, FulfilmentStatus, Order, OrderLine, OrderStatus
from tests.admin_ui.pages import Html
from tests.admin_ui.test_customer_access import BOTH_WAYS, browser, member_who_may
from tests.factories import ADDRESSES, LINES, Shop

pytestmark = pytest.mark.slow_on_postgresql

TAB, BENCH, SEND = (f"/admin/orders/4137/{path}" for path in ("fulfilments", "pack", "fulfilments/send"))
PAGES = pytest.mark.parametrize("page", ["fulfilments", "pack"])
TRACKING = {"carrier": "DPD", "tracking_number": "AB 7", "tracking_url": "https://dpd.example/AB7"}
BAD_ADDRESSES = [
    "#☠1☢",
    "javascript:alert(1)",
    "https://a b",
    "dpd.example/7",
    "https://",
    '"><script>alert(1)</script>',
]


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="4137", addresses=ADDRESSES)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


def logged(
    viewer: Viewer, order: Order, text: str = "Hold until July 12.", *, about: bool = True, waits: bool = False
) -> Interaction:
    return log_interaction(
        viewer=viewer,
        customer=order.customer,
        type=InteractionType.EMAIL,
        text=text,
        order=order if about else None,
        needs_acknowledgement=waits,
    )


def id_of(entry: Interaction) -> str:
    return f"interaction_{entry.pk}"


def form(page: str, order: Order, **more: Any) -> dict[str, Any]:
    """What a browser sends: 3 of the first line and nothing of the others."""
    first, *others = OrderLine.objects.filter(order=order).order_by("ordinal")
    empty = {f"quantity line_{line.pk}": "" for line in others}
    key = {"client_mutation_key": "form-1", "page": page}
    return {**key, f"quantity line_{first.pk}": "3", **empty, **TRACKING, **more}


def errors(answer: HttpResponse) -> list[str]:
    """What is said at controls, and at the top of a form."""
    html = answer.content.decode()
    found = re.findall(r'<(?:p|div) class="(?:field-error|flash bad)"[^>]*>(.*?)</(?:p|div)>', html, flags=re.DOTALL)
    return [re.sub(r"<[^>]*>|\s+", " ", text).strip() for text in found]


def typed_in(answer: HttpResponse, order: Order) -> dict[str, str]:
    """What stands in the form for the next parcel."""
    html, first = Html(answer), OrderLine.objects.get(order=order, ordinal=1)
    names = {f"quantity line_{first.pk}": "quantity"}
    values = {name: html.value_of(name) for name in TRACKING}
    return {**values, **{called: html.value(name) for name, called in names.items()}}


TYPED = {**TRACKING, "quantity": "3"}
STATEMENTS = 17


@pytest.mark.feature("IN-8")
@PAGES
@BOTH_WAYS
def test_nothing_leaves_before_all_was_read_and_nothing_typed_is_lost(
    shop: Shop, staff: Client, order: Order, page: str, headers: dict[str, str]
) -> None:
    hold, call = logged(shop.staff, order), logged(shop.staff, order, "Call first.", about=False, waits=True)
    opened = Html(staff.get(f"/admin/orders/4137/{page}"))
    assert opened.values("read") == [id_of(call), id_of(hold)]
    assert opened.ticked() == []
    assert "Read 2 entries first" in opened.text
    for said in ("Read this first", "Email", "Hold until July 12.", "About this order, by", "About the customer, by"):
        assert said in opened.text

    refused = staff.post(SEND, form(page, order, read=[id_of(hold)]), headers=headers)

    assert refused.status_code == 422
    assert errors(refused) == ["Nothing was sent: 1 entry was logged about this parcel. Read it first: email by Mara."]
    assert typed_in(refused, order) == TYPED
    assert Html(refused).ticked() == [id_of(hold)]
    assert Html(refused).value("client_mutation_key" if headers else "notices_after") in ("form-1", "")
    assert "Read 1 entry first" in Html(refused).text
    assert not Fulfilment.objects.exists()

    sent = staff.post(SEND, form(page, order, read=[id_of(hold), id_of(call)]), headers=headers)

    if headers:
        assert "Parcel 1 has left" in sent.content.decode()
    else:
        assert (sent.status_code, sent.headers["Location"]) == (303, f"/admin/orders/4137/{page}#parcel-1")
    parcel = Fulfilment.objects.get()
    assert (parcel.carrier, parcel.tracking_number, parcel.tracking_url) == tuple(TRACKING.values())
    assert list(parcel.lines.values_list("quantity", flat=True)) == [3]
    assert Event.objects.get(kind="order.parcel_sent").data["read"] == [hold.pk, call.pk]


@pytest.mark.feature("IN-8")
@BOTH_WAYS
def test_an_entry_of_a_moment_ago_closes_the_way_again(
    shop: Shop, staff: Client, order: Order, headers: dict[str, str]
) -> None:
    hold = logged(shop.staff, order)
    late = logged(shop.hire("Jo"), order, "They cancel!", about=False, waits=True)

    refused = staff.post(SEND, form("pack", order, read=[id_of(hold)]), headers=headers)

    assert errors(refused) == ["Nothing was sent: 1 entry was logged about this parcel. Read it first: email by Jo."]
    assert "They cancel!" in Html(refused).text
    assert Html(refused).values("read") == [id_of(late), id_of(hold)]
    assert typed_in(refused, order) == TYPED


@pytest.mark.feature("IN-8")
def test_the_region_tells_of_what_is_new_and_keeps_the_ticks(shop: Shop, staff: Client, order: Order) -> None:
    hold = logged(shop.staff, order)
    opened = Html(staff.get(BENCH))
    places = [attributes for _, attributes in opened.tags]
    within = places[next(at for at, attributes in enumerate(places) if attributes.get("id") == "notices") :]
    have = next(attributes["value"] for attributes in within if attributes.get("name") == "have")
    asked = {"have": have, "to_tick": "yes", "read": [id_of(hold)], "notices_after": ""}
    htmx = {"HX-Request": "true"}
    assert staff.get(f"{BENCH}/notices", asked, headers=htmx).status_code == 204

    logged(shop.hire("Jo"), order, "They cancel!", about=False, waits=True)
    region = staff.get(f"{BENCH}/notices", asked, headers=htmx)

    html = Html(region)
    assert (html.ticked(), len(html.values("read"))) == ([id_of(hold)], 2)
    [label] = [attributes for _, attributes in html.tags if attributes.get("id") == "unread-label"]
    assert (label["hx-swap-oob"], "Read 1 entry first" in html.text) == ("true", True)


@pytest.mark.feature("IN-8")
def test_many_are_ticked_a_page_at_a_time_and_all_of_them_have_to_be(shop: Shop, staff: Client, order: Order) -> None:
    first = logged(shop.staff, order, "0")
    fields = [field.attname for field in Interaction._meta.concrete_fields if not field.primary_key]
    copied = {name: getattr(first, name) for name in fields}
    Interaction.objects.bulk_create(Interaction(**copied | {"text": str(number)}) for number in range(1, 120))
    opened = staff.get(BENCH)
    read: list[str] = []

    for page, (shown, further) in enumerate([(50, True), (50, True), (20, False)]):
        html = Html(opened)
        box = html.value_of("read-all")
        assert len(html.values("read")) == (2 if page else 1)  # however many were read: a form has 1,000 at most
        assert len(box.split()) == shown
        assert f"I have read these {shown} entries" in html.text
        assert ("Go on to earlier entries" in html.text, "Read the entries first" in html.text) == (further, True)
        read = [*[one for one in html.values("read") if one != box], box]
        assert sum(len(one.split()) for one in read) == 50 * page + shown
        refused = staff.post(SEND, form("pack", order, read=read))
        if further:
            assert errors(refused)[0].startswith(f"Nothing was sent: {70 - 50 * page} entries were logged")
            assert not Fulfilment.objects.exists()
            more = {"act": "more", "notices_next": html.value("notices_next"), "read": read}
            opened = staff.post(SEND, form("pack", order, **more))
            assert opened.status_code == 200
            assert typed_in(opened, order) == TYPED

    assert Fulfilment.objects.count() == 1
    assert len(Event.objects.get(kind="order.parcel_sent").data["read"]) == 120


@pytest.mark.feature("IN-8")
@pytest.mark.feature("IN-4")
@BOTH_WAYS
def test_who_may_acknowledges_on_the_spot_and_has_read_it(
    shop: Shop, staff: Client, order: Order, headers: dict[str, str]
) -> None:
    hold, call = logged(shop.staff, order, waits=True), logged(shop.staff, order, "Call.", about=False, waits=True)

    first = staff.post(SEND, form("pack", order, act=f"acknowledge {id_of(hold)}"), headers=headers)
    second = staff.post(SEND, form("pack", order, act=f"acknowledge {id_of(call)}", read=id_of(hold)), headers=headers)

    assert (first.status_code, second.status_code) == (200, 200)
    assert (Html(first).ticked(), Html(second).ticked()) == ([id_of(hold)], [id_of(hold)])
    assert "Acknowledged by Mara" in " ".join(Html(second).text.split())
    assert "Call." not in Html(second).text
    assert typed_in(second, order) == TYPED
    assert not Interaction.objects.filter(acknowledged_at=None).exists()
    assert not Fulfilment.objects.exists()


@pytest.mark.feature("IN-4")
@BOTH_WAYS
def test_what_a_colleague_acknowledged_first_is_said(
    shop: Shop, staff: Client, order: Order, headers: dict[str, str]
) -> None:
    hold = logged(shop.staff, order, waits=True)
    acknowledge_interaction(viewer=shop.hire("Jo"), interaction=hold)

    answer = staff.post(SEND, form("pack", order, act=f"acknowledge {id_of(hold)}"), headers=headers)

    assert answer.status_code == 422
    assert errors(answer) == ["Jo has acknowledged this already: nothing is left to do."]
    assert typed_in(answer, order) == TYPED


@pytest.mark.feature("IN-8")
@pytest.mark.feature("IN-5")
def test_a_packer_reads_and_ticks_without_any_permission_of_the_log(shop: Shop, order: Order) -> None:
    hold = logged(shop.staff, order, waits=True)
    packer = member_who_may(shop, {"orders:read", "fulfilments:write"})

    opened = Html(packer.get(BENCH))

    assert "Hold until July 12." in opened.text
    assert "Acknowledge" not in opened.text.replace("Not acknowledged", "")
    assert "Your role does not see addresses." in opened.text
    assert "Pier Road" not in opened.text
    assert packer.post(SEND, form("pack", order, read=id_of(hold))).status_code == 303
    live = next(attributes for tag, attributes in opened.tags if tag == "body")["data-live-topics"]
    assert live == f"order_{order.pk} customer_{order.customer_id}"


def test_who_sends_no_parcels_sees_neither_the_view_nor_what_was_logged(shop: Shop, order: Order) -> None:
    logged(shop.staff, order)
    reader = member_who_may(shop, {"orders:read"})

    assert reader.get(BENCH).status_code == 403
    tab = Html(reader.get(TAB))
    assert "Hold until July 12." not in tab.text
    assert "Your role sends no parcels" in tab.text
    assert next(attributes for tag, attributes in tab.tags if tag == "body")["data-live-topics"] == f"order_{order.pk}"


@pytest.mark.feature("IN-8")
def test_while_an_order_is_on_hold_what_was_logged_is_shown_and_nothing_is_to_be_ticked(
    shop: Shop, staff: Client, order: Order
) -> None:
    logged(shop.staff, order)
    set_hold(viewer=shop.staff, order=order, on_hold=True)

    page = Html(staff.get(BENCH))

    assert ("Hold until July 12." in page.text, "Worth knowing" in page.text) == (True, True)
    assert "This order is on hold" in page.text
    assert "I have read" not in page.text


@pytest.mark.feature("OR-3")
@PAGES
@BOTH_WAYS
@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_a_tracking_address_that_is_none_is_answered_at_its_control(
    staff: Client, order: Order, page: str, headers: dict[str, str], address: str
) -> None:
    answer = staff.post(SEND, form(page, order, tracking_url=address), headers=headers)

    assert answer.status_code == 422
    assert Html(answer).told_at("tracking_url").startswith("A tracking address begins with https:// or http://.")
    assert typed_in(answer, order) == {**TYPED, "tracking_url": address}
    assert not Html(answer).acts
    assert not Fulfilment.objects.exists()


@pytest.mark.feature("OR-3")
@BOTH_WAYS
@pytest.mark.parametrize(
    "wrong",
    [
        ("tracking_url", "https://dpd.example/" + "7" * 580, "The tracking address has at most 500 characters"),
        ("tracking_number", "7" * 121, "The tracking number has at most 120 characters"),
        ("carrier", "D" * 81, "The carrier has at most 80 characters"),
        ("carrier", "DPD\x00", "The carrier has at most 80 characters, and no control characters."),
    ],
)
def test_what_is_too_long_is_answered_at_its_control(
    staff: Client, order: Order, headers: dict[str, str], wrong: tuple[str, str, str]
) -> None:
    name, text, told = wrong
    answer = staff.post(SEND, form("pack", order, **{name: text}), headers=headers)

    assert answer.status_code == 422
    assert Html(answer).told_at(name).startswith(told)
    assert typed_in(answer, order) == {**TYPED, name: text}
    assert not Fulfilment.objects.exists()


@pytest.mark.feature("OR-3")
@PAGES
@BOTH_WAYS
@pytest.mark.parametrize(
    "wrong",
    [
        *[("tracking_url", address) for address in (*BAD_ADDRESSES[:2], "https://x.example/" + "x" * 600)],
        ("carrier", "D" * 81),
        ("tracking_number", "7" * 121),
    ],
)
def test_a_correction_that_can_not_be_taken_is_answered_at_its_control_and_nothing_typed_is_lost(
    shop: Shop, order: Order, page: str, headers: dict[str, str], wrong: tuple[str, str]
) -> None:
    staff, (name, text) = browser(shop.member), wrong
    parcel = fulfil(viewer=shop.staff, order=order, carrier="Royal Mail")
    typed = {**TRACKING, name: text, "page": page, "client_mutation_key": "c 1"}

    answer = staff.post(f"{TAB}/fulfilment_{parcel.pk}/tracking", typed, headers=headers)

    assert answer.status_code == 422
    html = Html(answer)
    assert html.told_at(f"{name}-fulfilment_{parcel.pk}") != ""
    assert {one: html.value_of(f"{one}-fulfilment_{parcel.pk}") for one in TRACKING} == {**TRACKING, name: text}
    assert [tag for tag, attributes in html.tags if tag == "details" and "open" in attributes] == ["details"]
    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking_number, parcel.tracking_url) == ("Royal Mail", "", "")


@pytest.mark.feature("OR-3")
@PAGES
def test_a_correction_and_a_cancellation_lead_back_to_their_page(
    shop: Shop, staff: Client, order: Order, page: str
) -> None:
    parcel = fulfil(viewer=shop.staff, order=order)
    at, back = f"{TAB}/fulfilment_{parcel.pk}", f"/admin/orders/4137/{page}"

    corrected = staff.post(f"{at}/tracking", {**TRACKING, "page": page})
    cancelled = staff.post(f"{at}/status", {"to": "cancelled", "page": page})

    assert [(answer.status_code, answer.headers["Location"]) for answer in (corrected, cancelled)] == [(303, back)] * 2
    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.status) == ("DPD", FulfilmentStatus.CANCELLED)
    shown = staff.get(back).content.decode()
    assert "Parcel 2" in shown
    assert ("Print slip 1" in shown) is False


@PAGES
@BOTH_WAYS
def test_what_a_parcel_can_not_do_any_more_is_said_at_it(
    shop: Shop, staff: Client, order: Order, page: str, headers: dict[str, str]
) -> None:
    parcel = fulfil(viewer=shop.staff, order=order)
    move_parcel(viewer=shop.staff, fulfilment=parcel, status=FulfilmentStatus.CANCELLED)
    for gid, said in (
        (f"fulfilment_{parcel.pk}", "A parcel that is cancelled can't become delivered."),
        ("fulfilment_999", "There is no such parcel."),
    ):
        answer = staff.post(f"{TAB}/{gid}/status", {"to": "delivered", "page": page}, headers=headers)

        assert (answer.status_code, errors(answer)) == (422, [said.replace("'", "&#x27;")])


@pytest.mark.feature("OR-3")
@BOTH_WAYS
def test_of_what_a_colleague_has_sent_meanwhile_it_is_said_that_it_has_left(
    shop: Shop, staff: Client, order: Order, headers: dict[str, str]
) -> None:
    sent = form("pack", order)
    fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 4})

    answer = staff.post(SEND, sent, headers=headers)

    assert answer.status_code == 422
    assert Html(answer).told_at("line-1") == "Nothing is left to send of it: all 4 have left. Leave it empty."
    assert typed_in(answer, order) == TYPED
    assert Fulfilment.objects.count() == 1


@pytest.mark.feature("OR-3")
def test_what_stands_on_a_later_page_of_lines_is_sent_from_there(shop: Shop, staff: Client) -> None:
    lines = tuple(NewLine(f"Tin {number}", 1, LINES[0].unit_price) for number in range(103))
    order = shop.order(number="4137", lines=lines)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    last = order.lines.get(ordinal=103)

    opened = Html(staff.get(Html(staff.get(BENCH)).next_page().replace("?", f"{BENCH}?")[len(BENCH) :]))
    key = {"client_mutation_key": "1", "page": "pack", "after": opened.value("after")}
    answer = staff.post(SEND, {**key, f"quantity line_{last.pk}": "1"})

    assert answer.status_code == 303
    assert list(Fulfilment.objects.get().lines.values_list("line", flat=True)) == [last.pk]


@pytest.mark.parametrize("size", [2, 40])
def test_the_packing_view_takes_the_same_statements_at_any_size(shop: Shop, staff: Client, size: int) -> None:
    lines = tuple(NewLine(f"Tin {number}", 2, LINES[0].unit_price) for number in range(size))
    order = shop.order(number="4137", lines=lines, addresses=ADDRESSES)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    line = order.lines.get(ordinal=1)
    for number in range(size):
        logged(shop.staff, order, about=bool(number % 2), waits=True)
    fulfil(viewer=shop.staff, order=order, quantities={line.pk: 1})
    if size > 2:
        fulfil(viewer=shop.staff, order=order, quantities={one.pk: 1 for one in order.lines.all()})
    staff.get(BENCH)

    with CaptureQueriesContext(connection) as statements:
        page = staff.get(BENCH)

    assert page.content.decode().count("Hold until July 12.") == size
    assert len(statements) == STATEMENTS


@pytest.mark.feature("IN-8")
def test_the_slip_has_no_prices_and_hides_all_that_is_the_shops_own(shop: Shop, staff: Client, order: Order) -> None:
    logged(shop.staff, order)

    page = Html(staff.get(BENCH))

    assert "£" not in page.text
    assert "24.00" not in page.text
    [notices] = [attributes for _, attributes in page.tags if attributes.get("id") == "notices"]
    assert "internal" in notices["class"].split()  # which no paper shows
    for said in ("Fennel & Twine", "Order 4137", "4 Pier Road", "Parcel 1", "TT-22", "case of 12"):
        assert said in page.text


def test_a_viewer_of_another_shop_finds_no_such_order(other_shop: Shop, order: Order) -> None:
    theirs = Client(headers={"Host": "other.test"})
    theirs.force_login(StaffMember.objects.get(pk=other_shop.member.pk).user)

    for path in (BENCH, f"{BENCH}/stub", f"{BENCH}/notices", TAB, SEND):
        assert theirs.get(path).status_code == 404
    assert theirs.post(SEND, form("pack", order)).status_code == 404
    assert not Fulfilment.objects.exists()
