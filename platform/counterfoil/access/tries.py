"""A limit on what may be guessed: so many tries in so long a time, for each who tries (AC-10)."""

from datetime import timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from counterfoil.access import clock
from counterfoil.access.models import Tries


@transaction.atomic
def reserve(purpose: str, *parts: str, most: int, window: timedelta) -> bool:
    """Count a try before it is made; False, and not counted, when `most` were made within the window."""
    key = salted_hmac("counterfoil.tries", "\0".join((purpose, *parts)), algorithm="sha256").hexdigest()
    now = clock.now()
    Tries.objects.get_or_create(key=key, defaults={"count": 0, "began_at": now})
    row = Tries.objects.select_for_update().get(key=key)
    if row.began_at <= now - window:
        row.count, row.began_at = 0, now
    if row.count >= most:
        return False
    row.count += 1
    row.save(update_fields=["count", "began_at"])
    return True
