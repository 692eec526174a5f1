"""Reading partners' programs."""

from typing import cast

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.partners.queries import visible_to
from schema.context import Info
from schema.partners.types import CLIENTS, Client, Scope, every_scope, read_clients
from schema.relay import After, Connection, First
from schema.scopes import needs


@strawberry.type
class PartnerQueries:
    @strawberry.field(
        description="Partners' programs, the newest first, also those that were ended. `first` is at most 100.",
        metadata=needs(Permission.PARTNERS_WRITE),
    )
    def partner_clients(self, info: Info, first: First, after: After = None) -> Connection[Client]:
        return CLIENTS.cut(visible_to(info.context.viewer), read_clients, first=first, after=after)

    @strawberry.field(description="Every scope that a partner's program can have.", metadata=needs())
    def partner_scopes(self, info: Info) -> list[Scope]:
        return cast(list[Scope], every_scope())
