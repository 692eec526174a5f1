"""For every operation of the schema, what each kind of viewer gets (AC-12). Not visible is "not found"; visible but
not allowed is "forbidden". A refusal changes nothing.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django_otp.plugins.otp_totp.models import TOTPDevice
from graphql import GraphQLObjectType

from counterfoil.access.links import customer_links, public_links
from counterfoil.access.models import CustomRole, Invitation, PartnerClient, StaffMember
from counterfoil.access.policy import GRANTABLE, with_reads
from counterfoil.access.tenancy import TenantModel
from counterfoil.access.viewer import Role, Viewer
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.catalog.models import Product
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.customers.actions import create_customer
from counterfoil.customers.linked import link_customers
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.queries import signed_in
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.mail.models import Mail
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil, move_parcel
from counterfoil.orders.models import Fulfilment, FulfilmentStatus, Order, OrderStatus
from counterfoil.partners.actions import issue_token, register_client, set_scopes
from counterfoil.staff.invitations import invite
from counterfoil.staff.roles import save_role
from counterfoil.workspaces.actions import set_order_editing
from counterfoil.workspaces.models import Store
from schema.context import Context
from schema.root import schema
from tests.factories import ADDRESSES, LINES, Shop, failed_mail, make_shop
from tests.pictures import picture
from tests.posting import Reply, key_of, post, token_of

# Each viewer asks about the same order of fennel.test: `guest` holds its key, `customer` the link of who ordered, and
# `contact` has placed it; `stranger` holds the key of another order there, which `other contact` has placed, for the
# customer whose link `other customer` holds; `visitor` came by the public link. The others belong to other.test: at
# their own host they are somebody, at fennel.test their token is void.
HERE = (
    *("anonymous", "visitor", "guest", "customer", "contact", "stranger", "other customer", "other contact"),
    *("shop manager", "admin"),
)
ELSEWHERE = ("anonymous elsewhere", "guest elsewhere", "customer elsewhere", "staff elsewhere")
CUSTOMERS = {"guest", "contact"}
CONTACTS = {"contact", "other contact"}
BUYERS = {"customer", *CUSTOMERS}
STAFF = {"shop manager", "admin"}
OURS = {*STAFF, "staff elsewhere"}  # each in their own workspace, for what names nothing of another
ADMINS = {"admin", "staff elsewhere"}  # each in their own workspace again
# Who runs no workspace learns of no member or role whether there is one; who runs another one finds none.
OF_OUR_STAFF = {
    **dict.fromkeys({*HERE, *ELSEWHERE} - {"admin", "staff elsewhere"}, "FORBIDDEN"),
    "admin": "done",
}

# Who sees the order, or what is asked for of it. Everybody else gets null.
QUERIES: dict[str, set[str]] = {
    "order": {*BUYERS, *STAFF},
    "orderByNumber": {*BUYERS, *STAFF},
    "orders": {*BUYERS, *STAFF},
    "orderLinks": OURS,
    "products": STAFF,
    "customers": STAFF,
    "searchCorrection": OURS,
    "node of a product": STAFF,
    "node": {*BUYERS, *STAFF},
    "node of a line": {*BUYERS, *STAFF},
    "node of a parcel": {*BUYERS, *STAFF},
    "node of a message": {*CUSTOMERS, *STAFF},
    "node of a note": STAFF,
    "node of a customer": STAFF,
    "node of a contact": STAFF,
    "node of an interaction": STAFF,
    "node of a mail": STAFF,
    "waitingConversations": STAFF,
    "failedMails": STAFF,
    "activity": OURS,
    "attentionCounts": {*HERE, *ELSEWHERE},  # each of its numbers has a row in test_attention
    "unacknowledgedInteractions": STAFF,
    "interactionTypes": OURS,
    "node of a store": {*HERE},
    "invitations": {"admin"},
    "node of an invitation": {"admin"},
    "partnerClients": {"admin"},
    "partnerScopes": {*HERE, *ELSEWHERE},
    "node of a program": {"admin"},
    "node of a member": {"admin"},
    "node of a role": {"admin"},
    "staffMembers": {"admin"},
    "roles": {"admin"},
    "permissions": {*HERE, *ELSEWHERE},
    "viewer": {*HERE, *ELSEWHERE},
    "workspace": {*HERE, *ELSEWHERE},
    "stores": {*HERE},
    "position": {*HERE, *ELSEWHERE},
}
# What each mutation answers. Everybody else is told that there is no such order.
MUTATIONS: dict[str, dict[str, str]] = {
    "sendMessage": {"customer": "FORBIDDEN", **dict.fromkeys({*CUSTOMERS, *STAFF}, "done")},
    "reportDelivered": {"customer": "FORBIDDEN", **dict.fromkeys({*CUSTOMERS, *STAFF}, "done")},
    "reportRead": {"customer": "FORBIDDEN", **dict.fromkeys({*CUSTOMERS, *STAFF}, "done")},
    "setMailPreference": {"customer": "FORBIDDEN", **dict.fromkeys({*CUSTOMERS, *STAFF}, "done")},
    "writeInternalNote": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "rotateOrderKey": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "rotateAllOrderKeys": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(OURS, "done")},
    "changeOrderStatus": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "setOrderHold": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "changeOrders": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "setOrdersHold": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "fulfilOrder": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "correctFulfilment": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "changeFulfilmentStatus": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "placeOrder": dict.fromkeys(STAFF, "done"),
    "claimOrder": {
        **dict.fromkeys({*HERE, *ELSEWHERE} - CONTACTS, "FORBIDDEN"),
        **dict.fromkeys(CONTACTS, "done"),  # they have one address
    },
    "editOrder": {**dict.fromkeys({"customer", *STAFF}, "FORBIDDEN"), **dict.fromkeys(CUSTOMERS, "done")},
    "cancelOwnOrder": {**dict.fromkeys({"customer", *STAFF}, "FORBIDDEN"), **dict.fromkeys(CUSTOMERS, "done")},
    "recordPayment": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "reviseOrder": {**dict.fromkeys(BUYERS, "FORBIDDEN"), **dict.fromkeys(STAFF, "done")},
    "retryMail": dict.fromkeys(STAFF, "done"),
    "dismissMail": dict.fromkeys(STAFF, "done"),
    "saveProduct": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(OURS, "done")},
    "setProductImage": dict.fromkeys(STAFF, "done"),
    "saveCustomer": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(OURS, "done")},
    "rotateCustomerLink": dict.fromkeys(STAFF, "done"),
    "rotatePublicLink": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(OURS, "done")},
    "setCustomerFlags": dict.fromkeys(STAFF, "done"),
    "changeCustomers": dict.fromkeys(STAFF, "done"),
    "endAccountSessions": dict.fromkeys(STAFF, "done"),
    "linkCustomers": dict.fromkeys(STAFF, "done"),
    "unlinkCustomers": dict.fromkeys(STAFF, "done"),
    "logInteraction": dict.fromkeys(STAFF, "done"),
    "acknowledgeInteraction": {"shop manager": "done", "admin": "INVALID"},  # who was first stands
    "switchInteractionType": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(ADMINS, "done")},
    "setPortalSettings": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(ADMINS, "done")},
    "checkStore": {**dict.fromkeys(HERE, "FORBIDDEN"), "admin": "done"},
    "setOrderEditing": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(ADMINS, "done")},
    "setStoreSettings": {**dict.fromkeys(HERE, "FORBIDDEN"), "admin": "done"},
    "inviteStaff": {
        **dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"),
        **dict.fromkeys(OURS - {"shop manager"}, "done"),
    },
    "resendInvitation": {"admin": "done"},
    "withdrawInvitation": {"admin": "done"},
    "registerPartnerClient": {
        **dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"),
        **dict.fromkeys(("admin", "staff elsewhere"), "done"),
    },
    "setPartnerScopes": {"admin": "done"},
    "rotatePartnerSecret": {"admin": "done"},
    "revokePartnerClient": {"admin": "done"},
    "saveRole": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(ADMINS, "done")},
    "setSecondFactorRequired": {**dict.fromkeys({*HERE, *ELSEWHERE}, "FORBIDDEN"), **dict.fromkeys(ADMINS, "done")},
    "setStaffRole": OF_OUR_STAFF,
    "deactivateStaff": OF_OUR_STAFF,
    "activateStaff": OF_OUR_STAFF,
    "deleteRole": OF_OUR_STAFF,
}
# Which part of an order each viewer gets, once they see it.
ORDER_FIELDS: dict[str, set[str]] = {
    "id": {*BUYERS, *STAFF},
    "number": {*BUYERS, *STAFF},
    "status": {*BUYERS, *STAFF},
    "fulfilment": {*BUYERS, *STAFF},
    "payment": {*BUYERS, *STAFF},
    "placedAt": {*BUYERS, *STAFF},
    "total": {*BUYERS, *STAFF},
    "paid": {*BUYERS, *STAFF},
    "refunded": {*BUYERS, *STAFF},
    "mailPreference": {*BUYERS, *STAFF},
    "store": {*BUYERS, *STAFF},
    "lines": {*BUYERS, *STAFF},
    "fulfilments": {*BUYERS, *STAFF},
    "messages": {*CUSTOMERS, *STAFF},
    "note": {*CUSTOMERS, *STAFF},
    "editable": CUSTOMERS,
    "customer": STAFF,
    "contact": STAFF,
    "history": STAFF,
    "timeline": STAFF,
    "internalNotes": STAFF,
    "packingNotices": STAFF,
    "guestUrl": STAFF,
    "browserContact": STAFF,
    "deliveryAddress": {"contact", *STAFF},
    "billingAddress": {"contact", *STAFF},
    "invoice": {"contact", *STAFF},
}
# What no program and no role of a workspace's own is ever allowed.
ADMINS_ALONE = {
    *("staffMembers", "roles", "node of a member", "node of a role", "saveRole", "deleteRole"),
    *("invitations", "node of an invitation", "inviteStaff", "resendInvitation", "withdrawInvitation"),
    *("partnerClients", "node of a program", "registerPartnerClient", "setPartnerScopes", "rotatePartnerSecret"),
    "revokePartnerClient",
    *("setStaffRole", "deactivateStaff", "activateStaff", "setSecondFactorRequired"),
    *("setPortalSettings", "setStoreSettings", "setOrderEditing", "switchInteractionType"),
    "checkStore",
}
# What only who has proved a mailbox is allowed.
CONTACTS_ALONE = {"claimOrder"}
# What only customers are allowed, with their own orders.
BUYERS_ALONE = {"editOrder", "cancelOwnOrder"}
# The permissions without any one of which a partner's program that has them as scopes, or a member of the staff who has
# them by a role of the workspace's own, gets what an anonymous viewer gets, or is told FORBIDDEN.
SCOPES_OF: dict[str, set[str]] = {
    "order": {"orders:read"},
    "orderByNumber": {"orders:read"},
    "orders": {"orders:read"},
    "orderLinks": {"order_keys:rotate"},
    "products": {"products:read"},
    "customers": {"customers:read"},
    "searchCorrection": {"customers:read"},
    "node of a product": {"products:read"},
    "node": {"orders:read"},
    "node of a line": {"orders:read"},
    "node of a parcel": {"orders:read"},
    "node of a message": {"orders:read", "messages:read"},
    "node of a note": {"orders:read", "notes:read"},
    "node of a customer": {"customers:read"},
    "node of a contact": {"customers:read"},
    "node of an interaction": {"customers:read", "interactions:read"},
    "node of a mail": {"orders:read", "messages:read"},
    "waitingConversations": {"orders:read", "messages:read"},
    "failedMails": {"orders:read", "messages:read"},
    "activity": {"orders:read"},
    "attentionCounts": set(),
    "retryMail": {"orders:read", "messages:write"},
    "dismissMail": {"orders:read", "messages:write"},
    "unacknowledgedInteractions": {"customers:read", "interactions:read"},
    "interactionTypes": {"customers:read", "interactions:read"},
    "linkCustomers": {"customers:write"},
    "unlinkCustomers": {"customers:write"},
    "logInteraction": {"customers:read", "interactions:write"},
    "acknowledgeInteraction": {"customers:read", "interactions:acknowledge"},
    "node of a store": set(),
    "partnerScopes": set(),
    "permissions": set(),
    "viewer": set(),
    "workspace": set(),
    "stores": set(),
    "position": set(),
    "sendMessage": {"orders:read", "messages:write"},
    "reportDelivered": {"orders:read", "messages:read", "receipts:write"},
    "reportRead": {"orders:read", "messages:read", "receipts:write"},
    "setMailPreference": {"orders:read", "mail_preference:write"},
    "writeInternalNote": {"orders:read", "notes:write"},
    "rotateOrderKey": {"orders:read", "order_keys:rotate"},
    "rotateAllOrderKeys": {"order_keys:rotate"},
    "changeOrderStatus": {"orders:write"},
    "setOrderHold": {"orders:read", "fulfilments:write"},
    "changeOrders": {"orders:write"},
    "setOrdersHold": {"orders:read", "fulfilments:write"},
    "fulfilOrder": {"orders:read", "fulfilments:write"},
    "correctFulfilment": {"orders:read", "fulfilments:write"},
    "changeFulfilmentStatus": {"orders:read", "fulfilments:write"},
    "placeOrder": {"customers:read", "orders:write"},
    "recordPayment": {"orders:read", "payments:write"},
    "reviseOrder": {"orders:write"},
    "saveProduct": {"products:write"},
    "setProductImage": {"products:write"},
    "saveCustomer": {"customers:write"},
    "rotateCustomerLink": {"customers:read", "customer_links:rotate"},
    "rotatePublicLink": {"customer_links:rotate"},
    "setCustomerFlags": {"customers:write"},
    "changeCustomers": {"customers:write"},
    "endAccountSessions": {"customers:read", "customer_links:rotate"},
}
ORDER_SCOPES: dict[str, str] = {
    "customer": "customers:read",
    "contact": "customers:read",
    "internalNotes": "notes:read",
    "packingNotices": "fulfilments:write",
    "guestUrl": "order_keys:read",
    "browserContact": "customers:read",
    "deliveryAddress": "addresses:read",
    "billingAddress": "addresses:read",
    "invoice": "invoices:read",
}
UNIT = {"name": "each", "price": "1.00", "currency": "GBP"}
# What the order has already, since it is no draft any more.
AS_ORDERED = [
    {"name": one.name, "sku": one.sku, "unit": one.unit, "quantity": one.quantity, "unitPrice": str(one.unit_price)}
    for one in LINES
]
SELECTIONS = {
    "total": "total { amount currency }",
    "paid": "paid { amount currency }",
    "refunded": "refunded { amount currency }",
    "mailPreference": "mailPreference { enabled belongsTo hasAddress }",
    "store": "store { name }",
    "editable": "editable { address note quantities cancel until reason }",
    "lines": "lines(first: 9) { nodes { id } }",
    "fulfilments": "fulfilments(first: 9) { nodes { id trackingUrl lines(first: 9) { nodes { quantity } } } }",
    "messages": "messages(first: 9) { nodes { id } }",
    "customer": "customer { name }",
    "contact": "contact { name email }",
    "history": "history(first: 9) { nodes { kind } }",
    "timeline": "timeline(first: 9) { nodes { kind } }",
    "internalNotes": "internalNotes(first: 9) { nodes { text } }",
    "packingNotices": "packingNotices(first: 9) { nodes { text } }",
    "browserContact": "browserContact { name }",
    "deliveryAddress": "deliveryAddress { street }",
    "billingAddress": "billingAddress { street }",
    "invoice": "invoice { due { amount } }",
}


type Asking = Callable[[World, Iterable[str]], Callable[..., Reply]]


@dataclass(frozen=True)
class World:
    """An order that all ask about, and how each viewer asks."""

    shop: Shop
    order: Order
    parcel: Fulfilment
    client: PartnerClient
    product: Product
    message: Message
    reply: Message
    note: Message
    entry: Interaction
    mail: Mail
    invitation: Invitation
    role: CustomRole
    ask: dict[str, Callable[..., Reply]]


@pytest.fixture
def world(db: None) -> World:
    shop, other = make_shop(), make_shop("Quill & Crate", host="other.test")
    Store.objects.update(sticky_contact=True)
    order = shop.order(number="INV-7", browser="b7", addresses=ADDRESSES)
    another, elsewhere = shop.order(), other.order(number="INV-7-elsewhere")
    link_customers(viewer=shop.staff, customer=order.customer, other=another.customer)
    manager = shop.hire("Tom", Role.SHOP_MANAGER)
    tokens = {
        "anonymous": None,
        "visitor": public_links.derive(shop.workspace.pk, 1),
        "guest": key_of(order),
        "customer": customer_links.derive(order.customer_id, 1),
        "stranger": key_of(another),
        "other customer": customer_links.derive(another.customer_id, 1),
        "shop manager": token_of(shop.member._meta.model.objects.get(pk=manager.staff_id)),
        "admin": token_of(shop.member),
        "anonymous elsewhere": None,
        "guest elsewhere": key_of(elsewhere),
        "customer elsewhere": customer_links.derive(elsewhere.customer_id, 1),
        "staff elsewhere": token_of(other.member),
    }

    for user in (shop.user, other.user):
        TOTPDevice.objects.create(user=user, name="Phone", confirmed=True)

    contacts = {"contact": signed_in(order.contact), "other contact": signed_in(another.contact)}

    def asking(name: str) -> Callable[..., Reply]:
        if name in contacts:
            return partial(in_process, contacts[name])
        host = "other.test" if name in ELSEWHERE else "fennel.test"
        return lambda text, **variables: post(text, token=tokens[name], host=host, **variables)

    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    message = send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    return World(
        shop=shop,
        order=order,
        parcel=fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1}),
        client=register_client(viewer=shop.staff, name="Stock", scopes=["orders:read"])[0],
        product=save_product(
            viewer=shop.staff, sku="TT-22", name="Tea tin", units=[NewUnit("each", Decimal(2), "GBP")]
        ),
        message=message,
        reply=send_message(viewer=shop.guest(order), order=order, text="Thank you!"),
        note=write_internal_note(viewer=shop.staff, order=order, text="Pays late."),
        entry=log_interaction(
            viewer=shop.staff,
            customer=order.customer,
            type=InteractionType.EMAIL,
            text="Hold it until July.",
            order=order,
            needs_acknowledgement=True,
        ),
        mail=failed_mail(message),
        invitation=invite(viewer=shop.staff, email="pia@fennel.test", name="Pia", role=Role.SHOP_MANAGER),
        role=save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"]),
        ask={name: asking(name) for name in HERE + ELSEWHERE},
    )


def in_process(viewer: Viewer, text: str, **variables: Any) -> Reply:
    """How somebody asks whom no token makes yet: contacts sign in to pages."""
    result = schema.execute_sync(text, variable_values=variables, context_value=Context(viewer=viewer))
    errors = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return Reply(200, {"data": result.data, **errors})


def program(world: World, scopes: Iterable[str]) -> Callable[..., Reply]:
    """How a partner's program with these scopes asks; it may be without any."""
    client, secret = register_client(viewer=world.shop.staff, name="Till", scopes=GRANTABLE)
    issued = issue_token(workspace_id=client.workspace_id, client_id=client.client_id, secret=secret)
    if scopes := set(scopes):
        set_scopes(viewer=world.shop.staff, client=client, scopes=scopes)
    else:
        PartnerClient.objects.filter(pk=client.pk).update(scopes=[])
    return lambda text, **variables: post(text, token=issued.token, **variables)


