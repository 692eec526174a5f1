"""Who sees each field of each object (AC-12). A new field without a row here fails: say whether all see it who see
its object. The fields of orders have a table of their own, in `test_access_matrix`.
"""

import pytest
from graphql import GraphQLObjectType, is_introspection_type

from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.viewer import Role, Viewer, anonymous
from counterfoil.conversations.actions import Receipt, report_receipt, send_message
from counterfoil.customers.queries import signed_in
from counterfoil.events import relay
from counterfoil.orders.models import Order
from counterfoil.partners.actions import register_client
from counterfoil.workspaces.health import begin_check, check_store
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop
from tests.network import Nowhere

pytestmark = pytest.mark.feature("AC-12")

# Whoever sees the object sees these, but for those of SOME.
FIELDS: dict[str, str] = {
    "Contact": "id name email hasAccount signedInOn",
    "AttentionCounts": "waiting unacknowledged failedMails drafts",
    "CustomerOutcome": "customerId customer problem",
    "CurrentViewer": "kind name permissions",
    "Customer": "id name externalId since isActive orderingBlocked contacts linkedAccounts portalUrl interactions "
    "unacknowledged timeline",
    "DayOfActivity": "day orders ordered parcels messages",
    "EditableOrder": "address note quantities cancel until reason",
    "Fulfilment": "id number status carrier trackingNumber trackingUrl createdAt lines",
    "FulfilmentLine": "quantity line",
    "InternalNote": "id authorName text writtenAt",
    "Invoice": "number issuedAt total paid due",
    "Interaction": "id type text authorName loggedAt needsAcknowledgement acknowledgedAt acknowledgedByName customer "
    "order",
    "InteractionAdded": "position interaction",
    "InteractionTypeSetting": "type isOn",
    "Invitation": "id email name role invitedBy createdAt expiresAt state",
    "LinkedAccount": "reason linkedAt customer",
    "Mail": "id kind state reason triedAt to order",
    "MailPreference": "enabled belongsTo hasAddress",
    "Message": "id author authorName isMine text sentAt deliveredAt readAt mail",
    "MessageAdded": "position message",
    "MessageMail": "state reason sentAt",
    "Money": "amount currency",
    "OrderChanged": "position kind order",
    "OrderEditing": "address note quantities cancel minutes",
    "OrderEvent": "kind happenedAt actorName status",
    "OrderLine": "id name sku unit quantity fulfilled returned unitPrice total",
    "OrderOutcome": "orderId order problem",
    "PackingNotice": "id type text authorName loggedAt needsAcknowledgement acknowledgedAt acknowledgedByName "
    "isAboutThisOrder",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "PartnerClient": "id name clientId scopes trustedOnly createdAt revokedAt lastUsedOn secrets usageByDay "
    "usageByOperation",
    "PartnerSecret": "createdAt expiresAt",
    "PartnerUsageOfDay": "day calls cost",
    "PartnerUsageOfOperation": "name calls cost",
    "Permission": "name subject sentence grantable",
    "PostalAddress": "name company street street2 postalCode city region country phone",
    "Problem": "code field message",
    "Product": "id sku name category active externalId imageUrl units",
    "Role": "id name builtIn permissions",
    "Scope": "name subject description",
    "StaffMember": "id name email role active hasSecondFactor isMe",
    "Store": "id name language timeZone confirmsOrders stickyContact announcesParcels health",
    "StoreCheck": "subject verdict finding seen advice",
    "StoreHealth": "checkedAt checks",
    "TimelineEntry": "happenedAt kind group actor amount creditNote statusBefore statusAfter parcelBefore parcelAfter "
    "isOn isActive orderingBlocked devices actorName order contact otherCustomer fulfilment linesPacked "
    "linesOrdered message note mail interaction",
    "TimelineMail": "about reason to message fulfilment",
    "Unit": "name price",
    "WaitingConversation": "since order message",
    "Workspace": "name secondFactorRequired strictSecurity orderEditing publicUrl",
}
# Fields that tell some of those who see the object more than others, and who they are.
SOME: dict[str, set[str]] = {
    "Message.authorName": {"shop manager", "admin", "partner"},  # of staff; customers read the shop's name
    "Message.readAt": {"shop manager", "admin", "partner"},
    "Message.mail": {"shop manager", "admin", "partner"},
    "Workspace.secondFactorRequired": {"shop manager", "admin"},
    "Workspace.strictSecurity": {"shop manager", "admin"},
    "Workspace.orderEditing": {"shop manager", "admin"},
    "Workspace.publicUrl": {"shop manager", "admin", "partner"},
    "Store.confirmsOrders": {"shop manager", "admin"},
    "Store.health": {"admin"},
    "Store.stickyContact": {"shop manager", "admin"},
    "Store.announcesParcels": {"shop manager", "admin"},
    "AttentionCounts.waiting": {"shop manager", "admin", "partner"},  # as it is told in test_attention
    "AttentionCounts.unacknowledged": {"shop manager", "admin", "partner"},
    "AttentionCounts.failedMails": {"shop manager", "admin", "partner"},
    "AttentionCounts.drafts": {"shop manager", "admin", "partner"},
    "DayOfActivity.messages": {"shop manager", "admin", "partner"},
    "Mail.to": {"shop manager", "admin", "partner"},
    "TimelineMail.to": {"shop manager", "admin", "partner"},
    "Customer.portalUrl": {"shop manager", "admin", "partner"},
    "Customer.interactions": {"shop manager", "admin", "partner"},
    "Customer.unacknowledged": {"shop manager", "admin", "partner"},
    "Customer.timeline": {"shop manager", "admin", "partner"},
    "Contact.signedInOn": {"shop manager", "admin", "partner"},
}
MESSAGES = """query ($number: String!) { orderByNumber(number: $number) {
    messages(first: 1) { nodes { authorName readAt mail { state } } } } }"""


