"""Invitations to the staff: who may invite sees, sends and withdraws them."""

from datetime import datetime
from enum import Enum
from typing import Annotated, NamedTuple

import strawberry
from django.db.models import QuerySet

from counterfoil.access import clock
from counterfoil.access.idempotency import once
from counterfoil.access.models import Invitation as InvitationModel
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Role as BuiltIn
from counterfoil.access.viewer import Viewer
from counterfoil.staff import invitations as actions
from counterfoil.staff.invitations import visible_to
from schema.context import Info
from schema.enums import describe
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import After, Connection, First, Keyset, Node, pk_of
from schema.scopes import needs, type_needs
from schema.staff.roles import Role, RoleRow, built_in_role, find_role, own_role

INVITATIONS = Keyset("invitations", "pk", of=int)


class InvitationState(Enum):
    """How an open invitation stands."""

    WAITING = "waiting"
    EXPIRED = "expired"


describe(
    InvitationState,
    "How an open invitation stands.",
    {
        InvitationState.WAITING: "Its link can be followed.",
        InvitationState.EXPIRED: "Its link has ended; it can be sent again.",
    },
)


class InvitationRow(NamedTuple):
    """What `Invitation` is read from."""

    id: str
    email: str
    name: str
    role: RoleRow
    invited_by: str | None
    created_at: datetime
    expires_at: datetime
    state: InvitationState
    pk: int


@type_needs(Permission.STAFF_WRITE)
@strawberry.type(description="An open invitation to the workspace's staff.")
class Invitation(Node):
    email: str = strawberry.field(description="The mail address that is invited.")
    name: str = strawberry.field(description="The name that they are invited by.")
    role: Role = strawberry.field(description="The role that they get.")
    invited_by: str | None = strawberry.field(description="Who invited them; null when that is not known any more.")
    created_at: datetime = strawberry.field(description="When they were invited first.")
    expires_at: datetime = strawberry.field(description="When the link of the newest mail ends.")
    state: InvitationState = strawberry.field(description="Whether that link can still be followed.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, InvitationRow)


def _read(found: QuerySet[InvitationModel]) -> list[InvitationRow]:
    now = clock.now()
    fields = ("pk", "email", "name", "role", "invited_by__name", "created_at", "expires_at")
    own = ("custom_role_id", "custom_role__name", "custom_role__permissions")
    rows = []
    for pk, email, name, built_in, by, created_at, expires_at, *custom in found.values_list(*fields, *own):
        role = built_in_role(BuiltIn(built_in)) if built_in else own_role(*custom)
        state = InvitationState.WAITING if expires_at > now else InvitationState.EXPIRED
        rows.append(InvitationRow(f"invitation_{pk}", email, name, role, by, created_at, expires_at, state, pk))
    return rows


def invitation_by_key(viewer: Viewer, pk: int | None) -> InvitationRow | None:
    """The open invitation of this primary key, for who may see it."""
    found = _read(visible_to(viewer).filter(pk=pk or 0))
    return found[0] if found else None


@strawberry.type
class InvitationQueries:
    @strawberry.field(
        description="The open invitations, the newest first. `first` is at most 100.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def invitations(self, info: Info, first: First, after: After = None) -> Connection[Invitation]:
        return INVITATIONS.cut(visible_to(info.context.viewer), _read, first=first, after=after)


@strawberry.input(description="Whom to invite, and in which role.")
class InviteStaffInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    email: str = strawberry.field(description="Their mail address, to which the link is sent.")
    name: str = strawberry.field(description="Their name, at most 120 characters.")
    role_id: strawberry.ID = strawberry.field(description="The role's global id, built in or of the workspace's own.")


@strawberry.type(description="They are invited, and a mail is on its way.")
class InviteStaffSuccess:
    invitation: Invitation = strawberry.field(description="The invitation.")


InviteStaffResult = Annotated[
    InviteStaffSuccess | Problem, strawberry.union("InviteStaffResult", description="Done, or why not.")
]


@strawberry.input(description="Which invitation to send again.")
class ResendInvitationInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    invitation_id: strawberry.ID = strawberry.field(description="The invitation's global id.")


@strawberry.type(description="A new mail is on its way, and the link before opens nothing.")
class ResendInvitationSuccess:
    invitation: Invitation = strawberry.field(description="The invitation.")


ResendInvitationResult = Annotated[
    ResendInvitationSuccess | Problem, strawberry.union("ResendInvitationResult", description="Done, or why not.")
]


@strawberry.input(description="Which invitation to take back.")
class WithdrawInvitationInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    invitation_id: strawberry.ID = strawberry.field(description="The invitation's global id.")


@strawberry.type(description="The invitation is taken back, and its link opens nothing.")
class WithdrawInvitationSuccess:
    invitation_id: strawberry.ID = strawberry.field(description="The global id that it had.")


WithdrawInvitationResult = Annotated[
    WithdrawInvitationSuccess | Problem,
    strawberry.union("WithdrawInvitationResult", description="Done, or why not."),
]


@strawberry.type
class InvitationMutations:
    @strawberry.mutation(description="Invite somebody to the staff by mail.", metadata=needs(Permission.STAFF_WRITE))
    def invite_staff(self, info: Info, input: Annotated[InviteStaffInput, ABOUT]) -> InviteStaffResult:
        viewer = info.context.viewer

        def act() -> InviteStaffSuccess:
            role = find_role(viewer, input.role_id)

            def invite() -> int:
                return actions.invite(viewer=viewer, email=input.email, name=input.name, role=role).pk

            given = {"email": input.email, "name": input.name, "role": input.role_id}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="inviteStaff", given=given, act=invite)
            return InviteStaffSuccess(invitation=_changed(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Send an invitation again, with a new link for another seven days.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def resend_invitation(self, info: Info, input: Annotated[ResendInvitationInput, ABOUT]) -> ResendInvitationResult:
        viewer = info.context.viewer

        def act() -> ResendInvitationSuccess:
            invitation = _found(viewer, input.invitation_id)
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="resendInvitation",
                given={"invitation": invitation.pk},
                act=lambda: actions.resend(viewer=viewer, invitation=invitation).pk,
            )
            return ResendInvitationSuccess(invitation=_changed(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(description="Take an invitation back.", metadata=needs(Permission.STAFF_WRITE))
    def withdraw_invitation(
        self, info: Info, input: Annotated[WithdrawInvitationInput, ABOUT]
    ) -> WithdrawInvitationResult:
        viewer = info.context.viewer

        def withdraw() -> int:
            invitation = _found(viewer, input.invitation_id)
            actions.withdraw(viewer=viewer, invitation=invitation)
            return pk_of(input.invitation_id, "invitation") or 0

        def act() -> WithdrawInvitationSuccess:
            # Looked for inside: once it is taken back, a repeat finds nothing and is still answered alike.
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="withdrawInvitation",
                given={"invitation": input.invitation_id},
                act=withdraw,
            )
            return WithdrawInvitationSuccess(invitation_id=strawberry.ID(f"invitation_{pk}"))

        return or_problem(act)


def _found(viewer: Viewer, gid: str) -> InvitationModel:
    found = visible_to(viewer).filter(pk=pk_of(gid, "invitation") or 0).first()
    if found is None:
        raise NotFound("There is no such invitation.", field="invitationId")
    return found


def _changed(viewer: Viewer, pk: int) -> Invitation:
    """The invitation after a change. Raises `NotFound` when it was accepted or withdrawn meanwhile."""
    row = invitation_by_key(viewer, pk)
    if row is None:
        raise NotFound("There is no such invitation.", field="invitationId")
    return row  # type: ignore[return-value]
