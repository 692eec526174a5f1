"""Noting payments."""

from decimal import Decimal
from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.orders.payments import record_payment
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY, changed_order, find_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.scopes import needs


@strawberry.input(description="Money that was taken for an order, or given back.")
class RecordPaymentInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    amount: Decimal = strawberry.field(
        description="How much was taken, in the main unit of the order's currency; negative for what was given back."
    )


@strawberry.type(description="The payment is noted.")
class RecordPaymentSuccess:
    order: Order = strawberry.field(description="The order.")


RecordPaymentResult = Annotated[
    RecordPaymentSuccess | Problem, strawberry.union("RecordPaymentResult", description="Done, or why not.")
]


@strawberry.type
class PaymentMutations:
    @strawberry.mutation(
        description="Note that money was taken for an order or given back; nothing is charged by this.",
        metadata=needs(Permission.ORDERS_READ, Permission.PAYMENTS_WRITE),
    )
    def record_payment(self, info: Info, input: Annotated[RecordPaymentInput, ABOUT]) -> RecordPaymentResult:
        viewer = info.context.viewer

        def act() -> RecordPaymentSuccess:
            order = find_order(viewer, input.order_id)

            def note() -> int:
                record_payment(viewer=viewer, order=order, amount=input.amount)
                return order.pk

            given = {"order": order.pk, "amount": input.amount}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="recordPayment", given=given, act=note)
            return RecordPaymentSuccess(order=changed_order(viewer, pk))

        return or_problem(act)
