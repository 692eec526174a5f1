"""Writing to the other side of an order."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Conversation, Message
from counterfoil.conversations.queries import messages_visible_to, notes_visible_to
from counterfoil.events.models import Event
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.together import overlapping, together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WRITERS = [send_message, write_internal_note]
KEPT_EXACTLY = [
    "Your tins leave today.",
    "  two spaces before, a tab\tand two after  ",
    "\n\nlines\r\nof\rall kinds\n",
    "👋🏽👨\u200d👩\u200d👧\u200d👦 🇵🇹",
    "مرحبا، متى تصل الطلبية؟",
    "שלום \u202eexe.txt\u202c",
    "é and e\u0301 are not the same",
    "<script>alert(1)</script> & &amp; {{ order }} %s ${x}",
    "\u200b",
    "\x01\x1b[31m\x7f\u2028\u2029\ufeff\ufffe\U0010ffff",
]


def nothing_written() -> bool:
    kinds = ("message.sent", "note.written")
    return not (
        Conversation.objects.exists() or Message.objects.exists() or Event.objects.filter(kind__in=kinds).exists()
    )


@pytest.mark.feature("CN-4")
def test_staff_write_to_the_customer(shop: Shop) -> None:
    order = shop.order()

    with clock.at(NOON):
        message = send_message(viewer=shop.staff, order=order, text="Your tins leave today.")

    message = Message.objects.get(pk=message.pk)
    assert (message.visibility, message.author, message.text) == ("customer", "staff", "Your tins leave today.")
    assert (message.staff, message.author_name) == (shop.member, "Mara")
    assert (message.sent_at, message.delivered_at, message.read_at) == (NOON, None, None)
    assert (message.workspace, message.conversation.order) == (shop.workspace, order)


@pytest.mark.feature("CN-4")
@pytest.mark.feature("CN-8")
def test_a_guest_answers_without_an_account(shop: Shop) -> None:
    order = shop.order(contact="Ana Reis")

    message = send_message(viewer=shop.guest(order), order=order, text="Thank you!")

    message = Message.objects.get(pk=message.pk)
    assert (message.visibility, message.author, message.text) == ("customer", "customer", "Thank you!")
    assert (message.staff, message.author_name) == (None, "Ana Reis")


@pytest.mark.feature("CN-4")
def test_both_sides_write_in_one_thread_that_both_read(shop: Shop) -> None:
    order, other = shop.order(), shop.order()
    guest = shop.guest(order)

    sent = [
        send_message(viewer=viewer, order=order, text=text)
        for viewer, text in ((shop.staff, "Leaves today."), (guest, "Thanks!"), (shop.hire("Tom"), "Gone."))
    ]
    send_message(viewer=shop.guest(other), order=other, text="And mine?")

    assert Conversation.objects.count() == 2
    assert list(messages_visible_to(guest).order_by("pk")) == sent
    assert list(messages_visible_to(shop.staff).filter(conversation__order=order).order_by("pk")) == sent
    assert messages_visible_to(shop.staff).count() == 4


@pytest.mark.feature("CN-1")
def test_the_log_notes_a_message_by_its_id_alone(shop: Shop) -> None:
    order = shop.order()

    message = send_message(viewer=shop.guest(order), order=order, text="Please hurry, said Ana.")

    event = Event.objects.get(kind="message.sent")
    assert (event.topic, event.internal) == (f"order_{order.pk}", False)
    assert (event.actor, event.data) == (f"guest:order:{order.pk}", {"message": message.pk})


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("text", KEPT_EXACTLY, ids=lambda text: ascii(text[:12]))
def test_a_text_is_kept_exactly(shop: Shop, write: Callable[..., Message], text: str) -> None:
    message = write(viewer=shop.staff, order=shop.order(), text=text)

    assert Message.objects.get(pk=message.pk).text == text


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("character", ["x", "é", "🫖"])
def test_ten_thousand_characters_are_taken_and_one_more_is_not(
    shop: Shop, write: Callable[..., Message], character: str
) -> None:
    order = shop.order()

    message = write(viewer=shop.staff, order=order, text=character * 10_000)
    with pytest.raises(Invalid) as refusal:
        write(viewer=shop.staff, order=order, text=character * 10_001)

    assert (
        refusal.value.message
        == "The message has 10,001 characters; 10,000 is the most. Shorten it, or send it in parts."
    )
    assert refusal.value.field == "text"
    assert Message.objects.get().pk == message.pk
    assert Message.objects.get().text == character * 10_000


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Write something first"),
        (" ", "Write something first"),
        ("\n\t \r\n", "Write something first"),
        ("\u00a0\u2003\u3000", "Write something first"),
        ("a\0b", "no text can have"),
        ("\0", "no text can have"),
        ("a\ud800b", "no text can have"),
        ("\udc4b\ud83d", "no text can have"),
        ("x" * 1_000_000, "1,000,000 characters"),
    ],
    ids=lambda value: ascii(value[:12]),
)
def test_what_can_not_be_a_message_is_refused_and_leaves_nothing(
    shop: Shop, write: Callable[..., Message], text: str, words: str
) -> None:
    order = shop.order()

    with pytest.raises(Invalid) as refusal:
        write(viewer=shop.staff, order=order, text=text)

    assert words in refusal.value.message
    assert refusal.value.field == "text"
    assert nothing_written()


def test_who_does_not_see_the_order_can_not_write_on_it(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    strangers = [shop.guest(shop.order()), other_shop.staff, other_shop.guest(other_shop.order())]

    for viewer in strangers:
        with pytest.raises(NotFound):
            send_message(viewer=viewer, order=order, text="Hello?")
    with pytest.raises(Forbidden, match="messages:write"):
        send_message(viewer=anonymous(shop.workspace.pk), order=order, text="Hello?")

    assert nothing_written()


@pytest.mark.feature("CN-8")
def test_a_guest_of_a_rotated_key_can_not_write_any_more(shop: Shop) -> None:
    order = shop.order()
    guest = shop.guest(order)
    rotate_order_key(viewer=shop.staff, order=order)

    with pytest.raises(NotFound):
        send_message(viewer=guest, order=order, text="Hello?")

    assert nothing_written()


@pytest.mark.feature("CN-2")
def test_nobody_but_staff_writes_notes(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()

    for viewer in (shop.guest(order), anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="notes:write"):
            write_internal_note(viewer=viewer, order=order, text="Pays late.")
    with pytest.raises(NotFound):
        write_internal_note(viewer=other_shop.staff, order=order, text="Pays late.")

    assert nothing_written()


@pytest.mark.feature("CN-2")
def test_a_note_is_no_message_and_a_message_no_note(shop: Shop) -> None:
    order = shop.order()
    guest = shop.guest(order)

    message = send_message(viewer=shop.staff, order=order, text="Leaves today.")
    note = write_internal_note(viewer=shop.staff, order=order, text="Pays late.")

    assert list(messages_visible_to(shop.staff)) == list(messages_visible_to(guest)) == [message]
    assert list(notes_visible_to(shop.staff)) == [note]
    assert (note.visibility, note.author, note.author_name) == ("internal", "staff", "Mara")
    event = Event.objects.get(kind="note.written")
    assert (event.internal, event.data) == (True, {"note": note.pk})


@pytest.mark.django_db(transaction=True)
def test_first_messages_of_both_sides_at_the_same_moment_begin_one_thread(shop: Shop) -> None:
    order = shop.order()
    writers: list[Viewer] = [shop.staff, shop.guest(order), shop.hire("Tom"), shop.guest(order)]

    results = together(*(partial(send_message, viewer=viewer, order=order, text="First!") for viewer in writers))

    assert all(isinstance(result, Message) for result in results), results
    assert Conversation.objects.get().messages.count() == 4
    assert Event.objects.filter(kind="message.sent").count() == 4


@pytest.mark.django_db(transaction=True)
def test_staff_answer_while_the_key_is_rotated(shop: Shop) -> None:
    order = shop.order()

    results = together(
        partial(send_message, viewer=shop.staff, order=order, text="Leaves today."),
        partial(rotate_order_key, viewer=shop.staff, order=order),
    )

    assert not any(isinstance(result, Exception) for result in results), results
    assert Message.objects.get().text == "Leaves today."
    assert Order.objects.get().key_version == 2


@pytest.mark.django_db(transaction=True)
def test_a_message_before_the_thread_of_the_other_has_committed_joins_it(shop: Shop) -> None:
    order = shop.order()

    results = overlapping(
        partial(send_message, viewer=shop.staff, order=order, text="Leaves today."),
        partial(send_message, viewer=shop.guest(order), order=order, text="When?"),
    )

    assert all(isinstance(result, Message) for result in results), results
    texts = Conversation.objects.get().messages.order_by("pk").values_list("text", flat=True)
    assert sorted(texts) == ["Leaves today.", "When?"]
