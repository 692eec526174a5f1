"""What staff change about how customers get in: links, accounts, sessions, and what stores do by themselves."""

from collections.abc import Callable
from typing import Annotated, cast

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.customers.access import end_account_sessions, rotate_customer_link, set_customer_flags
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import contacts_visible_to
from counterfoil.workspaces.actions import (
    rotate_public_link,
    save_store_settings,
    set_order_editing,
    set_portal_settings,
)
from counterfoil.workspaces.models import LONGEST_EDIT_MINUTES
from counterfoil.workspaces.queries import stores_of
from schema.context import Info
from schema.customers import Contact, Customer, contacts_by_key, find_customer, found_customer
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs
from schema.workspaces import Store, Workspace, stores_by_key, workspace_of


@strawberry.input(description="Which customer gets a new link.")
class RotateCustomerLinkInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID = strawberry.field(description="The customer's global id.")


@strawberry.type(description="Links to this customer's portal that were given out before open nothing any more.")
class RotateCustomerLinkSuccess:
    customer: Customer = strawberry.field(description="The customer, with its new link.")


@strawberry.input(description="That the workspace gets a new public link.")
class RotatePublicLinkInput:
    client_mutation_key: str = strawberry.field(description=KEY)


@strawberry.type(description="Public links that were given out before open nothing any more.")
class RotatePublicLinkSuccess:
    workspace: Workspace = strawberry.field(description="The workspace, with its new public link.")


@strawberry.input(description="What a customer may do; what is left out stays as it is.")
class SetCustomerFlagsInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    customer_id: strawberry.ID = strawberry.field(description="The customer's global id.")
    is_active: bool | None = strawberry.field(default=None, description="Whether its people get in to the portal.")
    ordering_blocked: bool | None = strawberry.field(
        default=None, description="Whether they order nothing, and see everything."
    )


@strawberry.type(description="The customer is as asked.")
class SetCustomerFlagsSuccess:
    customer: Customer = strawberry.field(description="The customer.")


@strawberry.input(description="How buyers get in to the workspace's portal.")
class SetPortalSettingsInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    strict_security: bool = strawberry.field(
        description="Whether buyers who come by a customer's link prove their mailbox by a code first."
    )


@strawberry.type(description="The portal is as asked.")
class SetPortalSettingsSuccess:
    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.input(description="What customers may change of their orders; what is left out stays as it is.")
class SetOrderEditingInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    address: bool | None = strawberry.field(default=None, description="Whether addresses.")
    note: bool | None = strawberry.field(default=None, description="Whether the note.")
    quantities: bool | None = strawberry.field(default=None, description="Whether quantities, until staff confirm.")
    cancel: bool | None = strawberry.field(default=None, description="Whether they may cancel.")
    minutes: int | None = strawberry.field(
        default=None,
        description=f"For how many minutes after they placed the order, from 1 to {LONGEST_EDIT_MINUTES:,}.",
    )


@strawberry.type(description="Customers may change what was asked.")
class SetOrderEditingSuccess:
    workspace: Workspace = strawberry.field(description="The workspace.")


@strawberry.input(description="What a store does by itself.")
class SetStoreSettingsInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    store_id: strawberry.ID = strawberry.field(description="The store's global id.")
    confirms_orders: bool = strawberry.field(description="Whether each order is confirmed by a mail.")
    sticky_contact: bool = strawberry.field(
        description="Whether orders of one browser are noted as one contact's. Nobody reads anything by that."
    )
    announces_parcels: bool | None = strawberry.field(
        default=None, description="Whether customers are told of each parcel by a mail; null leaves that as it is."
    )


@strawberry.type(description="The store is as asked.")
class SetStoreSettingsSuccess:
    store: Store = strawberry.field(description="The store.")


@strawberry.input(description="Who is signed out everywhere.")
class EndAccountSessionsInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    contact_id: strawberry.ID = strawberry.field(description="The contact's global id.")


@strawberry.type(description="The contact is signed in nowhere.")
class EndAccountSessionsSuccess:
    contact: Contact = strawberry.field(description="The contact.")


