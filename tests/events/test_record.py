"""An event is written in the transaction of the action that made it true, and passed on once that commits."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from counterfoil.access import clock
from counterfoil.access.viewer import anonymous
from counterfoil.events.models import Event
from counterfoil.events.record import record
from tests.factories import Shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_an_event_says_what_happened_to_what_by_whom_and_when(shop: Shop) -> None:
    with clock.at(NOON):
        record(shop.staff, "tin.filled", topic="tin_7", internal=True, data={"by": 3})

    event = Event.objects.get()
    assert (event.workspace, event.kind, event.topic) == (shop.workspace, "tin.filled", "tin_7")
    assert (event.internal, event.data, event.created_at) == (True, {"by": 3}, NOON)
    assert event.actor == f"staff:{shop.member.pk}"


def test_an_event_is_public_and_empty_unless_it_says_otherwise(shop: Shop) -> None:
    record(anonymous(shop.workspace.pk), "tin.filled", topic="tin_7")

    event = Event.objects.get()
    assert (event.internal, event.data, event.actor) == (False, {}, "anonymous")


@pytest.mark.django_db(transaction=True)
def test_an_action_that_fails_leaves_no_event(shop: Shop) -> None:
    def fill_and_fail() -> None:
        with transaction.atomic():
            record(shop.staff, "tin.filled", topic="tin_7")
            assert Event.objects.count() == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill_and_fail()

    assert Event.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_has_its_position_as_soon_as_its_action_has_committed(shop: Shop) -> None:
    with transaction.atomic():
        record(shop.staff, "tin.filled", topic="tin_7")
        assert Event.objects.get().position is None

    assert Event.objects.get().position == 1


def test_an_event_without_a_commit_has_no_position(
    shop: Shop, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as waiting:
        record(shop.staff, "tin.filled", topic="tin_7")

    assert len(waiting) == 1
    assert Event.objects.get().position is None


@pytest.mark.django_db(transaction=True)
def test_trouble_with_passing_it_on_does_not_reach_the_action(
    shop: Shop, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EVENT_READERS = None  # nothing can be passed on: the relay itself fails

    with transaction.atomic():
        record(shop.staff, "tin.filled", topic="tin_7")

    assert Event.objects.get().position == 1
    assert "on_commit" in caplog.text
