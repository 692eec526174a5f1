"""Partners' programs: what they may, the secrets that they have, and what they asked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple, cast

import strawberry
from django.db.models import Q, QuerySet
from graphql import GraphQLError

from counterfoil.access import clock
from counterfoil.access.models import ClientSecret, PartnerClient
from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.viewer import Viewer
from counterfoil.access.words import SENTENCES, in_order, subject_of
from counterfoil.partners.queries import last_used, use_by_day, use_by_operation, visible_to
from schema.context import Info
from schema.loading import Siblings
from schema.relay import After, Connection, First, Keyset, Node, global_id
from schema.scopes import type_needs

CLIENTS = Keyset("partnerClients", "pk", of=int)
SECRETS = Keyset("secrets", "pk", of=int)
MOST_DAYS = 90
MOST_OPERATIONS = 100
Days = Annotated[int, strawberry.argument(description=f"How many days (UTC), today included: 1 to {MOST_DAYS}.")]


class ScopeRow(NamedTuple):
    """What `Scope` is read from."""

    name: str
    subject: str
    description: str


@strawberry.type(description="Something that a partner's program can be allowed to do.")
class Scope:
    name: str = strawberry.field(description="Its name, as tokens are asked for it: `orders:read`.")
    subject: str = strawberry.field(description="What it is about, as a heading.")
    description: str = strawberry.field(description="What it allows, in words for people.")


class SecretRow(NamedTuple):
    """What `PartnerSecret` is read from."""

    created_at: datetime
    expires_at: datetime | None
    pk: int
    parent: int


@strawberry.type(description="A secret that a program gets tokens by. It is kept as a hash, and never shown again.")
class PartnerSecret:
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(
        description="Until when it is good, since a newer one was made; null for the newest."
    )


@strawberry.type(description="What a program asked on one day.")
class PartnerUsageOfDay:
    day: date = strawberry.field(description="The day, in UTC.")
    calls: int = strawberry.field(description="How many operations it sent; a subscription counts once.")
    cost: int = strawberry.field(description="What they cost, in points, as `extensions.cost` told them.")


@strawberry.type(description="What a program asked by operations of one name.")
class PartnerUsageOfOperation:
    name: str | None = strawberry.field(description="The operation's name; null for all the rest together.")
    calls: int = strawberry.field(description="How many it sent; a subscription counts once.")
    cost: int = strawberry.field(description="What they cost, in points, as `extensions.cost` told them.")


class ClientRow(NamedTuple):
    """What `PartnerClient` is read from."""

    id: str
    name: str
    client_id: str
    scopes: list[ScopeRow]
    trusted_only: bool
    created_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None
    pk: int
    siblings: Siblings


@type_needs(Permission.PARTNERS_WRITE)
@strawberry.type(
    name="PartnerClient",
    description="A partner's program, which gets tokens by its secret.",
)
class Client(Node):
    name: str = strawberry.field(description="Its name.")
    client_id: str = strawberry.field(description="What it gives as `client_id` to get a token.")
    scopes: list[Scope] = strawberry.field(description="What it may do.")
    trusted_only: bool = strawberry.field(
        description="Whether it may send nothing but documents that were registered on the server."
    )
    created_at: datetime = strawberry.field(description="When it was registered.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended; null while it is good.")
    last_used_on: date | None = strawberry.field(
        description="The last day (UTC) on which it asked something, known within seconds; null for never."
    )
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="The secrets that are good now, the newest first. `first` is at most 100.")
    def secrets(self, info: Info, first: First, after: After = None) -> Connection[PartnerSecret]:
        page = self.siblings.load(
            ("secrets", first, after), "pk", self.pk, lambda keys: _secrets_of(keys, first, after)
        )
        return cast(Connection[PartnerSecret], page)

    @strawberry.field(description="What it asked each day, the oldest first, today last and not over yet.")
    def usage_by_day(self, info: Info, days: Days = 30) -> list[PartnerUsageOfDay]:
        _check("days", days, MOST_DAYS)
        found = self.siblings.load(("days", days), "pk", self.pk, lambda keys: use_by_day(keys, days))
        return cast(list[PartnerUsageOfDay], found)

    @strawberry.field(description="The operations that it called most often, then the rest as one without a name.")
    def usage_by_operation(
        self,
        info: Info,
        days: Days = 30,
        most: Annotated[int, strawberry.argument(description=f"How many to name: 1 to {MOST_OPERATIONS}.")] = 20,
    ) -> list[PartnerUsageOfOperation]:
        _check("days", days, MOST_DAYS)
        _check("most", most, MOST_OPERATIONS)
        found = self.siblings.load(
            ("operations", days, most), "pk", self.pk, lambda keys: use_by_operation(keys, days, most)
        )
        return cast(list[PartnerUsageOfOperation], found)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, ClientRow)


def _check(name: str, given: int, most: int) -> None:
    if not 1 <= given <= most:
        raise GraphQLError(f"`{name}` is {given}; ask for 1 to {most}.", extensions={"code": "BAD_PAGE_SIZE"})


def scope_rows(names: Iterable[str]) -> list[ScopeRow]:
    """Scopes in the order in which one chooses them; a name that is no scope any more is left out."""
    known = in_order(permission for permission in GRANTABLE if permission.value in set(names))
    return [ScopeRow(one.value, subject_of(one), SENTENCES[one]) for one in known]


def every_scope() -> list[ScopeRow]:
    """All scopes that there are."""
    return scope_rows(Permission)


def read_clients(clients: QuerySet[PartnerClient]) -> list[ClientRow]:
    """Clients as rows; they share what they load."""
    siblings = Siblings()
    names = ("name", "client_id", "scopes", "trusted_only", "created_at", "revoked_at")
    rows = [
        ClientRow(gid, name, client_id, scope_rows(scopes), trusted_only, began, ended, used, pk, siblings)
        for gid, name, client_id, scopes, trusted_only, began, ended, used, pk in clients.values_list(
            global_id("client"), *names, last_used(), "pk"
        )
    ]
    siblings.share(rows, "pk")
    return rows


def clients_by_key(viewer: Viewer, keys: Sequence[int]) -> dict[int, ClientRow]:
    """The visible clients among these primary keys."""
    return {row.pk: row for row in read_clients(visible_to(viewer).filter(pk__in=keys))}


def _read_secrets(secrets: QuerySet[ClientSecret]) -> list[SecretRow]:
    return [SecretRow(*row) for row in secrets.values_list("created_at", "expires_at", "pk", "client_id")]


def _secrets_of(clients: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    good = Q(client__revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))
    return SECRETS.cut_each(
        ClientSecret.objects.filter(good), _read_secrets, parent="client_id", parents=clients, first=first, after=after
    )
