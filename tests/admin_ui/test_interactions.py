"""The interactions card on a customer's profile: reading on, narrowing, logging, acknowledging, by everyone who may."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import unescape
from re import findall
from urllib.parse import unquote, urlencode

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.conversations.actions import send_message
from counterfoil.customers.models import Customer
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction, switch_type
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.actions import place_order
from counterfoil.orders.fulfilment import set_hold
from counterfoil.orders.models import Order
from tests.admin_ui.pages import Html
from tests.factories import LINES, Shop

pytestmark = pytest.mark.slow_on_postgresql

HTMX = {"HX-Request": "true"}
BOTH_WAYS = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
NOON = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)
READS = ("customers:read", "interactions:read")
HOLD = "Hold order 4137 until July 12 per their email; family trip; unusual circumstance."
NAMES = ("have", "waiting", "seen", "on_top")


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="4137")


@pytest.fixture
def customer(order: Order) -> Customer:
    return order.customer


def browser(member: StaffMember) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(member.user)
    return client


def member_who_may(shop: Shop, permissions: Iterable[str]) -> Client:
    role = CustomRole.objects.create(
        workspace=shop.workspace, name=f"Role {CustomRole.objects.count()}", permissions=sorted(permissions)
    )
    return browser(StaffMember.objects.get(pk=shop.hire("Rea", role).staff_id))


def profile(customer: Customer) -> str:
    return f"/admin/customers/customer_{customer.pk}"


def log(shop: Shop, customer: Customer, text: str, *, minute: int = 0, **given: object) -> Interaction:
    """An entry, so many minutes after noon; a note unless `type` is given."""
    facts = {"type": InteractionType.NOTE, **given}
    with clock.at(NOON + timedelta(minutes=minute)):
        return log_interaction(viewer=shop.staff, customer=customer, text=text, **facts)  # type: ignore[arg-type]


def entries(answer: HttpResponse) -> list[str]:
    """The ids of the entries, from top to bottom."""
    return findall(r'<li id="(interaction_\d+)"', answer.content.decode())


def ids(*made: Interaction) -> list[str]:
    return [f"interaction_{entry.pk}" for entry in made]


def earlier_address(answer: HttpResponse) -> str:
    [address] = findall(r'hx-get="([^"]+/interactions/earlier[^"]*)"', answer.content.decode())
    return unescape(address)


def has(answer: HttpResponse) -> dict[str, str]:
    """What an open page says that it has, when it asks for news."""
    page = Html(answer)
    return {name: page.values(name)[0] for name in NAMES}


def form(staff: Client, customer: Customer, **typed: str) -> dict[str, str]:
    page = Html(staff.get(profile(customer)))
    key = next(value for value in page.values("client_mutation_key") if " " not in value)
    return {"client_mutation_key": key, "type": "note", "text": "", "order": "", **typed}


# Where it stands, and in which order.


@pytest.mark.feature("IN-3")
@pytest.mark.feature("IN-4")
def test_the_card_stands_between_orders_and_linked_accounts_with_what_waits_on_top(
    staff: Client, shop: Shop, customer: Customer, order: Order
) -> None:
    old = log(shop, customer, HOLD, type=InteractionType.EMAIL, order=order, needs_acknowledgement=True)
    middle = log(shop, customer, "Prefers card.", minute=1)
    new = log(shop, customer, "Rang twice.", minute=2, type=InteractionType.PHONE_CALL)

    page = staff.get(profile(customer))

    assert entries(page) == ids(old, new, middle)
    headings = ["What they may do", "Open promises", "Orders", "Interactions", "Linked accounts", "Contacts", "Portal"]
    text = page.content.decode()
    places = [text.index(f">{heading}</h2>") for heading in headings]
    assert places == sorted(places)
    assert f'<a href="#interaction_{old.pk}" dir="auto">{HOLD}</a>' in text
    assert 'data-live-topics="customer_' in text


@pytest.mark.feature("IN-1")
@pytest.mark.feature("IN-2")
def test_each_type_shows_its_word_and_an_icon_of_its_own(staff: Client, shop: Shop, customer: Customer) -> None:
    for number, each in enumerate(InteractionType):
        log(shop, customer, f"About {each.label}", minute=number, type=each)

    text = staff.get(profile(customer)).content.decode()

    shown = findall(r'<p class="what"><svg[^>]*><use href="[^"#]*#([a-z0-9-]+)"/></svg>\s*([A-Z][a-z ]+)', text)
    assert [label.strip() for _, label in shown] == [each.label for each in reversed(InteractionType)]
    assert len({icon for icon, _ in shown}) == 9
    for _ in shown:
        assert "<bdi>Mara</bdi>" in text


@pytest.mark.feature("IN-3")
def test_the_log_is_read_on_page_by_page_without_gaps_or_repetitions(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    made = [log(shop, customer, f"No. {number}", minute=number // 3) for number in range(75)]
    waiting = log(shop, customer, "Waits", minute=5, needs_acknowledgement=True)

    page = staff.get(profile(customer))
    listed = entries(page)
    [link] = [tag["href"] for kind, tag in Html(page).tags if tag.get("id") == "earlier-link"]
    plain = entries(staff.get(link.partition("#")[0]))
    on_top = " ".join(ids(waiting))
    for _ in range(2):
        page = staff.get(f"{earlier_address(page)}&{urlencode({'on_top': on_top})}", headers=HTMX)
        listed += entries(page)

    assert listed == ids(waiting, *reversed(made))
    assert plain == ids(waiting) + listed[31:60]  # one of these thirty stands on top
    assert "earlier-link" not in page.content.decode()


@pytest.mark.feature("IN-3")
@BOTH_WAYS
def test_the_log_is_narrowed_by_type_and_words_in_the_address(
    staff: Client, shop: Shop, customer: Customer, headers: dict[str, str]
) -> None:
    tins = log(shop, customer, "Crème tins dented", minute=1, type=InteractionType.COMPLAINT)
    late = log(shop, customer, "Parcel late", minute=2, type=InteractionType.COMPLAINT)
    note = log(shop, customer, "Wants CREME tins", minute=3)
    waits = log(shop, customer, "Ring back", minute=4, needs_acknowledgement=True)
    address = profile(customer) + ("/interactions" if headers else "")

    def found(**query: str) -> list[str]:
        return entries(staff.get(address, query, headers=headers))

    # What waits stands on top in any case.
    assert found(type="complaint") == ids(waits, late, tins)
    assert found(q="creme") == ids(waits, note, tins)
    assert found(type="complaint", q="Crème") == ids(waits, tins)
    assert found(type="return") == ids(waits)
    assert found(type="nonsense") == ids(waits, note, late, tins)
    nothing = staff.get(address, {"q": "lantern"}, headers=headers)
    assert "No other entry matches “<bdi>lantern</bdi>”" in nothing.content.decode()
    if headers:
        pushed = staff.get(address, {"type": "complaint", "q": "tins"}, headers=headers).headers["HX-Push-Url"]
        assert pushed == f"{profile(customer)}?type=complaint&q=tins"


def test_a_cursor_of_no_list_leads_to_the_newest(staff: Client, shop: Shop, customer: Customer) -> None:
    entry = log(shop, customer, "Here")

    assert entries(staff.get(profile(customer), {"before": "nonsense"})) == ids(entry)
    assert entries(staff.get(profile(customer) + "/interactions", {"before": "nonsense"}, headers=HTMX)) == ids(entry)


@pytest.mark.feature("IN-3")
def test_a_long_text_is_folded_and_whole_and_hostile_text_is_text(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    long = "<script>alert(1)</script> & “quoted”\n" + "word " * 990 + "the end"
    log(shop, customer, long)
    log(shop, customer, "line\n" * 30, minute=1)
    log(shop, customer, "short", minute=2)

    page = staff.get(profile(customer))

    html = Html(page)
    assert not html.acts
    assert long in html.text
    assert page.content.decode().count("<details><summary") == 2


def test_the_open_promises_are_orders_on_hold_and_conversations_without_an_answer_too(
    staff: Client, shop: Shop, customer: Customer, order: Order
) -> None:
    before = staff.get(profile(customer)).content.decode()
    set_hold(viewer=shop.staff, order=order, on_hold=True)
    send_message(viewer=shop.guest(order), order=order, text="Where is it?")
    another = shop.order(customer="Pier 9", number="4200")
    send_message(viewer=shop.guest(another), order=another, text="Not theirs")

    after = staff.get(profile(customer)).content.decode()

    assert "is on hold</a>" not in before
    assert "They wait for an answer" not in before
    assert '<a href="/admin/orders/4137">Order <bdi>4137</bdi> is on hold</a>' in after
    waiting = "They wait for an answer on order <bdi>4137</bdi></a>"
    assert f'<a href="/admin/orders/4137/notes#newest">{waiting}' in after
    assert after.count("They wait for an answer") == 1


# Logging.


@pytest.mark.feature("IN-2")
@BOTH_WAYS
def test_staff_log_an_entry_about_an_order_that_needs_acknowledgement(
    staff: Client, shop: Shop, customer: Customer, order: Order, headers: dict[str, str]
) -> None:
    typed = form(staff, customer, type="email", text="Hold it.\r\nUntil July 12.", order=" 4137 ", waits="yes")

    answers = [staff.post(f"{profile(customer)}/interactions", typed, headers=headers) for _ in range(2)]

    entry = Interaction.objects.get()
    assert (entry.type, entry.text, entry.order_id) == ("email", "Hold it.\nUntil July 12.", order.pk)
    assert (entry.needs_acknowledgement, entry.author_name) == (True, "Mara")
    for answer in answers:
        if headers:
            assert answer.status_code == 200
            assert "saved:interaction" in answer.headers["HX-Trigger"]
            assert "It stands in the log." in answer.content.decode()
            assert "Hold it." not in answer.content.decode()
        else:
            assert answer.status_code == 303
            assert answer.headers["Location"] == f"{profile(customer)}#interaction_{entry.pk}"


@BOTH_WAYS
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": "   "}, "the entry is empty"),
        ({"text": "x" * 10_001}, "has 10,001 characters"),
        ({"order": "9999"}, "There is no order 9999"),
        ({"order": "4200"}, "Order 4200 is another customer’s"),
        ({"type": "nonsense"}, "Choose what this was"),
    ],
)
def test_a_refusal_stands_at_its_control_and_keeps_all_that_was_typed(
    shop: Shop, customer: Customer, headers: dict[str, str], wrong: dict[str, str], said: str
) -> None:
    staff = browser(shop.member)
    shop.order(customer="Pier 9", number="4200")
    typed = form(staff, customer, type="complaint", text="Two mugs chipped", order="4137", waits="yes") | wrong

    answer = staff.post(f"{profile(customer)}/interactions", typed, headers=headers)

    page = Html(answer)
    assert (answer.status_code, Interaction.objects.count()) == (422, 0)
    text = unescape(answer.content.decode())
    assert f"\n{typed['text']}</textarea>" in text
    assert page.value_of("log-order") == typed["order"]
    assert "yes" in page.ticked()
    assert said in page.text
    if "order" in wrong:
        assert said in page.told_at("log-order")
    if typed["type"] == "complaint":
        assert 'value="complaint" id="log-complaint" checked' in text
    assert typed["client_mutation_key"] in page.values("client_mutation_key")


@pytest.mark.feature("IN-6")
@BOTH_WAYS
def test_a_type_that_was_switched_off_meanwhile_is_refused_and_leaves_the_form(
    staff: Client, shop: Shop, customer: Customer, headers: dict[str, str]
) -> None:
    typed = form(staff, customer, type="compliment", text="Loved the card.", order="4137", waits="yes")
    switch_type(viewer=shop.staff, type=InteractionType.COMPLIMENT, on=False)

    answer = staff.post(f"{profile(customer)}/interactions", typed, headers=headers)

    page, text = Html(answer), answer.content.decode()
    assert (answer.status_code, Interaction.objects.count()) == (422, 0)
    assert "“Compliment” has been switched off in the settings" in page.text
    assert 'aria-describedby="log-type-error"' in text
    assert "log-compliment" not in text
    assert "log-complaint" in text
    assert "\nLoved the card.</textarea>" in text
    assert page.value_of("log-order") == "4137"

    again = staff.post(f"{profile(customer)}/interactions", {**typed, "type": "note"}, headers=headers)
    assert again.status_code == (200 if headers else 303)
    assert Interaction.objects.get().text == "Loved the card."


@pytest.mark.feature("IN-6")
def test_where_every_type_is_off_nothing_can_be_logged_and_the_log_stays(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    kept = log(shop, customer, "Kept")
    for each in InteractionType:
        switch_type(viewer=shop.staff, type=each, on=False)

    page = staff.get(profile(customer))

    assert entries(page) == ids(kept)
    assert "Every type of entry is switched off" in page.content.decode()
    assert "log-text" not in page.content.decode()


def test_a_key_that_stood_for_another_wording_is_replaced(staff: Client, shop: Shop, customer: Customer) -> None:
    typed = form(staff, customer, text="First wording")
    staff.post(f"{profile(customer)}/interactions", typed, headers=HTMX)

    refused = staff.post(f"{profile(customer)}/interactions", {**typed, "text": "Second"}, headers=HTMX)

    assert refused.status_code == 422
    assert "An earlier wording of this was saved already" in Html(refused).text
    assert typed["client_mutation_key"] not in Html(refused).values("client_mutation_key")
    assert "\nSecond</textarea>" in refused.content.decode()


# Acknowledging.


@pytest.mark.feature("IN-4")
@BOTH_WAYS
def test_an_entry_that_is_acknowledged_says_by_whom_and_stays_where_it_is_read(
    staff: Client, shop: Shop, customer: Customer, headers: dict[str, str]
) -> None:
    entry = log(shop, customer, "Ring back", needs_acknowledgement=True)
    newer = log(shop, customer, "Newer", minute=1)
    before = staff.get(profile(customer))
    [address] = [tag["action"] for _, tag in Html(before).tags if tag.get("action", "").endswith("/acknowledge")]

    answer = staff.post(address, {"client_mutation_key": "k1"}, headers=headers)

    if headers:
        assert (answer.status_code, entries(answer)) == (200, ids(entry))
        page = staff.get(f"{profile(customer)}/interactions/news", has(before), headers=HTMX)
        assert entries(page) == ids(entry)
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"{profile(customer)}?on_top=interaction_{entry.pk}#interaction_{entry.pk}"
        page = staff.get(answer.headers["Location"].partition("#")[0])
        assert entries(page) == ids(entry, newer)
    for shown in (answer, page) if headers else (page,):
        assert "Acknowledged by <bdi>Mara</bdi>" in shown.content.decode()
        assert "To acknowledge</span>" not in shown.content.decode()
    # Once the page is opened again it stands at its age.
    assert entries(staff.get(profile(customer))) == ids(newer, entry)


@pytest.mark.feature("IN-4")
@BOTH_WAYS
def test_who_comes_second_reads_who_was_faster(
    staff: Client, shop: Shop, customer: Customer, headers: dict[str, str]
) -> None:
    entry = log(shop, customer, "Ring back", needs_acknowledgement=True)
    acknowledge_interaction(viewer=shop.hire("Tom"), interaction=entry)

    answer = staff.post(
        f"{profile(customer)}/interactions/interaction_{entry.pk}/acknowledge",
        {"client_mutation_key": "k1"},
        headers=headers,
    )

    assert answer.status_code == 422
    assert entries(answer) == ids(entry)
    assert "Tom has acknowledged this already: nothing is left to do." in Html(answer).text
    assert "Acknowledged by <bdi>Tom</bdi>" in answer.content.decode()
    assert Interaction.objects.get().acknowledged_name == "Tom"


def test_entries_of_another_customer_or_of_nobody_are_not_acknowledged_here(
    staff: Client, shop: Shop, other_shop: Shop, customer: Customer
) -> None:
    foreign = log(other_shop, other_shop.order().customer, "Theirs", needs_acknowledgement=True)

    for gid in (f"interaction_{foreign.pk}", "interaction_999999", f"customer_{customer.pk}", "nonsense"):
        address = f"{profile(customer)}/interactions/{gid}/acknowledge"
        assert staff.post(address, {"client_mutation_key": gid}, headers=HTMX).status_code == 404

    assert Interaction.objects.get().acknowledged_at is None


# News for pages that are open.


@pytest.mark.feature("IN-10")
def test_an_open_page_gets_what_is_new_and_nothing_else(staff: Client, shop: Shop, customer: Customer) -> None:
    for number in range(40):
        log(shop, customer, f"No. {number}", minute=number)
    news = f"{profile(customer)}/interactions/news"
    have = has(staff.get(profile(customer)))
    assert staff.get(news, have, headers=HTMX).status_code == 204

    first = log(shop, customer, "First news", minute=50)
    second = log(shop, customer, "Second news", minute=51, type=InteractionType.RETURN)
    told = staff.get(news, have, headers=HTMX)

    assert entries(told) == ids(second, first)
    text = told.content.decode()
    assert 'hx-swap-oob="afterbegin:#entries"' in text
    assert 'id="on-top"' not in text  # nothing waits, so nothing there is replaced
    assert "Mara logged: Return. Mara logged: Note" in text
    assert staff.get(news, has(told), headers=HTMX).status_code == 204


@pytest.mark.feature("IN-10")
@pytest.mark.feature("IN-4")
def test_an_open_page_gets_what_waits_on_top_and_among_the_promises(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    log(shop, customer, "Old")
    news = f"{profile(customer)}/interactions/news"
    have = has(staff.get(profile(customer)))

    waits = log(shop, customer, "Ring back", minute=1, needs_acknowledgement=True)
    told = staff.get(news, have, headers=HTMX)

    assert entries(told) == ids(waits)
    assert '<div id="on-top" class="stack tight" hx-swap-oob="true">' in told.content.decode()
    assert f'<a href="#interaction_{waits.pk}" dir="auto">Ring back</a>' in told.content.decode()

    acknowledge_interaction(viewer=shop.hire("Tom"), interaction=waits)
    after = staff.get(news, has(told), headers=HTMX)
    assert entries(after) == ids(waits)
    assert "Acknowledged by <bdi>Tom</bdi>" in after.content.decode()
    assert f'href="#interaction_{waits.pk}"' not in after.content.decode()
    assert staff.get(news, has(after), headers=HTMX).status_code == 204


@pytest.mark.feature("IN-10")
@pytest.mark.feature("IN-4")
def test_what_waits_from_now_on_is_put_before_what_waited_already(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    waited = log(shop, customer, "Ring back", needs_acknowledgement=True)
    news = f"{profile(customer)}/interactions/news"
    have = has(staff.get(profile(customer)))

    note = log(shop, customer, "Just a note", minute=1)
    waits = log(shop, customer, "Ring again", minute=2, needs_acknowledgement=True)
    told = staff.get(news, have, headers=HTMX)

    text = told.content.decode()
    assert entries(told) == ids(waits, note)
    assert 'hx-swap-oob="afterbegin:#pinned"' in text
    assert 'hx-swap-oob="afterbegin:#open-entries"' in text
    assert text.count(f'href="#interaction_{waits.pk}"') == 1
    assert has(told)["on_top"].split() == ids(waits, waited)
    assert staff.get(news, has(told), headers=HTMX).status_code == 204

    # Another joins while a colleague acknowledges one: what stands on top is told as a whole.
    acknowledge_interaction(viewer=shop.hire("Tom"), interaction=waited)
    third = log(shop, customer, "A third time", minute=3, needs_acknowledgement=True)
    after = staff.get(news, has(told), headers=HTMX)
    assert '<div id="on-top" class="stack tight" hx-swap-oob="true">' in after.content.decode()
    assert entries(after) == ids(third, waits, waited)


@pytest.mark.feature("IN-10")
def test_where_more_is_new_than_one_looks_at_the_log_begins_anew(staff: Client, shop: Shop, customer: Customer) -> None:
    log(shop, customer, "Old")
    have = has(staff.get(profile(customer)))
    made = [log(shop, customer, f"No. {number}", minute=number + 1) for number in range(35)]

    told = staff.get(f"{profile(customer)}/interactions/news", have, headers=HTMX)

    assert (told.headers["HX-Retarget"], told.headers["HX-Reswap"]) == ("#log", "outerHTML")
    assert entries(told) == ids(*reversed(made[5:]))


@pytest.mark.feature("IN-10")
def test_an_open_page_that_is_narrowed_gets_what_fits_and_one_of_earlier_entries_gets_none(
    staff: Client, shop: Shop, customer: Customer
) -> None:
    for number in range(31):
        log(shop, customer, f"No. {number}", minute=number)
    news = f"{profile(customer)}/interactions/news"
    address = profile(customer)
    narrowed = has(staff.get(address, {"type": "return"}))
    cursor = {"before": unquote(earlier_address(staff.get(address)).partition("before=")[2])}
    earlier = has(staff.get(address, cursor))

    back = log(shop, customer, "Back", minute=40, type=InteractionType.RETURN)
    log(shop, customer, "Another note", minute=41)

    assert entries(staff.get(news, {**narrowed, "type": "return"}, headers=HTMX)) == ids(back)
    assert staff.get(news, earlier | cursor, headers=HTMX).status_code == 204


# Who may what.


@pytest.mark.feature("IN-5")
@pytest.mark.parametrize(
    ("more", "writes", "acknowledges"),
    [((), False, False), (("interactions:write",), True, False), (("interactions:acknowledge",), False, True)],
    ids=["reads", "writes", "acknowledges"],
)
def test_a_role_has_of_the_card_what_it_may(
    shop: Shop, customer: Customer, more: tuple[str, ...], writes: bool, acknowledges: bool
) -> None:
    entry = log(shop, customer, "Ring back", needs_acknowledgement=True)
    client = member_who_may(shop, (*READS, *more))
    address = f"{profile(customer)}/interactions"

    page = client.get(profile(customer))

    assert entries(page) == ids(entry)
    text = page.content.decode()
    assert ('id="log-form"' in text, f'id="interaction_{entry.pk}-acknowledge"' in text) == (writes, acknowledges)
    assert 'id="log-order"' not in text  # no order is read
    logged = client.post(address, {"client_mutation_key": "k1", "type": "note", "text": "Mine"}, headers=HTMX)
    noted = client.post(f"{address}/interaction_{entry.pk}/acknowledge", {"client_mutation_key": "k2"}, headers=HTMX)
    assert (logged.status_code, noted.status_code) == (200 if writes else 422, 200 if acknowledges else 422)
    assert Interaction.objects.count() == (2 if writes else 1)
    entry.refresh_from_db()
    assert (entry.acknowledged_at is not None) == acknowledges


@pytest.mark.feature("IN-5")
def test_who_reads_no_interactions_gets_no_card(shop: Shop, customer: Customer) -> None:
    log(shop, customer, "Ring back", needs_acknowledgement=True)
    client = member_who_may(shop, ("customers:read", "customers:write", "orders:read"))

    page = client.get(profile(customer))

    assert page.status_code == 200
    assert "Ring back" not in page.content.decode()
    assert "Interactions" not in page.content.decode()
    for part in ("", "/earlier", "/news"):
        assert client.get(f"{profile(customer)}/interactions{part}").status_code == 403


def test_customers_of_another_workspace_have_no_log_here(staff: Client, other_shop: Shop) -> None:
    foreign = other_shop.order().customer
    log(other_shop, foreign, "Theirs")

    for part in ("", "/earlier", "/news"):
        assert staff.get(f"{profile(foreign)}/interactions{part}").status_code == 404
    answer = staff.post(
        f"{profile(foreign)}/interactions", {"client_mutation_key": "k", "type": "note", "text": "x"}, headers=HTMX
    )
    assert answer.status_code == 404
    assert Interaction.objects.count() == 1


# What it costs.


def statements(staff: Client, address: str, headers: dict[str, str]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert staff.get(address, headers=headers).status_code == 200
    return len(queries)


@pytest.mark.feature("IN-3")
@pytest.mark.parametrize("part", ["", "/interactions", "/interactions/news"])
def test_the_statements_do_not_grow_with_the_history(staff: Client, shop: Shop, part: str) -> None:
    counts = []
    for size in (2, 45):
        order = shop.order(customer=f"Size {size}")
        for number in range(size):
            place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES)
            log(shop, order.customer, f"No. {number}", minute=number, order=order)
            log(shop, order.customer, f"Waits {number}", minute=number, needs_acknowledgement=True, order=order)
        headers = HTMX if part else {}
        staff.get(profile(order.customer) + part, headers=headers)
        counts.append(statements(staff, profile(order.customer) + part, headers))

    assert counts[0] == counts[1]


# The switches.


@pytest.mark.feature("IN-6")
@BOTH_WAYS
def test_admins_switch_each_type_off_and_on(staff: Client, shop: Shop, headers: dict[str, str]) -> None:
    address = "/admin/settings/interactions"
    page = Html(staff.get(address))
    assert [label.label for label in InteractionType if label.label not in page.text] == []
    assert [tag["aria-checked"] for _, tag in page.tags if tag.get("role") == "switch"] == ["true"] * 9

    off = staff.post(address, {"client_mutation_key": "k1", "refund_request": "no"}, headers=headers)

    assert (off.status_code, off.headers["Location"]) == (303, f"{address}?done=refund_request#refund_request")
    page = Html(staff.get(off.headers["Location"].partition("#")[0]))
    switches = {tag["id"]: tag["aria-checked"] for _, tag in page.tags if tag.get("role") == "switch"}
    assert [gid for gid, state in switches.items() if state == "false"] == ["refund_request-switch"]
    assert "Saved. It counts for new entries from now on." in page.text
    staff.post(address, {"client_mutation_key": "k2", "refund_request": "yes"}, headers=headers)
    page = Html(staff.get(address))
    assert [tag["aria-checked"] for _, tag in page.tags if tag.get("role") == "switch"] == ["true"] * 9
    assert staff.post(address, {"client_mutation_key": "k3", "nonsense": "no"}).status_code == 400


def test_the_switches_are_for_admins_alone(shop: Shop) -> None:
    manager = browser(StaffMember.objects.get(pk=shop.hire("Tom").staff_id))

    assert manager.get("/admin/settings/interactions").status_code == 403
    assert manager.post("/admin/settings/interactions", {"client_mutation_key": "k", "note": "no"}).status_code == 403
    assert "/admin/settings/interactions" not in manager.get("/admin/account").content.decode()
