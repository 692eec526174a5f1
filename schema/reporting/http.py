"""`/graphql/reporting`: POST, JSON, bearer tokens. No cookies count here, so there is no CSRF."""

import json
from time import thread_time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from counterfoil.access.viewer import Viewer
from counterfoil.partners.usage import USAGE
from schema.http import error_reply, refused_token
from schema.identity import BadToken, bearer_context, store_of_request
from schema.reporting.root import run

RESPONSE_TYPE = "application/graphql-response+json"


class BadRequest(Exception):
    """A request that is no operation, by what to say of it and the status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Asked(NamedTuple):
    """What a request asks."""

    text: str
    variables: dict[str, Any] | None
    operation_name: str | None


@csrf_exempt
def endpoint(request: HttpRequest) -> JsonResponse:
    """Answer one query."""
    store = store_of_request(request)
    if store is None:
        return error_reply("No store answers to this host name.", code="NOT_FOUND", status=404)
    try:
        viewer = bearer_context(request.headers.get("Authorization", ""), store.workspace_id).viewer
    except BadToken:
        return refused_token()
    began, name = thread_time(), None
    try:
        asked = _asked(request)
        name = asked.operation_name
        reply = _answered(request, viewer, asked)
    except BadRequest as refusal:
        reply = error_reply(str(refusal), code="BAD_REQUEST", status=refusal.status)
        if refusal.status == 405:
            reply["Allow"] = "POST"
    finally:
        USAGE.count(viewer, name, thread_time() - began)
    reply["Cache-Control"] = "no-store"
    return reply


def _asked(request: HttpRequest) -> Asked:
    if request.method != "POST":
        raise BadRequest("Send a query by POST.", 405)
    if request.content_type != "application/json":
        raise BadRequest("Send JSON, as application/json.", 415)
    try:
        found = json.loads(request.body)
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raise BadRequest(f"The request is too large: {most:,} bytes is the most.", 413) from None
    except (ValueError, RecursionError):
        raise BadRequest("Unable to parse request body as JSON") from None
    given = found if isinstance(found, dict) else {}
    text, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not (
        isinstance(text, str)
        and (variables is None or isinstance(variables, dict))
        and (name is None or isinstance(name, str))
    ):
        raise BadRequest('Send a JSON object: {"query": "…", "variables": {…}}. Batches are not taken.')
    return Asked(text, variables, name)


def _answered(request: HttpRequest, viewer: Viewer, asked: Asked) -> JsonResponse:
    result = run(viewer, asked.text, variables=asked.variables, operation_name=asked.operation_name)
    modern = RESPONSE_TYPE in request.headers.get("Accept", "")
    # An error of a field has a path; without one the query never began. Readers of the older type look for errors in
    # the answer, whatever its status.
    began = result.data is not None or any(error.path for error in result.errors or [])
    told: dict[str, Any] = {"data": result.data} if began else {}
    if result.errors:
        told["errors"] = [error.formatted for error in result.errors]
    kind = RESPONSE_TYPE if modern else "application/json"
    return JsonResponse(told, status=400 if modern and not began else 200, content_type=kind)
