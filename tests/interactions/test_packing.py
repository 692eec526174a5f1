"""What was logged about a parcel stands in its way until it was read (IN-8)."""

from functools import partial

import pytest

from counterfoil.access.problems import Forbidden, NotFound, Problem, ProblemCode
from counterfoil.access.viewer import Viewer
from counterfoil.events.models import Event
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.interactions.packing import fulfil_noted
from counterfoil.interactions.queries import about_to_leave
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Fulfilment, Order, OrderLine, OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.staff.roles import save_role
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.feature("IN-8")

HOLD = "Hold order 4137 until July 12 per their email."


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="4137")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def logged(
    shop: Shop, order: Order, text: str = HOLD, *, about: Order | None = None, waits: bool = False
) -> Interaction:
    return log_interaction(
        viewer=shop.staff,
        customer=order.customer,
        type=InteractionType.NOTE,
        text=text,
        order=about,
        needs_acknowledgement=waits,
    )


def packer(shop: Shop) -> Viewer:
    """Somebody who sends parcels, and reads neither customers nor what is logged about them."""
    return shop.hire(
        "Pia", save_role(viewer=shop.staff, name="Packer", permissions=["fulfilments:write", "orders:read"])
    )


def nothing_left(order: Order) -> bool:
    lines = OrderLine.objects.filter(order=order).values_list("fulfilled", flat=True)
    return not Fulfilment.objects.exists() and set(lines) == {0}


def test_who_packs_reads_what_is_about_the_order_and_what_of_the_customer_waits(
    shop: Shop, other_shop: Shop, order: Order
) -> None:
    other = shop.order()
    about = logged(shop, order, about=order)
    waiting = logged(shop, order, "Calls them back?", waits=True)
    seen = logged(shop, order, "Doorbell is broken.", about=order, waits=True)
    acknowledge_interaction(viewer=shop.staff, interaction=seen)
    logged(shop, order, "Likes tea.")
    logged(shop, other, "Another customer's.", waits=True)
    elsewhere = other_shop.order()
    logged(other_shop, elsewhere, about=elsewhere, waits=True)
    settled = logged(shop, order, "Settled.", waits=True)
    acknowledge_interaction(viewer=shop.staff, interaction=settled)

    assert list(about_to_leave(order)) == [seen, waiting, about]


@pytest.mark.parametrize("who", ["admin", "packer"])
def test_nothing_leaves_until_every_entry_was_read(shop: Shop, order: Order, who: str) -> None:
    viewer = shop.staff if who == "admin" else packer(shop)
    first, second = logged(shop, order, about=order), logged(shop, order, "Call first.", waits=True)

    for read, said in (
        ((), "2 entries were logged about this parcel. Read them first: note by Mara, note by Mara."),
        ((first.pk,), "1 entry was logged about this parcel. Read it first: note by Mara."),
        ((second.pk, second.pk), "1 entry was logged about this parcel. Read it first: note by Mara."),
    ):
        with pytest.raises(Problem) as refusal:
            fulfil_noted(viewer=viewer, order=order, read=read)
        assert (refusal.value.code, refusal.value.field) == (ProblemCode.NOTICES_UNREAD, "readNotices")
        assert refusal.value.message == f"Nothing was sent: {said}"
        assert nothing_left(order)

    parcel = fulfil_noted(viewer=viewer, order=order, read={first.pk, second.pk}, carrier="DPD")

    assert (parcel.ordinal, parcel.carrier) == (1, "DPD")
    event = Event.objects.get(kind="order.parcel_sent")
    assert event.data == {"fulfilment": parcel.pk, "read": [first.pk, second.pk], "announce": True}
    assert event.actor == viewer.reference


def test_what_a_colleague_logged_while_the_form_was_open_closes_the_way_again(shop: Shop, order: Order) -> None:
    shown = logged(shop, order, about=order)
    late = logged(shop, order, "They cancel the tins!", about=order)

    with pytest.raises(Problem, match="1 entry was"):
        fulfil_noted(viewer=shop.staff, order=order, read=[shown.pk])
    assert nothing_left(order)
    fulfil_noted(viewer=shop.staff, order=order, read=[shown.pk, late.pk])
    assert Fulfilment.objects.count() == 1


