"""Reading the log beside customers: what waits in the whole workspace, and of which types there are new entries."""

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.interactions.queries import WAITING, interactions_visible_to, open_types, reads_interactions
from schema.context import Info
from schema.interactions.kinds import InteractionType
from schema.interactions.rows import UNACKNOWLEDGED, read_interactions
from schema.interactions.types import Interaction
from schema.relay import After, Connection, First
from schema.scopes import needs, type_needs


@type_needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ)
@strawberry.type(description="Whether the workspace takes new entries of a type.")
class InteractionTypeSetting:
    type: InteractionType = strawberry.field(description="The type.")
    is_on: bool = strawberry.field(description="Whether it does. Old entries stay in any case.")


def settings_of(workspace_id: int) -> list[InteractionTypeSetting]:
    """Every type, and whether the workspace takes new entries of it."""
    open_ones = open_types(workspace_id)
    return [InteractionTypeSetting(type=one, is_on=one in open_ones) for one in InteractionType]


@strawberry.type
class InteractionQueries:
    @strawberry.field(
        description="What nobody has acknowledged yet about any customer, the newest first. `first` is at most 100.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ),
    )
    def unacknowledged_interactions(self, info: Info, first: First, after: After = None) -> Connection[Interaction]:
        found = interactions_visible_to(info.context.viewer).filter(WAITING)
        return UNACKNOWLEDGED.cut(found, read_interactions, first=first, after=after)

    @strawberry.field(
        description="Every type of entry, and whether there are new ones of it; null for who reads none.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ),
    )
    def interaction_types(self, info: Info) -> list[InteractionTypeSetting] | None:
        viewer = info.context.viewer
        return settings_of(viewer.workspace_id) if reads_interactions(viewer) else None