RotateCustomerLinkResult = Annotated[
    RotateCustomerLinkSuccess | Problem, strawberry.union("RotateCustomerLinkResult", description="Done, or why not.")
]
RotatePublicLinkResult = Annotated[
    RotatePublicLinkSuccess | Problem, strawberry.union("RotatePublicLinkResult", description="Done, or why not.")
]
SetCustomerFlagsResult = Annotated[
    SetCustomerFlagsSuccess | Problem, strawberry.union("SetCustomerFlagsResult", description="Done, or why not.")
]
SetPortalSettingsResult = Annotated[
    SetPortalSettingsSuccess | Problem, strawberry.union("SetPortalSettingsResult", description="Done, or why not.")
]
SetOrderEditingResult = Annotated[
    SetOrderEditingSuccess | Problem, strawberry.union("SetOrderEditingResult", description="Done, or why not.")
]
SetStoreSettingsResult = Annotated[
    SetStoreSettingsSuccess | Problem, strawberry.union("SetStoreSettingsResult", description="Done, or why not.")
]
EndAccountSessionsResult = Annotated[
    EndAccountSessionsSuccess | Problem, strawberry.union("EndAccountSessionsResult", description="Done, or why not.")
]


def _changed_customer(
    viewer: Viewer, gid: str, key: str, mutation: str, change: Callable[[CustomerModel], None], **more: object
) -> Customer:
    """The customer after a change that is done once. Raises `NotFound`."""
    customer = find_customer(viewer, gid)

    def act() -> int:
        change(customer)
        return customer.pk

    pk = once(viewer=viewer, key=key, mutation=mutation, given={"customer": customer.pk, **more}, act=act)
    return found_customer(viewer, pk)


def _changed_workspace(
    viewer: Viewer, key: str, mutation: str, change: Callable[[], None], **given: object
) -> Workspace:
    """The workspace after a change that is done once."""

    def act() -> int:
        change()
        return viewer.workspace_id

    once(viewer=viewer, key=key, mutation=mutation, given=given, act=act)
    return workspace_of(viewer)


