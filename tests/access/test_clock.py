"""The one source of time."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.access import clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.once
def test_time_stands_still_inside_at_and_goes_on_after_it() -> None:
    with clock.at(NOON):
        with clock.at(NOON + timedelta(days=1)):
            assert clock.now() == datetime(2026, 3, 3, 12, tzinfo=UTC)
        assert clock.now() == NOON
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.once
def test_time_goes_on_after_an_error_too() -> None:
    with pytest.raises(ZeroDivisionError), clock.at(NOON):
        raise ZeroDivisionError
    assert clock.now() != NOON
