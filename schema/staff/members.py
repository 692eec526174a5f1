"""The members of a workspace's staff, and what admins change of them."""

from collections.abc import Callable
from typing import Annotated, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.idempotency import once
from counterfoil.access.models import StaffMember as StaffMemberModel
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Role as BuiltIn
from counterfoil.access.viewer import Viewer
from counterfoil.staff import members
from counterfoil.staff.queries import members_visible_to
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import After, Connection, First, Keyset, Node, pk_of
from schema.scopes import needs, type_needs
from schema.staff.roles import Role, RoleRow, built_in_role, find_role, own_role

MEMBERS = Keyset("staff", "pk", descending=False, of=int)


class StaffMemberRow(NamedTuple):
    """What `StaffMember` is read from."""

    id: str
    name: str
    email: str
    role: RoleRow
    active: bool
    has_second_factor: bool
    is_me: bool
    pk: int


@type_needs(Permission.STAFF_WRITE)
@strawberry.type(description="Somebody who works for the workspace.")
class StaffMember(Node):
    name: str = strawberry.field(description="The person's name.")
    email: str = strawberry.field(description="The mail address that they sign in with.")
    role: Role = strawberry.field(description="What they may do.")
    active: bool = strawberry.field(description="Whether they are let in.")
    has_second_factor: bool = strawberry.field(description="Whether they sign in with a second factor.")
    is_me: bool = strawberry.field(description="Whether this is who asks.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, StaffMemberRow)


def _read_members(viewer: Viewer, found: QuerySet[StaffMemberModel]) -> list[StaffMemberRow]:
    own = ("custom_role__pk", "custom_role__name", "custom_role__permissions")
    return [
        StaffMemberRow(
            f"staff_{pk}",
            name,
            email,
            built_in_role(BuiltIn(role)) if role else own_role(*custom),
            active,
            second,
            pk == viewer.staff_id,
            pk,
        )
        for pk, name, email, role, active, second, *custom in found.values_list(
            "pk", "name", "user__email", "role", "is_active", "has_second_factor", *own
        )
    ]


def member_by_key(viewer: Viewer, pk: int | None) -> StaffMember | None:
    """The member with this primary key, if the viewer sees them."""
    rows = _read_members(viewer, members_visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(StaffMember, rows[0]) if rows else None


@strawberry.type
class StaffQueries:
    @strawberry.field(
        description="The members of the workspace's staff, who came first first. `first` is at most 100. "
        "Empty for everybody but admins.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def staff_members(self, info: Info, first: First, after: After = None) -> Connection[StaffMember]:
        viewer = info.context.viewer
        return MEMBERS.cut(
            members_visible_to(viewer), lambda page: _read_members(viewer, page), first=first, after=after
        )


@strawberry.input(description="Which role a member gets.")
class SetStaffRoleInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    staff_id: strawberry.ID = strawberry.field(description="The member's global id.")
    role_id: strawberry.ID = strawberry.field(description="The role's global id, built in or of the workspace's own.")


@strawberry.type(description="The member has the role.")
class SetStaffRoleSuccess:
    member: StaffMember = strawberry.field(description="The member.")


@strawberry.input(description="Who is let in no more.")
class DeactivateStaffInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    staff_id: strawberry.ID = strawberry.field(description="The member's global id.")


@strawberry.type(description="The member is let in no more, anywhere; their tokens have ended.")
class DeactivateStaffSuccess:
    member: StaffMember = strawberry.field(description="The member.")


@strawberry.input(description="Who is let in again.")
class ActivateStaffInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    staff_id: strawberry.ID = strawberry.field(description="The member's global id.")


@strawberry.type(description="The member is let in, in the role that they have.")
class ActivateStaffSuccess:
    member: StaffMember = strawberry.field(description="The member.")


@strawberry.input(description="Whether signing in takes a second factor.")
class SetSecondFactorRequiredInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    required: bool = strawberry.field(
        description="Whether every member of the staff needs one. Only who has one can require it."
    )


@strawberry.type(description="It is as asked.")
class SetSecondFactorRequiredSuccess:
    required: bool = strawberry.field(description="Whether every member of the staff needs a second factor.")


SetStaffRoleResult = Annotated[
    SetStaffRoleSuccess | Problem, strawberry.union("SetStaffRoleResult", description="Done, or why not.")
]
DeactivateStaffResult = Annotated[
    DeactivateStaffSuccess | Problem, strawberry.union("DeactivateStaffResult", description="Done, or why not.")
]
ActivateStaffResult = Annotated[
    ActivateStaffSuccess | Problem, strawberry.union("ActivateStaffResult", description="Done, or why not.")
]
SetSecondFactorRequiredResult = Annotated[
    SetSecondFactorRequiredSuccess | Problem,
    strawberry.union("SetSecondFactorRequiredResult", description="Done, or why not."),
]


def _changed(
    viewer: Viewer,
    staff_id: str,
    key: str,
    mutation: str,
    change: Callable[[StaffMemberModel], StaffMemberModel],
    **more: object,
) -> StaffMember:
    """The member after a change that is done once. Raises `Forbidden` for who may change none, and `NotFound`."""
    require(viewer, Permission.STAFF_WRITE)
    found = members_visible_to(viewer).filter(pk=pk_of(staff_id, "staff") or 0).first()
    if found is None:
        raise NotFound("There is no such member of the staff.", field="staffId")
    given = {"staff": found.pk, **more}
    pk = once(viewer=viewer, key=key, mutation=mutation, given=given, act=lambda: change(found).pk)
    member = member_by_key(viewer, pk)
    if member is None:
        raise NotFound("There is no such member of the staff.", field="staffId")
    return member


@strawberry.type
class StaffMutations:
    @strawberry.mutation(
        description="Give a member of the staff another role; it counts at once. The last active admin stays one.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def set_staff_role(self, info: Info, input: Annotated[SetStaffRoleInput, ABOUT]) -> SetStaffRoleResult:
        viewer = info.context.viewer

        def change(member: StaffMemberModel) -> StaffMemberModel:
            return members.set_member_role(viewer=viewer, member=member, role=find_role(viewer, input.role_id))

        def act() -> SetStaffRoleSuccess:
            key, role = input.client_mutation_key, input.role_id
            return SetStaffRoleSuccess(member=_changed(viewer, input.staff_id, key, "setStaffRole", change, role=role))

        return or_problem(act)

    @strawberry.mutation(
        description="Let a member of the staff in no more. The last active admin stays.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def deactivate_staff(self, info: Info, input: Annotated[DeactivateStaffInput, ABOUT]) -> DeactivateStaffResult:
        viewer = info.context.viewer

        def change(member: StaffMemberModel) -> StaffMemberModel:
            return members.deactivate_member(viewer=viewer, member=member)

        def act() -> DeactivateStaffSuccess:
            key = input.client_mutation_key
            return DeactivateStaffSuccess(member=_changed(viewer, input.staff_id, key, "deactivateStaff", change))

        return or_problem(act)

    @strawberry.mutation(description="Let a member of the staff in again.", metadata=needs(Permission.STAFF_WRITE))
    def activate_staff(self, info: Info, input: Annotated[ActivateStaffInput, ABOUT]) -> ActivateStaffResult:
        viewer = info.context.viewer

        def change(member: StaffMemberModel) -> StaffMemberModel:
            return members.activate_member(viewer=viewer, member=member)

        def act() -> ActivateStaffSuccess:
            key = input.client_mutation_key
            return ActivateStaffSuccess(member=_changed(viewer, input.staff_id, key, "activateStaff", change))

        return or_problem(act)

    @strawberry.mutation(
        description="Say whether every member of the staff signs in with a second factor. Admins alone, and only who "
        "has one themself can require it.",
        metadata=needs(Permission.STAFF_WRITE),
    )
    def set_second_factor_required(
        self, info: Info, input: Annotated[SetSecondFactorRequiredInput, ABOUT]
    ) -> SetSecondFactorRequiredResult:
        viewer = info.context.viewer

        def change() -> int:
            return int(
                members.set_second_factor_required(viewer=viewer, required=input.required).second_factor_required
            )

        def act() -> SetSecondFactorRequiredSuccess:
            given, mutation = {"required": input.required}, "setSecondFactorRequired"
            done = once(viewer=viewer, key=input.client_mutation_key, mutation=mutation, given=given, act=change)
            return SetSecondFactorRequiredSuccess(required=bool(done))

        return or_problem(act)
