"""Who acts. A viewer belongs to exactly one workspace, and every read and every action is given one."""

from dataclasses import dataclass
from enum import StrEnum


class ViewerKind(StrEnum):
    """The kinds of viewer that the policy table knows."""

    ANONYMOUS = "anonymous"
    VISITOR = "visitor"
    GUEST = "guest"
    CUSTOMER = "customer"
    CONTACT = "contact"
    STAFF = "staff"
    PARTNER = "partner"


class Role(StrEnum):
    """The built-in roles of staff members (AC-10)."""

    ADMIN = "admin"
    SHOP_MANAGER = "shop_manager"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who acts, in which workspace, and by which credential.

    `order_id` and `key_version` are set for guests: the one order that their key opens, and the version it had;
    `customer_id` and `link_version` for whoever holds a customer's link; `link_version` alone for visitors by the
    workspace's public link; `contact_id` and `customer_id` for a customer's contact who signed in.
    `staff_id` is set for staff, with a built-in `role`, or with the `permissions`, by name, of a role of the
    workspace's own; `client_id` and `permissions`, the scopes of the token, for a partner's program, which may have to
    keep to documents that were registered (`trusted_only`). `name` is what others may be shown.
    """

    kind: ViewerKind
    workspace_id: int
    name: str = ""
    order_id: int | None = None
    key_version: int | None = None
    customer_id: int | None = None
    link_version: int | None = None
    contact_id: int | None = None
    staff_id: int | None = None
    role: Role | None = None
    client_id: int | None = None
    permissions: frozenset[str] = frozenset()
    trusted_only: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether a member of the workspace's staff acts."""
        return self.kind is ViewerKind.STAFF

    @property
    def is_shop(self) -> bool:
        """Whether the viewer stands on the shop's side: its staff, or a program that a partner runs for it."""
        return self.kind in {ViewerKind.STAFF, ViewerKind.PARTNER}

    @property
    def reference(self) -> str:
        """A stable name for the actor, for the log and for idempotency keys: `staff:7`, `partner:3`."""
        match self.kind:
            case ViewerKind.STAFF:
                return f"staff:{self.staff_id}"
            case ViewerKind.PARTNER:
                return f"partner:{self.client_id}"
            case ViewerKind.GUEST:
                return f"guest:order:{self.order_id}"
            case ViewerKind.CUSTOMER:
                return f"customer:{self.customer_id}"
            case ViewerKind.CONTACT:
                return f"contact:{self.contact_id}"
            case _:
                return self.kind.value


def anonymous(workspace_id: int) -> Viewer:
    """Someone without a credential."""
    return Viewer(kind=ViewerKind.ANONYMOUS, workspace_id=workspace_id)
