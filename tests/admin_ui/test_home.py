"""The home page: its heading says what is true, each card offers what its reader may do, and the plots say what they
show.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from admin_ui.home.words import heading, short
from admin_ui.plots import plot
from counterfoil.access import clock
from counterfoil.access.models import StaffMember
from counterfoil.activity.counting import Counted, Days
from counterfoil.conversations.actions import send_message
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.staff.roles import save_role
from tests.admin_ui.pages import Html
from tests.factories import Shop, failed_mail

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NOTHING = dict.fromkeys(("waiting", "failedMails", "unacknowledged", "drafts"), 0)


@pytest.fixture
def admin(shop: Shop) -> Client:
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(shop.user)
    return browser


def member(shop: Shop, *permissions: str) -> Client:
    browser = Client(headers={"Host": "fennel.test"})
    role = save_role(viewer=shop.staff, name=f"Role {len(permissions)}", permissions=permissions)
    browser.force_login(StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id or 0).user)
    return browser


def entry(shop: Shop, order: Order) -> Interaction:
    return log_interaction(
        viewer=shop.staff,
        customer=order.customer,
        type=InteractionType.COMPLAINT,
        text="Third dented parcel.",
        needs_acknowledgement=True,
    )


@pytest.fixture
def busy(shop: Shop) -> dict[str, str]:
    """One of everything that waits: the id of each."""
    order = shop.order(number="INV-7")
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.CONFIRMED)
    mail = failed_mail(send_message(viewer=shop.staff, order=order, text="Leaves today."))
    send_message(viewer=shop.guest(order), order=order, text="Are they <b>blue</b>?")
    draft = shop.order(number="INV-8", customer="Juniper Lane")
    return {
        "confirm": draft.topic,
        "acknowledge": f"interaction_{entry(shop, order).pk}",
        "retry": f"mail_{mail.pk}",
        "dismiss": f"mail_{mail.pk}",
    }


def h1(page: str) -> str:
    [found] = re.findall(r"<h1>(.*?)</h1>", page)
    return str(found)


@pytest.mark.once
@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({}, "Nothing waits. Well done."),
        ({"waiting": 1, "drafts": 4}, "A customer waits for an answer"),
        ({"waiting": 3}, "Customers wait for an answer on 3 orders"),
        ({"waiting": 100}, "Customers wait for an answer on more than 99 orders"),
        ({"waiting": None, "failedMails": 2, "unacknowledged": 5}, "2 mails to customers could not be sent"),
        ({"failedMails": 1}, "A mail to a customer could not be sent"),
        ({"unacknowledged": 1}, "An entry waits to be acknowledged"),
        ({"waiting": None, "drafts": 7}, "7 orders wait to be confirmed"),
    ],
)
def test_the_heading_says_what_is_most_urgent(counts: dict[str, int | None], said: str) -> None:
    assert heading({**NOTHING, **counts}) == said


@pytest.mark.once
def test_a_count_that_ended_says_so() -> None:
    assert [short(count) for count in (None, 0, 99, 100)] == ["", "0", "99", "99+"]


@pytest.mark.feature("IN-4")
def test_everything_that_waits_stands_on_the_first_page(admin: Client, busy: dict[str, str]) -> None:
    page = admin.get("/admin/").content.decode()

    assert h1(page) == "A customer waits for an answer"
    assert "Are they &lt;b&gt;blue&lt;/b&gt;?" in page
    assert "Third dented parcel." in page
    assert "to <bdi>ana@harbour.example</bdi>" in page
    assert "Juniper Lane" in page
    for act, gid in busy.items():
        assert f'id="{act}-{gid}"' in page


def test_where_nothing_waits_it_says_so_and_offers_nothing(admin: Client, shop: Shop) -> None:
    page = admin.get("/admin/").content.decode()

    assert h1(page) == "Nothing waits. Well done."
    for said in (
        "Every customer has an answer.",
        "All that was logged about customers is acknowledged.",
        "No mail to a customer was given up.",
        "Every order is confirmed.",
        "A quiet month",
    ):
        assert said in page
    assert 'name="act"' not in page


@pytest.mark.parametrize(
    ("permissions", "cards"),
    [
        (("orders:read",), {"drafts-heading", "busy-heading"}),
        (("customers:read", "interactions:read"), {"entries-heading"}),
        (
            ("orders:read", "messages:read"),
            {"drafts-heading", "busy-heading", "waiting-heading", "mails-heading"},
        ),
    ],
)
@pytest.mark.feature("AC-12")
def test_a_role_sees_its_own_cards_and_no_button(
    shop: Shop, busy: dict[str, str], permissions: tuple[str, ...], cards: set[str]
) -> None:
    page = member(shop, *permissions).get("/admin/").content.decode()

    assert set(re.findall(r'id="(\w+-heading)"', page)) == {*cards, "keys-heading"}
    assert 'name="act"' not in page
    assert ("Juniper Lane" in page) == ("customers:read" in permissions and "orders:read" in permissions)


def post(browser: Client, address: str, act: str, gid: str, **more: str) -> tuple[int, str]:
    answer = browser.post(address, {"act": act, "id": gid, "client_mutation_key": f"{act} {gid}"}, headers=more)
    return answer.status_code, answer.headers.get("Location", "")


@pytest.mark.feature("IN-4")
def test_without_javascript_each_is_done_once_and_leads_back(admin: Client, busy: dict[str, str]) -> None:
    busy.pop("dismiss")
    for act, gid in busy.items():
        assert [post(admin, "/admin/attention", act, gid) for _ in range(2)] == [(303, "/admin/")] * 2

    assert Order.objects.get(number="INV-8").status == OrderStatus.CONFIRMED
    assert Interaction.objects.get().acknowledged_name == "Mara"
    assert Mail.objects.get().state == MailState.QUEUED


def test_with_javascript_the_cards_come_back_as_they_are_then(admin: Client, busy: dict[str, str]) -> None:
    answer = admin.post("/admin/attention", {"act": "dismiss", "id": busy["dismiss"]}, headers=HTMX)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.startswith('<div id="attention"')
    assert "No mail to a customer was given up." in page
    assert Mail.objects.get().dismissed_at is not None


def test_what_somebody_else_did_before_is_said_beside_what_is_left(
    admin: Client, shop: Shop, busy: dict[str, str]
) -> None:
    Mail.objects.update(state=MailState.SENT)

    answer = admin.post("/admin/attention", {"act": "retry", "id": busy["retry"]}, headers=HTMX)
    plain = admin.post("/admin/attention", {"act": "retry", "id": busy["retry"]})

    assert (answer.status_code, plain.status_code) == (422, 422)
    for said in (answer.content.decode(), plain.content.decode()):
        assert "This mail was sent or put aside meanwhile: nothing is left to do." in said
    assert 'href="/admin/"' in plain.content.decode()
    assert Mail.objects.get().state == MailState.SENT


@pytest.mark.parametrize("act", ["", "delete", "Confirm"])
def test_what_is_no_act_is_refused(admin: Client, busy: dict[str, str], act: str) -> None:
    answer = admin.post("/admin/attention", {"act": act, "id": busy["retry"]})

    assert (answer.status_code, answer.content) == (
        400,
        b"Say `act` as one of acknowledge, retry, dismiss, confirm.",
    )


@pytest.mark.feature("AC-12")
def test_who_may_only_read_is_told_so_and_changes_nothing(shop: Shop, busy: dict[str, str]) -> None:
    browser = member(shop, "orders:read", "messages:read", "customers:read", "interactions:read")
    before = [list(model.objects.values()) for model in (Order, Mail, Interaction)]

    for act, gid in busy.items():
        answer = browser.post("/admin/attention", {"act": act, "id": gid}, headers=HTMX)
        assert answer.status_code == 422
        assert "it needs the permission" in answer.content.decode()

    assert [list(model.objects.values()) for model in (Order, Mail, Interaction)] == before


@pytest.mark.parametrize("region", ["attention", "activity"])
def test_a_region_that_shows_this_already_is_left_alone(
    admin: Client, shop: Shop, busy: dict[str, str], region: str
) -> None:
    page = Html(admin.get(f"/admin/{region}", headers=HTMX))
    version = page.value("have")

    assert admin.get(f"/admin/{region}", {"have": version}, headers=HTMX).status_code == 204
    shop.order()
    days = Days(shop.workspace.pk)
    days.add(Counted(orders=1), clock.now(), "GBP")
    days.write()
    assert admin.get(f"/admin/{region}", {"have": version}, headers=HTMX).status_code == 200


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("waiting", "Are they &lt;b&gt;blue&lt;/b&gt;?"),
        ("entries", "Third dented parcel."),
        ("mails", "ana@harbour.example"),
    ],
)
def test_each_list_in_full_shows_its_rows_and_says_when_there_are_none(
    admin: Client, shop: Shop, busy: dict[str, str], address: str, said: str
) -> None:
    assert said in admin.get(f"/admin/attention/{address}").content.decode()

    send_message(viewer=shop.staff, order=Order.objects.get(number="INV-7"), text="Green.")
    Mail.objects.update(dismissed_at=clock.now())
    Interaction.objects.all().delete()

    page = admin.get(f"/admin/attention/{address}").content.decode()
    assert said not in page
    assert "Nothing is left here" in page


def test_more_than_a_few_stand_in_the_list_in_full_page_by_page(admin: Client, shop: Shop) -> None:
    order = shop.order()
    for _ in range(31):
        entry(shop, order)

    home = admin.get("/admin/").content.decode()
    first = admin.get("/admin/attention/entries")
    second = admin.get(Html(first).next_page())

    assert home.count("Third dented parcel.") == 5
    assert '<a href="/admin/attention/entries">All 31 entries</a>' in home
    assert first.content.decode().count("Third dented parcel.") == 30
    assert second.content.decode().count("Third dented parcel.") == 1
    lost = admin.get("/admin/attention/entries", {"after": "nonsense"})
    assert "here is the first one" in lost.content.decode()
    gid = re.findall(r'id="acknowledge-(\w+)"', second.content.decode())[0]
    assert post(admin, "/admin/attention/entries", "acknowledge", gid) == (303, "/admin/attention/entries")
    assert Interaction.objects.exclude(acknowledged_at=None).count() == 1


def test_the_plots_say_in_words_and_in_a_table_what_they_show(admin: Client, shop: Shop) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    days = Days(shop.workspace.pk)
    days.add(Counted(orders=6, ordered=Decimal("184.20")), now - timedelta(days=3), "GBP")
    days.add(Counted(orders=1, ordered=Decimal(20)), now, "GBP")
    days.add(Counted(messages=2), now - timedelta(days=29))
    days.write()

    with clock.at(now):
        page = Html(admin.get("/admin/"))

    names = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg" and "aria-label" in attributes]
    said = ("The most was", "The table below has the numbers.")
    assert [name.removesuffix(said[1]).strip() for name in names if "30 days" in name] == [
        "Orders placed on each of the last 30 days. The most was 6, on 27 February.",
        "Ordered in GBP on each of the last 30 days. The most was £184.20, on 27 February.",
        "Messages from customers on each of the last 30 days. The most was 2, on 1 February.",
        "Parcels sent on each of the last 30 days. There were none.",
    ]
    bars = [attributes for tag, attributes in page.tags if tag == "rect" and attributes.get("width") == "8"]
    assert [(bar["x"], bar["height"], bar.get("class", "")) for bar in bars] == [
        ("260", "100.0", ""),
        ("290", "16.7", "today"),
        ("260", "100.0", ""),
        ("290", "10.9", "today"),
        ("0", "100.0", ""),
    ]
    assert not page.acts


@pytest.mark.once
def test_a_plot_of_nothing_has_no_bars_and_no_fault() -> None:
    drawn = plot([("2026-03-01", 0), ("2026-03-02", 0)])

    assert [bar.height for bar in drawn.bars] == [0, 0]
    assert (drawn.total, drawn.tallest.day, drawn.width) == (0, "2026-03-01", 18)


@pytest.mark.once
def test_what_is_little_is_seen_and_what_is_nothing_is_not() -> None:
    drawn = plot([("a", Decimal(0)), ("b", Decimal("0.01")), ("c", Decimal(1000)), ("d", Decimal(-3))])

    assert [bar.height for bar in drawn.bars] == [0, 2, 100, 0]
