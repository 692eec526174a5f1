"""The policy table, written out a second time: who may do what (AC-12)."""

from itertools import product

import pytest

from counterfoil.access.policy import BY_KIND, BY_ROLE, Permission, allows, require
from counterfoil.access.problems import Forbidden, ProblemCode
from counterfoil.access.viewer import Role, Viewer, ViewerKind, anonymous

VIEWERS = {
    "anonymous": anonymous(1),
    "guest": Viewer(kind=ViewerKind.GUEST, workspace_id=1, name="Ana", order_id=1, key_version=1),
    "admin": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Mara", staff_id=1, role=Role.ADMIN),
    "shop_manager": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Tom", staff_id=2, role=Role.SHOP_MANAGER),
    "staff without a role": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Nobody", staff_id=3),
}

STAFF = {"admin", "shop_manager"}
ALLOWED: dict[str, set[str]] = {
    "orders:read": {"guest", *STAFF},
    "orders:write": STAFF,
    "fulfilments:write": STAFF,
    "payments:write": STAFF,
    "products:read": STAFF,
    "products:write": STAFF,
    "order_keys:read": STAFF,
    "order_keys:rotate": STAFF,
    "customers:read": STAFF,
    "customers:write": STAFF,
    "messages:read": {"guest", *STAFF},
    "messages:write": {"guest", *STAFF},
    "receipts:write": {"guest", *STAFF},
    "notes:read": STAFF,
    "notes:write": STAFF,
    "mail_preference:write": {"guest", *STAFF},
}


@pytest.mark.once
def test_every_permission_has_a_row_in_this_matrix() -> None:
    assert {permission.value for permission in Permission} == set(ALLOWED)


@pytest.mark.once
def test_every_kind_of_viewer_has_a_row_in_the_table() -> None:
    assert {*BY_KIND, ViewerKind.STAFF} == set(ViewerKind)
    assert set(BY_ROLE) == set(Role)
    assert {viewer.kind for viewer in VIEWERS.values()} == set(ViewerKind)
    assert {viewer.role for viewer in VIEWERS.values()} == {None, *Role}


@pytest.mark.once
@pytest.mark.parametrize(("name", "permission"), list(product(VIEWERS, Permission)))
def test_the_table_allows_exactly_what_the_matrix_says(name: str, permission: Permission) -> None:
    assert allows(VIEWERS[name], permission) is (name in ALLOWED[permission.value])


@pytest.mark.once
@pytest.mark.parametrize(("name", "permission"), list(product(VIEWERS, Permission)))
def test_what_the_table_does_not_allow_is_refused_by_the_permissions_name(name: str, permission: Permission) -> None:
    if name in ALLOWED[permission.value]:
        require(VIEWERS[name], permission)
        return
    with pytest.raises(Forbidden) as refusal:
        require(VIEWERS[name], permission)
    assert refusal.value.code is ProblemCode.FORBIDDEN
    assert refusal.value.message == f"You may not do this: it needs the permission {permission.value}."
    assert refusal.value.field is None
