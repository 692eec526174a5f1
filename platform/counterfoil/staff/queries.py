"""The staff and roles that a viewer may see: who may change them sees them."""

from django.db.models import Exists, OuterRef, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer


def members_visible_to(viewer: Viewer) -> QuerySet[StaffMember]:
    """The members of the viewer's workspace, each with `has_second_factor`."""
    confirmed = TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)
    members = StaffMember.objects.annotate(has_second_factor=Exists(confirmed))
    if not allows(viewer, Permission.STAFF_WRITE):
        return members.none()
    return members.filter(workspace_id=viewer.workspace_id)


def roles_visible_to(viewer: Viewer) -> QuerySet[CustomRole]:
    """The workspace's own roles."""
    if not allows(viewer, Permission.STAFF_WRITE):
        return CustomRole.objects.none()
    return CustomRole.objects.filter(workspace_id=viewer.workspace_id)
