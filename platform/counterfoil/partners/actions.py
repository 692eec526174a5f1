"""Clients and secrets, as an admin manages them, and tokens, as a client gets them by its secret (RFC 6749, 4.4).

Secrets and tokens are random and long, so a fast hash keeps them, and guessing them needs no limit.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, ClientSecret, PartnerClient
from counterfoil.access.policy import GRANTABLE, Permission, require, with_reads
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Viewer
from counterfoil.events.credentials import tell_streams

TOKEN_LASTS = timedelta(hours=1)
OVERLAP = timedelta(hours=24)
_KEPT = timedelta(days=1)  # a token that has ended, for whoever asks why


class BadClient(Exception):
    """A client that does not exist, was revoked, or gave a wrong secret: nobody learns which."""


class BadScope(Exception):
    """A scope that the client does not have, or that does not exist at all."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, shown once, for how many seconds it is good, and for what."""

    token: str
    seconds: int
    scopes: tuple[str, ...]


@transaction.atomic
def register_client(
    *, viewer: Viewer, name: str, scopes: Iterable[str], trusted_only: bool = False
) -> tuple[PartnerClient, str]:
    """A client with these scopes, and its secret, which is shown this once. Raises `Invalid` for what is no scope."""
    require(viewer, Permission.PARTNERS_WRITE)
    client = PartnerClient.objects.create(
        workspace_id=viewer.workspace_id,
        name=one_line(name, "name", 120),
        client_id=f"cfc_{secrets.token_hex(12)}",
        scopes=_checked(scopes),
        trusted_only=trusted_only,
        created_at=clock.now(),
    )
    return client, _new_secret(client)


@transaction.atomic
def set_scopes(
    *, viewer: Viewer, client: PartnerClient, scopes: Iterable[str], trusted_only: bool | None = None
) -> PartnerClient:
    """Give a client these scopes. Tokens lose at once what it loses; what it gains needs a new token.

    Whether it keeps to trusted documents counts at once both ways, and ends the streams that it has open; None leaves
    that as it is.
    """
    require(viewer, Permission.PARTNERS_WRITE)
    found = _good(viewer, client)
    found.scopes = _checked(scopes)
    if trusted_only is not None:
        found.trusted_only = trusted_only
    found.save(update_fields=["scopes", "trusted_only"])
    tell_streams(viewer)
    return found


@transaction.atomic
def rotate_secret(*, viewer: Viewer, client: PartnerClient, overlap: timedelta = OVERLAP) -> str:
    """A new secret, shown this once. The one before is good for another day, so that nothing stops meanwhile."""
    require(viewer, Permission.PARTNERS_WRITE)
    found = _good(viewer, client)
    until = clock.now() + overlap
    found.secrets.filter(Q(expires_at=None) | Q(expires_at__gt=until)).update(expires_at=until)
    return _new_secret(found)


@transaction.atomic
def revoke_client(*, viewer: Viewer, client: PartnerClient) -> None:
    """End a client: its secrets, its tokens, and at once the streams that it has open."""
    require(viewer, Permission.PARTNERS_WRITE)
    found = _found(viewer, client)
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        found.save(update_fields=["revoked_at"])
        tell_streams(viewer)


def issue_token(*, workspace_id: int, client_id: str, secret: str, scopes: Collection[str] = ()) -> Issued:
    """A token for an hour, of these scopes, or without any of all that the client has.

    Raises `BadClient` and `BadScope`.
    """
    client = _authenticated(workspace_id, client_id, secret)
    granted = sorted(with_reads(scopes) or client.scopes)
    if not set(granted) <= set(client.scopes):
        raise BadScope
    now, token = clock.now(), AccessToken.new_secret()
    AccessToken.objects.filter(client=client, expires_at__lt=now - _KEPT).delete()
    AccessToken.objects.create(
        workspace_id=workspace_id,
        client=client,
        scopes=granted,
        digest=AccessToken.digest_of(token),
        expires_at=now + TOKEN_LASTS,
    )
    return Issued(token, int(TOKEN_LASTS.total_seconds()), tuple(granted))


@transaction.atomic
def revoke_token(*, workspace_id: int, client_id: str, secret: str, token: str) -> None:
    """End a token of this client, and the streams that were opened with it; one that opens nothing is fine (RFC 7009).

    Raises `BadClient`.
    """
    client = _authenticated(workspace_id, client_id, secret)
    ended = AccessToken.objects.filter(
        client=client, digest=AccessToken.digest_of(token), revoked_at=None, expires_at__gt=clock.now()
    ).update(revoked_at=clock.now())
    if ended:
        tell_streams(client.acting(()))


def _authenticated(workspace_id: int, client_id: str, secret: str) -> PartnerClient:
    now = clock.now()
    found = (
        ClientSecret.objects.select_related("client")
        .filter(Q(expires_at=None) | Q(expires_at__gt=now), workspace_id=workspace_id, client__revoked_at=None)
        .filter(digest=AccessToken.digest_of(secret))
        .first()
    )
    if found is None or found.client.client_id != client_id:
        raise BadClient
    return found.client


def _new_secret(client: PartnerClient) -> str:
    secret = f"cfs_{secrets.token_urlsafe(32)}"
    ClientSecret.objects.create(
        workspace_id=client.workspace_id,
        client=client,
        digest=AccessToken.digest_of(secret),
        created_at=clock.now(),
    )
    return secret


def _found(viewer: Viewer, client: PartnerClient) -> PartnerClient:
    found = PartnerClient.objects.select_for_update().filter(workspace_id=viewer.workspace_id, pk=client.pk).first()
    if found is None:
        raise NotFound("There is no such client.")
    return found


def _good(viewer: Viewer, client: PartnerClient) -> PartnerClient:
    found = _found(viewer, client)
    if found.revoked_at is not None:
        raise Invalid("This program was ended. Register another one.")
    return found


def _checked(scopes: Iterable[str]) -> list[str]:
    chosen = sorted(with_reads(scopes))
    if not chosen:
        raise Invalid("Choose at least one scope: a client without any can do nothing.", field="scopes")
    if unknown := [scope for scope in chosen if scope not in GRANTABLE]:
        raise Invalid(f"There is no scope {unknown[0]}.", field="scopes")
    return chosen
