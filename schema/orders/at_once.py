"""Changing many orders by one mutation."""

from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, cast

import strawberry

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import NotFound
from counterfoil.access.problems import Problem as Refusal
from counterfoil.access.viewer import Viewer
from counterfoil.orders import actions
from counterfoil.orders import fulfilment as parcels
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.models import OrderStatus
from counterfoil.orders.queries import visible_to
from schema.at_once import MOST, change_each
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY, find_order
from schema.orders.types import Order, read_orders
from schema.problems import Problem, or_problem, problem_of
from schema.relay import pk_of
from schema.scopes import needs

_ORDER_IDS = f"The orders' global ids, 1 to {MOST}; one that comes twice counts once."


@strawberry.input(description="Where many orders go on the order axis.")
class ChangeOrdersInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_ids: list[strawberry.ID] = strawberry.field(description=_ORDER_IDS)
    status: OrderStatus = strawberry.field(description="Where they go; where one stands already is no change.")


@strawberry.input(description="Whether many orders are held back from being sent.")
class SetOrdersHoldInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_ids: list[strawberry.ID] = strawberry.field(description=_ORDER_IDS)
    on_hold: bool = strawberry.field(description="True holds them, false releases them.")


@strawberry.type(description="What became of one of many orders.")
class OrderOutcome:
    order_id: strawberry.ID = strawberry.field(description="The id that was given.")
    order: Order | None = strawberry.field(description="The order as it is now; null for none that the viewer sees.")
    problem: Problem | None = strawberry.field(description="Why it was not changed; null when it is as asked.")


@strawberry.type(description="Each order was tried by itself.")
class ChangeOrdersSuccess:
    outcomes: list[OrderOutcome] = strawberry.field(description="One for each id, in the order of the ids.")


@strawberry.type(description="Each order was tried by itself.")
class SetOrdersHoldSuccess:
    outcomes: list[OrderOutcome] = strawberry.field(description="One for each id, in the order of the ids.")


ChangeOrdersResult = Annotated[
    ChangeOrdersSuccess | Problem, strawberry.union("ChangeOrdersResult", description="Done, or why not.")
]
SetOrdersHoldResult = Annotated[
    SetOrdersHoldSuccess | Problem, strawberry.union("SetOrdersHoldResult", description="Done, or why not.")
]


class _Asked(NamedTuple):
    """A mutation of many orders: its name, its input, and what it asks of each."""

    mutation: str
    key: str
    gids: Sequence[str]
    given: dict[str, object]


@strawberry.type
class OrdersAtOnceMutations:
    @strawberry.mutation(
        description="Move many orders along the order axis, each by itself: an order that can't go there stays as it "
        "is, and says why. Sent again with the same key, what was done is not done twice, and what was refused is "
        "tried again.",
        metadata=needs(Permission.ORDERS_WRITE),
    )
    def change_orders(self, info: Info, input: Annotated[ChangeOrdersInput, ABOUT]) -> ChangeOrdersResult:
        viewer = info.context.viewer

        def act() -> ChangeOrdersSuccess:
            _check(viewer, input.order_ids, Permission.ORDERS_WRITE)
            asked = _Asked("changeOrders", input.client_mutation_key, input.order_ids, {"status": input.status.value})
            outcomes = _each(
                viewer, asked, lambda order: actions.change_status(viewer=viewer, order=order, status=input.status)
            )
            return ChangeOrdersSuccess(outcomes=outcomes)

        return or_problem(act)

    @strawberry.mutation(
        description="Hold many orders back from being sent, or release them, each by itself. Sent again with the same "
        "key, what was done is not done twice, and what was refused is tried again.",
        metadata=needs(Permission.ORDERS_READ, Permission.FULFILMENTS_WRITE),
    )
    def set_orders_hold(self, info: Info, input: Annotated[SetOrdersHoldInput, ABOUT]) -> SetOrdersHoldResult:
        viewer = info.context.viewer

        def act() -> SetOrdersHoldSuccess:
            _check(viewer, input.order_ids, Permission.FULFILMENTS_WRITE)
            asked = _Asked("setOrdersHold", input.client_mutation_key, input.order_ids, {"onHold": input.on_hold})
            outcomes = _each(
                viewer, asked, lambda order: parcels.set_hold(viewer=viewer, order=order, on_hold=input.on_hold)
            )
            return SetOrdersHoldSuccess(outcomes=outcomes)

        return or_problem(act)


def _check(viewer: Viewer, gids: Sequence[str], permission: Permission) -> None:
    """Raise `NotFound` for who sees none of these orders, and `Forbidden` for who may not do this with any."""
    if gids and not visible_to(viewer).filter(pk__in=[pk_of(gid, "order") or 0 for gid in gids[:MOST]]).exists():
        raise NotFound("There is no such order.", field="orderIds")
    require(viewer, permission)


def _each(viewer: Viewer, asked: _Asked, change: Callable[[OrderModel], None]) -> list[OrderOutcome]:
    def act(pk: int) -> None:
        change(find_order(viewer, f"order_{pk}"))

    became = change_each(
        viewer=viewer,
        key=asked.key,
        mutation=asked.mutation,
        prefix="order",
        field="orderIds",
        gids=asked.gids,
        given=asked.given,
        change=act,
    )
    return _outcomes(viewer, became)


def _outcomes(viewer: Viewer, became: dict[str, Refusal | None]) -> list[OrderOutcome]:
    keys = [pk_of(gid, "order") or 0 for gid in became]
    rows = {row.id: row for row in read_orders(visible_to(viewer).filter(pk__in=keys))}
    return [
        OrderOutcome(
            order_id=strawberry.ID(gid),
            order=cast(Order | None, rows.get(gid)),
            problem=None if refusal is None else problem_of(refusal),
        )
        for gid, refusal in became.items()
    ]
