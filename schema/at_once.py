"""Changing many rows by one mutation: each by itself, so that one which can't be changed stops none of the others."""

import hashlib
from collections.abc import Callable, Sequence

from django.db import transaction

from counterfoil.access.idempotency import once
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.problems import Problem as Refusal
from counterfoil.access.viewer import Viewer
from schema.relay import pk_of

MOST = 100


def change_each(
    *,
    viewer: Viewer,
    key: str,
    mutation: str,
    prefix: str,
    field: str,
    gids: Sequence[str],
    given: dict[str, object],
    change: Callable[[int], None],
) -> dict[str, Refusal | None]:
    """What became of each row that is named, in the order of their names: None for done, or why not.

    `change` gets the key of a row. Sent again, what was done is not done twice, and what was refused is tried again.
    Raises `Invalid` for none or more than a hundred, and KEY_REUSED for a key that came with another input.
    """
    named = list(dict.fromkeys(gids))
    if not 1 <= len(named) <= MOST:
        raise Invalid(f"Name 1 to {MOST} at a time.", field=field)
    became: dict[str, Refusal | None] = dict.fromkeys(named)
    with transaction.atomic():
        once(viewer=viewer, key=key, mutation=mutation, given={field: named, **given}, act=lambda: len(named))
        # By their keys, so that two of these at one moment lock the rows in one order.
        for gid in sorted(named, key=lambda gid: pk_of(gid, prefix) or 0):
            pk = pk_of(gid, prefix) or 0
            try:
                _change_once(viewer=viewer, key=key, mutation=mutation, gid=gid, pk=pk, change=change)
            except Refusal as refusal:
                became[gid] = refusal
    return became


def _change_once(*, viewer: Viewer, key: str, mutation: str, gid: str, pk: int, change: Callable[[int], None]) -> None:
    def act() -> int:
        change(pk)
        return pk

    if not pk:
        raise NotFound("There is none of this id.")
    with transaction.atomic():
        own_key = hashlib.sha256(f"{key}\n{gid}".encode()).hexdigest()
        once(viewer=viewer, key=own_key, mutation=f"{mutation} of one", given={"id": gid}, act=act)
