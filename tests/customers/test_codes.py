"""One-time codes: who proves which mailbox, and that nobody learns more (AC-3, AC-4)."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.problems import Invalid
from counterfoil.access.tries import TooManyTries
from counterfoil.customers import codes
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.codes import ASKED_OF_NETWORK, Browser, ask, enter, read_code
from counterfoil.customers.models import Contact, OneTimeCode
from counterfoil.events.models import Event
from counterfoil.mail import tasks
from counterfoil.mail.models import Mail
from tests.factories import Shop
from tests.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-3")]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA, BEN = "ana@harbour.example", "ben@harbour.example"
HERE, THERE = Browser("here", "203.0.113.7"), Browser("there", "198.51.100.9")


def contact(shop: Shop, email: str = ANA, name: str = "Harbour Café") -> Contact:
    return create_customer(viewer=shop.staff, name=name, contact_name="Ana", email=email)


def asked(shop: Shop, email: str = ANA, browser: Browser = HERE) -> str:
    """The code that is mailed when somebody asks now."""
    assert ask(store=shop.store, email=email, browser=browser) is not None
    return codes.digits_of(OneTimeCode.objects.latest("pk"))


def entered(shop: Shop, typed: str, email: str = ANA, browser: Browser = HERE) -> Contact:
    return enter(workspace_id=shop.workspace.pk, email=email, typed=typed, browser=browser)


def refused(shop: Shop, typed: str, email: str = ANA, browser: Browser = HERE) -> str:
    """What whoever types this is told."""
    with pytest.raises(Invalid) as refusal:
        entered(shop, typed, email, browser)
    assert refusal.value.field == "code"
    return refusal.value.message


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def different_from(code: str, shop: Shop, email: str) -> str:
    """A code that is mailed now, and by no chance is the same as this one."""
    for hour in range(9):
        with clock.at(clock.now() + timedelta(hours=2 * hour)):
            if (other := asked(shop, email)) != code:
                break
    OneTimeCode.objects.update(expires_at=clock.now() + timedelta(minutes=9))
    return other


def copy_of(code: OneTimeCode) -> OneTimeCode:
    return OneTimeCode(
        **{field.attname: getattr(code, field.attname) for field in code._meta.fields if field.name != "id"}
    )


# Whose code it is.


def test_a_code_proves_the_mailbox_it_was_sent_to_once(shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)

    assert entered(shop, code) == ana
    assert "does not count any more" in refused(shop, code)


@pytest.mark.feature("AC-4")
def test_of_contacts_with_one_address_the_first_one_made_wins_and_ties_go_by_id(shop: Shop) -> None:
    second, first, tied = (contact(shop, name=name) for name in ("Quill", "Harbour", "Mill"))
    Contact.objects.filter(pk=second.pk).update(created_at=NOON + timedelta(seconds=1))
    Contact.objects.filter(pk__in=[first.pk, tied.pk]).update(created_at=NOON)

    assert entered(shop, asked(shop)) == first


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("ana@harbour.example", " ANA@Harbour.EXAMPLE "),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "Ana@BÜCHER.example"),
        ("ana+shop@harbour.example", "Ana+Shop@harbour.example"),
    ],
)
def test_an_address_is_one_however_it_is_written(shop: Shop, stored: str, typed: str) -> None:
    ana = contact(shop, stored)

    assert entered(shop, asked(shop, typed), stored) == ana


@pytest.mark.parametrize("typed", ["ana+shop@harbour.example", "ana@harbour.example.test", "nobody@harbour.example"])
def test_another_address_is_another_mailbox(shop: Shop, typed: str) -> None:
    contact(shop)
    code = asked(shop, typed)

    assert OneTimeCode.objects.get().contact is None
    assert "not right" in refused(shop, code, typed)


def test_a_code_for_another_address_or_shop_is_wrong(shop: Shop, other_shop: Shop) -> None:
    for where, email in ((shop, ANA), (shop, BEN), (other_shop, ANA)):
        contact(where, email)
    code = asked(shop)
    different_from(code, shop, BEN)
    different_from(code, other_shop, ANA)

    assert "not right" in refused(shop, code, BEN)
    assert "not right" in refused(other_shop, code)
    assert entered(shop, code).email == ANA


def test_a_code_proves_nothing_of_a_contact_who_has_another_address_now(shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)
    save_customer(viewer=shop.staff, customer=ana.customer, name="Harbour Café", contact_name="Eve", email=BEN)

    assert "not right" in refused(shop, code)


def test_without_a_code_asked_for_nothing_is_right(shop: Shop) -> None:
    contact(shop)

    assert "Send a new one" in refused(shop, "123456")


# For how long.


def test_a_code_counts_for_ten_minutes(shop: Shop) -> None:
    ana = contact(shop)
    with clock.at(NOON):
        code = asked(shop)
    with clock.at(NOON + timedelta(minutes=10)):
        assert "ten minutes" in refused(shop, code)
    with clock.at(NOON + timedelta(minutes=10, seconds=-1)):
        assert entered(shop, code) == ana


def test_the_newest_code_wins(shop: Shop) -> None:
    ana = contact(shop)
    old = asked(shop)
    with clock.at(clock.now() + timedelta(minutes=1)):
        new = different_from(old, shop, ANA)
        assert "only the newest" in refused(shop, old)
        assert entered(shop, new) == ana


def test_of_five_tries_the_fifth_may_be_right_and_the_sixth_may_not(shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)
    for left in ("4 tries", "3 tries", "2 tries", "one try"):
        assert left in refused(shop, wrong(code))
    assert entered(shop, code) == ana

    with clock.at(clock.now() + timedelta(minutes=2)):
        code = asked(shop)
        told = [refused(shop, wrong(code)) for _ in range(5)]
        assert "last try" in told[-1]
        assert "too many wrong tries" in refused(shop, code)


def test_who_holds_nothing_but_the_address_uses_up_no_more_than_two_of_the_five_tries(shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)
    for _ in range(20):
        refused(shop, wrong(code), browser=THERE)

    assert OneTimeCode.objects.get().tries == 2
    assert "too many" in refused(shop, code, browser=THERE)
    assert entered(shop, code) == ana


def test_a_code_may_be_typed_on_another_device(shop: Shop) -> None:
    ana = contact(shop)

    assert entered(shop, asked(shop), browser=THERE) == ana


# How often one may ask.


def test_the_waits_between_requests_grow_and_end_after_an_hour_of_rest(shop: Shop) -> None:
    contact(shop)
    moments = []
    with clock.at(NOON):
        assert asked(shop)
    for second in range(1, 2000):
        with clock.at(NOON + timedelta(seconds=second)):
            if ask(store=shop.store, email=ANA, browser=HERE) is not None:
                moments.append(second)

    assert moments == [30, 90, 210, 510, 1410]
    with clock.at(NOON + timedelta(seconds=1410 + 3600)):
        assert ask(store=shop.store, email=ANA, browser=HERE) == 30


def test_asked_for_again_too_early_the_code_from_before_counts_on(shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)

    assert ask(store=shop.store, email=ANA, browser=THERE) is None
    assert OneTimeCode.objects.count() == Event.objects.filter(kind="code.asked").count() == 1
    assert entered(shop, code) == ana


def test_who_has_got_in_waits_no_more(shop: Shop) -> None:
    contact(shop)
    entered(shop, asked(shop))

    assert ask(store=shop.store, email=ANA, browser=HERE) == 30


def test_a_browser_that_proved_the_mailbox_before_does_not_wait_for_strangers(shop: Shop) -> None:
    ana = contact(shop)
    known = Browser("known", "203.0.113.8", known=True)
    assert ask(store=shop.store, email=ANA, browser=THERE) == 30
    assert ask(store=shop.store, email=ANA, browser=THERE) is None

    assert entered(shop, asked(shop, browser=known), browser=known) == ana


def test_of_many_who_ask_at_the_same_moment_one_gets_a_code(transactional_db: None, shop: Shop) -> None:
    contact(shop)
    acts = [lambda: ask(store=shop.store, email=ANA, browser=HERE)] * 8

    assert sorted(map(str, together(*acts))) == ["30", *["None"] * 7]
    assert OneTimeCode.objects.count() == 1


def test_one_network_asks_for_so_many_an_hour_whosever_the_addresses_are(shop: Shop) -> None:
    contact(shop)
    for number in range(ASKED_OF_NETWORK):
        asked(shop, f"nobody{number}@harbour.example")

    for email in (ANA, "nobody@harbour.example"):
        with pytest.raises(TooManyTries):
            ask(store=shop.store, email=email, browser=HERE)
    assert ask(store=shop.store, email=ANA, browser=THERE) == 30


# What nobody learns.


def test_for_a_known_and_for_an_unknown_address_the_database_does_the_same(
    transactional_db: None, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[int] = []
    monkeypatch.setattr(tasks, "hand_over", handed_over.append)
    for email in (ANA, BEN):
        contact(shop, email)
    asked(shop, BEN)
    done = []
    for email in (ANA, "nobody@harbour.example"):
        with CaptureQueriesContext(connection) as statements:
            ask(store=shop.store, email=email, browser=HERE)
        done.append([re.sub(r"'[^']*'|\b\d+|NULL|{.*}", "?", statement["sql"]) for statement in statements])

    assert done[0] == done[1]
    assert sum("INSERT INTO" in statement for statement in done[0]) == 5  # two counts, a code, an event, a mail
    assert handed_over == list(Mail.objects.order_by("pk").values_list("pk", flat=True))
    assert list(Mail.objects.order_by("pk").values_list("to", "state")) == [
        (BEN, "queued"),
        (ANA, "queued"),
        ("", "suppressed"),
    ]


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "@harbour.example", "a b@harbour.example", "\0@x.example", "x" * 300]
)
def test_what_is_no_address_is_told_and_costs_nothing(shop: Shop, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(store=shop.store, email=email, browser=HERE)

    assert refusal.value.field == "email"
    assert not OneTimeCode.objects.exists()


def test_the_database_holds_neither_code_nor_address_of_who_asked(shop: Shop) -> None:
    code = asked(shop, "nobody@harbour.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM customers_onetimecode")
        stored = repr(cursor.fetchall())
        cursor.execute("SELECT data FROM events_event")
        stored += repr(cursor.fetchall())

    assert "nobody" not in stored
    assert f"'{code}'" not in stored
    twin = OneTimeCode.objects.get()
    assert twin.digest not in (codes._digest(code), code)


def test_codes_of_a_day_ago_are_forgotten(shop: Shop) -> None:
    with clock.at(NOON):
        asked(shop, "a@harbour.example")
    with clock.at(NOON + timedelta(days=1)):
        asked(shop, "b@harbour.example")

    assert OneTimeCode.objects.count() == 1


def test_forgetting_many_codes_takes_no_more_statements_than_forgetting_one(shop: Shop) -> None:
    counts = []
    for day, old in ((1, 1), (2, 300)):
        with clock.at(NOON + timedelta(days=day)):
            asked(shop, f"day{day}@harbour.example")
            made = OneTimeCode.objects.latest("pk")
        OneTimeCode.objects.bulk_create(copy_of(made) for _ in range(old - 1))
        with clock.at(NOON + timedelta(days=day + 1)), CaptureQueriesContext(connection) as statements:
            asked(shop, f"later{day}@harbour.example")
        counts.append(len(statements))

    assert counts[0] == counts[1]


# What may be typed.


@pytest.mark.parametrize(
    "typed",
    [
        "042042",
        " 042 042 ",
        "042-042",
        "０４２０４２",
        "٠٤٢٠٤٢",
        "0 4 2 0 4 2",
        "Your code for Fennel & Twine is\n\n042 042\n\nIt counts for 10 minutes, and works once.",
        "042\u00a0042",
        "code: 042042.",
        "042042 042042",
        "04 20-42",
    ],
)
def test_six_digits_are_read_wherever_they_stand(typed: str) -> None:
    assert read_code(typed) == "042042"


@pytest.mark.parametrize(
    "typed", ["", "abc", "12345", "1234567", "123456 654321", "12345678901234567890", "½¼¾¹²³", "\0" * 6]
)
def test_what_holds_no_code_is_told_and_is_no_try(shop: Shop, typed: str) -> None:
    contact(shop)
    asked(shop)

    assert refused(shop, typed) == "Type the six digits that stand in the e-mail."
    assert OneTimeCode.objects.get().tries == 0


# At the same time.


@pytest.mark.slow_on_postgresql
def test_however_many_guess_at_once_no_more_than_five_are_looked_at(transactional_db: None, shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)
    guesses = [
        partial(refused, shop, wrong(code), browser=Browser("here" if number % 2 else "there", f"198.51.100.{number}"))
        for number in range(24)
    ]

    looked_at = [answer for answer in together(*guesses) if "not right" in str(answer)]

    assert len(looked_at) == OneTimeCode.objects.get().tries == 5
    with clock.at(clock.now() + timedelta(seconds=30)):
        assert entered(shop, asked(shop)) == ana


def test_one_code_typed_twice_at_once_lets_in_once(transactional_db: None, shop: Shop) -> None:
    ana = contact(shop)
    code = asked(shop)

    results = together(*[lambda: entered(shop, code)] * 4)

    assert [result for result in results if not isinstance(result, Invalid)] == [ana]


@pytest.mark.slow
@pytest.mark.parametrize("stolen", [True, False])
def test_a_thousand_guesses_from_fifty_addresses_are_five_at_most_and_the_right_contact_gets_in(
    transactional_db: None, shop: Shop, stolen: bool
) -> None:
    ana = contact(shop)
    code = asked(shop)

    def guess(address: int) -> list[str]:
        name = "here" if stolen and address % 2 else f"there {address}"
        return [refused(shop, wrong(code), browser=Browser(name, f"198.51.100.{address}")) for _ in range(20)]

    told = [answer for answers in together(*[partial(guess, address) for address in range(50)]) for answer in answers]

    assert len(told) == 1000
    assert sum("not right" in answer for answer in told) == OneTimeCode.objects.get().tries
    if stolen:
        # Who holds the very form of who asked uses up the code; a new one may be asked for within the cool-down.
        assert OneTimeCode.objects.get().tries == 5
        assert 0 < codes.wait_for(workspace_id=shop.workspace.pk, email=ANA, browser=HERE) <= 30
        with clock.at(clock.now() + timedelta(seconds=30)):
            assert entered(shop, asked(shop)) == ana
    else:
        assert OneTimeCode.objects.get().tries == 2
        assert entered(shop, code) == ana