def member(world: World, permissions: Iterable[str]) -> Callable[..., Reply]:
    """How a member of the staff asks whose role, of the workspace's own, has these permissions; it may have none."""
    # Made as the action makes them, but for that one may have no permission at all.
    role = CustomRole.objects.create(
        workspace=world.shop.workspace,
        name=f"Role {CustomRole.objects.count()}",
        permissions=sorted(with_reads(permissions)),
    )
    token = token_of(StaffMember.objects.get(pk=world.shop.hire("Pia", role).staff_id))
    return lambda text, **variables: post(text, token=token, **variables)


BY_PERMISSIONS = pytest.mark.parametrize("with_permissions", [program, member])


def all_but(scope: str) -> set[str]:
    """Every scope without this one; who may not read something may not change it either."""
    subject, _, what = scope.partition(":")
    return {other for other in GRANTABLE if other != scope and not (what == "read" and other.startswith(f"{subject}:"))}


def everything() -> dict[str, list[Any]]:
    """Every row of every tenant."""
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def names_of(type_name: str) -> set[str]:
    found = schema._schema.type_map[type_name]
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


def seen_by(world: World, query: str, ask: Callable[..., Reply]) -> bool:
    """Whether who asks like this gets what the query is about."""
    node = "query ($id: ID!) { seen: node(id: $id) { __typename id } }"
    order = world.order
    line = order.lines.get(ordinal=1)
    customer, contact = Customer.objects.get(pk=order.customer_id), Contact.objects.get(pk=order.contact_id)
    text, variables = {
        "order": ("query ($id: ID!) { seen: order(id: $id) { number } }", {"id": f"order_{order.pk}"}),
        "orderByNumber": ('{ seen: orderByNumber(number: "INV-7") { number } }', {}),
        "orders": ("{ orders(first: 9) { nodes { number } } }", {}),
        "orderLinks": ("{ seen: orderLinks }", {}),
        "products": ("{ products(first: 9) { nodes { sku } } }", {}),
        "customers": ("{ customers(first: 9) { nodes { id } } }", {}),
        "searchCorrection": ('{ seen: searchCorrection(search: "harbuor") }', {}),
        "node of a product": (node, {"id": f"product_{world.product.pk}"}),
        "node": (node, {"id": f"order_{order.pk}"}),
        "node of a line": (node, {"id": f"line_{line.pk}"}),
        "node of a parcel": (node, {"id": f"fulfilment_{world.parcel.pk}"}),
        "node of a message": (node, {"id": f"message_{world.message.pk}"}),
        "node of a note": (node, {"id": f"note_{world.note.pk}"}),
        "node of a customer": (node, {"id": f"customer_{customer.pk}"}),
        "node of a contact": (node, {"id": f"contact_{contact.pk}"}),
        "node of an interaction": (node, {"id": f"interaction_{world.entry.pk}"}),
        "unacknowledgedInteractions": ("{ unacknowledgedInteractions(first: 9) { nodes { id } } }", {}),
        "interactionTypes": ("{ seen: interactionTypes { type isOn } }", {}),
        "node of a mail": (node, {"id": f"mail_{world.mail.pk}"}),
        "failedMails": ("{ failedMails(first: 9) { nodes { id } } }", {}),
        "waitingConversations": ("{ waitingConversations(first: 9) { nodes { order { id } } } }", {}),
        "activity": ("{ seen: activity { orders } }", {}),
        "attentionCounts": ("{ seen: attentionCounts { drafts } }", {}),
        "node of a store": (node, {"id": f"store_{order.store_id}"}),
        "invitations": ("{ invitations(first: 9) { nodes { email } } }", {}),
        "node of an invitation": (node, {"id": f"invitation_{world.invitation.pk}"}),
        "partnerClients": ("{ partnerClients(first: 9) { nodes { id } } }", {}),
        "partnerScopes": ("{ seen: partnerScopes { name } }", {}),
        "node of a program": (node, {"id": f"client_{world.client.pk}"}),
        "node of a member": (node, {"id": f"staff_{world.shop.member.pk}"}),
        "node of a role": (node, {"id": f"role_{world.role.pk}"}),
        "staffMembers": ("{ staffMembers(first: 9) { nodes { id } } }", {}),
        "roles": ("{ roles(first: 9) { nodes { id } } }", {}),
        "permissions": ("{ seen: permissions { name } }", {}),
        "viewer": ("{ seen: viewer { kind } }", {}),
        "workspace": ("{ seen: workspace { name } }", {}),
        "stores": ("{ stores(first: 9) { nodes { id } } }", {}),
        "position": ("{ seen: position }", {}),
    }[query]
    data = ask(text, **variables).data
    if query == "orders":
        data["seen"] = [found for found in data["orders"]["nodes"] if found["number"] == "INV-7"] or None
    if query == "invitations":
        data["seen"] = data["invitations"]["nodes"] or None
    if query == "products":
        data["seen"] = data["products"]["nodes"] or None
    if query == "partnerClients":
        data["seen"] = data["partnerClients"]["nodes"] or None
    if query == "waitingConversations":
        rows = (data[query] or {"nodes": []})["nodes"]
        data["seen"] = [found for found in rows if found["order"]["id"] == f"order_{order.pk}"] or None
    ours = {
        "customers": f"customer_{customer.pk}",
        "stores": f"store_{order.store_id}",
        "staffMembers": f"staff_{world.shop.member.pk}",
        "roles": f"role_{world.role.pk}",
        "unacknowledgedInteractions": f"interaction_{world.entry.pk}",
        "failedMails": f"mail_{world.mail.pk}",
    }
    if query in ours:
        rows = (data[query] or {"nodes": []})["nodes"]
        data["seen"] = [found for found in rows if found["id"] == ours[query]] or None
    return data["seen"] is not None


