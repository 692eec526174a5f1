"""Asking somebody to join the staff, by the link in a mail (AC-10).

The link's secret is a signature of the invitation and its version: the database holds none. Sending an invitation
again makes a new version, so the link before opens nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, Invitation, StaffMember, User
from counterfoil.access.policy import Permission, allows, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import mail_address, one_line
from counterfoil.access.viewer import Role, Viewer
from counterfoil.events.record import record
from counterfoil.staff.passwords import STAFF_TOPIC, checked_password, prove

INVITED = "staff.invited"
LASTS = timedelta(days=7)
_LINKS = Signer(salt="counterfoil.invitation", sep=".")
_LONGEST_NAME = 120
_DEAD = "This invitation is not open any more. Ask who invited you to send it again."


@dataclass(frozen=True, slots=True)
class Invited:
    """What the holder of a link is told. `known`: this address has an account on this server already."""

    workspace: str
    email: str
    name: str
    known: bool


def visible_to(viewer: Viewer) -> QuerySet[Invitation]:
    """The open invitations of the viewer's workspace, for who may invite."""
    if not allows(viewer, Permission.STAFF_WRITE):
        return Invitation.objects.none()
    return Invitation.objects.filter(workspace_id=viewer.workspace_id, accepted_at=None)


@transaction.atomic
def invite(*, viewer: Viewer, email: str, name: str, role: Role | CustomRole) -> Invitation:
    """Ask somebody to join in this role; a mail brings them the link. Raises `Invalid` for who is on the staff or
    invited already.
    """
    require(viewer, Permission.STAFF_WRITE)
    address, name = mail_address(email, "email"), one_line(name, "name", _LONGEST_NAME)
    member = StaffMember.objects.filter(workspace_id=viewer.workspace_id, user__email__iexact=address).first()
    if member is not None:
        now = "is on your staff already" if member.is_active else "was on your staff: turn them on again in the team"
        raise Invalid(f"{member.name} {now}.", field="email")
    if isinstance(role, CustomRole) and role.workspace_id != viewer.workspace_id:
        raise NotFound("There is no such role.", field="roleId")
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                workspace_id=viewer.workspace_id,
                email=address,
                name=name,
                role=role if isinstance(role, Role) else "",
                custom_role=role if isinstance(role, CustomRole) else None,
                invited_by_id=viewer.staff_id,
                created_at=clock.now(),
                expires_at=clock.now() + LASTS,
            )
    except IntegrityError:
        message = "This address is invited already. Send that invitation again, or withdraw it."
        raise Invalid(message, field="email") from None
    _record_sent(viewer, invitation)
    return invitation


@transaction.atomic
def resend(*, viewer: Viewer, invitation: Invitation) -> Invitation:
    """Mail a new link, good for another seven days. The one before opens nothing."""
    found = _found(viewer, invitation)
    found.version += 1
    found.expires_at = clock.now() + LASTS
    found.save(update_fields=["version", "expires_at"])
    _record_sent(viewer, found)
    return found


@transaction.atomic
def withdraw(*, viewer: Viewer, invitation: Invitation) -> None:
    """Take an invitation back: its link opens nothing, and a mail that waits is not sent."""
    found = _found(viewer, invitation)
    record(viewer, "staff.invitation_withdrawn", topic=STAFF_TOPIC, internal=True, data={"invitation": found.pk})
    found.delete()


def link_token(invitation: Invitation) -> str:
    """The secret of the invitation's present link."""
    return _LINKS.sign_object([invitation.pk, invitation.version])


def opened(token: str, *, workspace_id: int) -> Invited | None:
    """What a link is for; None for one that is old, used, withdrawn, or no link of this workspace."""
    invitation = _open(token, workspace_id)
    if invitation is None:
        return None
    known = User.objects.filter(email__iexact=invitation.email).exists()
    return Invited(invitation.workspace.name, invitation.email, invitation.name, known)


def accept(*, workspace_id: int, token: str, name: str, password: str) -> StaffMember:
    """Join the staff by a link: as a new user with this name and password, or as the user who has this address
    already and proves it by their password.

    Raises `NotFound` for a dead link.
    """
    invitation = _open(token, workspace_id)
    if invitation is None:
        raise NotFound(_DEAD)
    user = User.objects.filter(email__iexact=invitation.email).first()
    if user is None:
        name = one_line(name, "name", _LONGEST_NAME)
        user = User(email=invitation.email)
        user.password = make_password(checked_password(password, "password", user))
    else:
        name = invitation.name
        _prove(user, password)
    with transaction.atomic():
        return _joined(token, workspace_id, user, name)


def _prove(user: User, password: str) -> None:
    prove("accept invitation", user, password, "password", "This is not the password of your account.")
    if not user.is_active:
        raise Invalid("This account is turned off. Ask who runs this server.", field="password")


def _joined(token: str, workspace_id: int, user: User, name: str) -> StaffMember:
    invitation = _open(token, workspace_id, lock=True)
    if invitation is None:
        raise NotFound(_DEAD)
    try:
        with transaction.atomic():
            if user.pk is None:
                user.save()
            member = StaffMember.objects.create(
                workspace_id=workspace_id,
                user=user,
                name=name,
                role=invitation.role,
                custom_role_id=invitation.custom_role_id,
            )
    except IntegrityError:
        message = "This address has joined meanwhile. Open the link once more, or sign in."
        raise Invalid(message, field="password") from None
    invitation.accepted_at = clock.now()
    invitation.save(update_fields=["accepted_at"])
    data = {"member": member.pk, "invitation": invitation.pk}
    record(member.viewer, "staff.joined", topic=STAFF_TOPIC, internal=True, data=data)
    return member


def _open(token: str, workspace_id: int, *, lock: bool = False) -> Invitation | None:
    if not token.isascii():
        return None
    try:
        pk, version = _LINKS.unsign_object(token)
    except (BadSignature, ValueError):
        return None
    rows = Invitation.objects.select_for_update() if lock else Invitation.objects.select_related("workspace")
    return rows.filter(
        workspace_id=workspace_id, pk=pk, version=version, accepted_at=None, expires_at__gt=clock.now()
    ).first()


def _found(viewer: Viewer, invitation: Invitation) -> Invitation:
    require(viewer, Permission.STAFF_WRITE)
    found = visible_to(viewer).select_for_update().filter(pk=invitation.pk).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def _record_sent(viewer: Viewer, invitation: Invitation) -> None:
    data = {"invitation": invitation.pk, "version": invitation.version}
    record(viewer, INVITED, topic=STAFF_TOPIC, internal=True, data=data)
