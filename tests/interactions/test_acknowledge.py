"""Acknowledging an entry: once, with who and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from counterfoil.access import clock
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.customers.links import by_link
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction, switch_type
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.interactions.test_log_interaction import role_of
from tests.together import overlapping, together

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="4137")


@pytest.fixture
def entry(shop: Shop, order: Order) -> Interaction:
    return log_interaction(
        viewer=shop.staff,
        customer=order.customer,
        type=InteractionType.EMAIL,
        text="Hold it.",
        order=order,
        needs_acknowledgement=True,
    )


def told() -> list[Event]:
    return list(Event.objects.filter(kind="interaction.acknowledged").order_by("pk"))


def state(entry: Interaction) -> tuple[datetime | None, int | None, str]:
    found = Interaction.objects.get(pk=entry.pk)
    return found.acknowledged_at, found.acknowledged_staff_id, found.acknowledged_name


@pytest.mark.feature("IN-4")
def test_acknowledging_notes_who_and_when_and_tells_staff(shop: Shop, order: Order, entry: Interaction) -> None:
    tom = shop.hire("Tom")

    with clock.at(NOON):
        acknowledge_interaction(viewer=tom, interaction=entry)

    assert state(entry) == (NOON, tom.staff_id, "Tom")
    [event] = told()
    assert (event.topic, event.customer_id, event.internal) == (
        f"customer_{order.customer_id}",
        order.customer_id,
        True,
    )
    assert (event.actor, event.data) == (tom.reference, {"interaction": entry.pk, "order": order.pk})


@pytest.mark.feature("IN-4")
def test_who_acknowledges_again_changes_nothing(shop: Shop, entry: Interaction) -> None:
    with clock.at(NOON):
        acknowledge_interaction(viewer=shop.staff, interaction=entry)
    with clock.at(NOON + timedelta(days=1)):
        acknowledge_interaction(viewer=shop.staff, interaction=entry)

    assert state(entry) == (NOON, shop.staff.staff_id, "Mara")
    assert len(told()) == 1


@pytest.mark.feature("IN-4")
def test_a_colleague_who_was_faster_is_named_and_stays_the_one(shop: Shop, entry: Interaction) -> None:
    with clock.at(NOON):
        acknowledge_interaction(viewer=shop.hire("Tom"), interaction=entry)
    before = state(entry)

    with pytest.raises(Invalid, match="Tom has acknowledged this already") as refusal:
        acknowledge_interaction(viewer=shop.staff, interaction=entry)

    assert (refusal.value.field, state(entry), len(told())) == ("interactionId", before, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.feature("IN-4")
@pytest.mark.parametrize("at_once", [together, overlapping])
def test_of_two_at_the_same_moment_one_acknowledges(
    shop: Shop, entry: Interaction, at_once: Callable[..., list[Exception | None]]
) -> None:
    tom = shop.hire("Tom")

    done = at_once(
        partial(acknowledge_interaction, viewer=shop.staff, interaction=entry),
        partial(acknowledge_interaction, viewer=tom, interaction=entry),
    )

    assert sorted(type(one).__name__ for one in done) == ["Invalid", "NoneType"]
    name = state(entry)[2]
    assert str(next(one for one in done if one is not None)).startswith(f"{name} has acknowledged this already")
    assert [event.actor for event in told()] == [{"Mara": shop.staff, "Tom": tom}[name].reference]


def test_an_entry_that_asks_for_none_is_not_acknowledged(shop: Shop, order: Order) -> None:
    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Just so.")

    with pytest.raises(Invalid, match="asks for no acknowledgement") as refusal:
        acknowledge_interaction(viewer=shop.staff, interaction=entry)

    assert (refusal.value.field, state(entry), told()) == ("interactionId", (None, None, ""), [])


@pytest.mark.feature("IN-6")
def test_an_entry_of_a_type_that_is_switched_off_is_still_acknowledged(shop: Shop, entry: Interaction) -> None:
    switch_type(viewer=shop.staff, type=InteractionType.EMAIL, on=False)

    acknowledge_interaction(viewer=shop.staff, interaction=entry)

    assert state(entry)[2] == "Mara"


def test_an_entry_of_another_workspace_is_not_there(other_shop: Shop, entry: Interaction) -> None:
    with pytest.raises(NotFound, match="no such entry"):
        acknowledge_interaction(viewer=other_shop.staff, interaction=entry)

    assert (state(entry), told()) == ((None, None, ""), [])


@pytest.mark.feature("IN-5")
def test_a_role_acknowledges_only_if_it_may_and_buyers_never_do(shop: Shop, order: Order, entry: Interaction) -> None:
    reads = (Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ)
    others = [
        role_of(shop, *reads),
        role_of(shop, *reads, Permission.INTERACTIONS_WRITE),
        anonymous(shop.workspace.pk),
        shop.guest(order),
        by_link(order.customer),
        signed_in(order.contact),
    ]

    for viewer in others:
        with pytest.raises(Forbidden, match="interactions:acknowledge"):
            acknowledge_interaction(viewer=viewer, interaction=entry)
    assert (state(entry), told()) == ((None, None, ""), [])

    acknowledge_interaction(viewer=role_of(shop, *reads, Permission.INTERACTIONS_ACKNOWLEDGE), interaction=entry)
    assert state(entry)[2] == "Robin"