@pytest.mark.once
@pytest.mark.feature("AC-12")
def test_every_operation_and_every_field_of_an_order_has_its_row() -> None:
    assert {name.partition(" ")[0] for name in QUERIES} == names_of("Query")
    assert set(MUTATIONS) == names_of("Mutation")
    assert set(ORDER_FIELDS) == names_of("Order")
    assert set(SCOPES_OF) == {*QUERIES, *MUTATIONS} - ADMINS_ALONE - CONTACTS_ALONE - BUYERS_ALONE
    assert set(ORDER_SCOPES) < set(ORDER_FIELDS)


@pytest.mark.feature("AC-12")
@pytest.mark.parametrize("query", QUERIES)
def test_a_query_shows_each_viewer_what_the_table_says_and_nothing_else(world: World, query: str) -> None:
    before = everything()

    seen = {viewer for viewer, ask in world.ask.items() if seen_by(world, query, ask)}

    assert seen == set(QUERIES[query])
    assert everything() == before


@pytest.mark.feature("AC-12")
@pytest.mark.feature("AC-11")
@pytest.mark.feature("AC-10")
@BY_PERMISSIONS
@pytest.mark.parametrize("query", QUERIES)
def test_a_query_shows_a_program_or_a_role_what_its_permissions_say(
    world: World, query: str, with_permissions: Asking
) -> None:
    if query in ADMINS_ALONE:
        assert not seen_by(world, query, with_permissions(world, GRANTABLE))
        return
    needed = SCOPES_OF[query]

    assert seen_by(world, query, with_permissions(world, needed))
    for scope in needed:
        assert not seen_by(world, query, with_permissions(world, all_but(scope))), scope


