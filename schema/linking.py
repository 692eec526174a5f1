"""Linking customers that have to do with each other (IN-9)."""

from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.customers.linked import link_customers, unlink_customers
from schema.context import Info
from schema.customers import Customer, find_customer, found_customer
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.scopes import needs

_ONE = "One customer's global id."
_OTHER = "The other one's global id."


@strawberry.input(description="Which customers have to do with each other.")
class LinkCustomersInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID = strawberry.field(description=_ONE)
    other_id: strawberry.ID = strawberry.field(description=_OTHER)
    reason: str = strawberry.field(
        default="",
        description="What they have to do with each other, at most 200 characters in a line. On a link that stands "
        "already a new one replaces the old, and none leaves it.",
    )


@strawberry.type(description="Each of the two shows the other.")
class LinkCustomersSuccess:
    customer: Customer = strawberry.field(description="The one customer.")


@strawberry.input(description="Which customers have nothing to do with each other any more.")
class UnlinkCustomersInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID = strawberry.field(description=_ONE)
    other_id: strawberry.ID = strawberry.field(description=_OTHER)


@strawberry.type(description="Neither of the two shows the other.")
class UnlinkCustomersSuccess:
    customer: Customer = strawberry.field(description="The one customer.")


LinkCustomersResult = Annotated[
    LinkCustomersSuccess | Problem, strawberry.union("LinkCustomersResult", description="Done, or why not.")
]
UnlinkCustomersResult = Annotated[
    UnlinkCustomersSuccess | Problem, strawberry.union("UnlinkCustomersResult", description="Done, or why not.")
]


@strawberry.type
class LinkingMutations:
    @strawberry.mutation(
        description="Let two customers point at each other. Nothing is merged: each keeps orders, people and links.",
        metadata=needs(Permission.CUSTOMERS_WRITE),
    )
    def link_customers(self, info: Info, input: Annotated[LinkCustomersInput, ABOUT]) -> LinkCustomersResult:
        viewer = info.context.viewer

        def act() -> LinkCustomersSuccess:
            customer = find_customer(viewer, input.customer_id)
            other = find_customer(viewer, input.other_id, "otherId")
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="linkCustomers",
                given={"customer": customer.pk, "other": other.pk, "reason": input.reason},
                act=lambda: (
                    link_customers(viewer=viewer, customer=customer, other=other, reason=input.reason).customer_id
                ),
            )
            return LinkCustomersSuccess(customer=found_customer(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="End that two customers point at each other; where they don't, nothing happens.",
        metadata=needs(Permission.CUSTOMERS_WRITE),
    )
    def unlink_customers(self, info: Info, input: Annotated[UnlinkCustomersInput, ABOUT]) -> UnlinkCustomersResult:
        viewer = info.context.viewer

        def act() -> UnlinkCustomersSuccess:
            customer = find_customer(viewer, input.customer_id)
            other = find_customer(viewer, input.other_id, "otherId")

            def change() -> int:
                unlink_customers(viewer=viewer, customer=customer, other=other)
                return customer.pk

            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="unlinkCustomers",
                given={"customer": customer.pk, "other": other.pk},
                act=change,
            )
            return UnlinkCustomersSuccess(customer=found_customer(viewer, pk))

        return or_problem(act)
