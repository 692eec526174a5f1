"""The customers that one may choose from to link with another (IN-9)."""

from collections.abc import Mapping
from typing import Any

from schema import client

OPERATIONS = client.operations_beside(__file__)

# One more than these is asked for, for the customer itself may be among them.
CANDIDATES = 6


def linking_of(viewer: client.Viewer, found: dict[str, Any], typed: Mapping[str, str]) -> dict[str, Any]:
    """The form that links: what was looked for (`link`), who was found, and what was chosen (`other`, `reason`)."""
    search = " ".join(typed.get("link", "").replace("\0", " ").split())
    filled = {"search": search, "other": typed.get("other", ""), "reason": typed.get("reason", "")}
    filled |= {"problem": typed.get("problem", ""), "field": typed.get("field", "")}
    if not search:
        return {"linking": filled, "candidates": []}
    linked = {account["customer"]["id"] for account in found["linkedAccounts"]["nodes"]}
    listed = client.run(viewer, OPERATIONS["CustomersToLink"], {"search": search, "first": CANDIDATES + 1})["customers"]
    others = [one for one in listed["nodes"] if one["id"] != found["id"]]
    candidates = [{**one, "is_linked": one["id"] in linked} for one in others[:CANDIDATES]]
    more = listed["pageInfo"]["hasNextPage"] or len(others) > CANDIDATES
    return {"linking": filled, "candidates": candidates, "more_candidates": more}
