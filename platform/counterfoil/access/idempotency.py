"""Mutations that can be repeated safely: a double click or a resend after a time-out does the thing once (GQ-3)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction

from counterfoil.access import clock
from counterfoil.access.models import MutationRecord
from counterfoil.access.problems import Invalid, Problem, ProblemCode
from counterfoil.access.text import storable
from counterfoil.access.viewer import Viewer

REMEMBERED_FOR = timedelta(hours=24)
_LONGEST_KEY = 100
# So that nobody who has just found a record finds it gone.
_KEPT_FOR = REMEMBERED_FOR + timedelta(hours=1)


def once(*, viewer: Viewer, key: str, mutation: str, given: Mapping[str, object], act: Callable[[], int]) -> int:
    """Do `act` the first time this viewer sends this key; give its result (a row id) again every other time.

    Two at the same moment run once: the second waits for the first one's transaction at the unique constraint. A
    refused action leaves no record, so the same key may be used for the corrected input. After 24 h a key is free.

    Raises `Problem` (KEY_REUSED) when the key came with another input before, and whatever `act` raises.
    """
    if not (1 <= len(key) <= _LONGEST_KEY and storable(key)):
        raise Invalid(f"Give a clientMutationKey of 1 to {_LONGEST_KEY} characters.", field="clientMutationKey")
    fingerprint = hashlib.sha256(json.dumps([mutation, given], sort_keys=True, default=str).encode()).hexdigest()
    mine = MutationRecord.objects.filter(workspace_id=viewer.workspace_id, actor=viewer.reference, key=key)
    with transaction.atomic():
        mine.filter(created_at__lt=clock.now() - REMEMBERED_FOR).delete()
        try:
            with transaction.atomic():
                record = MutationRecord.objects.create(
                    workspace_id=viewer.workspace_id,
                    actor=viewer.reference,
                    key=key,
                    mutation=mutation,
                    fingerprint=fingerprint,
                    result=0,
                    created_at=clock.now(),
                )
        except IntegrityError:
            return _earlier(mine.get(), fingerprint)
        record.result = act()
        record.save(update_fields=["result"])
        return record.result


def _earlier(record: MutationRecord, fingerprint: str) -> int:
    if record.fingerprint != fingerprint:
        raise Problem(
            "This clientMutationKey was used for another request. Send a new key.",
            field="clientMutationKey",
            code=ProblemCode.KEY_REUSED,
        )
    return record.result


def forget_old(limit: int = 1000) -> int:
    """Delete records whose keys have long been free, the oldest first; gives how many. Workers call it all the time."""
    old = MutationRecord.objects.filter(created_at__lt=clock.now() - _KEPT_FOR).order_by("created_at")
    found = list(old.values_list("pk", flat=True)[:limit])
    if found:  # a DELETE that finds nothing would take SQLite's write lock
        MutationRecord.objects.filter(pk__in=found).delete()
    return len(found)
