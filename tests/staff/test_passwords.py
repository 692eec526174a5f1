"""Passwords: changed by who knows the old one, or set anew by a link that works once (AC-10)."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import Session, StaffMember, User
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.events.models import Event
from counterfoil.staff.passwords import ask_reset, change_password, reset_password, reset_token, who_may_reset
from tests.factories import PASSWORD, Shop
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("AC-10")]

NEW = "another-battery-staple"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def ask(shop: Shop, email: str, address: str = "203.0.113.7") -> bool:
    return ask_reset(workspace_id=shop.workspace.pk, email=email, address=address)


def asked() -> list[int | None]:
    """Whom a reset was asked for, by the log."""
    return list(Event.objects.filter(kind="password.reset_asked").order_by("pk").values_list("data__user", flat=True))


def reset(shop: Shop, token: str, password: str = NEW) -> None:
    reset_password(workspace_id=shop.workspace.pk, token=token, password=password)


def signs_in(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


def test_a_reset_is_recorded_alike_for_who_works_here_and_for_anybody_else(shop: Shop, other_shop: Shop) -> None:
    gone = shop.hire("Gus")
    StaffMember.objects.filter(pk=gone.staff_id).update(is_active=False)
    strangers = [
        "nobody@fennel.test",
        other_shop.user.email,
        User.objects.get(memberships=gone.staff_id).email,
        "\0",
        "\ud800",
        "x" * 5000,
    ]

    for number, email in enumerate([f" {shop.user.email.upper()} ", *strangers]):
        assert ask(shop, email, address=f"203.0.113.{number}")

    assert asked() == [shop.user.pk, *[None] * len(strangers)]
    events = Event.objects.filter(kind="password.reset_asked")
    assert {(event.topic, event.internal, event.actor, *event.data) for event in events} == {
        ("staff", True, "anonymous", "user")
    }


def test_one_address_gets_few_links_an_hour_and_one_client_asks_for_few(shop: Shop) -> None:
    with clock.at(NOON):
        assert [ask(shop, shop.user.email, f"203.0.113.{number}") for number in range(5)] == [True] * 5
        assert asked() == [shop.user.pk] * 3
        assert [ask(shop, f"{number}@fennel.test") for number in range(11)] == [True] * 10 + [False]
    with clock.at(NOON + timedelta(hours=1)):
        assert ask(shop, shop.user.email)
    assert asked() == [shop.user.pk] * 3 + [None] * 10 + [shop.user.pk]


def test_by_the_link_a_new_password_is_set_once_and_every_session_ends(shop: Shop, other_shop: Shop) -> None:
    for user in (shop.user, other_shop.user):
        Session.objects.create(
            session_key=f"k{user.pk}", user=user, began_at=NOON, expire_date=clock.now() + timedelta(days=9)
        )
    token = reset_token(shop.user, clock.now())
    reset(shop, token)

    assert signs_in(shop.user, NEW)
    assert not signs_in(shop.user, PASSWORD)
    assert list(Session.objects.values_list("user", flat=True)) == [other_shop.user.pk]
    kinds = list(Event.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["password.changed", "credential.revoked"]
    with pytest.raises(NotFound):
        reset(shop, token, "yet-another-battery")
    assert signs_in(shop.user, NEW)


def test_a_link_ends_after_an_hour_by_signing_in_and_by_leaving(shop: Shop) -> None:
    here = {"workspace_id": shop.workspace.pk}
    with clock.at(NOON):
        token = reset_token(shop.user, NOON)
    with clock.at(NOON + timedelta(hours=1)):
        assert who_may_reset(token, **here) == shop.user
    with clock.at(NOON + timedelta(hours=1, seconds=1)):
        assert who_may_reset(token, **here) is None
    with clock.at(NOON):
        StaffMember.objects.update(is_active=False)
        assert who_may_reset(token, **here) is None
        StaffMember.objects.update(is_active=True)
        User.objects.update(last_login=NOON)
        assert who_may_reset(token, **here) is None
        with pytest.raises(NotFound):
            reset(shop, token)


def test_a_link_that_was_tampered_with_or_is_of_another_workspace_sets_nothing(shop: Shop, other_shop: Shop) -> None:
    token = reset_token(shop.user, clock.now())
    pk, _, secret = token.partition("-")
    other = reset_token(other_shop.user, clock.now()).partition("-")[2]
    dead = ["", "-", pk, f"{pk}-", f"{pk}-{other}", f"{other_shop.user.pk}-{secret}", token[:-1], token + "0"]
    dead += [f"٣-{secret}", f"{'9' * 30}-{secret}", f"-{secret}", "\0", "é-é", f"{pk}-\ud800", f"{pk}-abc-\ud800"]

    for one in dead:
        with pytest.raises(NotFound):
            reset(shop, one)
    with pytest.raises(NotFound):
        reset(other_shop, token)
    assert signs_in(shop.user, PASSWORD)
    assert signs_in(other_shop.user, PASSWORD)
    reset(shop, token)


def test_a_link_that_is_followed_twice_at_the_same_moment_sets_one_password(shop: Shop) -> None:
    token = reset_token(shop.user, clock.now())

    results = together(lambda: reset(shop, token, NEW), lambda: reset(shop, token, "yet-another-battery"))

    assert sorted(type(one).__name__ for one in results) == ["NoneType", "NotFound"]
    assert signs_in(shop.user, NEW if results[0] is None else "yet-another-battery")


def test_a_weak_password_is_refused_and_the_link_stays_good(shop: Shop) -> None:
    token = reset_token(shop.user, clock.now())
    for password in ("", "short", "password12", "1234567890"):
        with pytest.raises(Invalid) as refusal:
            reset(shop, token, password)
        assert refusal.value.field == "password"
    reset(shop, token)


def test_who_knows_the_password_changes_it_and_who_guesses_is_stopped(shop: Shop) -> None:
    def change(old: str, new: str = NEW) -> None:
        change_password(viewer=shop.staff, user=User.objects.get(pk=shop.user.pk), old=old, new=new)

    refusals = []
    for old, new in (("wrong", NEW), (PASSWORD, "short"), (PASSWORD, PASSWORD)):
        with pytest.raises(Invalid) as refusal:
            change(old, new)
        refusals.append((refusal.value.field, refusal.value.message))
    assert refusals[0] == ("old_password", "This is not your present password.")
    assert refusals[1][0] == "new_password"
    assert "10 characters" in refusals[1][1]
    assert refusals[2] == ("new_password", "This is your present password; choose another one.")
    assert signs_in(shop.user, PASSWORD)

    change(PASSWORD)
    assert signs_in(shop.user, NEW)
    for _ in range(9):
        with pytest.raises(Invalid, match="not your present"):
            change("a guess")
    with pytest.raises(Invalid, match="too many tries"):
        change(NEW, PASSWORD)