@strawberry.type
class PortalMutations:
    @strawberry.mutation(
        description="Give a customer a new link, and end at once every one given out before, in open pages too.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.CUSTOMER_LINKS_ROTATE),
    )
    def rotate_customer_link(
        self, info: Info, input: Annotated[RotateCustomerLinkInput, ABOUT]
    ) -> RotateCustomerLinkResult:
        viewer, key = info.context.viewer, input.client_mutation_key

        def change(customer: CustomerModel) -> None:
            rotate_customer_link(viewer=viewer, customer=customer)

        return or_problem(
            lambda: RotateCustomerLinkSuccess(
                customer=_changed_customer(viewer, input.customer_id, key, "rotateCustomerLink", change)
            )
        )

    @strawberry.mutation(
        description="Give the workspace a new public link, and end at once every one given out before.",
        metadata=needs(Permission.CUSTOMER_LINKS_ROTATE),
    )
    def rotate_public_link(self, info: Info, input: Annotated[RotatePublicLinkInput, ABOUT]) -> RotatePublicLinkResult:
        viewer, key = info.context.viewer, input.client_mutation_key

        def change() -> None:
            rotate_public_link(viewer=viewer)

        return or_problem(
            lambda: RotatePublicLinkSuccess(workspace=_changed_workspace(viewer, key, "rotatePublicLink", change))
        )

    @strawberry.mutation(
        description="Say whether a customer's account is active, and whether its ordering is blocked. It counts at "
        "once.",
        metadata=needs(Permission.CUSTOMERS_WRITE),
    )
    def set_customer_flags(self, info: Info, input: Annotated[SetCustomerFlagsInput, ABOUT]) -> SetCustomerFlagsResult:
        viewer, key = info.context.viewer, input.client_mutation_key
        flags = {"is_active": input.is_active, "ordering_blocked": input.ordering_blocked}

        def change(customer: CustomerModel) -> None:
            set_customer_flags(viewer=viewer, customer=customer, **flags)

        return or_problem(
            lambda: SetCustomerFlagsSuccess(
                customer=_changed_customer(viewer, input.customer_id, key, "setCustomerFlags", change, **flags)
            )
        )

    @strawberry.mutation(
        description="Say how buyers get in to the workspace's portal. Admins alone.",
        metadata=needs(Permission.SETTINGS_WRITE),
    )
    def set_portal_settings(
        self, info: Info, input: Annotated[SetPortalSettingsInput, ABOUT]
    ) -> SetPortalSettingsResult:
        viewer, key, strict = info.context.viewer, input.client_mutation_key, input.strict_security

        def change() -> None:
            set_portal_settings(viewer=viewer, strict_security=strict)

        return or_problem(
            lambda: SetPortalSettingsSuccess(
                workspace=_changed_workspace(viewer, key, "setPortalSettings", change, strict=strict)
            )
        )

    @strawberry.mutation(
        description="Say what customers may change of an order of theirs, each on its own, and for how long after they "
        "placed it. It counts at once, for orders that stand too. Admins alone.",
        metadata=needs(Permission.SETTINGS_WRITE),
    )
    def set_order_editing(self, info: Info, input: Annotated[SetOrderEditingInput, ABOUT]) -> SetOrderEditingResult:
        viewer, key = info.context.viewer, input.client_mutation_key
        switches = {"address": input.address, "note": input.note, "quantities": input.quantities}
        given = {**switches, "cancel": input.cancel}

        def change() -> None:
            set_order_editing(viewer=viewer, **given, minutes=input.minutes)

        return or_problem(
            lambda: SetOrderEditingSuccess(
                workspace=_changed_workspace(viewer, key, "setOrderEditing", change, **given, minutes=input.minutes)
            )
        )

    @strawberry.mutation(
        description="Say what a store does by itself. Admins alone.", metadata=needs(Permission.SETTINGS_WRITE)
    )
    def set_store_settings(self, info: Info, input: Annotated[SetStoreSettingsInput, ABOUT]) -> SetStoreSettingsResult:
        viewer, key = info.context.viewer, input.client_mutation_key
        settings = {"confirms_orders": input.confirms_orders, "sticky_contact": input.sticky_contact}
        if input.announces_parcels is not None:
            settings["announces_parcels"] = input.announces_parcels

        def act() -> SetStoreSettingsSuccess:
            store = stores_of(viewer.workspace_id).filter(pk=pk_of(input.store_id, "store") or 0).first()
            if store is None:
                raise NotFound("There is no such store.", field="storeId")

            def change() -> int:
                save_store_settings(viewer=viewer, store=store, **settings)
                return store.pk

            given = {"store": store.pk, **settings}
            pk = once(viewer=viewer, key=key, mutation="setStoreSettings", given=given, act=change)
            return SetStoreSettingsSuccess(store=cast(Store, stores_by_key(viewer.workspace_id, [pk])[pk]))

        return or_problem(act)

    @strawberry.mutation(
        description="Sign a contact out of the portal in every browser, at once.",
        metadata=needs(Permission.CUSTOMERS_READ, Permission.CUSTOMER_LINKS_ROTATE),
    )
    def end_account_sessions(
        self, info: Info, input: Annotated[EndAccountSessionsInput, ABOUT]
    ) -> EndAccountSessionsResult:
        viewer, key = info.context.viewer, input.client_mutation_key

        def act() -> EndAccountSessionsSuccess:
            contact = contacts_visible_to(viewer).filter(pk=pk_of(input.contact_id, "contact") or 0).first()
            if contact is None:
                raise NotFound("There is no such contact.", field="contactId")

            def change() -> int:
                end_account_sessions(viewer=viewer, contact=contact)
                return contact.pk

            given = {"contact": contact.pk}
            pk = once(viewer=viewer, key=key, mutation="endAccountSessions", given=given, act=change)
            return EndAccountSessionsSuccess(contact=cast(Contact, contacts_by_key(viewer, [pk])[pk]))

        return or_problem(act)
