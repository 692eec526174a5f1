"""`/graphql` for queries and mutations: POST, JSON, bearer tokens. No cookies count here, so there is no CSRF."""

import json

from cross_web import DjangoHTTPRequestAdapter, HTTPException
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from strawberry.django.views import GraphQLView

from schema.attribution import count_unanswered
from schema.context import Context
from schema.identity import BadToken, bearer_context, store_of_request
from schema.root import schema


def error_reply(message: str, *, code: str, status: int) -> JsonResponse:
    """A reply from outside the execution, in the shape of a GraphQL error."""
    return JsonResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status=status)


def refused_token() -> JsonResponse:
    """The reply to a bearer token that opens nothing."""
    reply = error_reply(
        "This token opens nothing here: it is unknown, expired or revoked.", code="UNAUTHENTICATED", status=401
    )
    reply["WWW-Authenticate"] = "Bearer"
    return reply


class JsonObjects:
    """Requests are JSON objects in UTF-8; anything else is the client's fault, not ours."""

    def decode_json(self, data: str | bytes) -> object:
        """The request."""
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            raise HTTPException(400, "Unable to parse request body as JSON") from None
        if not isinstance(found, dict):
            raise HTTPException(400, 'Send a JSON object: {"query": "…", "variables": {…}}. Batches are not taken.')
        return found


class RawBody(DjangoHTTPRequestAdapter):
    """A request whose body may be no UTF-8, or too large."""

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        try:
            return self.request.body
        except RequestDataTooBig:
            most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            raise HTTPException(413, f"The request is too large: {most:,} bytes is the most.") from None


@method_decorator(csrf_exempt, name="dispatch")
class GraphQLEndpoint(JsonObjects, GraphQLView[Context, None]):
    """The synchronous half of the endpoint; streams are answered by `schema.sse` and `schema.websocket`."""

    request_adapter_class = RawBody

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Answer one request."""
        store = store_of_request(request)
        if store is None:
            return error_reply("No store answers to this host name.", code="NOT_FOUND", status=404)
        try:
            self.context = bearer_context(request.headers.get("Authorization", ""), store.workspace_id)
        except BadToken:
            return refused_token()
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        count_unanswered(self.context)
        if isinstance(response, HttpResponse) and response.headers["Content-Type"].startswith("text/plain"):
            return error_reply(response.content.decode(), code="BAD_REQUEST", status=response.status_code)
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_context(self, request: HttpRequest, response: HttpResponse) -> Context:
        """What the resolvers get."""
        return self.context


endpoint = GraphQLEndpoint.as_view(schema=schema, graphql_ide=None, allow_queries_via_get=False)
