"""Where contacts are signed in: until it is ended, and useless to who reads the database (AC-1)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from counterfoil.access import clock
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import AccountSession, Contact
from counterfoil.customers.sessions import LONGEST, MOST, begin, end_others, end_session, found, sessions_of
from counterfoil.events.models import Event
from tests.factories import Shop
from tests.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-1")]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def ana(shop: Shop) -> Contact:
    return create_customer(viewer=shop.staff, name="Harbour Café", contact_name="Ana", email="ana@harbour.example")


def entered(contact: Contact, **given: str) -> str:
    return begin(contact=contact, address="203.0.113.7", program="Firefox", **given)


def holds(secret: str, contact: Contact) -> bool:
    session = found(secret, workspace_id=contact.workspace_id)
    return session is not None and session.contact == contact


def endings() -> list[str]:
    return list(Event.objects.filter(kind="account_session.ended", internal=False).values_list("topic", flat=True))


def test_a_session_is_found_by_its_secret_alone_and_in_its_workspace_alone(ana: Contact, other_shop: Shop) -> None:
    secret = entered(ana)

    assert holds(secret, ana)
    assert found(secret, workspace_id=other_shop.workspace.pk) is None
    for strange in ("", secret[:-1], secret + "A", secret.swapcase(), "\0", "\ud800", "x" * 100_000):
        assert not holds(strange, ana)


def test_what_the_database_holds_opens_nothing(ana: Contact) -> None:
    secret = entered(ana)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_accountsession")
        [row] = cursor.fetchall()

    assert secret not in repr(row)
    assert not any(holds(str(value), ana) for value in row)


def test_secrets_are_random_and_long(ana: Contact) -> None:
    secrets = {entered(ana) for _ in range(20)}

    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {43}  # 256 bits in base64


def test_signing_in_anew_ends_the_session_that_the_browser_had(ana: Contact) -> None:
    before, elsewhere = entered(ana), entered(ana)
    after = entered(ana, instead_of=before)

    assert (holds(before, ana), holds(elsewhere, ana), holds(after, ana)) == (False, True, True)
    assert endings() == [f"contact_{ana.pk}"]


def test_a_contact_ends_their_own_sessions_and_nobody_elses(shop: Shop, ana: Contact) -> None:
    ben = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")
    mine, theirs = entered(ana), entered(ben)
    [theirs_id] = [session.pk for session in sessions_of(ben)]

    with pytest.raises(NotFound):
        end_session(contact=ana, session_id=theirs_id)
    assert endings() == []
    end_session(contact=ana, session_id=sessions_of(ana)[0].pk)
    with pytest.raises(NotFound):
        end_session(contact=ana, session_id=theirs_id + 99)
    assert (holds(mine, ana), holds(theirs, ben)) == (False, True)
    assert endings() == [f"contact_{ana.pk}"]


def test_all_others_are_ended_at_once(ana: Contact) -> None:
    first, second, here = entered(ana), entered(ana), entered(ana)

    end_others(contact=ana, but=sessions_of(ana)[0].pk)

    assert [holds(secret, ana) for secret in (first, second, here)] == [False, False, True]
    assert len(endings()) == 1
    end_others(contact=ana, but=sessions_of(ana)[0].pk)
    assert len(endings()) == 1


@pytest.mark.parametrize(
    ("email", "stays"), [("ANA@Harbour.example", True), ("eve@harbour.example", False), ("", False)]
)
def test_a_contact_who_gets_another_address_is_signed_out(shop: Shop, ana: Contact, email: str, stays: bool) -> None:
    secret = entered(ana)

    save_customer(viewer=shop.staff, customer=ana.customer, name="Harbour", contact_name="Ana", email=email)

    assert holds(secret, ana) is stays
    assert len(endings()) == (0 if stays else 1)


def test_a_session_lasts_a_year_at_most_and_is_then_forgotten(ana: Contact) -> None:
    with clock.at(NOON):
        secret = entered(ana)
    with clock.at(NOON + LONGEST - timedelta(seconds=1)):
        assert holds(secret, ana)
    with clock.at(NOON + LONGEST):
        assert not holds(secret, ana)
        entered(ana)
    assert AccountSession.objects.count() == 1


def test_the_oldest_of_too_many_end(ana: Contact) -> None:
    secrets = []
    for minute in range(MOST + 1):
        with clock.at(NOON + timedelta(minutes=minute)):
            secrets.append(entered(ana))
    with clock.at(NOON + timedelta(days=1)):
        assert [holds(secret, ana) for secret in secrets] == [False, *[True] * MOST]


def test_one_session_ended_twice_at_once_ends_once(transactional_db: None, ana: Contact) -> None:
    entered(ana)
    session_id = sessions_of(ana)[0].pk

    results = together(*[lambda: end_session(contact=ana, session_id=session_id)] * 3)

    assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotFound", "NotFound"]
    assert len(endings()) == 1


def test_what_a_browser_says_of_itself_is_kept_short_and_printable(ana: Contact) -> None:
    begin(contact=ana, address=None, program="\0Fire\nfox" + "x" * 999)

    assert AccountSession.objects.get().program == "Firefox" + "x" * 293


def test_who_got_another_address_at_this_moment_is_not_signed_in(shop: Shop, ana: Contact) -> None:
    proved = Contact.objects.select_related("customer").get(pk=ana.pk)
    save_customer(viewer=shop.staff, customer=ana.customer, name="Harbour", contact_name="Eve", email="eve@x.example")

    with pytest.raises(Invalid):
        entered(proved)
    assert not AccountSession.objects.exists()
