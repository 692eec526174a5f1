"""The roles of a workspace's own: names with the permissions that they give (AC-10)."""

import unicodedata
from collections.abc import Iterable

from django.db import transaction

from counterfoil.access.models import CustomRole, Invitation, StaffMember
from counterfoil.access.policy import GRANTABLE, with_reads
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Role, Viewer
from counterfoil.events.credentials import tell_streams
from counterfoil.events.record import record
from counterfoil.staff.administering import administered

BUILT_IN = {Role.ADMIN: "Admin", Role.SHOP_MANAGER: "Shop manager"}
LONGEST_NAME = 60


@transaction.atomic
def save_role(*, viewer: Viewer, name: str, permissions: Iterable[str], role: CustomRole | None = None) -> CustomRole:
    """Make a role, or give `role` this name and these permissions, and to each that changes something its read.

    Who has the role has the new permissions from their next request on. Raises `Invalid` for a name that is taken and
    for permissions that no role can have.
    """
    workspace = administered(viewer)
    chosen = _checked(permissions)
    line = " ".join(one_line(name, "name", LONGEST_NAME).split())
    mine = CustomRole.objects.filter(workspace=workspace)
    found = CustomRole(workspace_id=workspace.pk) if role is None else mine.filter(pk=role.pk).first()
    if found is None:
        raise NotFound("There is no such role.")
    others = mine.exclude(pk=found.pk).values_list("name", flat=True)
    if _folded(line) in {_folded(other) for other in (*BUILT_IN.values(), *others)}:
        raise Invalid("There is a role of this name: choose another name, or change that one.", field="name")
    if (found.name, found.permissions) != (line, chosen):
        found.name, found.permissions = line, chosen
        found.save()
        record(viewer, "role.changed" if role else "role.made", topic=f"role_{found.pk}", internal=True)
        if role is not None:
            tell_streams(viewer)
    return found


@transaction.atomic
def delete_role(*, viewer: Viewer, role: CustomRole) -> None:
    """Delete a role that nobody has, and nobody is invited to. Raises `Invalid` while somebody is."""
    workspace = administered(viewer)
    found = CustomRole.objects.filter(workspace=workspace, pk=role.pk).first()
    if found is None:
        raise NotFound("There is no such role.")
    invitations = Invitation.objects.filter(workspace=workspace, custom_role=found)
    members = StaffMember.objects.filter(workspace=workspace, custom_role=found).count()
    invited = invitations.filter(accepted_at=None).count()
    if members or invited:
        having = [_how_many(members, "member"), _how_many(invited, "open invitation")]
        raise Invalid(
            f"Somebody has this role: {' and '.join(filter(None, having))}. Give them another one first.",
            field="roleId",
        )
    invitations.delete()  # accepted ones: who came has another role by now
    record(viewer, "role.deleted", topic=f"role_{found.pk}", internal=True)
    found.delete()


def _how_many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


def _folded(name: str) -> str:
    """A name as people tell it from others: `Packer`, `PACKER` and the same in full-width letters are one."""
    return unicodedata.normalize("NFKC", name).casefold()


def _checked(permissions: Iterable[str]) -> list[str]:
    given = list(permissions)
    if unknown := [permission for permission in given if permission not in GRANTABLE]:
        raise Invalid(f"No role can have the permission {unknown[0]}.", field="permissions")
    if not given:
        raise Invalid("Choose at least one permission: a role without any can do nothing.", field="permissions")
    return sorted(with_reads(given))
