"""The unguessable part of links: to one order, to a customer's portal, to the workspace's (AC-1, AC-6, CN-8).

It is derived from a server secret, what the link opens, and that thing's version, so a stolen database opens nothing,
and raising the version ends every link sent before, at once. Format: base64url(id, 8 bytes ‖ HMAC-SHA-256 cut to 20
bytes), 38 characters: 160 bits that can't be guessed. Of each kind it is another hash: one never stands for another.
"""

import base64
import binascii
import hmac
import struct
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

_MAC_BYTES = 20


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one kind, told from those of another by `salt`, which must never change."""

    salt: str

    def derive(self, subject_id: int, version: int) -> str:
        """What opens a thing of this id at a version."""
        mac = self._mac(subject_id, version)
        return base64.urlsafe_b64encode(struct.pack(">Q", subject_id) + mac).rstrip(b"=").decode()

    def subject_of(self, key: str) -> int | None:
        """The id of what a key claims to open, unverified; None when it is no key at all."""
        try:
            raw = base64.urlsafe_b64decode(key.encode("ascii") + b"=" * (-len(key) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(raw) != 8 + _MAC_BYTES:
            return None
        return min(struct.unpack(">Q", raw[:8])[0], 2**63 - 1)  # type: ignore[no-any-return]

    def opens(self, key: str, subject_id: int, version: int) -> bool:
        """Whether this key is the thing's at this version. Takes the same time for every wrong key."""
        return hmac.compare_digest(key.encode(errors="replace"), self.derive(subject_id, version).encode())

    def _mac(self, subject_id: int, version: int) -> bytes:
        message = f"{subject_id}:{version}"
        return salted_hmac(self.salt, message, secret=settings.ORDER_KEY_SECRET, algorithm="sha256").digest()[
            :_MAC_BYTES
        ]


order_keys = Links("counterfoil.order-key")
customer_links = Links("counterfoil.customer-link")
public_links = Links("counterfoil.public-link")
