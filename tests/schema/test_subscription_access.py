"""Who hears what over each subscription (AC-12): whoever may not see it hears nothing, from the first moment on."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from counterfoil.access.policy import GRANTABLE
from counterfoil.access.viewer import Role, Viewer, anonymous
from counterfoil.conversations.actions import send_message
from counterfoil.customers.queries import signed_in
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.models import Order
from counterfoil.partners.actions import register_client
from schema.context import Context
from schema.root import schema
from tests.factories import Shop
from tests.serving import PATIENCE, in_loop

pytestmark = [pytest.mark.feature("AC-12"), pytest.mark.django_db(transaction=True)]

CUSTOMERS = {"guest", "contact"}
SHOP = {"shop manager", "admin", "partner"}
# Who hears of an order of fennel.test; everybody else hears nothing.
SUBSCRIPTIONS: dict[str, set[str]] = {
    "orderChanged": {*CUSTOMERS, *SHOP},
    "orderChanged of every order": SHOP,
    "messageAdded": {*CUSTOMERS, *SHOP},
    "interactionAdded": SHOP,
}
TEXTS = {
    "orderChanged": 'subscription ($id: ID!) { orderChanged(orderId: $id, after: "0") { order { number } } }',
    "orderChanged of every order": 'subscription { orderChanged(after: "0") { order { number } } }',
    "messageAdded": 'subscription ($id: ID!) { messageAdded(orderId: $id, after: "0") { message { text } } }',
    "interactionAdded": 'subscription ($id: ID!) { interactionAdded(customerId: $id, after: "0") '
    "{ interaction { text } } }",
}
# The scopes without any one of which a partner's program hears nothing.
SCOPES_OF = {
    "orderChanged": {"orders:read"},
    "orderChanged of every order": {"orders:read"},
    "messageAdded": {"orders:read", "messages:read"},
    "interactionAdded": {"customers:read", "interactions:read"},
}


@dataclass(frozen=True)
class World:
    """An order with a message, and who may ask about it."""

    order: Order
    viewers: dict[str, Viewer]
    shop: Shop

    def partner(self, *scopes: str) -> Viewer:
        return register_client(viewer=self.shop.staff, name="Till", scopes=scopes)[0].acting(scopes)

    def hears(self, viewer: Viewer, subscription: str) -> bool:
        """Whether what has happened already is told to who watches from the beginning."""
        text = TEXTS[subscription]
        named = f"customer_{self.order.customer_id}" if "customerId" in text else self.order.topic
        variables = {"id": named} if "$id" in text else {}

        async def first() -> bool:
            found = await schema.subscribe(text, variable_values=variables, context_value=Context(viewer=viewer))
            if not hasattr(found, "__aiter__"):
                return False
            async with asyncio.timeout(PATIENCE), aclosing(found) as results:
                async for result in results:
                    return result.data is not None and not result.errors
            return False

        return in_loop(first())


@pytest.fixture
def world(shop: Shop, other_shop: Shop) -> World:
    order, another, elsewhere = shop.order(number="INV-7"), shop.order(), other_shop.order(number="INV-7")
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Prefers card.")
    viewers = {
        "anonymous": anonymous(shop.workspace.pk),
        "guest": shop.guest(order),
        "stranger": shop.guest(another),
        "contact": signed_in(order.contact),
        "other contact": signed_in(another.contact),
        "shop manager": shop.hire("Tom", Role.SHOP_MANAGER),
        "admin": shop.staff,
        "partner": register_client(viewer=shop.staff, name="Stock", scopes=GRANTABLE)[0].acting(map(str, GRANTABLE)),
        "guest elsewhere": other_shop.guest(elsewhere),
        "contact elsewhere": signed_in(elsewhere.contact),
    }
    return World(order, viewers, shop)


@pytest.mark.once
@pytest.mark.django_db(transaction=False)
def test_every_subscription_has_its_row() -> None:
    subscription = schema._schema.subscription_type
    assert subscription is not None

    assert {name.partition(" ")[0] for name in SUBSCRIPTIONS} == set(subscription.fields)
    assert set(SUBSCRIPTIONS) == set(TEXTS) == set(SCOPES_OF)


@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_each_viewer_hears_what_the_table_says(world: World, subscription: str) -> None:
    heard = {name for name, viewer in world.viewers.items() if world.hears(viewer, subscription)}

    assert heard == SUBSCRIPTIONS[subscription]


@pytest.mark.feature("AC-11")
@pytest.mark.parametrize("subscription", SUBSCRIPTIONS)
def test_a_program_hears_what_its_scopes_say(world: World, subscription: str) -> None:
    needed = SCOPES_OF[subscription]

    assert world.hears(world.partner(*needed), subscription)
    for scope in needed:
        others = {str(one) for one in GRANTABLE if not one.startswith(scope.partition(":")[0])}
        assert not world.hears(world.partner(*others), subscription), scope


def test_staff_of_another_workspace_hear_of_their_own_orders_alone(world: World, other_shop: Shop, shop: Shop) -> None:
    for subscription in ("orderChanged", "messageAdded"):
        assert not world.hears(other_shop.staff, subscription)
    assert world.hears(other_shop.staff, "orderChanged of every order")
    assert Order.objects.filter(workspace=shop.workspace).count() == 2
