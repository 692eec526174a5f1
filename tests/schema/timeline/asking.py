"""Asking for stories."""

from typing import Any

from counterfoil.access.viewer import Viewer
from schema.context import Context
from schema.root import schema

ENTRY = """
    happenedAt kind group actor actorName creditNote statusBefore statusAfter parcelBefore parcelAfter isOn isActive
    orderingBlocked devices linesPacked linesOrdered
    amount { amount currency } order { id number } contact { id name } otherCustomer { id name }
    fulfilment { id number carrier } message { id text author authorName } note { id text authorName }
    mail { about to reason message { id } fulfilment { id } }
    interaction { id type text authorName acknowledgedByName order { number } }
"""
TIMELINE = (
    "timeline(first: $first, after: $after, filter: {groups: $groups}) "
    f"{{ nodes {{ {ENTRY} }} edges {{ cursor }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }}"
)
DECLARED = "$first: Int!, $after: String, $groups: [TimelineGroup!]"
OF_A_CUSTOMER = f"query ($id: ID!, {DECLARED}) {{ it: node(id: $id) {{ ... on Customer {{ {TIMELINE} }} }} }}"
OF_AN_ORDER = f"query ($id: ID!, {DECLARED}) {{ it: node(id: $id) {{ ... on Order {{ {TIMELINE} }} }} }}"


def page(
    viewer: Viewer, gid: str, first: int = 100, after: str | None = None, groups: list[str] | None = None
) -> dict[str, Any]:
    """A page of the story of what has this global id."""
    text = OF_AN_ORDER if gid.startswith("order_") else OF_A_CUSTOMER
    result = schema.execute_sync(
        text,
        variable_values={"id": gid, "first": first, "after": after, "groups": groups},
        context_value=Context(viewer=viewer),
    )
    assert not result.errors, result.errors
    assert result.data is not None
    found = result.data["it"]["timeline"]
    assert isinstance(found, dict)
    return found


def entries(viewer: Viewer, gid: str, **narrowed: Any) -> list[dict[str, Any]]:
    """The first hundred entries, each without what it is not about."""
    return [
        {name: value for name, value in node.items() if value is not None}
        for node in page(viewer, gid, **narrowed)["nodes"]
    ]


def kinds(viewer: Viewer, gid: str, **narrowed: Any) -> list[str]:
    """What happened, the newest first."""
    return [node["kind"] for node in page(viewer, gid, **narrowed)["nodes"]]