@pytest.mark.feature("AC-12")
@pytest.mark.feature("AC-11")
@pytest.mark.feature("AC-10")
@BY_PERMISSIONS
def test_of_an_order_a_program_or_a_role_gets_the_fields_that_its_permissions_say(
    world: World, with_permissions: Asking
) -> None:
    fields = set(ORDER_FIELDS) - {"editable"} - ({"history"} if with_permissions is program else set())  # staff alone
    change_status(viewer=world.shop.staff, order=world.order, status=OrderStatus.INVOICED)
    selection = " ".join(SELECTIONS.get(name, name) for name in ORDER_FIELDS)
    text = f'{{ orderByNumber(number: "INV-7") {{ {selection} }} }}'

    def got(scopes: Iterable[str]) -> set[str]:
        order = with_permissions(world, scopes)(text).data["orderByNumber"]
        return {name for name, value in order.items() if value is not None}

    assert got(GRANTABLE) == fields
    for scope in set(ORDER_SCOPES.values()):
        assert fields - got(all_but(scope)) == {name for name, needed in ORDER_SCOPES.items() if needed == scope}
    without = with_permissions(world, all_but("messages:read"))(text).data["orderByNumber"]
    assert without["messages"]["nodes"] == []


@pytest.mark.feature("AC-12")
@pytest.mark.feature("AC-2")
@pytest.mark.parametrize("viewer", ["guest", "contact", "shop manager", "admin"])
def test_of_an_order_each_viewer_gets_the_fields_that_the_table_says(world: World, viewer: str) -> None:
    change_status(viewer=world.shop.staff, order=world.order, status=OrderStatus.INVOICED)
    selection = " ".join(SELECTIONS.get(name, name) for name in ORDER_FIELDS)

    order = world.ask[viewer](f'{{ orderByNumber(number: "INV-7") {{ {selection} }} }}').data["orderByNumber"]

    assert {name for name, value in order.items() if value is not None} == {
        name for name, viewers in ORDER_FIELDS.items() if viewer in viewers
    }
    assert len(order["lines"]["nodes"]) == 2
    assert len(order["messages"]["nodes"]) == 2


