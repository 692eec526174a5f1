"""`/oauth/token` and `/oauth/revoke`: where partners' programs get tokens for their secret, and end them (AC-11).

OAuth 2.0 client credentials (RFC 6749, section 4.4) and token revocation (RFC 7009). The client says who it is in an
`Authorization: Basic` header, or by `client_id` and `client_secret` in the form.
"""

import base64
import binascii
from typing import NamedTuple
from urllib.parse import unquote_plus

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from counterfoil.partners.actions import BadClient, BadScope, issue_token, revoke_token
from schema.identity import store_of_request

_FORM = "application/x-www-form-urlencoded"


class _Refused(Exception):
    """An error that the standard names, and what to do about it."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


class _Client(NamedTuple):
    """Who asks, by its own word, in which workspace."""

    workspace_id: int
    client_id: str
    secret: str


@csrf_exempt
@sensitive_post_parameters()
def token(request: HttpRequest) -> JsonResponse:
    """A token for an hour: `grant_type=client_credentials`, and `scope` for less than the client has."""
    try:
        client = _client(request)
        grant = _once(request, "grant_type")
        if not grant:
            raise _Refused("invalid_request", "Say grant_type=client_credentials.")
        if grant != "client_credentials":
            raise _Refused("unsupported_grant_type", "Only client_credentials is answered here.")
        issued = issue_token(**client._asdict(), scopes=_once(request, "scope").split())
    except _Refused as refused:
        return _refusal(refused)
    except BadClient:
        return _refusal(_unknown_client())
    except BadScope:
        return _refusal(_Refused("invalid_scope", "The client does not have one of these scopes."))
    return _reply({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.seconds,
        "scope": " ".join(issued.scopes),
    })  # fmt: skip


@csrf_exempt
@sensitive_post_parameters()
def revoke(request: HttpRequest) -> JsonResponse:
    """End `token`, and what was opened with it. One that opens nothing here is answered alike."""
    try:
        client = _client(request)
        ended = _once(request, "token")
        if not ended:
            raise _Refused("invalid_request", "Say which token to end.")
        revoke_token(**client._asdict(), token=ended)
    except _Refused as refused:
        return _refusal(refused)
    except BadClient:
        return _refusal(_unknown_client())
    return _reply({})


def _client(request: HttpRequest) -> _Client:
    """Who asks. Raises `_Refused` for what is no request of the standard."""
    store = store_of_request(request)
    if store is None:
        raise _Refused("invalid_request", "No store answers to this host name.", 404)
    if request.method != "POST":
        raise _Refused("invalid_request", "Send a POST.", 405)
    if request.content_type != _FORM:
        raise _Refused("invalid_request", f"Send a form, as {_FORM}.")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    named, secret = _once(request, "client_id"), _once(request, "client_secret")
    if not scheme:
        return _Client(store.workspace_id, named, secret)
    if secret:
        raise _Refused("invalid_request", "Say who you are once: in the header, or in the form.")
    try:
        pair = base64.b64decode(given.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        pair = ""
    name, _, secret = pair.partition(":")
    return _Client(store.workspace_id, unquote_plus(name), unquote_plus(secret))


def _once(request: HttpRequest, name: str) -> str:
    given = request.POST.getlist(name)
    if len(given) > 1:
        raise _Refused("invalid_request", f"{name} stands there {len(given)} times.")
    return given[0] if given else ""


def _unknown_client() -> _Refused:
    return _Refused("invalid_client", "This client is unknown or revoked, or the secret is not its.", 401)


def _refusal(refused: _Refused) -> JsonResponse:
    reply = _reply({"error": refused.error, "error_description": refused.description}, refused.status)
    if refused.status == 401:
        reply["WWW-Authenticate"] = 'Basic realm="counterfoil"'
    if refused.status == 405:
        reply["Allow"] = "POST"
    return reply


def _reply(body: dict[str, object], status: int = 200) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
