"""Order keys: the unguessable part of a guest's link to one order (AC-1, CN-8).

A key is derived from a server secret, the order and the order's key version, so a stolen database opens nothing, and
raising the version ends every key sent before, at once. Format: base64url(order id, 8 bytes ‖ HMAC-SHA-256 cut to
20 bytes), 38 characters: 160 bits that can't be guessed.
"""

import base64
import binascii
import hmac
import struct

from django.conf import settings
from django.utils.crypto import salted_hmac

_MAC_BYTES = 20
_SALT = "counterfoil.order-key"


def _mac(order_id: int, version: int) -> bytes:
    message = f"{order_id}:{version}"
    return salted_hmac(_SALT, message, secret=settings.ORDER_KEY_SECRET, algorithm="sha256").digest()[:_MAC_BYTES]


def derive(order_id: int, version: int) -> str:
    """The key of an order at a version."""
    return base64.urlsafe_b64encode(struct.pack(">Q", order_id) + _mac(order_id, version)).rstrip(b"=").decode()


def order_id_of(key: str) -> int | None:
    """The order that a key claims to open, unverified; None when it is no key at all."""
    try:
        raw = base64.urlsafe_b64decode(key.encode("ascii") + b"=" * (-len(key) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 8 + _MAC_BYTES:
        return None
    return min(struct.unpack(">Q", raw[:8])[0], 2**63 - 1)  # type: ignore[no-any-return]


def opens(key: str, order_id: int, version: int) -> bool:
    """Whether this key is the order's key at this version. Takes the same time for every wrong key."""
    return hmac.compare_digest(key.encode(errors="replace"), derive(order_id, version).encode())
