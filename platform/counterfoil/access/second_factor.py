"""The second factor: codes from an app (TOTP, RFC 6238) on django-otp's device, and recovery codes (AC-10).

django-otp reads a device, checks, and writes; two who send one code at the same moment would both get in. Here the
device's row is locked meanwhile, and a code is good once. How often codes may be guessed, `tries` decides.
"""

import secrets
from base64 import b32encode
from enum import StrEnum
from urllib.parse import quote

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock
from counterfoil.access.models import RecoveryCode, StaffMember, User
from counterfoil.access.problems import Invalid

RECOVERY_CODES = 10
_TOLERANCE = 1  # steps of 30 s that a clock may be off
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are read for another
_SALT = "counterfoil.recovery-code"


class Factor(StrEnum):
    """What a code was."""

    APP = "app"
    RECOVERY = "recovery"


def has_second_factor(user_id: int) -> bool:
    """Whether signing in asks this user for a code."""
    return device_of(user_id) is not None


def device_of(user_id: int) -> int | None:
    """The id of the user's confirmed device."""
    found: int | None = _devices(user_id, confirmed=True).values_list("pk", flat=True).first()
    return found


# Setting up.


@transaction.atomic
def begin(user_id: int) -> int:
    """A new secret, which counts once a code of it was given; gives its device's id. An earlier one that was not
    confirmed is gone.

    Raises `Invalid` for a user who has a second factor.
    """
    _lock(user_id)
    if has_second_factor(user_id):
        raise Invalid("Your second factor is on already. Turn it off first.")
    _devices(user_id, confirmed=False).delete()
    device = TOTPDevice.objects.create(user_id=user_id, name="app", confirmed=False, tolerance=_TOLERANCE)
    return int(device.pk)


def being_set_up(user_id: int, device_id: object) -> TOTPDevice | None:
    """The device of this id, which the user has not confirmed yet."""
    if not isinstance(device_id, int):
        return None
    return _devices(user_id, confirmed=False).filter(pk=device_id).first()


def cancel(user_id: int) -> None:
    """Take back a set-up that was begun."""
    _devices(user_id, confirmed=False).delete()


@transaction.atomic
def confirm(user_id: int, device_id: object, code: str) -> list[str]:
    """Make a set-up count by a code of its secret; gives the recovery codes, which are shown this once.

    Raises `Invalid` for a wrong code, and for a set-up that is none any more.
    """
    _lock(user_id)
    device = being_set_up(user_id, device_id)
    if device is None or has_second_factor(user_id):
        raise Invalid("This set-up has ended. Begin again.")
    step = _step_of(device, code)
    if step is None:
        raise Invalid(
            "This code is not right. Wait for the next one, and see that the clock of your phone is set by itself.",
            field="code",
        )
    device.confirmed, device.last_t = True, step
    device.save(update_fields=["confirmed", "last_t"])
    return _new_codes(user_id)


def secret_of(device: TOTPDevice) -> str:
    """The secret as apps take it, when it is typed."""
    return b32encode(device.bin_key).decode()


def address_of(device: TOTPDevice, *, issuer: str, account: str) -> str:
    """What the picture for the app's camera says: the secret, and what the app calls it."""
    issuer = issuer.replace(":", "")
    return (
        f"otpauth://totp/{quote(issuer, safe='')}:{quote(account, safe='')}?secret={secret_of(device)}"
        f"&issuer={quote(issuer, safe='')}&algorithm=SHA1&digits={device.digits}&period={device.step}"
    )


@transaction.atomic
def turn_off(user_id: int) -> None:
    """Sign in by password alone from now on. Raises `Invalid` while a workspace of the user's requires more."""
    _lock(user_id)
    if StaffMember.objects.filter(user_id=user_id, is_active=True, workspace__second_factor_required=True).exists():
        raise Invalid("Your workspace requires a second factor, so it can't be turned off.")
    TOTPDevice.objects.filter(user_id=user_id).delete()
    RecoveryCode.objects.filter(user_id=user_id).delete()


# Codes.


def use(user_id: int, code: str) -> Factor | None:
    """Use up a code of the user's app, or one of their recovery codes; None for a wrong one, or one used before."""
    if _accepts_from_app(user_id, code):
        return Factor.APP
    return Factor.RECOVERY if _accepts_recovery(user_id, code) else None


@transaction.atomic
def new_recovery_codes(user_id: int) -> list[str]:
    """Other recovery codes, shown this once; the ones before open nothing any more.

    Raises `Invalid` for a user without a second factor.
    """
    _lock(user_id)
    if not has_second_factor(user_id):
        raise Invalid("Set up your second factor first.")
    return _new_codes(user_id)


def recovery_codes_left(user_id: int) -> int:
    """How many recovery codes were not used yet."""
    return RecoveryCode.objects.filter(user_id=user_id, used_at=None).count()


@transaction.atomic
def _accepts_from_app(user_id: int, code: str) -> bool:
    device = _devices(user_id, confirmed=True).select_for_update().first()
    step = _step_of(device, code) if device else None
    if device is None or step is None:
        return False
    device.last_t = step
    device.save(update_fields=["last_t"])
    return True


def _accepts_recovery(user_id: int, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user_id=user_id, digest=_digest(user_id, code), used_at=None)
    return bool(has_second_factor(user_id) and unused.update(used_at=clock.now()))


def _step_of(device: TOTPDevice, code: str) -> int | None:
    """The step that the code belongs to, if it is a later one than that of the code before."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) == device.digits):
        return None
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = clock.now().timestamp()
    return int(totp.t()) if totp.verify(int(digits), _TOLERANCE, device.last_t + 1) else None


def _new_codes(user_id: int) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user_id=user_id).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(user_id=user_id, digest=_digest(user_id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user_id: int, code: str) -> str:
    plain = "".join(filter(str.isalnum, code.lower()))
    return salted_hmac(_SALT, f"{user_id}:{plain}".encode(errors="replace"), algorithm="sha256").hexdigest()


def _devices(user_id: int, *, confirmed: bool) -> QuerySet[TOTPDevice]:
    devices: QuerySet[TOTPDevice] = TOTPDevice.objects.filter(user_id=user_id, confirmed=confirmed)
    return devices.order_by("pk")


def _lock(user_id: int) -> None:
    """One change of a user's second factor at a time."""
    User.objects.select_for_update().get(pk=user_id)
