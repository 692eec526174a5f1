"""Logging what happened with a customer, acknowledging it, and switching a type on and off."""

from typing import Annotated, cast

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.interactions import actions
from counterfoil.interactions.queries import interactions_visible_to
from schema.context import Info
from schema.customers import find_customer
from schema.interactions.kinds import InteractionType
from schema.interactions.queries import InteractionTypeSetting, settings_of
from schema.interactions.rows import interaction_by_key
from schema.interactions.types import Interaction
from schema.orders.mutations import ABOUT, KEY, find_order
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs


@strawberry.input(description="What happened with a customer.")
class LogInteractionInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID = strawberry.field(description="The customer's global id.")
    type: InteractionType = strawberry.field(description="What the entry is about; a type that is switched on.")
    text: str = strawberry.field(description="What happened: plain text, 1 to 10,000 characters, kept exactly.")
    order_id: strawberry.ID | None = strawberry.field(
        default=None, description="The global id of an order of this customer that the entry is about; null for none."
    )
    needs_acknowledgement: bool = strawberry.field(
        default=False, description="Whether it stands on top until somebody acknowledges it."
    )


@strawberry.type(description="The entry was saved, and stands in the customer's log.")
class LogInteractionSuccess:
    interaction: Interaction = strawberry.field(description="The entry.")


@strawberry.input(description="Which entry somebody has taken note of.")
class AcknowledgeInteractionInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    interaction_id: strawberry.ID = strawberry.field(description="The entry's global id.")


@strawberry.type(description="The entry is acknowledged by the viewer.")
class AcknowledgeInteractionSuccess:
    interaction: Interaction = strawberry.field(description="The entry, with who and when.")


@strawberry.input(description="Whether there are new entries of a type.")
class SwitchInteractionTypeInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    type: InteractionType = strawberry.field(description="The type.")
    is_on: bool = strawberry.field(description="True takes new entries, false no more; those that are there stay.")


@strawberry.type(description="The type is switched as asked.")
class SwitchInteractionTypeSuccess:
    interaction_types: list[InteractionTypeSetting] = strawberry.field(description="Every type as it is now.")


LogInteractionResult = Annotated[
    LogInteractionSuccess | Problem, strawberry.union("LogInteractionResult", description="Done, or why not.")
]
AcknowledgeInteractionResult = Annotated[
    AcknowledgeInteractionSuccess | Problem,
    strawberry.union("AcknowledgeInteractionResult", description="Done, or why not."),
]
SwitchInteractionTypeResult = Annotated[
    SwitchInteractionTypeSuccess | Problem,
    strawberry.union("SwitchInteractionTypeResult", description="Done, or why not."),
]


def _entry(viewer: Viewer, pk: int) -> Interaction:
    found = interaction_by_key(viewer, pk)
    if found is None:
        raise NotFound("The entry is not there any more.")
    return cast(Interaction, found)


@strawberry.type
class InteractionMutations:
    @strawberry.mutation(
        description="Log what happened with a customer, for the shop alone. It starts nothing, whatever its type.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_WRITE),
    )
    def log_interaction(self, info: Info, input: Annotated[LogInteractionInput, ABOUT]) -> LogInteractionResult:
        viewer = info.context.viewer

        def act() -> LogInteractionSuccess:
            customer = find_customer(viewer, input.customer_id)
            order = None if input.order_id is None else find_order(viewer, input.order_id)
            facts = {"type": input.type, "text": input.text, "needs_acknowledgement": input.needs_acknowledgement}
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="logInteraction",
                given={"customer": customer.pk, "order": order and order.pk, **facts},
                act=lambda: actions.log_interaction(viewer=viewer, customer=customer, order=order, **facts).pk,  # type: ignore[arg-type]
            )
            return LogInteractionSuccess(interaction=_entry(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Say that the viewer has taken note of an entry. Who was first stands; again is no change.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.INTERACTIONS_ACKNOWLEDGE),
    )
    def acknowledge_interaction(
        self, info: Info, input: Annotated[AcknowledgeInteractionInput, ABOUT]
    ) -> AcknowledgeInteractionResult:
        viewer = info.context.viewer

        def act() -> AcknowledgeInteractionSuccess:
            pk = pk_of(input.interaction_id, "interaction") or 0
            entry = interactions_visible_to(viewer).filter(pk=pk).first()
            if entry is None:
                raise NotFound("There is no such entry.", field="interactionId")

            def change() -> int:
                actions.acknowledge_interaction(viewer=viewer, interaction=entry)
                return entry.pk

            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="acknowledgeInteraction",
                given={"interaction": entry.pk},
                act=change,
            )
            return AcknowledgeInteractionSuccess(interaction=_entry(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Take new entries of a type, or no more. For admins.", metadata=needs(Permission.SETTINGS_WRITE)
    )
    def switch_interaction_type(
        self, info: Info, input: Annotated[SwitchInteractionTypeInput, ABOUT]
    ) -> SwitchInteractionTypeResult:
        viewer = info.context.viewer

        def act() -> SwitchInteractionTypeSuccess:
            def change() -> int:
                actions.switch_type(viewer=viewer, type=input.type, on=input.is_on)
                return viewer.workspace_id

            once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="switchInteractionType",
                given={"type": input.type, "on": input.is_on},
                act=change,
            )
            return SwitchInteractionTypeSuccess(interaction_types=settings_of(viewer.workspace_id))

        return or_problem(act)
