"""Checking the health of a store (OR-5)."""

from typing import Annotated, cast

import strawberry
from django.conf import settings
from django.utils.module_loading import import_string

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.workspaces.health import begin_check, check_store, was_checked
from counterfoil.workspaces.queries import stores_of
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs
from schema.workspaces import Store, stores_by_key


@strawberry.input(description="Which store to check.")
class CheckStoreInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    store_id: strawberry.ID = strawberry.field(description="The store's global id.")


@strawberry.type(description="The store was checked.")
class CheckStoreSuccess:
    store: Store = strawberry.field(description="The store, with its health.")


CheckStoreResult = Annotated[
    CheckStoreSuccess | Problem, strawberry.union("CheckStoreResult", description="Done, or why not.")
]


@strawberry.type
class CheckingMutations:
    @strawberry.mutation(
        description="Look now whether a store's domain leads here, its pages answer and its mails can leave. The "
        "server asks the store's own host and its own mail server, and sends no mail. It takes up to a minute. Admins "
        "alone.",
        metadata=needs(Permission.SETTINGS_WRITE),
    )
    def check_store(self, info: Info, input: Annotated[CheckStoreInput, ABOUT]) -> CheckStoreResult:
        viewer = info.context.viewer

        def act() -> CheckStoreSuccess:
            stores = stores_of(viewer.workspace_id).select_related("workspace")
            store = stores.filter(pk=pk_of(input.store_id, "store") or 0).first()
            if store is None:
                raise NotFound("There is no such store.", field="storeId")
            begun_here: list[int] = []

            def begin() -> int:
                begun_here.append(begin_check(viewer=viewer, store=store))
                return begun_here[0]

            key, given = input.client_mutation_key, {"store": store.pk}
            begun = once(viewer=viewer, key=key, mutation="checkStore", given=given, act=begin)
            if begun_here:  # outside of every transaction: the world may take its time
                check_store(viewer=viewer, store=store, begun=begun, network=import_string(settings.STORE_NETWORK)())
            elif not was_checked(viewer=viewer, store=store, begun=begun):
                raise Invalid("This check has not ended yet. Look at the store’s health in a minute.")
            return CheckStoreSuccess(store=cast(Store, stores_by_key(viewer.workspace_id, [store.pk])[store.pk]))

        return or_problem(act)
