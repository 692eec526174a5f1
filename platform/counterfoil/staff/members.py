"""Who works here, in which role, and whether signing in takes a second factor (AC-10)."""

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, CustomRole, Session, StaffMember
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Role, Viewer
from counterfoil.events.credentials import tell_streams
from counterfoil.events.record import record
from counterfoil.staff.administering import administered, leave_an_admin
from counterfoil.workspaces.models import Workspace

_ONE_ADMIN = "Somebody has to be an admin. Make another active member an admin first."


@transaction.atomic
def set_member_role(*, viewer: Viewer, member: StaffMember, role: Role | CustomRole) -> StaffMember:
    """Give a member a built-in role, or one of the workspace's own; it counts from their next request on.

    Raises `Invalid` when no admin were left.
    """
    workspace = administered(viewer)
    found = _found(workspace, member)
    custom = None
    if isinstance(role, CustomRole):
        custom = CustomRole.objects.filter(workspace=workspace, pk=role.pk).first()
        if custom is None:
            raise NotFound("There is no such role.", field="roleId")
    built_in = "" if isinstance(role, CustomRole) else role.value
    if (found.role, found.custom_role_id) == (built_in, custom and custom.pk):
        return found
    found.role, found.custom_role = built_in, custom
    found.save(update_fields=["role", "custom_role"])
    leave_an_admin(workspace, _ONE_ADMIN)
    data = {"role": built_in} if custom is None else {"custom_role": custom.pk}
    record(viewer, "staff.role_changed", topic=f"staff_{found.pk}", internal=True, data=data)
    tell_streams(viewer)
    return found


@transaction.atomic
def deactivate_member(*, viewer: Viewer, member: StaffMember) -> StaffMember:
    """Let a member in no more, from their next request on; their tokens end for good. Raises `Invalid` for the last
    active admin.
    """
    workspace = administered(viewer)
    found = _found(workspace, member)
    if not found.is_active:
        return found
    found.is_active = False
    found.save(update_fields=["is_active"])
    leave_an_admin(workspace, _ONE_ADMIN)
    AccessToken.objects.filter(staff=found, revoked_at=None).update(revoked_at=clock.now())
    if not StaffMember.objects.filter(user_id=found.user_id, is_active=True).exists():
        Session.objects.filter(user_id=found.user_id).delete()
    record(viewer, "staff.deactivated", topic=f"staff_{found.pk}", internal=True)
    tell_streams(viewer)
    return found


@transaction.atomic
def activate_member(*, viewer: Viewer, member: StaffMember) -> StaffMember:
    """Let a member in again, in the role that they have."""
    found = _found(administered(viewer), member)
    if not found.is_active:
        found.is_active = True
        found.save(update_fields=["is_active"])
        record(viewer, "staff.activated", topic=f"staff_{found.pk}", internal=True)
    return found


@transaction.atomic
def set_second_factor_required(*, viewer: Viewer, required: bool) -> Workspace:
    """Whether every member of the workspace signs in with a second factor. Raises `Invalid` when who asks for it has
    none themself: they would lock themself out.
    """
    workspace = administered(viewer)
    if workspace.second_factor_required == required:
        return workspace
    mine = TOTPDevice.objects.filter(confirmed=True, user__memberships=viewer.staff_id or 0)
    if required and not mine.exists():
        raise Invalid("Set up your own second factor first, under Your account.", field="required")
    workspace.second_factor_required = required
    workspace.save(update_fields=["second_factor_required"])
    kind = "staff.second_factor_required" if required else "staff.second_factor_optional"
    record(viewer, kind, topic="staff", internal=True)
    tell_streams(viewer)
    return workspace


def _found(workspace: Workspace, member: StaffMember) -> StaffMember:
    found = StaffMember.objects.select_related("custom_role").filter(workspace=workspace, pk=member.pk).first()
    if found is None:
        raise NotFound("There is no such member of the staff.", field="staffId")
    return found
