"""Moving orders and their parcels along their axes."""

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.interactions.packing import fulfil_noted
from counterfoil.orders import actions
from counterfoil.orders import fulfilment as parcels
from counterfoil.orders.models import Fulfilment as FulfilmentModel
from counterfoil.orders.models import FulfilmentStatus, OrderStatus
from counterfoil.orders.models import Order as OrderModel
from counterfoil.orders.queries import fulfilments_visible_to
from schema.context import Info
from schema.orders.fulfilments import Fulfilment, fulfilment_by_key
from schema.orders.mutations import ABOUT, KEY, changed_order, find_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs

CARRIER = "Who carries the parcel, at most 80 characters; empty when that is not said."
TRACKING_NUMBER = "The carrier's number for it, at most 120 characters; empty when there is none."
TRACKING_URL = "Where to follow it: an address of http or https, at most 500 characters; empty when there is none."


@strawberry.input(description="Where an order goes on the order axis.")
class ChangeOrderStatusInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    status: OrderStatus = strawberry.field(description="Where it goes; where it stands already is no change.")


@strawberry.type(description="The order stands as asked.")
class ChangeOrderStatusSuccess:
    order: Order = strawberry.field(description="The order.")


@strawberry.input(description="Whether an order is held back from being sent.")
class SetOrderHoldInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    on_hold: bool = strawberry.field(description="True holds it, false releases it.")


@strawberry.type(description="The order is held or released as asked.")
class SetOrderHoldSuccess:
    order: Order = strawberry.field(description="The order.")


@strawberry.input(description="How many units of a line are in a parcel.")
class PackedLineInput:
    line_id: strawberry.ID = strawberry.field(description="The line's global id.")
    quantity: int = strawberry.field(description="How many units, from 0 to what is left of the line.")


@strawberry.input(description="A parcel to send.")
class FulfilOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    lines: list[PackedLineInput] | None = strawberry.field(
        default=None, description="What is in it, each line at most once; null takes everything that is left."
    )
    carrier: str = strawberry.field(default="", description=CARRIER)
    tracking_number: str = strawberry.field(default="", description=TRACKING_NUMBER)
    tracking_url: str = strawberry.field(default="", description=TRACKING_URL)
    read_notices: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="The global ids of the entries of `Order.packingNotices` that the packer has read. Staff send "
        "nothing while one is missing (NOTICES_UNREAD), also one of a moment ago; programs are not held up.",
    )


@strawberry.type(description="The parcel is on its way.")
class FulfilOrderSuccess:
    fulfilment: Fulfilment = strawberry.field(description="The parcel.")
    order: Order = strawberry.field(description="Its order.")


@strawberry.input(description="What a parcel's tracking should say.")
class CorrectFulfilmentInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    fulfilment_id: strawberry.ID = strawberry.field(description="The parcel's global id.")
    carrier: str = strawberry.field(description=CARRIER)
    tracking_number: str = strawberry.field(description=TRACKING_NUMBER)
    tracking_url: str = strawberry.field(description=TRACKING_URL)


@strawberry.type(description="The parcel's tracking says what was asked.")
class CorrectFulfilmentSuccess:
    fulfilment: Fulfilment = strawberry.field(description="The parcel.")


@strawberry.input(description="Where a parcel goes on its way.")
class ChangeFulfilmentStatusInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    fulfilment_id: strawberry.ID = strawberry.field(description="The parcel's global id.")
    status: FulfilmentStatus = strawberry.field(
        description="Where it goes. Cancelled, its units are left to send again."
    )


@strawberry.type(description="The parcel stands as asked.")
class ChangeFulfilmentStatusSuccess:
    fulfilment: Fulfilment = strawberry.field(description="The parcel.")


ChangeOrderStatusResult = Annotated[
    ChangeOrderStatusSuccess | Problem, strawberry.union("ChangeOrderStatusResult", description="Done, or why not.")
]
SetOrderHoldResult = Annotated[
    SetOrderHoldSuccess | Problem, strawberry.union("SetOrderHoldResult", description="Done, or why not.")
]
FulfilOrderResult = Annotated[
    FulfilOrderSuccess | Problem, strawberry.union("FulfilOrderResult", description="Done, or why not.")
]
CorrectFulfilmentResult = Annotated[
    CorrectFulfilmentSuccess | Problem, strawberry.union("CorrectFulfilmentResult", description="Done, or why not.")
]
ChangeFulfilmentStatusResult = Annotated[
    ChangeFulfilmentStatusSuccess | Problem,
    strawberry.union("ChangeFulfilmentStatusResult", description="Done, or why not."),
]


def _change_order(
    viewer: Viewer, mutation: str, input: Any, given: dict[str, Any], change: Callable[[OrderModel], None]
) -> Order:
    """Change the order that the input names, once for its key; gives the order after it."""
    order = find_order(viewer, input.order_id)

    def act() -> int:
        change(order)
        return order.pk

    given = {"order": order.pk, **given}
    pk = once(viewer=viewer, key=input.client_mutation_key, mutation=mutation, given=given, act=act)
    return changed_order(viewer, pk)


def _change_parcel(
    viewer: Viewer, mutation: str, input: Any, given: dict[str, Any], change: Callable[[FulfilmentModel], None]
) -> Fulfilment:
    """Change the parcel that the input names, once for its key; gives the parcel after it."""
    pk = pk_of(input.fulfilment_id, "fulfilment") or 0
    parcel = fulfilments_visible_to(viewer).select_related("order").filter(pk=pk).first()
    if parcel is None:
        raise NotFound("There is no such parcel.", field="fulfilmentId")

    def act() -> int:
        change(parcel)
        return parcel.pk

    given = {"fulfilment": parcel.pk, **given}
    pk = once(viewer=viewer, key=input.client_mutation_key, mutation=mutation, given=given, act=act)
    return _parcel(viewer, pk)