def test_each_parcel_is_read_for_by_who_sends_it(shop: Shop, order: Order) -> None:
    entry, line = logged(shop, order, about=order), order.lines.get(ordinal=1)
    fulfil_noted(viewer=shop.staff, order=order, quantities={line.pk: 1}, read=[entry.pk])

    with pytest.raises(Problem, match="Read it first"):
        fulfil_noted(viewer=shop.staff, order=order)
    assert Fulfilment.objects.count() == 1


def test_what_was_acknowledged_meanwhile_and_is_not_about_the_order_is_not_asked_for(shop: Shop, order: Order) -> None:
    entry = logged(shop, order, waits=True)
    acknowledge_interaction(viewer=shop.staff, interaction=entry)

    fulfil_noted(viewer=shop.staff, order=order, read=[entry.pk])

    assert "read" not in Event.objects.get(kind="order.parcel_sent").data


def test_of_many_the_newest_three_are_named_and_the_rest_counted(shop: Shop, order: Order) -> None:
    entry = logged(shop, order, about=order)
    fields = [field.attname for field in Interaction._meta.concrete_fields if not field.primary_key]
    copied = {name: getattr(entry, name) for name in fields}
    Interaction.objects.bulk_create(Interaction(**copied) for _ in range(1_202))

    with pytest.raises(Problem) as refusal:
        fulfil_noted(viewer=shop.staff, order=order)

    assert refusal.value.message == (
        "Nothing was sent: 1,203 entries were logged about this parcel. Read them first: note by Mara, note by Mara, "
        "note by Mara and 1,200 more."
    )
    fulfil_noted(viewer=shop.staff, order=order, read=set(Interaction.objects.values_list("pk", flat=True)))
    assert len(Event.objects.get(kind="order.parcel_sent").data["read"]) == 1_203


def test_programs_of_partners_are_not_held_up(shop: Shop, order: Order) -> None:
    entry, line = logged(shop, order, about=order), order.lines.get(ordinal=1)
    client, _ = register_client(viewer=shop.staff, name="Warehouse", scopes=["orders:read", "fulfilments:write"])
    program = client.acting(client.scopes)

    fulfil_noted(viewer=program, order=order, quantities={line.pk: 1})
    fulfil_noted(viewer=program, order=order, quantities={line.pk: 1}, read=[entry.pk])

    events = Event.objects.filter(kind="order.parcel_sent").order_by("id")
    assert [event.data.get("read") for event in events] == [None, [entry.pk]]


def test_what_is_no_entry_on_the_customer_was_not_read(shop: Shop, other_shop: Shop, order: Order) -> None:
    entry, another, elsewhere = logged(shop, order, about=order), shop.order(), other_shop.order()
    strangers = logged(shop, another).pk, logged(other_shop, elsewhere).pk

    for stranger in (*strangers, 0, 2**62):
        with pytest.raises(NotFound) as refusal:
            fulfil_noted(viewer=shop.staff, order=order, read=[entry.pk, stranger])
        assert refusal.value.field == "readNotices"
    assert nothing_left(order)


def test_who_may_not_send_parcels_is_told_nothing_of_what_was_logged(
    shop: Shop, other_shop: Shop, order: Order
) -> None:
    logged(shop, order, about=order)
    reader = shop.hire("Rae", save_role(viewer=shop.staff, name="Reader", permissions=["orders:read"]))

    for viewer in (shop.guest(order), reader):
        with pytest.raises(Forbidden, match="fulfilments:write"):
            fulfil_noted(viewer=viewer, order=order)
    with pytest.raises(NotFound):
        fulfil_noted(viewer=other_shop.staff, order=order)
    assert nothing_left(order)


@pytest.mark.django_db(transaction=True)
def test_an_entry_of_the_same_moment_is_either_read_or_comes_after_the_parcel(shop: Shop) -> None:
    for _ in range(10):
        order = shop.order()
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
        sent, entry = together(
            partial(fulfil_noted, viewer=shop.staff, order=order), partial(logged, shop, order, about=order)
        )

        assert isinstance(entry, Interaction)
        if isinstance(sent, Problem):
            assert sent.code is ProblemCode.NOTICES_UNREAD
            assert not Fulfilment.objects.filter(order=order).exists()
        else:
            assert isinstance(sent, Fulfilment)