@pytest.mark.once
def test_every_field_has_a_row() -> None:
    found = {
        name: " ".join(kind.fields)
        for name, kind in schema._schema.type_map.items()
        if isinstance(kind, GraphQLObjectType)
        and not is_introspection_type(kind)
        and not name.endswith(("Success", "Connection", "Edge"))
        and name not in {"Query", "Mutation", "Subscription", "Order"}
    }

    assert found == FIELDS
    assert all(field in FIELDS[kind].split() for kind, _, field in (name.partition(".") for name in SOME))


@pytest.fixture
def viewers(shop: Shop) -> dict[str, Viewer]:
    """Everybody who sees the order INV-7, which has a message that was mailed and read."""
    order = Order.objects.select_related("contact", "store").get(pk=shop.order(number="INV-7").pk)
    message = send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    report_receipt(viewer=shop.guest(order), order=order, up_to=message.pk, receipt=Receipt.READ)
    relay.drain()
    client, _ = register_client(viewer=shop.staff, name="Stock", scopes=GRANTABLE)
    return {
        "guest": shop.guest(order),
        "contact": signed_in(order.contact),
        "shop manager": shop.hire("Tom", Role.SHOP_MANAGER),
        "admin": shop.staff,
        "partner": client.acting(client.scopes),
    }


@pytest.mark.django_db
def test_of_a_message_only_the_shop_sees_who_wrote_it_whether_it_was_read_and_its_mail(
    shop: Shop, viewers: dict[str, Viewer], ask: Ask
) -> None:
    told = {
        name: ask(viewer, MESSAGES, number="INV-7")["orderByNumber"]["messages"]["nodes"][0]
        for name, viewer in viewers.items()
    }

    for field, hidden in (("authorName", shop.store.name), ("readAt", None), ("mail", None)):
        assert {name for name, message in told.items() if message[field] != hidden} == SOME[f"Message.{field}"], field


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["secondFactorRequired", "strictSecurity", "publicUrl", "orderEditing { minutes }"])
def test_how_people_get_in_is_told_to_those_whom_it_concerns(
    shop: Shop, viewers: dict[str, Viewer], ask: Ask, field: str
) -> None:
    viewers = {**viewers, "anonymous": anonymous(shop.workspace.pk)}
    field, query = field.split(maxsplit=1)[0], f"{{ workspace {{ {field} }} }}"
    told = {name: ask(viewer, query)["workspace"][field] for name, viewer in viewers.items()}

    assert {name for name, value in told.items() if value is not None} == SOME[f"Workspace.{field}"]


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["confirmsOrders", "stickyContact", "announcesParcels"])
def test_what_a_store_does_by_itself_is_told_to_staff(viewers: dict[str, Viewer], ask: Ask, field: str) -> None:
    told = {
        name: ask(viewer, f"{{ stores(first: 1) {{ nodes {{ {field} }} }} }}")["stores"]["nodes"][0][field]
        for name, viewer in viewers.items()
    }

    assert {name for name, value in told.items() if value is not None} == SOME[f"Store.{field}"]


@pytest.mark.django_db
def test_the_links_of_customers_are_told_to_who_may_read_them(shop: Shop, viewers: dict[str, Viewer], ask: Ask) -> None:
    query = "{ customers(first: 1) { nodes { portalUrl contacts(first: 1) { nodes { signedInOn } } } } }"
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=[Permission.CUSTOMERS_READ])
    viewers = {**viewers, "partner without": client.acting(client.scopes)}
    told = {name: ask(viewer, query)["customers"]["nodes"] for name, viewer in viewers.items()}

    assert (told.pop("guest"), told.pop("contact")) == ([], [])
    people = {name: customer["contacts"]["nodes"][0] for name, [customer] in told.items()}
    assert {name for name, [customer] in told.items() if customer["portalUrl"]} == SOME["Customer.portalUrl"]
    assert {name for name, one in people.items() if one["signedInOn"] is not None} == SOME["Contact.signedInOn"]


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["interactions", "unacknowledged", "timeline"])
def test_the_log_of_customers_is_told_to_who_may_read_it(
    shop: Shop, viewers: dict[str, Viewer], ask: Ask, field: str
) -> None:
    query = f"{{ customers(first: 1) {{ nodes {{ {field}(first: 1) {{ nodes {{ __typename }} }} }} }} }}"
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=[Permission.CUSTOMERS_READ])
    viewers = {**viewers, "partner without": client.acting(client.scopes)}
    told = {name: ask(viewer, query)["customers"]["nodes"] for name, viewer in viewers.items()}

    assert (told.pop("guest"), told.pop("contact")) == ([], [])
    assert {name for name, [customer] in told.items() if customer[field] is not None} == SOME[f"Customer.{field}"]


@pytest.mark.django_db
def test_the_health_of_a_store_is_told_to_who_runs_the_workspace(
    shop: Shop, viewers: dict[str, Viewer], ask: Ask
) -> None:
    query = "{ stores(first: 1) { nodes { health { checkedAt checks { finding } } } } }"
    begun = begin_check(viewer=shop.staff, store=shop.store)
    check_store(viewer=shop.staff, store=shop.store, begun=begun, network=Nowhere())

    told = {name: ask(viewer, query)["stores"]["nodes"][0]["health"] for name, viewer in viewers.items()}

    assert {name for name, health in told.items() if health is not None} == SOME["Store.health"]
