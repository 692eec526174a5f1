"""The one table that decides who may do what (AC-12).

A permission is `subject:action`. Which rows a viewer sees is decided by each feature's `visible_to(viewer)`; this
table decides what a viewer may do with what it sees.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from counterfoil.access.problems import Forbidden
from counterfoil.access.viewer import Role, Viewer, ViewerKind


class Permission(StrEnum):
    """Everything that can be allowed."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ORDERS_EDIT = "orders:edit"
    FULFILMENTS_WRITE = "fulfilments:write"
    PAYMENTS_WRITE = "payments:write"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    ADDRESSES_READ = "addresses:read"
    INVOICES_READ = "invoices:read"
    ORDERS_CLAIM = "orders:claim"
    ORDER_KEYS_READ = "order_keys:read"
    ORDER_KEYS_ROTATE = "order_keys:rotate"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CUSTOMER_LINKS_READ = "customer_links:read"
    CUSTOMER_LINKS_ROTATE = "customer_links:rotate"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    RECEIPTS_WRITE = "receipts:write"
    NOTES_READ = "notes:read"
    NOTES_WRITE = "notes:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    INTERACTIONS_ACKNOWLEDGE = "interactions:acknowledge"
    MAIL_PREFERENCE_WRITE = "mail_preference:write"
    PARTNERS_WRITE = "partners:write"
    STAFF_WRITE = "staff:write"
    SETTINGS_WRITE = "settings:write"


# What a proof of one order opens; that of a mailbox opens more (AC-2).
_GUEST = frozenset(
    {
        Permission.ORDERS_READ,
        Permission.ORDERS_EDIT,
        Permission.MESSAGES_READ,
        Permission.MESSAGES_WRITE,
        Permission.RECEIPTS_WRITE,
        Permission.MAIL_PREFERENCE_WRITE,
    }
)
_CONTACT = _GUEST | {Permission.ADDRESSES_READ, Permission.INVOICES_READ, Permission.ORDERS_CLAIM}
_STAFF = frozenset(Permission) - {Permission.ORDERS_CLAIM, Permission.ORDERS_EDIT}
# What only who runs the workspace may do: never a scope.
_ADMIN_ONLY = frozenset({Permission.PARTNERS_WRITE, Permission.STAFF_WRITE, Permission.SETTINGS_WRITE})
# What may be given: to a partner, each as a scope of the same name, and to a role of a workspace's own.
GRANTABLE = _STAFF - _ADMIN_ONLY

BY_KIND: Mapping[ViewerKind, frozenset[Permission]] = {
    ViewerKind.ANONYMOUS: frozenset(),
    ViewerKind.VISITOR: frozenset(),
    ViewerKind.GUEST: _GUEST,
    ViewerKind.CUSTOMER: frozenset({Permission.ORDERS_READ}),
    ViewerKind.CONTACT: _CONTACT,
    ViewerKind.STAFF: GRANTABLE,
    ViewerKind.PARTNER: GRANTABLE,
}
BY_ROLE: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: _STAFF,
    Role.SHOP_MANAGER: _STAFF - _ADMIN_ONLY,
}


def allows(viewer: Viewer, permission: Permission) -> bool:
    """Whether the table has this permission in the viewer's row; for a role of a workspace's own the role has to have
    it too, and for a partner their token.
    """
    if viewer.role is not None:
        return permission in BY_ROLE[viewer.role]
    if viewer.is_shop and permission not in viewer.permissions:
        return False
    return permission in BY_KIND[viewer.kind]


def with_reads(permissions: Iterable[str]) -> frozenset[str]:
    """These, and with each that changes something the one that reads it: whoever may place orders sees them."""
    chosen = frozenset(permissions)
    reads = {f"{permission.partition(':')[0]}:read" for permission in chosen}
    return chosen | (reads & GRANTABLE)


def require(viewer: Viewer, permission: Permission) -> None:
    """Raise `Forbidden` unless the viewer has the permission."""
    if not allows(viewer, permission):
        raise Forbidden(f"You may not do this: it needs the permission {permission.value}.")
