"""Permissions in words, and which of them the viewer has."""

from collections.abc import Iterable
from typing import NamedTuple

import strawberry

from counterfoil.access.policy import GRANTABLE
from counterfoil.access.policy import Permission as Allowed
from counterfoil.access.words import SENTENCES, subject_of
from schema.scopes import needs


class PermissionRow(NamedTuple):
    """What `Permission` is read from."""

    name: str
    subject: str
    sentence: str
    grantable: bool


@strawberry.type(description="Something that can be allowed.")
class Permission:
    name: str = strawberry.field(description="Its name, as scopes and refusals say it: orders:read.")
    subject: str = strawberry.field(description="What it is about, as a heading.")
    sentence: str = strawberry.field(description="What it allows, in words for people.")
    grantable: bool = strawberry.field(
        description="Whether a role of the workspace's own can have it, and a program as a scope."
    )


_ROWS = {
    permission: PermissionRow(permission.value, subject_of(permission), sentence, permission in GRANTABLE)
    for permission, sentence in SENTENCES.items()
}


def in_words(permissions: Iterable[str]) -> list[Permission]:
    """These permissions, in the order of the table."""
    chosen = frozenset(permissions)
    return [row for permission, row in _ROWS.items() if permission in chosen]  # type: ignore[misc]


@strawberry.type
class PermissionQueries:
    @strawberry.field(description="Every permission that there is.", metadata=needs())
    def permissions(self) -> list[Permission]:
        return in_words(Allowed)
