"""What each mutation does and answers, over HTTP; and that it can be sent again (GQ-3)."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.access.models import MutationRecord
from counterfoil.conversations.actions import send_message
from counterfoil.conversations.models import Message
from counterfoil.customers.models import Contact
from counterfoil.events.models import Event
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.posting import Reply, key_of, post, token_of
from tests.together import together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PROBLEM = "... on Problem { code field message }"
MESSAGE = "sent { id author authorName isMine text sentAt deliveredAt readAt mail { state } }"
SEND = f"""mutation ($input: SendMessageInput!) {{
    sendMessage(input: $input) {{ ... on SendMessageSuccess {{ {MESSAGE} }} {PROBLEM} }}
}}"""
NOTE = f"""mutation ($input: WriteInternalNoteInput!) {{
    writeInternalNote(input: $input) {{
        ... on WriteInternalNoteSuccess {{ note {{ id authorName text writtenAt }} }} {PROBLEM}
    }}
}}"""
ROTATE = f"""mutation ($input: RotateOrderKeyInput!) {{
    rotateOrderKey(input: $input) {{ ... on RotateOrderKeySuccess {{ order {{ guestUrl }} }} {PROBLEM} }}
}}"""
PREFER = f"""mutation ($input: SetMailPreferenceInput!) {{
    setMailPreference(input: $input) {{
        ... on SetMailPreferenceSuccess {{ order {{ mailPreference {{ enabled belongsTo }} }} }} {PROBLEM}
    }}
}}"""
REPORT = f"""mutation ($input: ReportReceiptInput!) {{
    report: %s(input: $input) {{
        ... on ReportReceiptSuccess {{ order {{ messages(first: 9) {{ nodes {{ text deliveredAt readAt }} }} }} }}
        {PROBLEM}
    }}
}}"""


def given(order: Order, key: str = "k1", **more: Any) -> dict[str, Any]:
    return {"clientMutationKey": key, "orderId": f"order_{order.pk}", **more}


def problem(reply: Reply) -> tuple[str, str | None]:
    [answer] = reply.data.values()
    return answer["code"], answer["field"]


@pytest.mark.feature("CN-4")
def test_send_message_as_staff(shop: Shop) -> None:
    order = shop.order()

    reply = post(SEND, token=token_of(shop.member), input=given(order, text="Your tins leave today."))

    kept = Message.objects.get()
    assert reply.data["sendMessage"]["sent"] == {
        "id": f"message_{kept.pk}",
        "author": "STAFF",
        "authorName": "Mara",
        "isMine": True,
        "text": "Your tins leave today.",
        "sentAt": kept.sent_at.isoformat(),
        "deliveredAt": None,
        "readAt": None,
        "mail": None,  # the relay has not run: nothing is committed in this test
    }
    assert kept.visibility == "customer"


@pytest.mark.feature("CN-4")
@pytest.mark.feature("CN-8")
def test_send_message_as_a_guest(shop: Shop) -> None:
    order = shop.order(contact="Ana Reis")

    message = post(SEND, token=key_of(order), input=given(order, text="Thank you!")).data["sendMessage"]["sent"]

    assert (message["author"], message["authorName"], message["isMine"]) == ("CUSTOMER", "Ana Reis", True)
    assert Message.objects.get().author == "customer"


@pytest.mark.feature("CN-3")
def test_each_side_sees_a_message_in_its_own_way(shop: Shop) -> None:
    order = shop.order(contact="Ana Reis")
    with clock.at(NOON):
        send_message(viewer=shop.staff, order=order, text="Leaves today.")
        send_message(viewer=shop.guest(order), order=order, text="Thanks!")
    Message.objects.update(delivered_at=NOON + timedelta(minutes=1), read_at=NOON + timedelta(minutes=2))
    query = """{ orders(first: 1) { nodes { messages(first: 9) {
        nodes { author authorName isMine text deliveredAt readAt }
    } } } }"""

    def seen(token: str) -> list[dict[str, Any]]:
        nodes = post(query, token=token).data["orders"]["nodes"][0]["messages"]["nodes"]
        assert isinstance(nodes, list)
        return nodes

    minute, later = "2026-03-02T12:01:00+00:00", "2026-03-02T12:02:00+00:00"
    answer = {"author": "CUSTOMER", "authorName": "Ana Reis", "text": "Thanks!", "deliveredAt": minute}
    message = {"author": "STAFF", "text": "Leaves today.", "deliveredAt": minute}
    assert seen(token_of(shop.member)) == [
        answer | {"isMine": False, "readAt": later},
        message | {"isMine": True, "readAt": later, "authorName": "Mara"},
    ]
    assert seen(key_of(order)) == [
        answer | {"isMine": True, "readAt": None},
        message | {"isMine": False, "readAt": None, "authorName": "Fennel & Twine"},
    ]


@pytest.mark.feature("CN-2")
def test_write_internal_note(shop: Shop) -> None:
    order = shop.order()

    reply = post(NOTE, token=token_of(shop.member), input=given(order, text="Pays late."))

    kept = Message.objects.get()
    assert kept.visibility == "internal"
    assert reply.data["writeInternalNote"]["note"] == {
        "id": f"note_{kept.pk}",
        "authorName": "Mara",
        "text": "Pays late.",
        "writtenAt": kept.sent_at.isoformat(),
    }


@pytest.mark.feature("CN-8")
def test_rotate_order_key_ends_the_old_key_with_its_answer(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    old = key_of(order)
    assert post("{ viewer { kind } }", token=old).data["viewer"]["kind"] == "GUEST"

    reply = post(ROTATE, token=token_of(shop.member), input=given(order))

    new = key_of(order)
    assert reply.data["rotateOrderKey"] == {"order": {"guestUrl": f"http://fennel.test/order/INV-7?key={new}"}}
    assert new != old
    assert post("{ viewer { kind } }", token=old).status == 401
    assert post('{ orderByNumber(number: "INV-7") { number } }', token=new).data["orderByNumber"] is not None


@pytest.mark.feature("CN-8")
def test_a_rotation_that_is_sent_again_rotates_once(shop: Shop) -> None:
    order, token = shop.order(), token_of(shop.member)

    first, again = (post(ROTATE, token=token, input=given(order)).data for _ in range(2))

    assert first == again
    assert Order.objects.get().key_version == 2


@pytest.mark.feature("CN-6")
@pytest.mark.parametrize(("has_account", "owner"), [(False, "ORDER"), (True, "CONTACT")])
def test_set_mail_preference(shop: Shop, has_account: bool, owner: str) -> None:
    order = shop.order()
    Contact.objects.update(has_account=has_account)

    off = post(PREFER, token=key_of(order), input=given(order, "k1", enabled=False))
    assert off.data["setMailPreference"]["order"]["mailPreference"] == {"enabled": False, "belongsTo": owner}
    assert (Order.objects.get().wants_mail, Contact.objects.get().wants_mail) == (has_account, not has_account)

    on = post(PREFER, token=token_of(shop.member), input=given(order, "k2", enabled=True))
    assert on.data["setMailPreference"]["order"]["mailPreference"] == {"enabled": True, "belongsTo": owner}
    assert (Order.objects.get().wants_mail, Contact.objects.get().wants_mail) == (True, True)


@pytest.mark.feature("CN-3")
def test_report_delivered_and_read(shop: Shop) -> None:
    order = shop.order()
    with clock.at(NOON):
        [first, second] = [send_message(viewer=shop.staff, order=order, text=text) for text in ("one", "two")]
    staff, guest = token_of(shop.member), key_of(order)

    delivered = post(REPORT % "reportDelivered", token=guest, input=given(order, "k1", upTo=f"message_{second.pk}"))
    post(REPORT % "reportRead", token=guest, input=given(order, "k2", upTo=f"message_{first.pk}"))
    seen = post(REPORT % "reportDelivered", token=staff, input=given(order, "k3", upTo=f"message_{second.pk}"))

    first, second = Message.objects.order_by("pk")
    assert first.delivered_at == second.delivered_at is not None
    assert first.read_at is not None
    assert second.read_at is None
    arrived = first.delivered_at.isoformat()
    assert delivered.data["report"]["order"]["messages"]["nodes"] == [
        {"text": "two", "deliveredAt": arrived, "readAt": None},
        {"text": "one", "deliveredAt": arrived, "readAt": None},
    ]
    assert seen.data["report"]["order"]["messages"]["nodes"] == [
        {"text": "two", "deliveredAt": arrived, "readAt": None},
        {"text": "one", "deliveredAt": arrived, "readAt": first.read_at.isoformat()},
    ]


@pytest.mark.feature("CN-2")
@pytest.mark.feature("CN-3")
@pytest.mark.parametrize("mutation", ["reportDelivered", "reportRead"])
def test_a_report_about_what_the_viewer_does_not_see_is_refused(shop: Shop, mutation: str) -> None:
    order, other = shop.order(), shop.order()
    send_message(viewer=shop.staff, order=order, text="to you")
    foreign = send_message(viewer=shop.staff, order=other, text="to another")
    noted = post(NOTE, token=token_of(shop.member), input=given(order, text="Pays late.")).data
    note = noted["writeInternalNote"]["note"]["id"]
    ids = [f"message_{foreign.pk}", note, note.replace("note", "message"), "message_0", "message_", "nonsense", "", "7"]

    for number, up_to in enumerate(ids):
        reply = post(REPORT % mutation, token=key_of(order), input=given(order, f"k{number}", upTo=up_to))
        assert problem(reply) == ("NOT_FOUND", None), up_to

    assert not Message.objects.exclude(delivered_at=None, read_at=None).exists()


@pytest.mark.feature("GQ-3")
def test_a_message_that_is_sent_again_is_the_same_message(shop: Shop) -> None:
    order, token = shop.order(), token_of(shop.member)

    replies = [post(SEND, token=token, input=given(order, text="Leaves today.")).data for _ in range(3)]

    assert replies[0] == replies[1] == replies[2]
    assert replies[0]["sendMessage"]["sent"]["id"] == f"message_{Message.objects.get().pk}"
    assert Event.objects.filter(kind="message.sent").count() == 1


@pytest.mark.feature("GQ-3")
def test_twice_in_one_request_is_once_too(shop: Shop) -> None:
    order = shop.order()
    text = f"""mutation ($input: SendMessageInput!) {{
        one: sendMessage(input: $input) {{ ... on SendMessageSuccess {{ {MESSAGE} }} }}
        two: sendMessage(input: $input) {{ ... on SendMessageSuccess {{ {MESSAGE} }} }}
    }}"""

    data = post(text, token=key_of(order), input=given(order, text="Thanks!")).data

    assert data["one"] == data["two"]
    assert Message.objects.count() == 1


@pytest.mark.feature("GQ-3")
def test_the_same_key_for_something_else_is_refused(shop: Shop) -> None:
    order, other, token = shop.order(), shop.order(), token_of(shop.member)
    post(SEND, token=token, input=given(order, text="Leaves today."))

    for reply in (
        post(SEND, token=token, input=given(order, text="Leaves tomorrow.")),
        post(SEND, token=token, input=given(other, text="Leaves today.")),
        post(NOTE, token=token, input=given(order, text="Leaves today.")),
        post(ROTATE, token=token, input=given(order)),
        post(PREFER, token=token, input=given(order, enabled=True)),
        post(REPORT % "reportRead", token=token, input=given(order, upTo=f"message_{Message.objects.get().pk}")),
    ):
        assert problem(reply) == ("KEY_REUSED", "clientMutationKey")

    assert Message.objects.get().text == "Leaves today."
    assert set(Order.objects.values_list("key_version", flat=True)) == {1}


@pytest.mark.feature("GQ-3")
def test_delivered_and_read_are_two_things_to_one_key(shop: Shop) -> None:
    order = shop.order()
    message = send_message(viewer=shop.staff, order=order, text="Leaves today.")
    what = given(order, upTo=f"message_{message.pk}")

    assert post(REPORT % "reportDelivered", token=key_of(order), input=what).data["report"]["order"]
    assert problem(post(REPORT % "reportRead", token=key_of(order), input=what)) == ("KEY_REUSED", "clientMutationKey")
    assert Message.objects.get().read_at is None


@pytest.mark.feature("GQ-3")
def test_after_a_refusal_the_same_key_takes_the_corrected_input(shop: Shop) -> None:
    order, token = shop.order(), token_of(shop.member)

    refused = post(SEND, token=token, input=given(order, text="  "))
    assert problem(refused) == ("INVALID", "text")
    assert MutationRecord.objects.count() == 0

    sent = post(SEND, token=token, input=given(order, text="Leaves today."))
    assert sent.data["sendMessage"]["sent"]["text"] == "Leaves today."


@pytest.mark.feature("GQ-3")
def test_staff_and_guest_may_use_the_same_key(shop: Shop) -> None:
    order = shop.order()

    for token in (token_of(shop.member), key_of(order)):
        assert "sent" in post(SEND, token=token, input=given(order, text="Hello")).data["sendMessage"]

    assert Message.objects.count() == 2


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize("key", ["", "k" * 101, "k\0", "\ud800"], ids=lambda key: ascii(key[:5]))
def test_a_bad_key_is_a_problem_of_the_key(shop: Shop, key: str) -> None:
    order = shop.order()

    reply = post(SEND, token=token_of(shop.member), input=given(order, key, text="Leaves today."))

    assert problem(reply) == ("INVALID", "clientMutationKey")
    assert Message.objects.count() == 0


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize("missing", ["clientMutationKey", "orderId", "text"])
def test_an_input_without_a_part_never_runs(shop: Shop, missing: str) -> None:
    order = shop.order()
    for value in ({}, {missing: None}):
        what = {name: part for name, part in given(order, text="Hello").items() if name != missing} | value

        reply = post(SEND, token=token_of(shop.member), input=what)

        assert reply.body.get("data") is None
        assert len(reply.body["errors"]) == 1
    assert Message.objects.count() == 0


@pytest.mark.feature("GQ-3")
def test_of_two_mutations_in_one_request_a_refused_one_does_not_undo_the_other(shop: Shop) -> None:
    order = shop.order()
    text = f"""mutation ($good: SendMessageInput!, $bad: SendMessageInput!) {{
        bad: sendMessage(input: $bad) {{ {PROBLEM} }}
        good: sendMessage(input: $good) {{ __typename }}
    }}"""

    data = post(
        text, token=key_of(order), good=given(order, "k1", text="Thanks!"), bad=given(order, "k2", text="")
    ).data

    assert data["bad"]["code"] == "INVALID"
    assert data["good"] == {"__typename": "SendMessageSuccess"}
    assert Message.objects.get().text == "Thanks!"


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_a_double_click_and_a_colleague_at_the_same_moment_are_two_messages(shop: Shop) -> None:
    order = shop.order()
    mara, tom = token_of(shop.member), token_of(type(shop.member).objects.get(pk=shop.hire("Tom").staff_id))

    replies = together(
        partial(post, SEND, token=mara, input=given(order, text="Leaves today.")),
        partial(post, SEND, token=mara, input=given(order, text="Leaves today.")),
        partial(post, SEND, token=tom, input=given(order, text="On its way!")),
    )

    assert all(isinstance(reply, Reply) for reply in replies), replies
    ids = [reply.data["sendMessage"]["sent"]["id"] for reply in replies if isinstance(reply, Reply)]
    assert ids[0] == ids[1] != ids[2]
    assert sorted(Message.objects.values_list("text", flat=True)) == ["Leaves today.", "On its way!"]