class Change(NamedTuple):
    """A mutation to send, and what it names."""

    document: str
    kind: str
    named: dict[str, str | list[str]]
    unseen: str  # what is answered to who does not see it
    given: dict[str, Any]

    def send(self, ask: Callable[..., Reply], **more: Any) -> dict[str, Any]:
        """What is answered to who asks like this."""
        given = {"clientMutationKey": "1", **self.named, **self.given, **more}
        (answer,) = ask(self.document, input=given).data.values()
        assert isinstance(answer, dict)
        return answer


def change(world: World, mutation: str) -> Change:
    """The mutation, as it is sent about the order of this world."""
    kind = "ReportReceipt" if mutation.startswith("report") else mutation[0].upper() + mutation[1:]
    document = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) "
        "{ __typename ... on Problem { code field message } } }"
    )
    more: dict[str, dict[str, Any]] = {
        "sendMessage": {"text": "Hello"},
        "writeInternalNote": {"text": "Hello"},
        "setMailPreference": {"enabled": False},
        "rotateOrderKey": {},
        "rotateAllOrderKeys": {},
        "changeOrderStatus": {"status": "INVOICED"},
        "setOrderHold": {"onHold": True},
        "changeOrders": {"status": "INVOICED"},
        "setOrdersHold": {"onHold": True},
        "fulfilOrder": {
            "lines": [{"lineId": f"line_{world.order.lines.get(ordinal=2).pk}", "quantity": 1}],
            "readNotices": [f"interaction_{world.entry.pk}"],
        },
        "correctFulfilment": {"carrier": "DPD", "trackingNumber": "7", "trackingUrl": ""},
        "changeFulfilmentStatus": {"status": "DELIVERED"},
        "placeOrder": {"currency": "GBP", "lines": [{"name": "Tin", "quantity": 1, "unitPrice": "0.0425"}]},
        "reviseOrder": {"lines": AS_ORDERED},
        "claimOrder": {"orderKey": key_of(world.order)},
        "editOrder": {"note": "Ring twice."},
        "cancelOwnOrder": {},
        "recordPayment": {"amount": "12.50"},
        "saveProduct": {"externalId": "7", "sku": "BU-01", "name": "Bunting", "units": [UNIT]},
        "setProductImage": {"image": base64.b64encode(picture()).decode()},
        "saveCustomer": {"name": "Quill"},
        "inviteStaff": {"email": "ben@fennel.test", "name": "Ben", "roleId": "role_admin"},
        "resendInvitation": {},
        "withdrawInvitation": {},
        "registerPartnerClient": {"name": "Till", "scopes": ["orders:read"]},
        "setPartnerScopes": {"scopes": ["notes:read"]},
        "rotatePartnerSecret": {},
        "revokePartnerClient": {},
        "saveRole": {"name": "Reader", "permissions": ["orders:read"]},
        "setStaffRole": {"roleId": "role_admin"},
        "setSecondFactorRequired": {"required": True},
        "setCustomerFlags": {"isActive": False},
        "changeCustomers": {"orderingBlocked": True},
        "logInteraction": {"type": "PHONE_CALL", "text": "Asked for larger tins."},
        "switchInteractionType": {"type": "OTHER", "isOn": False},
        "setPortalSettings": {"strictSecurity": True},
        "checkStore": {},
        "setOrderEditing": {"note": True, "minutes": 60},
        "setStoreSettings": {"confirmsOrders": True, "stickyContact": False},
    }
    reports = mutation.startswith("report")
    given = {
        **more.get(mutation, {"upTo": f"message_{world.reply.pk}"} if reports else {}),
        **prepared(world, mutation),
    }
    if mutation in ABOUT_NOTHING:
        return Change(document, kind, {}, "", given)
    name = NAMES.get(mutation, "orderId")
    gid, unseen = named(world)[name]
    if mutation == "placeOrder":
        unseen = "There is no such customer, or they have no such contact."
    return Change(document, kind, {name: gid}, unseen, given)


