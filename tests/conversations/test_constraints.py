"""What the database itself refuses, whatever the code above it does (CN-2)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Conversation, Message
from tests.factories import Shop


def refused(message: Message, **changes: Any) -> bool:
    """Whether the database refuses a change, and so leaves the row as it was."""
    before = Message.objects.filter(pk=message.pk).values().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**changes)
    return Message.objects.filter(pk=message.pk).values().get() == before


@pytest.mark.feature("CN-2")
def test_a_note_is_never_a_customers(shop: Shop) -> None:
    note = write_internal_note(viewer=shop.staff, order=shop.order(), text="Pays late.")

    assert refused(note, author="customer", staff=None)
    assert refused(note, author="customer")


@pytest.mark.feature("CN-2")
def test_a_customers_message_never_becomes_a_note(shop: Shop) -> None:
    order = shop.order()
    message = send_message(viewer=shop.guest(order), order=order, text="Thanks!")

    assert refused(message, visibility="internal")


@pytest.mark.feature("CN-2")
@pytest.mark.parametrize("field", ["delivered_at", "read_at"])
def test_a_note_is_never_delivered_or_read(shop: Shop, field: str) -> None:
    note = write_internal_note(viewer=shop.staff, order=shop.order(), text="Pays late.")

    assert refused(note, **{field: clock.now()})


def test_the_author_fits_the_side(shop: Shop) -> None:
    order = shop.order()
    from_staff = send_message(viewer=shop.staff, order=order, text="Leaves today.")
    from_customer = send_message(viewer=shop.guest(order), order=order, text="Thanks!")

    assert refused(from_staff, staff=None)
    assert refused(from_staff, author="customer")
    assert refused(from_staff, author="nobody")
    assert refused(from_customer, staff=shop.member)
    assert refused(from_customer, author="staff")


def test_there_is_no_third_visibility(shop: Shop) -> None:
    order = shop.order()
    message = send_message(viewer=shop.staff, order=order, text="Leaves today.")

    assert refused(message, visibility="secret")
    assert refused(message, visibility="")


def test_an_order_has_one_conversation(shop: Shop) -> None:
    order = shop.order()
    send_message(viewer=shop.staff, order=order, text="Leaves today.")

    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.create(workspace=shop.workspace, order=order)
    assert Conversation.objects.count() == 1


def test_an_invented_note_of_a_customer_is_refused(shop: Shop) -> None:
    order = shop.order()
    conversation = send_message(viewer=shop.staff, order=order, text="Leaves today.").conversation

    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(
            workspace=shop.workspace,
            conversation=conversation,
            visibility="internal",
            author="customer",
            author_name="Ana",
            text="I am a note.",
            sent_at=clock.now(),
        )
    assert Message.objects.count() == 1
