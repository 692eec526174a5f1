"""`/graphql` for queries and mutations: JSON, bearer tokens. No cookies count here, so there is no CSRF.

Statuses and media types follow GraphQL over HTTP; `graphql-http`'s audit holds them. What is refused before it runs
has no `data`, and its status says so where the client asked for `application/graphql-response+json`.
"""

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from graphql import ExecutionResult, GraphQLError
from strawberry.types.graphql import OperationType

from schema.admission import Refused, pay_for_mistake
from schema.context import Context
from schema.errors import codes
from schema.identity import BadToken, bearer_context, network_of, store_of_request
from schema.requests import GRAPHQL_JSON, JSON, Asked, BadRequest, read, text_to_run, too_large
from schema.root import execute

_STATUSES = {"RATE_LIMITED": 429, "INTERNAL": 500, "METHOD_NOT_ALLOWED": 405, "UNAUTHENTICATED": 401}
# Readers of the older media type take these from the answer, whatever its status, and expect 200.
_WELL_FORMED = {"PARSE_FAILED", "VALIDATION_FAILED", "BAD_VARIABLES"}
type Run = Callable[..., ExecutionResult]  # as `schema.root.execute`
_READS = (OperationType.QUERY,)
_READS_AND_CHANGES = (OperationType.QUERY, OperationType.MUTATION)


def reply(content: dict[str, Any], status: int = 200, media: str = JSON) -> HttpResponse:
    """An answer in JSON, which nobody keeps. Half a surrogate pair that it quotes becomes a question mark."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    headers = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}
    return HttpResponse(text, content_type=f"{media}; charset=utf-8", status=status, headers=headers)


def error_reply(message: str, *, code: str, status: int, media: str = JSON) -> HttpResponse:
    """A reply from outside the execution, in the shape of a GraphQL error."""
    return reply({"errors": [{"message": message, "extensions": {"code": code}}]}, status, media)


def refused_token() -> HttpResponse:
    """The reply to a bearer token that opens nothing."""
    refused = error_reply(
        "This token opens nothing here: it is unknown, expired or revoked.", code="UNAUTHENTICATED", status=401
    )
    refused["WWW-Authenticate"] = "Bearer"
    return refused


def answering(run: Run) -> Callable[[HttpRequest], HttpResponse]:
    """A view that answers operations by `run`."""

    @csrf_exempt
    def endpoint(request: HttpRequest) -> HttpResponse:
        store = store_of_request(request)
        if store is None:
            return error_reply("No store answers to this host name.", code="NOT_FOUND", status=404)
        try:
            context = bearer_context(
                request.headers.get("Authorization", ""), store.workspace_id, network=network_of(request)
            )
        except BadToken:
            return refused_token()
        media = _media(request)
        try:
            if media is None:
                told = f"Answers are {GRAPHQL_JSON} or {JSON}. Streams are answered by the ASGI server alone."
                raise BadRequest(told, status=406, code="NOT_ACCEPTABLE")
            return _answer(request, context, media, run)
        except BadRequest as bad:
            return refuse(bad, context, media or JSON)

    return endpoint


endpoint = answering(execute)


def _media(request: HttpRequest) -> str | None:
    """How the client wants to be answered; None for what we can't."""
    if not request.headers.get("Accept"):
        return JSON
    named = any(f"{kind.main_type}/{kind.sub_type}" == GRAPHQL_JSON for kind in request.accepted_types)
    return request.get_preferred_type([GRAPHQL_JSON, JSON] if named else [JSON])


def _asked(request: HttpRequest) -> Asked:
    try:
        body = request.body if request.method == "POST" else b""
    except RequestDataTooBig:
        raise too_large() from None
    return read(request.method or "", request.headers.get("Content-Type", ""), body, request.GET)


def _answer(request: HttpRequest, context: Context, media: str, run: Run) -> HttpResponse:
    asked = _asked(request)
    result = run(
        text_to_run(asked, context.viewer.workspace_id),
        variables=asked.variables,
        context=context,
        operation_name=asked.operation_name,
        allowed=_READS_AND_CHANGES if request.method == "POST" else _READS,
    )
    errors = result.errors or []
    told: dict[str, Any] = {"data": result.data} if result.data is not None or _ran(errors) else {}
    if errors:
        told["errors"] = [error.formatted for error in errors]
    if result.extensions:
        told["extensions"] = result.extensions
    return _with_advice(reply(told, _status(told, errors, media), media), errors)


def _ran(errors: list[GraphQLError]) -> bool:
    """Whether the operation was run, and met errors at a field."""
    return any(error.path for error in errors)


def _status(told: dict[str, Any], errors: list[GraphQLError], media: str) -> int:
    if "data" in told:
        return 200
    found = codes(errors)
    for code in found:
        if code in _STATUSES:
            return _STATUSES[code]
    return 200 if media == JSON and found <= _WELL_FORMED else 400


def refuse(bad: BadRequest, context: Context, media: str = JSON) -> HttpResponse:
    """The reply to a request that never became an operation, which is paid for too."""
    try:
        pay_for_mistake(context)
    except Refused as refused:
        return not_begun(refused.errors, media)
    refusal = error_reply(bad.message, code=bad.code, status=bad.status, media=media)
    if bad.status == 405:
        refusal["Allow"] = "GET, POST"
    return refusal


def not_begun(errors: list[GraphQLError], media: str = JSON) -> HttpResponse:
    """The reply to an operation of which nothing was run, its status told by its errors' codes."""
    told = {"errors": [error.formatted for error in errors]}
    return _with_advice(reply(told, _status(told, errors, GRAPHQL_JSON), media), errors)


def _with_advice(answer: HttpResponse, errors: list[GraphQLError]) -> HttpResponse:
    for error in errors:
        if wait := (error.extensions or {}).get("retryAfter"):
            answer["Retry-After"] = str(wait)
    if answer.status_code == 405:
        answer["Allow"] = "POST"
    return answer
