"""Changing orders."""

from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.orders import actions
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.queries import visible_to
from schema.context import Info
from schema.orders.types import Order, order_by_key
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs

KEY = (
    "A key of your own for this one change, 1 to 100 characters. Sent again within 24 hours with the same input, the "
    "first result comes back and nothing is done twice."
)

ABOUT = strawberry.argument(description="What to do, and the key that makes it safe to repeat.")


@strawberry.input(description="Whether to mail new messages on an order.")
class SetMailPreferenceInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    enabled: bool = strawberry.field(description="Whether the customer is mailed.")


@strawberry.type(description="The preference stands as asked.")
class SetMailPreferenceSuccess:
    order: Order = strawberry.field(description="The order.")


@strawberry.input(description="Which order gets a new link.")
class RotateOrderKeyInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")


@strawberry.type(description="Links given out before open nothing any more.")
class RotateOrderKeySuccess:
    order: Order = strawberry.field(description="The order, with its new link.")


@strawberry.input(description="That all orders get new links.")
class RotateAllOrderKeysInput:
    client_mutation_key: str = strawberry.field(description=KEY)


@strawberry.type(description="No link given out before opens anything any more.")
class RotateAllOrderKeysSuccess:
    rotated: int = strawberry.field(description="How many orders got a new link.")


SetMailPreferenceResult = Annotated[
    SetMailPreferenceSuccess | Problem, strawberry.union("SetMailPreferenceResult", description="Done, or why not.")
]
RotateOrderKeyResult = Annotated[
    RotateOrderKeySuccess | Problem, strawberry.union("RotateOrderKeyResult", description="Done, or why not.")
]

RotateAllOrderKeysResult = Annotated[
    RotateAllOrderKeysSuccess | Problem, strawberry.union("RotateAllOrderKeysResult", description="Done, or why not.")
]


def find_order(viewer: Viewer, gid: str) -> OrderModel:
    """The order that a mutation names. Raises `NotFound` also for one that the viewer may not see."""
    order = visible_to(viewer).filter(pk=pk_of(gid, "order") or 0).first()
    if order is None:
        raise NotFound("There is no such order.", field="orderId")
    return order


def changed_order(viewer: Viewer, pk: int) -> Order:
    """The order after a change. Raises `NotFound` when it is not to be seen any more."""
    order = order_by_key(viewer, pk)
    if order is None:
        raise NotFound("There is no such order.", field="orderId")
    return order


@strawberry.type
class OrderMutations:
    @strawberry.mutation(
        description="Turn the mails about new messages on or off.",
        metadata=needs(Permission.ORDERS_READ, Permission.MAIL_PREFERENCE_WRITE),
    )
    def set_mail_preference(
        self, info: Info, input: Annotated[SetMailPreferenceInput, ABOUT]
    ) -> SetMailPreferenceResult:
        viewer = info.context.viewer

        def act() -> SetMailPreferenceSuccess:
            order = find_order(viewer, input.order_id)

            def change() -> int:
                actions.set_mail_preference(viewer=viewer, order=order, enabled=input.enabled)
                return order.pk

            given = {"order": order.pk, "enabled": input.enabled}
            pk = once(
                viewer=viewer, key=input.client_mutation_key, mutation="setMailPreference", given=given, act=change
            )
            return SetMailPreferenceSuccess(order=changed_order(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Give an order a new customer's link, and end at once every link given out before and every "
        "session that began with one.",
        metadata=needs(Permission.ORDERS_READ, Permission.ORDER_KEYS_ROTATE),
    )
    def rotate_order_key(self, info: Info, input: Annotated[RotateOrderKeyInput, ABOUT]) -> RotateOrderKeyResult:
        viewer = info.context.viewer

        def act() -> RotateOrderKeySuccess:
            order = find_order(viewer, input.order_id)

            def change() -> int:
                actions.rotate_order_key(viewer=viewer, order=order)
                return order.pk

            given = {"order": order.pk}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="rotateOrderKey", given=given, act=change)
            return RotateOrderKeySuccess(order=changed_order(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Give every order of the workspace a new customer's link, and end at once every link given out "
        "before and every session that began with one.",
        metadata=needs(Permission.ORDER_KEYS_ROTATE),
    )
    def rotate_all_order_keys(
        self, info: Info, input: Annotated[RotateAllOrderKeysInput, ABOUT]
    ) -> RotateAllOrderKeysResult:
        viewer = info.context.viewer

        def act() -> RotateAllOrderKeysSuccess:
            rotated = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="rotateAllOrderKeys",
                given={},
                act=lambda: actions.rotate_all_order_keys(viewer=viewer),
            )
            return RotateAllOrderKeysSuccess(rotated=rotated)

        return or_problem(act)
