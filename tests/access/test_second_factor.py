"""Codes of an app and recovery codes: each good once, also when two send it at the same moment (AC-10)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django_otp.oath import hotp
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock, second_factor
from counterfoil.access.models import RecoveryCode
from counterfoil.access.problems import Invalid
from counterfoil.access.second_factor import Factor, use
from tests.factories import Shop
from tests.together import overlapping, together

pytestmark = pytest.mark.feature("AC-10")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


def code_of(shop: Shop, seconds: float = 0) -> str:
    """What the app shows so many seconds from now, by the algorithm of RFC 6238."""
    device = TOTPDevice.objects.get(user=shop.user)
    return f"{hotp(device.bin_key, int(clock.now().timestamp() + seconds) // 30):06}"


def use_at_noon(shop: Shop, code: str) -> Factor | None:
    """Use a code in another thread, whose clock is its own."""
    with clock.at(NOON):
        return use(shop.user.pk, code)


def secured(shop: Shop) -> list[str]:
    """Set a second factor up, an hour ago; gives the recovery codes."""
    with clock.at(NOON - timedelta(hours=1)):
        device = second_factor.begin(shop.user.pk)
        return second_factor.confirm(shop.user.pk, device, code_of(shop))


def test_it_counts_once_a_code_was_given_and_a_wrong_code_changes_nothing(shop: Shop) -> None:
    device = second_factor.begin(shop.user.pk)
    key = TOTPDevice.objects.get().key

    for wrong in ("", "12345", "1234567", "abcdef", "１２３４５６", "\0", "\ud800", code_of(shop, 3600), "-12345"):
        with pytest.raises(Invalid, match="not right") as refused:
            second_factor.confirm(shop.user.pk, device, wrong)
        assert refused.value.field == "code"
        assert not second_factor.has_second_factor(shop.user.pk)
    assert use(shop.user.pk, code_of(shop)) is None

    codes = second_factor.confirm(shop.user.pk, device, code_of(shop))

    assert second_factor.has_second_factor(shop.user.pk)
    assert TOTPDevice.objects.get().key == key
    assert (len(set(codes)), second_factor.recovery_codes_left(shop.user.pk)) == (10, 10)


def test_a_set_up_is_taken_over_by_nobody(shop: Shop, other_shop: Shop) -> None:
    first = second_factor.begin(shop.user.pk)
    device = second_factor.begin(shop.user.pk)

    for theirs in (first, None, str(device), -1, 2**70):
        with pytest.raises(Invalid, match="Begin again"):
            second_factor.confirm(shop.user.pk, theirs, code_of(shop))
    with pytest.raises(Invalid, match="Begin again"):
        second_factor.confirm(other_shop.user.pk, device, code_of(shop))

    second_factor.cancel(shop.user.pk)
    assert not TOTPDevice.objects.exists()


def test_who_has_one_begins_no_other(shop: Shop) -> None:
    secured(shop)

    with pytest.raises(Invalid, match="on already"):
        second_factor.begin(shop.user.pk)

    assert TOTPDevice.objects.get().confirmed


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_clock_may_be_off_by_half_a_minute(shop: Shop, seconds: int) -> None:
    secured(shop)

    assert use(shop.user.pk, code_of(shop, seconds)) is Factor.APP


@pytest.mark.parametrize("seconds", [-3600, -90, -60, 60, 90, 3600])
def test_a_clock_may_not_be_off_by_more_and_never_learns_to(shop: Shop, seconds: int) -> None:
    secured(shop)

    assert use(shop.user.pk, code_of(shop, seconds)) is None
    assert use(shop.user.pk, code_of(shop, 30)) is Factor.APP
    assert use(shop.user.pk, code_of(shop, 60)) is None


def test_a_code_is_good_once_and_ends_those_before_it(shop: Shop) -> None:
    secured(shop)
    before, now = code_of(shop, -30), code_of(shop)

    assert use(shop.user.pk, f" {now[:3]} {now[3:]} ") is Factor.APP

    assert use(shop.user.pk, now) is None
    assert use(shop.user.pk, before) is None
    assert use(shop.user.pk, code_of(shop, 30)) is Factor.APP


def test_the_code_that_confirmed_is_used_up(shop: Shop) -> None:
    device = second_factor.begin(shop.user.pk)
    second_factor.confirm(shop.user.pk, device, code_of(shop))

    assert use(shop.user.pk, code_of(shop)) is None


@pytest.mark.django_db(transaction=True)
def test_a_code_is_good_once_also_when_it_comes_twice_at_the_same_moment(shop: Shop) -> None:
    codes = secured(shop)
    code = code_of(shop)

    at_noon = partial(use_at_noon, shop)
    assert sorted(together(*5 * [partial(at_noon, code)]), key=str) == [None] * 4 + [Factor.APP]
    assert sorted(together(*5 * [partial(at_noon, codes[0])]), key=str) == [None] * 4 + [Factor.RECOVERY]


@pytest.mark.django_db(transaction=True)
def test_a_code_is_good_once_also_while_its_first_use_has_not_committed(shop: Shop) -> None:
    codes = secured(shop)

    for code, factor in ((code_of(shop), Factor.APP), (codes[0], Factor.RECOVERY)):
        assert overlapping(*2 * [partial(use_at_noon, shop, code)]) == [factor, None]


@pytest.mark.django_db(transaction=True)
def test_two_who_set_up_at_the_same_moment_end_with_one_device(shop: Shop) -> None:
    together(*4 * [partial(second_factor.begin, shop.user.pk)])

    assert TOTPDevice.objects.count() == 1


def test_a_recovery_code_is_good_once_for_its_owner_however_it_is_typed(shop: Shop, other_shop: Shop) -> None:
    first, second, *_ = secured(shop)
    theirs = secured(other_shop)[0]

    assert use(shop.user.pk, first.upper().replace("-", " ")) is Factor.RECOVERY
    assert use(shop.user.pk, first) is None
    assert use(shop.user.pk, theirs) is None
    assert use(shop.user.pk, second[:-1]) is None
    assert second_factor.recovery_codes_left(shop.user.pk) == 9


def test_recovery_codes_are_kept_as_hashes_and_new_ones_end_the_old(shop: Shop) -> None:
    old = secured(shop)
    kept = " ".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert not any(code in kept or code.replace("-", "") in kept for code in old)

    new = second_factor.new_recovery_codes(shop.user.pk)

    assert not set(old) & set(new)
    assert use(shop.user.pk, old[0]) is None
    assert use(shop.user.pk, new[0]) is Factor.RECOVERY
    assert second_factor.recovery_codes_left(shop.user.pk) == 9


def test_without_a_second_factor_no_code_is_good(shop: Shop) -> None:
    codes = secured(shop)
    code = code_of(shop)

    second_factor.turn_off(shop.user.pk)

    assert use(shop.user.pk, code) is None
    assert use(shop.user.pk, codes[0]) is None
    assert not TOTPDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    with pytest.raises(Invalid, match="Set up"):
        second_factor.new_recovery_codes(shop.user.pk)


def test_it_stays_on_where_the_workspace_requires_it(shop: Shop) -> None:
    secured(shop)
    shop.workspace.second_factor_required = True
    shop.workspace.save()

    with pytest.raises(Invalid, match="requires a second factor"):
        second_factor.turn_off(shop.user.pk)

    assert second_factor.has_second_factor(shop.user.pk)
    shop.member.is_active = False
    shop.member.save()
    second_factor.turn_off(shop.user.pk)
    assert not second_factor.has_second_factor(shop.user.pk)


def test_the_picture_names_workspace_and_account_whatever_they_hold(shop: Shop) -> None:
    pk = second_factor.begin(shop.user.pk)
    device = second_factor.being_set_up(shop.user.pk, pk)
    assert device is not None

    address = second_factor.address_of(device, issuer="A:B & Söhne?#", account="a/b&c@x.example")

    secret = second_factor.secret_of(device)
    assert address == (
        f"otpauth://totp/AB%20%26%20S%C3%B6hne%3F%23:a%2Fb%26c%40x.example?secret={secret}"
        "&issuer=AB%20%26%20S%C3%B6hne%3F%23&algorithm=SHA1&digits=6&period=30"
    )
    assert len(secret) == 32
