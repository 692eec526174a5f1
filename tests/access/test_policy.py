"""The policy table, written out a second time: who may do what (AC-12)."""

from itertools import product

import pytest

from counterfoil.access.policy import BY_KIND, BY_ROLE, GRANTABLE, Permission, allows, require, with_reads
from counterfoil.access.problems import Forbidden, ProblemCode
from counterfoil.access.viewer import Role, Viewer, ViewerKind, anonymous

VIEWERS = {
    "anonymous": anonymous(1),
    "guest": Viewer(kind=ViewerKind.GUEST, workspace_id=1, name="Ana", order_id=1, key_version=1),
    "visitor": Viewer(kind=ViewerKind.VISITOR, workspace_id=1, link_version=1),
    "customer": Viewer(kind=ViewerKind.CUSTOMER, workspace_id=1, name="Quill", customer_id=1, link_version=1),
    "contact": Viewer(kind=ViewerKind.CONTACT, workspace_id=1, name="Ana", contact_id=1),
    "admin": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Mara", staff_id=1, role=Role.ADMIN),
    "shop_manager": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Tom", staff_id=2, role=Role.SHOP_MANAGER),
    "partner": Viewer(
        kind=ViewerKind.PARTNER, workspace_id=1, name="Till", client_id=1, permissions=frozenset(map(str, Permission))
    ),
    "partner without a scope": Viewer(kind=ViewerKind.PARTNER, workspace_id=1, name="Till", client_id=1),
    "staff without a role": Viewer(kind=ViewerKind.STAFF, workspace_id=1, name="Nobody", staff_id=3),
    "custom role": Viewer(
        kind=ViewerKind.STAFF, workspace_id=1, name="Pia", staff_id=4, permissions=frozenset(map(str, Permission))
    ),
}

CUSTOMERS = {"guest", "contact"}
SHOP = {"admin", "shop_manager", "partner", "custom role"}
ALLOWED: dict[str, set[str]] = {
    "orders:read": {"customer", *CUSTOMERS, *SHOP},
    "orders:claim": {"contact"},
    "orders:edit": CUSTOMERS,
    "addresses:read": {"contact", *SHOP},
    "invoices:read": {"contact", *SHOP},
    "orders:write": SHOP,
    "fulfilments:write": SHOP,
    "payments:write": SHOP,
    "products:read": SHOP,
    "products:write": SHOP,
    "order_keys:read": SHOP,
    "order_keys:rotate": SHOP,
    "customers:read": SHOP,
    "customers:write": SHOP,
    "customer_links:read": SHOP,
    "customer_links:rotate": SHOP,
    "messages:read": {*CUSTOMERS, *SHOP},
    "messages:write": {*CUSTOMERS, *SHOP},
    "receipts:write": {*CUSTOMERS, *SHOP},
    "notes:read": SHOP,
    "notes:write": SHOP,
    "interactions:read": SHOP,
    "interactions:write": SHOP,
    "interactions:acknowledge": SHOP,
    "mail_preference:write": {*CUSTOMERS, *SHOP},
    "partners:write": {"admin"},
    "staff:write": {"admin"},
    "settings:write": {"admin"},
}


@pytest.mark.once
def test_every_permission_has_a_row_in_this_matrix() -> None:
    assert {permission.value for permission in Permission} == set(ALLOWED)


@pytest.mark.once
def test_every_kind_of_viewer_has_a_row_in_the_table() -> None:
    assert set(BY_KIND) == set(ViewerKind)
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


@pytest.mark.once
@pytest.mark.parametrize("kind", [ViewerKind.PARTNER, ViewerKind.STAFF])
def test_each_permission_of_a_program_or_of_a_role_allows_itself_and_nothing_else(kind: ViewerKind) -> None:
    for given in Permission:
        viewer = Viewer(kind=kind, workspace_id=1, client_id=1, staff_id=1, permissions=frozenset({given.value}))

        assert {permission for permission in Permission if allows(viewer, permission)} == {given} & GRANTABLE


@pytest.mark.once
def test_what_changes_something_brings_what_reads_it_along_where_there_is_such_a_thing() -> None:
    assert with_reads(["notes:write", "order_keys:rotate", "payments:write"]) == {
        *("notes:write", "notes:read", "order_keys:rotate", "order_keys:read", "payments:write")
    }
    assert with_reads([]) == frozenset()
