"""Roles: the built-in ones, and those that a workspace made of named permissions."""

from typing import Annotated, NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.idempotency import once
from counterfoil.access.models import CustomRole
from counterfoil.access.policy import BY_ROLE, allows, require
from counterfoil.access.policy import Permission as Allowed
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Role as BuiltIn
from counterfoil.access.viewer import Viewer
from counterfoil.staff import roles
from counterfoil.staff.queries import roles_visible_to
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import After, Connection, First, Keyset, Node, pk_of
from schema.scopes import needs, type_needs
from schema.staff.permissions import Permission, in_words

ROLES = Keyset("roles", "pk", descending=False, of=int)


class RoleRow(NamedTuple):
    """What `Role` is read from."""

    id: str
    name: str
    built_in: bool
    permissions: list[Permission]
    pk: int


@type_needs(Allowed.STAFF_WRITE)
@strawberry.type(description="What a member of the staff may do.")
class Role(Node):
    name: str = strawberry.field(description="Its name, unique in the workspace.")
    built_in: bool = strawberry.field(description="Whether every workspace has it; such a role never changes.")
    permissions: list[Permission] = strawberry.field(description="What it allows.")

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, RoleRow)


# Before the workspace's own, whose keys begin at 1.
_BUILT_IN = {
    role: RoleRow(f"role_{role.value.replace('_', '-')}", name, True, in_words(BY_ROLE[role]), at - len(roles.BUILT_IN))
    for at, (role, name) in enumerate(roles.BUILT_IN.items())
}


def built_in_role(role: BuiltIn) -> RoleRow:
    """A built-in role."""
    return _BUILT_IN[role]


def own_role(pk: int, name: str, permissions: list[str]) -> RoleRow:
    """A role of the workspace's own."""
    return RoleRow(f"role_{pk}", name, False, in_words(permissions), pk)


def _read_roles(found: QuerySet[CustomRole]) -> list[RoleRow]:
    return [own_role(*row) for row in found.values_list("pk", "name", "permissions")]


def role_by_id(viewer: Viewer, gid: str) -> RoleRow | None:
    """The role of this global id, if the viewer sees it."""
    if not allows(viewer, Allowed.STAFF_WRITE):
        return None
    built_in = next((row for row in _BUILT_IN.values() if row.id == gid), None)
    if built_in is not None:
        return built_in
    rows = _read_roles(roles_visible_to(viewer).filter(pk=pk_of(gid, "role") or 0))
    return rows[0] if rows else None


def find_role(viewer: Viewer, gid: str) -> BuiltIn | CustomRole:
    """The role that a mutation names. Raises `Forbidden` for who may give none, and `NotFound`."""
    require(viewer, Allowed.STAFF_WRITE)
    for role, row in _BUILT_IN.items():
        if row.id == gid:
            return role
    found = roles_visible_to(viewer).filter(pk=pk_of(gid, "role") or 0).first()
    if found is None:
        raise NotFound("There is no such role.", field="roleId")
    return found


def _find_own(viewer: Viewer, gid: str) -> CustomRole:
    role = find_role(viewer, gid)
    if isinstance(role, BuiltIn):
        raise Invalid("A built-in role stays as it is: make a role of your own instead.", field="roleId")
    return role


@strawberry.type
class RoleQueries:
    @strawberry.field(
        description="The roles that members of the staff can have, the built-in ones first. `first` is at most 100. "
        "Empty for everybody but admins.",
        metadata=needs(Allowed.STAFF_WRITE),
    )
    def roles(self, info: Info, first: First, after: After = None) -> Connection[Role]:
        viewer = info.context.viewer
        own = roles_visible_to(viewer)
        built_in = _built_in_behind(after) if allows(viewer, Allowed.STAFF_WRITE) else []
        return ROLES.cut(own, lambda page: [*built_in, *_read_roles(page)], first=first, after=after)


def _built_in_behind(after: str | None) -> list[RoleRow]:
    rows = list(_BUILT_IN.values())
    if after is None:
        return rows
    cursors = [ROLES.encode(row) for row in rows]
    return rows[cursors.index(after) + 1 :] if after in cursors else []


@strawberry.input(description="A role of the workspace's own as it should be.")
class SaveRoleInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    role_id: strawberry.ID | None = strawberry.field(
        default=None, description="The role's global id; null makes a new one."
    )
    name: str = strawberry.field(description="Its name, at most 60 characters, of no other role.")
    permissions: list[str] = strawberry.field(
        description="Names of permissions that are grantable, at least one. What reads the same comes along."
    )


@strawberry.type(description="The role is as asked.")
class SaveRoleSuccess:
    role: Role = strawberry.field(description="The role.")


@strawberry.input(description="Which role to delete.")
class DeleteRoleInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    role_id: strawberry.ID = strawberry.field(description="The role's global id.")


@strawberry.type(description="The role is gone.")
class DeleteRoleSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The global id that it had.")


SaveRoleResult = Annotated[
    SaveRoleSuccess | Problem, strawberry.union("SaveRoleResult", description="Done, or why not.")
]
DeleteRoleResult = Annotated[
    DeleteRoleSuccess | Problem, strawberry.union("DeleteRoleResult", description="Done, or why not.")
]


@strawberry.type
class RoleMutations:
    @strawberry.mutation(
        description="Make a role of the workspace's own, or change one. Who has it has its permissions at once.",
        metadata=needs(Allowed.STAFF_WRITE),
    )
    def save_role(self, info: Info, input: Annotated[SaveRoleInput, ABOUT]) -> SaveRoleResult:
        viewer = info.context.viewer

        def save() -> int:
            role = None if input.role_id is None else _find_own(viewer, input.role_id)
            return roles.save_role(viewer=viewer, name=input.name, permissions=input.permissions, role=role).pk

        def act() -> SaveRoleSuccess:
            given = {"role": input.role_id, "name": input.name, "permissions": input.permissions}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="saveRole", given=given, act=save)
            saved = role_by_id(viewer, f"role_{pk}")
            if saved is None:
                raise NotFound("There is no such role.", field="roleId")
            return SaveRoleSuccess(role=cast(Role, saved))

        return or_problem(act)

    @strawberry.mutation(
        description="Delete a role that no member has and nobody is invited to.",
        metadata=needs(Allowed.STAFF_WRITE),
    )
    def delete_role(self, info: Info, input: Annotated[DeleteRoleInput, ABOUT]) -> DeleteRoleResult:
        viewer = info.context.viewer

        def delete() -> int:
            role = _find_own(viewer, input.role_id)
            roles.delete_role(viewer=viewer, role=role)
            return 0

        def act() -> DeleteRoleSuccess:
            given = {"role": input.role_id}
            once(viewer=viewer, key=input.client_mutation_key, mutation="deleteRole", given=given, act=delete)
            return DeleteRoleSuccess(deleted_id=input.role_id)

        return or_problem(act)
