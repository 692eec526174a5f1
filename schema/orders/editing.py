"""Customers change their own orders, as far as the shop lets them (OR-7)."""

from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Invalid
from counterfoil.orders.editing import cancel_own_order, edit_order
from counterfoil.orders.notes import LONGEST_NOTE
from schema.context import Info
from schema.orders.addresses import PostalAddressInput, new_addresses
from schema.orders.mutations import ABOUT, KEY, changed_order, find_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs


@strawberry.input(description="How much of a line to order.")
class LineQuantityInput:
    line_id: strawberry.ID = strawberry.field(description="The line's global id.")
    quantity: int = strawberry.field(description="How many units; 0 takes the line out of the order.")


@strawberry.input(description="What is to be different in one's own order; what is left out stays as it is.")
class EditOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    delivery_address: PostalAddressInput | None = strawberry.field(default=None, description="Where it goes.")
    billing_address: PostalAddressInput | None = strawberry.field(default=None, description="Who is billed.")
    note: str | None = strawberry.field(
        default=None,
        description=f"What they ask of the shop about it, at most {LONGEST_NOTE:,} characters; empty for nothing.",
    )
    lines: list[LineQuantityInput] | None = strawberry.field(
        default=None, description="The lines of which more or less is wanted; the others stay. Prices stay too."
    )


@strawberry.type(description="The order is as asked.")
class EditOrderSuccess:
    order: Order = strawberry.field(description="The order.")


@strawberry.input(description="The order to cancel.")
class CancelOwnOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")


@strawberry.type(description="The order is cancelled.")
class CancelOwnOrderSuccess:
    order: Order = strawberry.field(description="The order.")


EditOrderResult = Annotated[
    EditOrderSuccess | Problem, strawberry.union("EditOrderResult", description="Done, or why not.")
]
CancelOwnOrderResult = Annotated[
    CancelOwnOrderSuccess | Problem, strawberry.union("CancelOwnOrderResult", description="Done, or why not.")
]


def _quantities(lines: list[LineQuantityInput] | None) -> dict[int, int]:
    """Line id -> units. What names no line names 0, which none has."""
    given = lines or []
    wanted = {pk_of(line.line_id, "line") or 0: line.quantity for line in given}
    if len(wanted) != len(given):
        raise Invalid("Name each line once.", field="lines")
    return wanted


@strawberry.type
class EditingMutations:
    @strawberry.mutation(
        description="Change one's own order, as its contact or by its link: `Order.editable` says what the shop "
        "allows, and until when. All of it is done, or nothing.",
        metadata=needs(Permission.ORDERS_READ, Permission.ORDERS_EDIT),
    )
    def edit_order(self, info: Info, input: Annotated[EditOrderInput, ABOUT]) -> EditOrderResult:
        viewer = info.context.viewer

        def act() -> EditOrderSuccess:
            order, quantities = find_order(viewer, input.order_id), _quantities(input.lines)
            addresses = new_addresses(input.delivery_address, input.billing_address)

            def change() -> int:
                edit_order(viewer=viewer, order=order, addresses=addresses, note=input.note, quantities=quantities)
                return order.pk

            given = {"order": order.pk, "addresses": addresses, "note": input.note, "lines": sorted(quantities.items())}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="editOrder", given=given, act=change)
            return EditOrderSuccess(order=changed_order(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Cancel one's own order, as its contact or by its link, while `Order.editable` allows it; "
        "cancelled already is no change.",
        metadata=needs(Permission.ORDERS_READ, Permission.ORDERS_EDIT),
    )
    def cancel_own_order(self, info: Info, input: Annotated[CancelOwnOrderInput, ABOUT]) -> CancelOwnOrderResult:
        viewer = info.context.viewer

        def act() -> CancelOwnOrderSuccess:
            order = find_order(viewer, input.order_id)

            def change() -> int:
                cancel_own_order(viewer=viewer, order=order)
                return order.pk

            given = {"order": order.pk}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="cancelOwnOrder", given=given, act=change)
            return CancelOwnOrderSuccess(order=changed_order(viewer, pk))

        return or_problem(act)
