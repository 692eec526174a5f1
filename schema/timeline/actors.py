"""The names of who did something, by their keys."""

from collections.abc import Mapping, Sequence

from counterfoil.access.models import PartnerClient, StaffMember
from counterfoil.access.viewer import Viewer
from counterfoil.customers.queries import contacts_visible_to, sees_customers
from counterfoil.orders.queries import visible_to
from schema.timeline.subjects import Load


def _staff(viewer: Viewer, keys: Sequence[int]) -> dict[int, str]:
    mine = StaffMember.objects.filter(workspace_id=viewer.workspace_id, pk__in=keys)
    return dict(mine.values_list("pk", "name"))


def _programs(viewer: Viewer, keys: Sequence[int]) -> dict[int, str]:
    mine = PartnerClient.objects.filter(workspace_id=viewer.workspace_id, pk__in=keys)
    return dict(mine.values_list("pk", "name"))


def _people(viewer: Viewer, keys: Sequence[int]) -> dict[int, str]:
    return dict(contacts_visible_to(viewer).filter(pk__in=keys).values_list("pk", "name"))


def _guests(viewer: Viewer, keys: Sequence[int]) -> dict[int, str]:
    """Who holds an order's link is taken for its contact."""
    if not sees_customers(viewer):
        return {}
    return dict(visible_to(viewer).filter(pk__in=keys).values_list("pk", "contact__name"))


# By which key of an entry each kind of actor is found.
NAMED: Mapping[str, Load[str]] = {"staff_id": _staff, "client_id": _programs, "person_id": _people, "guest_of": _guests}