# What a mutation's input names, where that is no order.
ABOUT_NOTHING = {
    *("saveProduct", "saveCustomer", "saveRole", "registerPartnerClient", "inviteStaff", "rotateAllOrderKeys"),
    *("setSecondFactorRequired", "rotatePublicLink", "setPortalSettings", "setOrderEditing"),
    *("switchInteractionType", *CONTACTS_ALONE),
}
_NAMES = {
    "fulfilmentId": ("correctFulfilment", "changeFulfilmentStatus"),
    "customerId": (
        *("placeOrder", "rotateCustomerLink", "setCustomerFlags", "logInteraction", "linkCustomers"),
        "unlinkCustomers",
    ),
    "customerIds": ("changeCustomers",),
    "orderIds": ("changeOrders", "setOrdersHold"),
    "contactId": ("endAccountSessions",),
    "interactionId": ("acknowledgeInteraction",),
    "mailId": ("retryMail", "dismissMail"),
    "storeId": ("setStoreSettings", "checkStore"),
    "productId": ("setProductImage",),
    "invitationId": ("resendInvitation", "withdrawInvitation"),
    "partnerClientId": ("setPartnerScopes", "rotatePartnerSecret", "revokePartnerClient"),
    "staffId": ("deactivateStaff", "activateStaff", "setStaffRole"),
    "roleId": ("deleteRole",),
}
NAMES = {mutation: name for name, mutations in _NAMES.items() for mutation in mutations}


