"""Managing partners' programs: for admins, and never by a scope."""

from collections.abc import Callable, Mapping
from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.models import PartnerClient
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.partners import actions
from counterfoil.partners.queries import visible_to
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY
from schema.partners.types import Client, clients_by_key
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs

_ID = "The program's global id."
_SCOPES = "The names of its scopes; whoever may change something may read it too."
_TRUSTED = "Whether it may send nothing but documents that were registered on the server, by their hash"
_ONCE = "The secret, shown this once; null when the mutation is repeated."


@strawberry.input(description="A program to register.")
class RegisterPartnerClientInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    name: str = strawberry.field(description="Its name, at most 120 characters.")
    scopes: list[str] = strawberry.field(description=_SCOPES)
    trusted_only: bool = strawberry.field(default=False, description=f"{_TRUSTED}.")


@strawberry.type(description="The program can get tokens.")
class RegisterPartnerClientSuccess:
    client: Client = strawberry.field(description="The program.")
    secret: str | None = strawberry.field(description=_ONCE)


@strawberry.input(description="What a program may do from now on.")
class SetPartnerScopesInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    partner_client_id: strawberry.ID = strawberry.field(description=_ID)
    scopes: list[str] = strawberry.field(description=_SCOPES)
    trusted_only: bool | None = strawberry.field(
        default=None, description=f"{_TRUSTED}; null leaves it as it is. It counts at once, and ends open streams."
    )


@strawberry.type(description="The program has these scopes. Its tokens lost at once what it lost.")
class SetPartnerScopesSuccess:
    client: Client = strawberry.field(description="The program.")


@strawberry.input(description="Which program gets a new secret.")
class RotatePartnerSecretInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    partner_client_id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.type(description="The program has a new secret. The one before is good for another day.")
class RotatePartnerSecretSuccess:
    client: Client = strawberry.field(description="The program.")
    secret: str | None = strawberry.field(description=_ONCE)


@strawberry.input(description="Which program ends.")
class RevokePartnerClientInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    partner_client_id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.type(description="The program has ended, with its secrets, its tokens and its streams.")
class RevokePartnerClientSuccess:
    client: Client = strawberry.field(description="The program.")


RegisterPartnerClientResult = Annotated[
    RegisterPartnerClientSuccess | Problem,
    strawberry.union("RegisterPartnerClientResult", description="Done, or why not."),
]
SetPartnerScopesResult = Annotated[
    SetPartnerScopesSuccess | Problem, strawberry.union("SetPartnerScopesResult", description="Done, or why not.")
]
RotatePartnerSecretResult = Annotated[
    RotatePartnerSecretSuccess | Problem,
    strawberry.union("RotatePartnerSecretResult", description="Done, or why not."),
]
RevokePartnerClientResult = Annotated[
    RevokePartnerClientSuccess | Problem,
    strawberry.union("RevokePartnerClientResult", description="Done, or why not."),
]


class _Shown:
    """A secret that the first answer shows and no other one can."""

    def __init__(self) -> None:
        self.secret: str | None = None

    def register(self, viewer: Viewer, input: RegisterPartnerClientInput) -> int:
        client, self.secret = actions.register_client(
            viewer=viewer, name=input.name, scopes=input.scopes, trusted_only=input.trusted_only
        )
        return client.pk

    def rotate(self, viewer: Viewer, client: PartnerClient) -> int:
        self.secret = actions.rotate_secret(viewer=viewer, client=client)
        return client.pk


def _find(viewer: Viewer, gid: str) -> PartnerClient:
    """The program that a mutation names. Raises `NotFound` also for one that the viewer may not see."""
    client = visible_to(viewer).filter(pk=pk_of(gid, "client") or 0).first()
    if client is None:
        raise NotFound("There is no such program.", field="partnerClientId")
    return client


def _changed(viewer: Viewer, pk: int) -> Client:
    client = clients_by_key(viewer, [pk]).get(pk)
    if client is None:
        raise NotFound("There is no such program.", field="partnerClientId")
    return client  # type: ignore[return-value]


@strawberry.type
class PartnerMutations:
    @strawberry.mutation(description="Register a partner's program.", metadata=needs(Permission.PARTNERS_WRITE))
    def register_partner_client(
        self, info: Info, input: Annotated[RegisterPartnerClientInput, ABOUT]
    ) -> RegisterPartnerClientResult:
        viewer, shown = info.context.viewer, _Shown()

        def act() -> RegisterPartnerClientSuccess:
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="registerPartnerClient",
                given={"name": input.name, "scopes": sorted(input.scopes), "trustedOnly": input.trusted_only},
                act=lambda: shown.register(viewer, input),
            )
            return RegisterPartnerClientSuccess(client=_changed(viewer, pk), secret=shown.secret)

        return or_problem(act)

    @strawberry.mutation(description="Say what a partner's program may do.", metadata=needs(Permission.PARTNERS_WRITE))
    def set_partner_scopes(self, info: Info, input: Annotated[SetPartnerScopesInput, ABOUT]) -> SetPartnerScopesResult:
        viewer = info.context.viewer

        def change(client: PartnerClient) -> int:
            return actions.set_scopes(
                viewer=viewer, client=client, scopes=input.scopes, trusted_only=input.trusted_only
            ).pk

        def act() -> SetPartnerScopesSuccess:
            given = {"scopes": sorted(input.scopes), "trustedOnly": input.trusted_only}
            return SetPartnerScopesSuccess(client=_once(viewer, input, "setPartnerScopes", change, given))

        return or_problem(act)

    @strawberry.mutation(
        description="Make a new secret for a partner's program.", metadata=needs(Permission.PARTNERS_WRITE)
    )
    def rotate_partner_secret(
        self, info: Info, input: Annotated[RotatePartnerSecretInput, ABOUT]
    ) -> RotatePartnerSecretResult:
        viewer, shown = info.context.viewer, _Shown()

        def act() -> RotatePartnerSecretSuccess:
            client = _once(viewer, input, "rotatePartnerSecret", lambda found: shown.rotate(viewer, found))
            return RotatePartnerSecretSuccess(client=client, secret=shown.secret)

        return or_problem(act)

    @strawberry.mutation(
        description="End a partner's program, at once and for good.", metadata=needs(Permission.PARTNERS_WRITE)
    )
    def revoke_partner_client(
        self, info: Info, input: Annotated[RevokePartnerClientInput, ABOUT]
    ) -> RevokePartnerClientResult:
        viewer = info.context.viewer

        def end(client: PartnerClient) -> int:
            actions.revoke_client(viewer=viewer, client=client)
            return client.pk

        def act() -> RevokePartnerClientSuccess:
            return RevokePartnerClientSuccess(client=_once(viewer, input, "revokePartnerClient", end))

        return or_problem(act)


def _once(
    viewer: Viewer,
    input: SetPartnerScopesInput | RotatePartnerSecretInput | RevokePartnerClientInput,
    mutation: str,
    change: Callable[[PartnerClient], int],
    more: Mapping[str, object] | None = None,
) -> Client:
    """Change the program that the input names, once; gives it as it is then."""
    client = _find(viewer, input.partner_client_id)
    given = {"client": client.pk, **(more or {})}
    pk = once(viewer=viewer, key=input.client_mutation_key, mutation=mutation, given=given, act=lambda: change(client))
    return _changed(viewer, pk)
