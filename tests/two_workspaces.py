"""Two workspaces that are as alike as they can be: the same order numbers, addresses, SKUs, names and external ids.
What must differ anyway, or may, holds the marker of its workspace, so what one side is told of the other shows.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.apps import apps

from counterfoil.access.models import CustomRole
from counterfoil.access.tenancy import TenantModel
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.customers.actions import create_customer
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.actions import NewLine, change_status, place_order
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.staff.roles import save_role
from schema.context import Context
from schema.root import schema
from tests.factories import Shop, failed_mail, make_shop

MARKERS = ("kestrel41d7", "heron93be")
SKUS = ("ONLY-0", "ONLY-1")  # each of one workspace
PEOPLE = ("admin", "manager", "guest", "guest of the draft", "anonymous")
# What a global id begins with, and the model of its row.
KINDS = {
    "order": "Order",
    "line": "OrderLine",
    "fulfilment": "Fulfilment",
    "message": "Message",
    "note": "Message",
    "customer": "Customer",
    "contact": "Contact",
    "product": "Product",
    "store": "Store",
    "staff": "StaffMember",
    "role": "CustomRole",
    "interaction": "Interaction",
    "mail": "Mail",
}

# What the parts of inputs that are ids name.
NAMED = {
    "orderId": "order",
    "productId": "product",
    "customerId": "customer",
    "contactId": "contact",
    "fulfilmentId": "fulfilment",
    "lineId": "line",
    "upTo": "message",
    "staffId": "staff",
    "roleId": "role",
    "invitationId": "invitation",
    "partnerClientId": "client",
    "storeId": "store",
    "interactionId": "interaction",
    "orderIds": "order",
    "customerIds": "customer",
    "mailId": "mail",
    "otherId": "customer",
    "readNotices": "interaction",
}

type Ids = dict[str, list[str]]


@dataclass(frozen=True, repr=False)
class Side:
    """A workspace: who asks there, its rows' global ids by kind, cursors of its lists, and a SKU of its own."""

    shop: Shop
    workspace_id: int
    marker: str
    sku: str
    viewers: dict[str, Viewer]
    ids: Ids
    cursors: list[str]


def two_workspaces() -> tuple[Side, Side]:
    """Both, each with a host that is named by its marker."""
    shops = [make_shop(f"Fennel {marker}", host=f"{marker}.test") for marker in MARKERS]
    return _furnished(shops[0], 0), _furnished(shops[1], 1)


def ids_of(workspace_id: int, kinds: dict[str, str]) -> Ids:
    """The global ids of a workspace's rows, by kind."""
    models = {model.__name__: model for model in apps.get_models() if issubclass(model, TenantModel)}
    return {
        kind: [
            f"{kind}_{pk}"
            for pk in models[name]
            ._default_manager.filter(workspace_id=workspace_id)
            .order_by("pk")
            .values_list("pk", flat=True)
        ]
        for kind, name in kinds.items()
    }


def _furnished(shop: Shop, which: int) -> Side:
    """Rows of every kind."""
    marker, staff = MARKERS[which], shop.staff
    tin = _product(staff, "TT-22", f"Tea tin {marker}", external_id="7")
    _product(staff, SKUS[which], f"Bunting {marker}", external_id=None)
    person = create_customer(
        viewer=staff, name="Harbour Café", contact_name=f"Ana {marker}", email="ana@harbour.example", external_id="7"
    )
    create_customer(viewer=staff, name=f"Café {marker}", contact_name="Ana", email=f"ana@{marker}.example")
    lines = (NewLine(f"Tin {marker}", 4, Decimal(2), sku="TT-22", product_id=tin), NewLine("Tin", 4, Decimal(2)))
    orders = [
        place_order(
            viewer=staff, store=shop.store, contact=person, currency="GBP", lines=lines, number=number, external_id=told
        )
        for number, told in (("INV-7", "7"), ("INV-8", "8"))
    ]
    order, draft = (Order.objects.select_related("contact", "store").get(pk=placed.pk) for placed in orders)
    change_status(viewer=staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1}, carrier=f"Carrier {marker}")
    failed_mail(send_message(viewer=staff, order=order, text=f"Sent {marker}"), to=f"ana@{marker}.example")
    send_message(viewer=shop.guest(order), order=order, text=f"Thanks {marker}")
    write_internal_note(viewer=staff, order=order, text=f"Pays late {marker}")
    for text, waits in ((f"Hold it {marker}", True), (f"Likes card {marker}", False)):
        log_interaction(
            viewer=staff,
            customer=order.customer,
            type=InteractionType.EMAIL,
            text=text,
            order=order,
            needs_acknowledgement=waits,
        )
    save_role(viewer=staff, name="Packer", permissions=["orders:read"])
    save_role(viewer=staff, name=f"Packer {marker}", permissions=["orders:read"])
    shop.hire(f"Pia {marker}", CustomRole.objects.get(workspace=shop.workspace, name="Packer"))
    viewers = (staff, shop.hire(f"Tom {marker}"), shop.guest(order), shop.guest(draft), anonymous(shop.workspace.pk))
    return Side(
        shop=shop,
        workspace_id=shop.workspace.pk,
        marker=marker,
        sku=SKUS[which],
        viewers=dict(zip(PEOPLE, viewers, strict=True)),
        ids=ids_of(shop.workspace.pk, KINDS),
        cursors=_cursors(staff),
    )


def _product(staff: Viewer, sku: str, name: str, external_id: str | None) -> int:
    units = [NewUnit(f"box of {name}", Decimal(2), "GBP")]
    product = save_product(
        viewer=staff, sku=sku, name=name, units=units, category=f"Kitchen {name}", external_id=external_id
    )
    return product.pk


def _cursors(staff: Viewer) -> list[str]:
    text = "{ pageInfo { startCursor endCursor } }"
    found = schema.execute_sync(
        f"{{ orders(first: 1) {text} products(first: 1) {text} customers(first: 1) {text} "
        f"staffMembers(first: 1) {text} roles(first: 3) {text} }}",
        context_value=Context(viewer=staff),
    )
    assert not found.errors, found.errors
    return sorted(set(re.findall(r"Cursor': '([^']+)'", str(found.data))))