def named(world: World) -> dict[str, tuple[str | list[str], str]]:
    """What inputs name, and what is answered to who does not see it."""
    kim = StaffMember.objects.filter(name="Kim").values_list("pk", flat=True).first()
    return {
        "orderId": (f"order_{world.order.pk}", "There is no such order."),
        "fulfilmentId": (f"fulfilment_{world.parcel.pk}", "There is no such parcel."),
        "customerId": (f"customer_{world.order.customer_id}", "There is no such customer."),
        "customerIds": ([f"customer_{world.order.customer_id}"], "There is no such customer."),
        "orderIds": ([f"order_{world.order.pk}"], "There is no such order."),
        "contactId": (f"contact_{world.order.contact_id}", "There is no such contact."),
        "interactionId": (f"interaction_{world.entry.pk}", "There is no such entry."),
        "mailId": (f"mail_{world.mail.pk}", "There is no such mail."),
        "storeId": (f"store_{world.order.store_id}", "There is no such store."),
        "productId": (f"product_{world.product.pk}", "There is no such product."),
        "invitationId": (f"invitation_{world.invitation.pk}", "There is no such invitation."),
        "partnerClientId": (f"client_{world.client.pk}", "There is no such program."),
        "staffId": (f"staff_{kim}", "There is no such member of the staff."),
        "roleId": (f"role_{world.role.pk}", "There is no such role."),
    }


def prepared(world: World, mutation: str) -> dict[str, Any]:
    """What has to be there for a mutation to change something, and what its input says of that."""
    if mutation in ("deactivateStaff", "activateStaff", "setStaffRole"):
        kim = world.shop.hire("Kim").staff_id
        StaffMember.objects.filter(pk=kim).update(is_active=mutation != "activateStaff")
    if mutation in BUYERS_ALONE:
        # All of it is allowed, and nothing has left.
        set_order_editing(viewer=world.shop.staff, address=True, note=True, quantities=True, cancel=True)
        move_parcel(viewer=world.shop.staff, fulfilment=world.parcel, status=FulfilmentStatus.CANCELLED)
        change_status(viewer=world.shop.staff, order=world.order, status=OrderStatus.DRAFT)
    if mutation == "fulfilOrder":
        return {"readNotices": [f"interaction_{world.entry.pk}"]}
    if mutation not in ("linkCustomers", "unlinkCustomers"):
        return {}
    neighbour = create_customer(viewer=world.shop.staff, name="Pier 2", contact_name="", email="").customer
    if mutation == "unlinkCustomers":
        link_customers(viewer=world.shop.staff, customer=world.order.customer, other=neighbour)
    return {"otherId": f"customer_{neighbour.pk}"}


