"""Claiming orders."""

from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.orders.claims import claim_order
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY, changed_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.scopes import needs


@strawberry.input(description="The order to put into one's own account.")
class ClaimOrderInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_key: str = strawberry.field(description="The order's key: what stands behind `key=` in its link.")


@strawberry.type(description="The order is the viewer's own.")
class ClaimOrderSuccess:
    order: Order = strawberry.field(description="The order.")


ClaimOrderResult = Annotated[
    ClaimOrderSuccess | Problem, strawberry.union("ClaimOrderResult", description="Done, or why not.")
]


@strawberry.type
class ClaimMutations:
    @strawberry.mutation(
        description="Put an order into the account of the contact who is signed in: its key shows it, and it was "
        "placed with the mail address that they signed in with. Theirs already is no change.",
        metadata=needs(Permission.ORDERS_CLAIM),
    )
    def claim_order(self, info: Info, input: Annotated[ClaimOrderInput, ABOUT]) -> ClaimOrderResult:
        viewer = info.context.viewer

        def act() -> ClaimOrderSuccess:
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="claimOrder",
                given={"order": input.order_key},
                act=lambda: claim_order(viewer=viewer, key=input.order_key).pk,
            )
            return ClaimOrderSuccess(order=changed_order(viewer, pk))

        return or_problem(act)
