"""Changing many customers by one mutation."""

from typing import Annotated, cast

import strawberry

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.customers.access import set_customer_flags
from counterfoil.customers.queries import customers_visible_to
from schema.at_once import MOST, change_each
from schema.context import Info
from schema.customers import Customer, customers_by_key
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem, problem_of
from schema.relay import pk_of
from schema.scopes import needs


@strawberry.input(description="Whether the accounts of many customers are active, and whether they may order.")
class ChangeCustomersInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_ids: list[strawberry.ID] = strawberry.field(
        description=f"The customers' global ids, 1 to {MOST}; one that comes twice counts once."
    )
    is_active: bool | None = strawberry.field(
        default=None, description="Whether their people get in to the portal; null leaves it as it is."
    )
    ordering_blocked: bool | None = strawberry.field(
        default=None, description="Whether they order nothing; null leaves it as it is."
    )


@strawberry.type(description="What became of one of many customers.")
class CustomerOutcome:
    customer_id: strawberry.ID = strawberry.field(description="The id that was given.")
    customer: Customer | None = strawberry.field(
        description="The customer as it is now; null for none that the viewer sees."
    )
    problem: Problem | None = strawberry.field(description="Why it was not changed; null when it is as asked.")


@strawberry.type(description="Each customer was tried by itself.")
class ChangeCustomersSuccess:
    outcomes: list[CustomerOutcome] = strawberry.field(description="One for each id, in the order of the ids.")


ChangeCustomersResult = Annotated[
    ChangeCustomersSuccess | Problem, strawberry.union("ChangeCustomersResult", description="Done, or why not.")
]


@strawberry.type
class CustomersAtOnceMutations:
    @strawberry.mutation(
        description="Close or open the accounts of many customers, and block or allow their ordering, each by itself. "
        "Sent again with the same key, what was done is not done twice, and what was refused is tried again.",
        metadata=needs(Permission.CUSTOMERS_WRITE),
    )
    def change_customers(self, info: Info, input: Annotated[ChangeCustomersInput, ABOUT]) -> ChangeCustomersResult:
        viewer = info.context.viewer
        return or_problem(lambda: ChangeCustomersSuccess(outcomes=_each(viewer, input)))


def _each(viewer: Viewer, input: ChangeCustomersInput) -> list[CustomerOutcome]:
    keys = [pk_of(gid, "customer") or 0 for gid in input.customer_ids[:MOST]]
    if keys and not customers_visible_to(viewer).filter(pk__in=keys).exists():
        raise NotFound("There is no such customer.", field="customerIds")
    require(viewer, Permission.CUSTOMERS_WRITE)
    flags = {"is_active": input.is_active, "ordering_blocked": input.ordering_blocked}
    if all(flag is None for flag in flags.values()):
        raise Invalid("Say isActive, orderingBlocked, or both.")

    def change(pk: int) -> None:
        customer = customers_visible_to(viewer).filter(pk=pk).first()
        if customer is None:
            raise NotFound("There is no such customer.", field="customerIds")
        set_customer_flags(viewer=viewer, customer=customer, **flags)

    became = change_each(
        viewer=viewer,
        key=input.client_mutation_key,
        mutation="changeCustomers",
        prefix="customer",
        field="customerIds",
        gids=input.customer_ids,
        given=dict(flags),
        change=change,
    )
    rows = customers_by_key(viewer, [pk_of(gid, "customer") or 0 for gid in became])
    return [
        CustomerOutcome(
            customer_id=strawberry.ID(gid),
            customer=cast(Customer | None, rows.get(pk_of(gid, "customer") or 0)),
            problem=None if refusal is None else problem_of(refusal),
        )
        for gid, refusal in became.items()
    ]