def _parcel(viewer: Viewer, pk: int) -> Fulfilment:
    found = fulfilment_by_key(viewer, pk)
    if found is None:
        raise NotFound("There is no such parcel.", field="fulfilmentId")
    return found


def _quantities(lines: list[PackedLineInput] | None) -> dict[int, int] | None:
    """Units by line; None for everything that is left. A line that does not exist has the key 0."""
    if lines is None:
        return None
    quantities = {pk_of(line.line_id, "line") or 0: line.quantity for line in lines}
    if len(quantities) != len(lines):
        raise Invalid("Name each line of the order once.", field="lines")
    return quantities


@strawberry.type
class FulfilmentMutations:
    @strawberry.mutation(
        description="Move an order along its axis: draft → confirmed → invoiced; confirmed → draft; draft or "
        "confirmed → cancelled.",
        metadata=needs(Permission.ORDERS_WRITE),
    )
    def change_order_status(
        self, info: Info, input: Annotated[ChangeOrderStatusInput, ABOUT]
    ) -> ChangeOrderStatusResult:
        viewer = info.context.viewer

        def act() -> ChangeOrderStatusSuccess:
            order = _change_order(
                viewer,
                "changeOrderStatus",
                input,
                {"status": input.status.value},
                lambda order: actions.change_status(viewer=viewer, order=order, status=input.status),
            )
            return ChangeOrderStatusSuccess(order=order)

        return or_problem(act)

    @strawberry.mutation(
        description="Hold an order back from being sent, or release it.",
        metadata=needs(Permission.ORDERS_READ, Permission.FULFILMENTS_WRITE),
    )
    def set_order_hold(self, info: Info, input: Annotated[SetOrderHoldInput, ABOUT]) -> SetOrderHoldResult:
        viewer = info.context.viewer

        def act() -> SetOrderHoldSuccess:
            order = _change_order(
                viewer,
                "setOrderHold",
                input,
                {"onHold": input.on_hold},
                lambda order: parcels.set_hold(viewer=viewer, order=order, on_hold=input.on_hold),
            )
            return SetOrderHoldSuccess(order=order)

        return or_problem(act)

    @strawberry.mutation(
        description="Send a parcel with chosen quantities of an order's lines, or with all that is left; never more "
        "than was ordered, whoever else packs at the same moment. What was logged about it is to be read first.",
        metadata=needs(Permission.ORDERS_READ, Permission.FULFILMENTS_WRITE),
    )
    def fulfil_order(self, info: Info, input: Annotated[FulfilOrderInput, ABOUT]) -> FulfilOrderResult:
        viewer = info.context.viewer

        def act() -> FulfilOrderSuccess:
            order, quantities = find_order(viewer, input.order_id), _quantities(input.lines)
            read = {pk_of(gid, "interaction") or 0 for gid in input.read_notices or ()}
            tracking = {
                "carrier": input.carrier,
                "tracking_number": input.tracking_number,
                "tracking_url": input.tracking_url,
            }

            def send() -> int:
                return fulfil_noted(viewer=viewer, order=order, quantities=quantities, read=read, **tracking).pk

            packed = None if quantities is None else sorted(quantities.items())
            given = {"order": order.pk, "lines": packed, **tracking} | ({"read": sorted(read)} if read else {})
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="fulfilOrder", given=given, act=send)
            return FulfilOrderSuccess(fulfilment=_parcel(viewer, pk), order=changed_order(viewer, order.pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Say another carrier, number or address for a parcel.",
        metadata=needs(Permission.ORDERS_READ, Permission.FULFILMENTS_WRITE),
    )
    def correct_fulfilment(
        self, info: Info, input: Annotated[CorrectFulfilmentInput, ABOUT]
    ) -> CorrectFulfilmentResult:
        viewer = info.context.viewer

        def act() -> CorrectFulfilmentSuccess:
            tracking = {
                "carrier": input.carrier,
                "tracking_number": input.tracking_number,
                "tracking_url": input.tracking_url,
            }
            parcel = _change_parcel(
                viewer,
                "correctFulfilment",
                input,
                tracking,
                lambda parcel: parcels.correct_parcel(viewer=viewer, fulfilment=parcel, **tracking),
            )
            return CorrectFulfilmentSuccess(fulfilment=parcel)

        return or_problem(act)

    @strawberry.mutation(
        description="Move a parcel along its way: pending → shipped → delivered; pending or shipped → cancelled.",
        metadata=needs(Permission.ORDERS_READ, Permission.FULFILMENTS_WRITE),
    )
    def change_fulfilment_status(
        self, info: Info, input: Annotated[ChangeFulfilmentStatusInput, ABOUT]
    ) -> ChangeFulfilmentStatusResult:
        viewer = info.context.viewer

        def act() -> ChangeFulfilmentStatusSuccess:
            parcel = _change_parcel(
                viewer,
                "changeFulfilmentStatus",
                input,
                {"status": input.status.value},
                lambda parcel: parcels.move_parcel(viewer=viewer, fulfilment=parcel, status=input.status),
            )
            return ChangeFulfilmentStatusSuccess(fulfilment=parcel)

        return or_problem(act)
