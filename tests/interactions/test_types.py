"""Switching types of entries on and off."""

from collections.abc import Callable
from functools import partial

import pytest

from counterfoil.access.problems import Forbidden
from counterfoil.events.models import Event
from counterfoil.interactions.actions import switch_type
from counterfoil.interactions.models import InteractionType, SwitchedOffType
from counterfoil.interactions.queries import open_types
from tests.factories import Shop
from tests.together import overlapping, together

pytestmark = pytest.mark.django_db


def told() -> list[Event]:
    return list(Event.objects.filter(kind="interaction_types.changed").order_by("pk"))


@pytest.mark.feature("IN-6")
def test_all_types_are_on_in_a_new_workspace(shop: Shop) -> None:
    assert open_types(shop.workspace.pk) == list(InteractionType)


@pytest.mark.feature("IN-6")
def test_each_type_is_switched_off_and_on_alone(shop: Shop, other_shop: Shop) -> None:
    for switched in InteractionType:
        switch_type(viewer=shop.staff, type=switched, on=False)
        assert open_types(shop.workspace.pk) == [one for one in InteractionType if one != switched]

        switch_type(viewer=shop.staff, type=switched, on=True)
        assert open_types(shop.workspace.pk) == list(InteractionType)
    switch_type(viewer=shop.staff, type=InteractionType.OTHER, on=False)

    assert open_types(other_shop.workspace.pk) == list(InteractionType)


@pytest.mark.feature("IN-6")
def test_a_switch_is_told_once_to_staff(shop: Shop) -> None:
    for on in (True, False, False, True, True):
        switch_type(viewer=shop.staff, type=InteractionType.RETURN, on=on)

    assert [(event.topic, event.internal, event.data) for event in told()] == [
        ("interaction_types", True, {"type": "return", "on": False}),
        ("interaction_types", True, {"type": "return", "on": True}),
    ]


def test_nobody_but_admins_switches_types(shop: Shop) -> None:
    for viewer in (shop.hire("Tom"), shop.guest(shop.order())):
        with pytest.raises(Forbidden, match="settings:write"):
            switch_type(viewer=viewer, type=InteractionType.NOTE, on=False)

    assert (open_types(shop.workspace.pk), told()) == (list(InteractionType), [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [together, overlapping])
def test_two_who_switch_a_type_off_at_once_switch_it_off_once(
    shop: Shop, at_once: Callable[..., list[Exception | None]]
) -> None:
    off = partial(switch_type, viewer=shop.staff, type=InteractionType.NOTE, on=False)

    assert at_once(off, off) == [None, None]

    assert list(SwitchedOffType.objects.values_list("type", flat=True)) == ["note"]
    assert len(told()) == 1
