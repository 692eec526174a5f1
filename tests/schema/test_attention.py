"""What waits for somebody, and how busy the days were: who is told of it, in which order, and at what cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from counterfoil.activity.counting import Counted, Days
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.models import Order
from counterfoil.staff.roles import save_role
from schema.context import Context
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop, failed_mail
from tests.schema.test_statement_counts import run

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COUNTS = "{ attentionCounts { waiting unacknowledged failedMails drafts } }"
EVERYTHING = """query ($first: Int!) {
    attentionCounts { waiting unacknowledged failedMails drafts }
    waitingConversations(first: $first) {
        nodes { since order { number customer { name } } message { text authorName } } edges { cursor }
    }
    failedMails(first: $first) { nodes { id kind state reason triedAt to order { number customer { name } } } }
    unacknowledgedInteractions(first: $first) { nodes { id text customer { name } order { number } } }
    orders(first: $first, filter: { status: DRAFT }) { nodes { number customer { name } } }
    activity(days: 30) { day orders ordered { amount currency } parcels messages }
}"""


def wait(shop: Shop, at: datetime, *texts: str) -> Order:
    """An order on which the customer wrote these, a minute apart."""
    order = shop.order()
    for number, text in enumerate(texts):
        with clock.at(at + timedelta(minutes=number)):
            send_message(viewer=shop.guest(order), order=order, text=text)
    return order


def log(shop: Shop, order: Order) -> None:
    log_interaction(
        viewer=shop.staff,
        customer=order.customer,
        order=order,
        type=InteractionType.COMPLAINT,
        text="Dented.",
        needs_acknowledgement=True,
    )


def test_who_waits_longest_comes_first_with_what_was_written_last(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    late = wait(shop, MONDAY, "Where is it?")
    early = wait(shop, MONDAY - timedelta(days=2), "Is it red?", "Or blue?")
    answered = wait(shop, MONDAY - timedelta(days=3), "Hello?")
    send_message(viewer=shop.staff, order=answered, text="Hello!")
    write_internal_note(viewer=shop.staff, order=early, text="Blue.")  # answers nobody
    wait(other_shop, MONDAY, "Elsewhere")

    text = "{ waitingConversations(first: 9) { nodes { since order { number } message { text } } } }"
    found = ask(shop.staff, text)["waitingConversations"]["nodes"]

    assert found == [
        {"since": "2026-02-28T12:00:00+00:00", "order": {"number": early.number}, "message": {"text": "Or blue?"}},
        {"since": "2026-03-02T12:00:00+00:00", "order": {"number": late.number}, "message": {"text": "Where is it?"}},
    ]


def test_who_reads_customers_asks_for_those_who_wait_of_one_customer(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    theirs, _, foreign = wait(shop, MONDAY, "Where?"), wait(shop, MONDAY, "When?"), wait(other_shop, MONDAY, "Why?")
    blind = save_role(viewer=shop.staff, name="Answers", permissions=["orders:read", "messages:read"])
    text = "query ($id: ID!) { waitingConversations(first: 9, customerId: $id) { nodes { order { number } } } }"

    def found(viewer: Viewer, gid: str) -> list[str]:
        return [node["order"]["number"] for node in ask(viewer, text, id=gid)["waitingConversations"]["nodes"]]

    assert found(shop.staff, f"customer_{theirs.customer_id}") == [theirs.number]
    assert found(shop.hire("Ida", blind), f"customer_{theirs.customer_id}") == []
    for gid in (f"customer_{foreign.customer_id}", theirs.topic, "nonsense", ""):
        assert found(shop.staff, gid) == []


def test_pages_of_who_waits_follow_each_other(shop: Shop, ask: Ask) -> None:
    numbers = [wait(shop, MONDAY, "Hello?").number for _ in range(5)]  # in the same moment
    text = """query ($after: String) { waitingConversations(first: 2, after: $after) {
        nodes { order { number } } pageInfo { hasNextPage endCursor } } }"""

    seen, after = [], None
    for _ in range(3):
        page = ask(shop.staff, text, after=after)["waitingConversations"]
        seen += [node["order"]["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]

    assert (seen, page["pageInfo"]["hasNextPage"]) == (numbers, False)


def test_a_failed_mail_says_to_whom_about_what_and_why(shop: Shop, ask: Ask) -> None:
    order = shop.order(number="INV-7")
    mail = failed_mail(send_message(viewer=shop.staff, order=order, text="Hello"))
    Mail.objects.filter(pk=mail.pk).update(reason="No such domain", due_at=MONDAY)
    dismissed = failed_mail(send_message(viewer=shop.staff, order=order, text="Again"))
    Mail.objects.filter(pk=dismissed.pk).update(dismissed_at=MONDAY)

    text = "{ failedMails(first: 9) { nodes { id kind state reason triedAt to order { number } } } }"
    [found] = ask(shop.staff, text)["failedMails"]["nodes"]

    assert found == {
        "id": f"mail_{mail.pk}",
        "kind": "MESSAGE",
        "state": "FAILED",
        "reason": "No such domain",
        "triedAt": "2026-03-02T12:00:00+00:00",
        "to": "ana@harbour.example",
        "order": {"number": "INV-7"},
    }


@pytest.mark.parametrize(
    ("mutation", "after"),
    [("retryMail", ("QUEUED", [])), ("dismissMail", ("FAILED", []))],
)
def test_what_is_done_about_a_failed_mail_is_answered_with_it(
    shop: Shop, ask: Ask, mutation: str, after: tuple[str, list[object]]
) -> None:
    mail = failed_mail(send_message(viewer=shop.staff, order=shop.order(), text="Hello"))
    kind = mutation[0].upper() + mutation[1:]
    text = f"""mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{
        ... on {kind}Success {{ mail {{ id state }} }} ... on Problem {{ message }} }} }}"""
    given = {"clientMutationKey": "1", "mailId": f"mail_{mail.pk}"}

    answers = [ask(shop.staff, text, input=given)[mutation] for _ in range(2)]

    assert answers == [{"mail": {"id": f"mail_{mail.pk}", "state": after[0]}}] * 2
    assert ask(shop.staff, "{ failedMails(first: 9) { nodes { id } } }")["failedMails"]["nodes"] == after[1]


def test_what_was_sent_meanwhile_is_not_sent_again(shop: Shop, ask: Ask) -> None:
    mail = failed_mail(send_message(viewer=shop.staff, order=shop.order(), text="Hello"))
    Mail.objects.update(state=MailState.SENT)
    before = list(Mail.objects.values())
    text = (
        """mutation ($input: RetryMailInput!) { retryMail(input: $input) { ... on Problem { code field message } } }"""
    )

    answer = ask(shop.staff, text, input={"clientMutationKey": "1", "mailId": f"mail_{mail.pk}"})["retryMail"]

    assert answer == {
        "code": "INVALID",
        "field": "mailId",
        "message": "This mail was sent or put aside meanwhile: nothing is left to do.",
    }
    assert list(Mail.objects.values()) == before


def member(shop: Shop, *permissions: str) -> Viewer:
    return shop.hire("Pia", save_role(viewer=shop.staff, name=str(permissions)[:60], permissions=permissions))


@pytest.mark.feature("IN-4")
@pytest.mark.feature("AC-12")
@pytest.mark.parametrize(
    ("permissions", "counts"),
    [
        (("orders:read", "messages:read", "customers:read", "interactions:read"), (1, 1, 1, 3)),
        (("orders:read", "messages:read"), (1, None, 1, 3)),
        (("orders:read", "interactions:read"), (None, None, None, 3)),
        (("customers:read", "interactions:read"), (None, 1, None, None)),
        (("messages:read", "customers:read"), (None, None, None, None)),
        (("products:read",), (None, None, None, None)),
    ],
)
def test_each_is_told_how_much_waits_of_what_they_read(
    shop: Shop, ask: Ask, permissions: tuple[str, ...], counts: tuple[int | None, ...]
) -> None:
    order = wait(shop, MONDAY, "Where is it?")
    log(shop, order)
    failed_mail(send_message(viewer=shop.staff, order=shop.order(), text="Hello"))
    shop.order()

    found = ask(member(shop, *permissions), COUNTS)["attentionCounts"]

    assert tuple(found.values()) == counts


@pytest.mark.feature("AC-12")
def test_nobody_but_the_shop_is_told_anything(shop: Shop, ask: Ask) -> None:
    order = wait(shop, MONDAY, "Where is it?")

    told = ask(shop.guest(order), EVERYTHING, first=9)

    assert set(told["attentionCounts"].values()) == {None}
    assert (told["waitingConversations"], told["failedMails"], told["activity"]) == (None, None, None)
    assert told["unacknowledgedInteractions"]["nodes"] == []


def test_who_reads_no_customers_is_told_no_address(shop: Shop, ask: Ask) -> None:
    failed_mail(send_message(viewer=shop.staff, order=shop.order(), text="Hello"))
    reader = member(shop, "orders:read", "messages:read")

    [found] = ask(reader, "{ failedMails(first: 9) { nodes { to order { customer { name } } } } }")["failedMails"][
        "nodes"
    ]

    assert found == {"to": None, "order": {"customer": None}}


def test_counting_ends_at_a_hundred(shop: Shop, ask: Ask) -> None:
    template = shop.order()
    facts = {
        field.attname: getattr(template, field.attname) for field in Order._meta.concrete_fields if field.name != "id"
    }
    Order.objects.bulk_create(Order(**{**facts, "number": f"A-{number}"}) for number in range(120))

    assert ask(shop.staff, COUNTS)["attentionCounts"] == {
        "waiting": 0,
        "unacknowledged": 0,
        "failedMails": 0,
        "drafts": 100,
    }


def test_the_last_days_say_what_happened_on_each(shop: Shop, ask: Ask) -> None:
    days = Days(shop.workspace.pk)
    days.add(Counted(orders=2, ordered=Decimal("184.20")), MONDAY, "GBP")
    days.add(Counted(orders=1, ordered=Decimal(1200)), MONDAY, "JPY")
    days.add(Counted(messages=3, parcels=4), MONDAY - timedelta(days=1))
    days.add(Counted(parcels=9), MONDAY - timedelta(days=2))  # longer ago than is asked for
    days.write()

    with clock.at(MONDAY):
        found = ask(shop.staff, "{ activity(days: 2) { day orders ordered { amount currency } parcels messages } }")

    assert found["activity"] == [
        {"day": "2026-03-01", "orders": 0, "ordered": [], "parcels": 4, "messages": 3},
        {
            "day": "2026-03-02",
            "orders": 3,
            "ordered": [{"amount": "184.20", "currency": "GBP"}, {"amount": "1200", "currency": "JPY"}],
            "parcels": 0,
            "messages": 0,
        },
    ]


def test_who_reads_no_messages_is_not_told_how_many_there_were(shop: Shop, ask: Ask) -> None:
    found = ask(member(shop, "orders:read"), "{ activity(days: 1) { orders messages } }")

    assert found["activity"] == [{"orders": 0, "messages": None}]


@pytest.mark.parametrize("days", [0, -1, 91])
def test_no_more_days_are_told_than_are_kept_at_hand(shop: Shop, days: int) -> None:
    result = schema.execute_sync(f"{{ activity(days: {days}) {{ day }} }}", context_value=Context(viewer=shop.staff))

    assert result.errors
    assert result.errors[0].message == f"`days` is {days}; ask for 1 to 90."
    assert result.errors[0].extensions == {"code": "BAD_PAGE_SIZE"}


def fill(shop: Shop, size: int) -> None:
    for number in range(size):
        order = wait(shop, MONDAY + timedelta(hours=number), *["Where is it?"] * (1 + number % 3))
        log(shop, order)
        failed_mail(send_message(viewer=shop.staff, order=shop.order(), text="Hello"))
    days = Days(shop.workspace.pk)
    for number in range(size):
        days.add(Counted(orders=1), clock.now() - timedelta(days=number), "GBP")
    days.write()


@pytest.mark.parametrize("size", [2, 20])
def test_all_that_waits_takes_the_same_statements_however_much_it_is(shop: Shop, size: int) -> None:
    fill(shop, size)

    data, statements = run(shop.staff, EVERYTHING, first=50)

    assert len(data["waitingConversations"]["nodes"]) == size
    assert len(data["failedMails"]["nodes"]) == size
    # Four counts; who waits, their orders, those orders' customers, the messages; the mails, their orders, customers;
    # the entries, their customers and orders; the drafts, their customers; the calendar and the days.
    assert statements == 18