@pytest.mark.feature("AC-12")
@pytest.mark.feature("GQ-1")
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_does_what_the_table_says_or_nothing(world: World, mutation: str) -> None:
    sent = change(world, mutation)

    def ask(viewer: str) -> dict[str, Any]:
        theirs = {"upTo": f"message_{world.message.pk}"} if viewer in CUSTOMERS and "upTo" in sent.given else {}
        return sent.send(world.ask[viewer], **theirs)

    before = everything()
    for viewer in world.ask:
        match MUTATIONS[mutation].get(viewer):
            case None:
                refused = {"code": "NOT_FOUND", "field": next(iter(sent.named)), "message": sent.unseen}
                assert ask(viewer) == {"__typename": "Problem", **refused}, viewer
            case "FORBIDDEN":
                answer = ask(viewer)
                assert (answer["code"], answer["field"]) == ("FORBIDDEN", None), viewer
                assert answer["message"].startswith("You may not do this: it needs the permission ")
    assert everything() == before

    for viewer, expected in MUTATIONS[mutation].items():
        if expected == "done":
            assert ask(viewer) == {"__typename": f"{sent.kind}Success"}, viewer
    assert everything() != before


@pytest.mark.feature("AC-12")
@pytest.mark.feature("AC-11")
@pytest.mark.feature("AC-10")
@BY_PERMISSIONS
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_program_or_a_role_changes_what_its_permissions_say_or_nothing(
    world: World, mutation: str, with_permissions: Asking
) -> None:
    sent = change(world, mutation)
    if mutation in ADMINS_ALONE | CONTACTS_ALONE | BUYERS_ALONE:
        ask = with_permissions(world, GRANTABLE)
        before = everything()
        # Nobody else learns whether there is such an invitation or program; of members and roles nothing is looked up.
        hidden = sent.named and mutation.endswith(("Invitation", "PartnerScopes", "PartnerSecret", "PartnerClient"))
        assert sent.send(ask)["code"] == ("NOT_FOUND" if hidden else "FORBIDDEN")
        assert everything() == before
        return
    needed = SCOPES_OF[mutation]
    without = {scope: with_permissions(world, all_but(scope)) for scope in needed}
    allowed = with_permissions(world, needed)
    before = everything()

    for scope, ask in without.items():
        answer = sent.send(ask)
        reads = scope.endswith(":read")
        assert answer["code"] == ("NOT_FOUND" if reads else "FORBIDDEN"), scope
        assert reads or scope in answer["message"]
    assert everything() == before

    assert sent.send(allowed) == {"__typename": f"{sent.kind}Success"}
    assert everything() != before


@pytest.mark.feature("AC-12")
@pytest.mark.parametrize("mutation", ["sendMessage", "rotateOrderKey"])
def test_not_yours_and_never_existed_answer_alike(world: World, mutation: str) -> None:
    text = ', text: "Hello"' if mutation == "sendMessage" else ""

    def answer(order: str) -> tuple[int, object]:
        reply = world.ask["stranger"](
            f'mutation {{ {mutation}(input: {{clientMutationKey: "1", orderId: "{order}"{text}}}) '
            "{ ... on Problem { code field message } } }"
        )
        return reply.status, reply.data

    foreign = answer(f"order_{world.order.pk}")
    assert [answer(order) for order in ("order_999999", "order_", "nonsense", f"message_{world.order.pk}")] == [
        foreign
    ] * 4


def test_a_guest_may_not_search_customers(world: World) -> None:
    # Were the search obeyed, a guest could learn the customer's name letter by letter.
    query = '{ orders(first: 9, filter: {search: "%s"}) { nodes { number } } }'

    assert [
        world.ask["guest"](query % word).data["orders"]["nodes"] for word in ("Harbour", "nobody of that name")
    ] == [[{"number": "INV-7"}]] * 2
    assert world.ask["admin"](query % "nobody of that name").data["orders"]["nodes"] == []


def test_a_guest_may_not_ask_whose_order_it_is(world: World) -> None:
    # Were the filter obeyed, a guest could try customers until one gives the order.
    query = '{ orders(first: 9, filter: {customerId: "customer_%s"}) { nodes { number } } }'
    theirs = world.order.customer_id

    assert [world.ask["guest"](query % pk).data["orders"]["nodes"] for pk in (theirs, 0)] == [[{"number": "INV-7"}]] * 2
    assert [world.ask["admin"](query % pk).data["orders"]["nodes"] for pk in (theirs, 0)] == [
        [{"number": "INV-7"}],
        [],
    ]


def test_a_shop_manager_who_has_left_opens_nothing(shop: Shop) -> None:
    token = token_of(shop.member)
    assert post("{ viewer { kind } }", token=token).data == {"viewer": {"kind": "STAFF"}}

    shop.member.is_active = False
    shop.member.save()

    assert post("{ viewer { kind } }", token=token).status == 401
