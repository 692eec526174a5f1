"""Where somebody is signed in: their own sessions and nobody else's, named by handles that open nothing (AC-10)."""

from datetime import timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import Session, User
from counterfoil.access.problems import NotFound
from counterfoil.events.models import Event
from counterfoil.staff.sessions import end_session, end_sessions, forget_expired, sessions_of
from tests.factories import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-10")]


def begun(user: User, key: str, *, hours_ago: int = 1, days: int = 9) -> None:
    now = clock.now()
    Session.objects.create(
        session_key=key,
        user=user,
        began_at=now - timedelta(hours=hours_ago),
        expire_date=now + timedelta(days=days),
        address="203.0.113.7",
        program="Firefox",
    )


def keys() -> set[str]:
    return set(Session.objects.values_list("session_key", flat=True))


def test_ones_own_sessions_are_listed_this_one_first_and_no_key_is_told(shop: Shop, other_shop: Shop) -> None:
    begun(shop.user, "old", hours_ago=9)
    begun(shop.user, "here", hours_ago=5)
    begun(shop.user, "new")
    begun(shop.user, "ran-out", days=-1)
    begun(other_shop.user, "theirs")

    listed = sessions_of(shop.user, here="here")

    assert [one.here for one in listed] == [True, False, False]
    assert [one.began_at for one in listed[1:]] == sorted((one.began_at for one in listed[1:]), reverse=True)
    assert {(one.address, one.program) for one in listed} == {("203.0.113.7", "Firefox")}
    assert not any(key in repr(listed) for key in ("'old'", "'here'", "'new'"))


def test_one_session_is_ended_and_the_streams_are_told(shop: Shop) -> None:
    begun(shop.user, "here")
    begun(shop.user, "there")
    [_, there] = sessions_of(shop.user, here="here")

    end_session(user=shop.user, handle=there.handle)

    assert keys() == {"here"}
    event = Event.objects.get()
    assert (event.kind, event.topic, event.workspace) == ("credential.revoked", "credentials", shop.workspace)
    with pytest.raises(NotFound):
        end_session(user=shop.user, handle=there.handle)
    assert Event.objects.count() == 1


def test_the_session_of_somebody_else_is_not_found(shop: Shop, other_shop: Shop) -> None:
    begun(shop.user, "mine")
    begun(other_shop.user, "theirs")
    [theirs] = sessions_of(other_shop.user, here=None)

    for handle in (theirs.handle, "theirs", "mine", "", "é", "\0", "x" * 5000):
        with pytest.raises(NotFound):
            end_session(user=shop.user, handle=handle)
    assert keys() == {"mine", "theirs"}
    assert not Event.objects.exists()


def test_all_others_are_ended_in_every_workspace_that_one_works_in(shop: Shop, other_shop: Shop) -> None:
    other_shop.member.user = shop.user
    other_shop.member.save()
    for key in ("here", "there", "elsewhere"):
        begun(shop.user, key)
    begun(other_shop.user, "theirs")

    end_sessions(user=shop.user, but="here")

    assert keys() == {"here", "theirs"}
    assert set(Event.objects.values_list("kind", "workspace")) == {
        ("credential.revoked", shop.workspace.pk),
        ("credential.revoked", other_shop.workspace.pk),
    }
    end_sessions(user=shop.user)
    assert keys() == {"theirs"}


def test_sessions_that_ran_out_are_forgotten_and_no_others(shop: Shop) -> None:
    begun(shop.user, "good")
    begun(shop.user, "ran-out", days=-1)

    forget_expired()

    assert keys() == {"good"}


def test_the_number_of_statements_does_not_grow_with_the_sessions(
    shop: Shop, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for number in range(30):
        begun(shop.user, f"k{number}")

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(sessions_of(shop.user, here="k3")) == 30
