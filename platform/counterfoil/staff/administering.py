"""One change of a workspace's staff at a time, by who is an admin in that moment."""

from counterfoil.access.models import StaffMember
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid
from counterfoil.access.viewer import Role, Viewer
from counterfoil.workspaces.models import Workspace


def administered(viewer: Viewer) -> Workspace:
    """The workspace of who may change its staff, locked until the transaction ends.

    The viewer is what they were when they asked: a change that went before may have taken their role, so it is read
    again behind the lock. Raises `Forbidden`.
    """
    require(viewer, Permission.STAFF_WRITE)
    # Rows that refer to a workspace lock its key: two who repeat a mutation safely would wait for each other for ever.
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=viewer.workspace_id)
    member = (
        StaffMember.objects.select_related("custom_role")
        .filter(workspace=workspace, pk=viewer.staff_id or 0, is_active=True, user__is_active=True)
        .first()
    )
    require(member.viewer if member else Viewer(kind=viewer.kind, workspace_id=workspace.pk), Permission.STAFF_WRITE)
    return workspace


def leave_an_admin(workspace: Workspace, problem: str) -> None:
    """Refuse what left nobody who could let anybody in again. Raises `Invalid`."""
    admins = StaffMember.objects.filter(workspace=workspace, role=Role.ADMIN, is_active=True, user__is_active=True)
    if not admins.exists():
        raise Invalid(problem)
