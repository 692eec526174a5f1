"""The workspace and its stores, as far as everybody may know them."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import strawberry
from django.db.models import QuerySet

from counterfoil.access.policy import Permission as Allowed
from counterfoil.access.policy import allows
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.customers.links import public_url
from counterfoil.workspaces.models import Store as StoreModel
from counterfoil.workspaces.models import Workspace as WorkspaceModel
from counterfoil.workspaces.queries import portal_address, stores_of
from schema.context import Info
from schema.enums import describe
from schema.health import StoreHealth, health_of
from schema.loading import Siblings
from schema.relay import After, Connection, First, Keyset, Node, global_id
from schema.scopes import needs, type_needs
from schema.staff.permissions import Permission, in_words

STORES = Keyset("stores", "pk", descending=False, of=int)


class StoreRow(NamedTuple):
    """What `Store` is read from."""

    id: str
    name: str
    language: str
    time_zone: str
    pk: int
    base_url: str
    confirms: bool
    sticky: bool
    announces: bool
    siblings: Siblings


@type_needs()
@strawberry.type(description="A domain and brand under which a workspace sells.")
class Store(Node):
    name: str = strawberry.field(description="The name that customers know.")
    language: str = strawberry.field(description="The store's own language, as a BCP 47 tag.")
    time_zone: str = strawberry.field(description="The store's time zone, as a name of the IANA database.")
    confirms: strawberry.Private[bool]
    sticky: strawberry.Private[bool]
    announces: strawberry.Private[bool]
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="Whether each order is confirmed by a mail; null for everybody but staff.")
    def confirms_orders(self, info: Info) -> bool | None:
        return self.confirms if info.context.viewer.is_staff else None

    @strawberry.field(
        description="Whether orders of one browser are noted as one contact's; null for everybody but staff."
    )
    def sticky_contact(self, info: Info) -> bool | None:
        return self.sticky if info.context.viewer.is_staff else None

    @strawberry.field(description="Whether customers are told of each parcel by a mail; null for everybody but staff.")
    def announces_parcels(self, info: Info) -> bool | None:
        return self.announces if info.context.viewer.is_staff else None

    @strawberry.field(
        description="What was found when it was checked last; null for a store that never was.",
        metadata=needs(Allowed.SETTINGS_WRITE),
    )
    def health(self, info: Info) -> StoreHealth | None:
        viewer = info.context.viewer
        return cast(
            StoreHealth | None, self.siblings.load("health", "pk", self.pk, lambda keys: health_of(viewer, keys))
        )

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, StoreRow)


def read_stores(stores: QuerySet[StoreModel]) -> list[StoreRow]:
    """Stores as rows."""
    fields = (
        global_id("store"),
        "name",
        "language",
        "time_zone",
        "pk",
        "base_url",
        "confirms_orders",
        "sticky_contact",
        "announces_parcels",
    )
    siblings = Siblings()
    rows = [StoreRow._make((*facts, siblings)) for facts in stores.values_list(*fields)]
    siblings.share(rows, "pk")
    return rows


def stores_by_key(workspace_id: int, keys: Sequence[int]) -> dict[int, StoreRow]:
    """Stores of a workspace by primary key."""
    return {row.pk: row for row in read_stores(stores_of(workspace_id).filter(pk__in=keys))}


@strawberry.type(description="What customers may change of an order of theirs, and for how long.")
class OrderEditing:
    address: bool = strawberry.field(description="Whether its addresses, until something of it has left.")
    note: bool = strawberry.field(description="Whether what they ask of the shop about it, as long.")
    quantities: bool = strawberry.field(description="Whether how much of each line, until staff confirm it.")
    cancel: bool = strawberry.field(description="Whether they may cancel it, until something of it has left.")
    minutes: int = strawberry.field(description="For how many minutes after they placed it.")


@strawberry.type(description="The supplier whose data this is. A viewer belongs to exactly one workspace.")
class Workspace:
    name: str = strawberry.field(description="The supplier's name.")
    second_factor_required: bool | None = strawberry.field(
        description="Whether its staff sign in with a second factor; null for everybody but staff."
    )
    strict_security: bool | None = strawberry.field(
        description="Whether buyers who come by a customer's link prove their mailbox first; null for everybody but "
        "staff."
    )
    pk: strawberry.Private[int]
    public_link_version: strawberry.Private[int]

    @strawberry.field(description="What customers may change of their orders; null for everybody but staff.")
    def order_editing(self, info: Info) -> OrderEditing | None:
        if not info.context.viewer.is_staff:
            return None
        found = WorkspaceModel.objects.get(pk=self.pk)
        return OrderEditing(
            address=found.customers_edit_address,
            note=found.customers_edit_note,
            quantities=found.customers_edit_quantities,
            cancel=found.customers_cancel,
            minutes=found.edit_minutes,
        )

    @strawberry.field(
        description="The workspace's public link, which shows nothing personal. Null without the scope.",
        metadata=needs(Allowed.CUSTOMER_LINKS_READ),
    )
    def public_url(self, info: Info) -> str | None:
        if not allows(info.context.viewer, Allowed.CUSTOMER_LINKS_READ):
            return None
        address = portal_address(self.pk)
        return address and public_url(address, self.pk, self.public_link_version)


def workspace_of(viewer: Viewer) -> Workspace:
    """The workspace, as the viewer sees it."""
    facts = WorkspaceModel.objects.values_list(
        "pk", "name", "second_factor_required", "strict_security", "public_link_version"
    )
    pk, name, required, strict, version = facts.get(pk=viewer.workspace_id)
    return Workspace(
        name=name,
        second_factor_required=required if viewer.is_staff else None,
        strict_security=strict if viewer.is_staff else None,
        pk=pk,
        public_link_version=version,
    )


describe(
    ViewerKind,
    "What kind of viewer asks.",
    {
        ViewerKind.ANONYMOUS: "Somebody without a credential.",
        ViewerKind.VISITOR: "Whoever opened the workspace's public link.",
        ViewerKind.GUEST: "Whoever holds an order's key: sees and answers that one order.",
        ViewerKind.CUSTOMER: "Whoever opened a customer's link: sees that customer's orders.",
        ViewerKind.CONTACT: "A customer's contact who signed in: sees and answers their orders.",
        ViewerKind.STAFF: "A member of the workspace's staff.",
        ViewerKind.PARTNER: "A partner's program, by the scopes of its token.",
    },
)


@strawberry.type(description="Who asks.")
class CurrentViewer:
    kind: ViewerKind = strawberry.field(description="By which kind of credential.")
    name: str = strawberry.field(description="The person's name; empty for nobody in particular.")
    permissions: list[Permission] = strawberry.field(description="What they may do with what they see.")


@strawberry.type
class WorkspaceQueries:
    @strawberry.field(description="Who asks, as this API sees them.", metadata=needs())
    def viewer(self, info: Info) -> CurrentViewer:
        viewer = info.context.viewer
        allowed = in_words(permission for permission in Allowed if allows(viewer, permission))
        return CurrentViewer(kind=viewer.kind, name=viewer.name, permissions=allowed)

    @strawberry.field(description="The workspace that this request belongs to.", metadata=needs())
    def workspace(self, info: Info) -> Workspace:
        return workspace_of(info.context.viewer)

    @strawberry.field(
        description="The workspace's stores, the first one first: its portal is at that one's address. `first` is at "
        "most 100.",
        metadata=needs(),
    )
    def stores(self, info: Info, first: First, after: After = None) -> Connection[Store]:
        return STORES.cut(stores_of(info.context.viewer.workspace_id), read_stores, first=first, after=after)
