"""The query box: what was typed, run as any program's request would be, and its answer for people."""

import json
import time
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from graphql import OperationType

from schema.docs.tasks import curl
from schema.http import endpoint
from schema.root import schema

MOST_SHOWN = 200_000
# Headers of the browser's own request that are none of the operation's: its cookies open nothing at the endpoint.
_NOT_HANDED_ON = ("HTTP_COOKIE", "HTTP_ACCEPT_ENCODING", "HTTP_ORIGIN", "HTTP_REFERER", "CONTENT_LENGTH")


class Typed(NamedTuple):
    """What stands in the box. The token is in no page that comes back."""

    operation: str
    variables: str
    token: str


class Shown(NamedTuple):
    """What came of it: `fine` without errors. `wrong` says what to mend in which field; nothing was run then."""

    status: int = 0
    fine: bool = False
    text: str = ""
    milliseconds: int = 0
    cut: bool = False
    follow: str = ""  # the command that follows a subscription
    wrong_operation: str = ""
    wrong_variables: str = ""

    @property
    def wrong(self) -> bool:
        """Whether something typed has to be mended first."""
        return bool(self.wrong_operation or self.wrong_variables)


@sensitive_variables("typed")
def run(typed: Typed, request: HttpRequest) -> Shown:
    """Run what was typed, or say what is wrong with it."""
    if not typed.operation.strip():
        return Shown(wrong_operation="Write an operation first, or take one from the tasks.")
    try:
        variables = _variables(typed.variables)
    except ValueError as error:
        return Shown(wrong_variables=str(error))
    if _streams(typed.operation):
        return Shown(follow=curl(request.build_absolute_uri("/graphql"), typed.operation, variables))
    body = json.dumps({"query": typed.operation, "variables": variables}).encode()
    began = time.perf_counter()
    status, found = answer(_authorization(typed.token), body, request)
    took = round((time.perf_counter() - began) * 1000)
    text = json.dumps(found, indent=2, ensure_ascii=False)
    fine = status == 200 and "errors" not in found
    return Shown(status=status, fine=fine, text=text[:MOST_SHOWN], milliseconds=took, cut=len(text) > MOST_SHOWN)


@sensitive_variables("authorization", "inner")
def answer(authorization: str, body: bytes, request: HttpRequest) -> tuple[int, Any]:
    """The status and the JSON with which `POST /graphql` answers this body, for this `Authorization` header.

    It is that endpoint which is asked, with the browser's address and host and without its cookies.
    """
    inner = HttpRequest()
    inner.method, inner.path, inner.path_info = "POST", "/graphql", "/graphql"
    inner.META = {name: value for name, value in request.META.items() if name not in _NOT_HANDED_ON}
    inner.META |= {"CONTENT_TYPE": "application/json", "HTTP_ACCEPT": "application/json"}
    inner.META |= {"REQUEST_METHOD": "POST", "PATH_INFO": "/graphql", "QUERY_STRING": ""}
    inner.META["HTTP_AUTHORIZATION"] = authorization
    inner.content_type, inner.content_params = "application/json", {}
    inner._body = body  # what reading the connection would have left there
    inner.store = getattr(request, "store", None)  # type: ignore[attr-defined]
    response: Any = endpoint(inner)
    return response.status_code, json.loads(response.content)


def _authorization(token: str) -> str:
    return f"Bearer {token.strip()}" if token.strip() else ""


def _variables(text: str) -> dict[str, Any]:
    """The variables. Raises `ValueError`, in words for people."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"This is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise ValueError(message) from None
    except (ValueError, RecursionError):
        raise ValueError("This JSON can’t be read.") from None
    if not isinstance(found, dict):
        raise ValueError('Variables are a JSON object: {"name": value}.')
    return found


def _streams(text: str) -> bool:
    """Whether it is a subscription. What is wrong with a text, the endpoint says."""
    operations = schema.documents.prepare(text, limited=True).operations.values()
    return any(operation.operation is OperationType.SUBSCRIPTION for operation, _ in operations)
