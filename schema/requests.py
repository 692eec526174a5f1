"""What a GraphQL request says, as GraphQL over HTTP has it. Anything else is the client's fault, and is told so.

https://graphql.github.io/graphql-over-http/draft/, and its appendix on persisted documents.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from django.conf import settings

from counterfoil.partners.documents import text_of
from schema import limits
from schema.documents import Registered

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


class BadRequest(Exception):
    """A request that is none. `status` is that of HTTP."""

    def __init__(self, message: str, status: int = 400, code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code


class Asked(NamedTuple):
    """An operation that somebody asks for; its text, or the digest of a registered one."""

    text: str | None
    digest: str | None
    variables: dict[str, Any]
    operation_name: str | None


def too_large() -> BadRequest:
    """The refusal of a body that is too large."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return BadRequest(f"The request is too large: {most:,} bytes is the most.", status=413, code="TOO_LARGE")


def read(method: str, content_type: str, body: bytes, parameters: Mapping[str, str]) -> Asked:
    """What a request asks. Raises `BadRequest`."""
    if method == "POST":
        return read_post(body, content_type)
    if method == "GET":
        return read_query_string(parameters)
    raise BadRequest("Send operations by POST, or queries by GET.", status=405, code="METHOD_NOT_ALLOWED")


def read_post(body: bytes, content_type: str) -> Asked:
    """What a POST asks. Raises `BadRequest`."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise BadRequest("Send JSON, with `Content-Type: application/json`.", 415, "UNSUPPORTED_MEDIA_TYPE")
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in {"utf-8", "utf8"}:
        raise BadRequest("Send JSON in UTF-8.", 415, "UNSUPPORTED_MEDIA_TYPE")
    if sum(map(body.count, (b",", b"[", b"{"))) > limits.VALUES + limits.CHARACTERS:
        raise _too_many_values()
    return asked(json_of(body, "The body"))


def read_query_string(parameters: Mapping[str, str]) -> Asked:
    """What a GET asks. Raises `BadRequest`."""
    given: dict[str, Any] = {key: value for key, value in parameters.items() if value}
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = json_of(given[name].encode(errors="replace"), f"`{name}`")
    return asked(given)


def asked(given: object) -> Asked:
    """What an object asks that came by any way. Raises `BadRequest`."""
    if not isinstance(given, dict):
        raise BadRequest('Send a JSON object: {"query": "…", "variables": {…}}. Batches are not taken.')
    for name, kind, what in (
        ("query", str, "a string"),
        ("documentId", str, "a string"),
        ("operationName", str, "a string"),
        ("variables", dict, "an object"),
        ("extensions", dict, "an object"),
    ):
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise BadRequest(f"`{name}` has to be {what}, or null.")
    text, document = given.get("query"), given.get("documentId")
    if bool(text) == bool(document):
        raise BadRequest('Send an operation: {"query": "…"}, or {"documentId": "sha256:…"} for a registered one.')
    variables = given.get("variables") or {}
    _count(variables)
    return Asked(text, _digest(document) if document else None, variables, given.get("operationName") or None)


def text_to_run(asked: Asked, workspace_id: int) -> str:
    """The operation's text; that of a registered document by its digest. Raises `BadRequest`."""
    if asked.digest is None:
        return asked.text or ""
    text = text_of(workspace_id=workspace_id, digest=asked.digest)
    if text is None:
        raise BadRequest("No document is registered under this `documentId`.", code="UNKNOWN_DOCUMENT")
    return Registered(text)


def _digest(document: str) -> str:
    found = _DIGEST.fullmatch(document)
    if found is None:
        raise BadRequest("`documentId` has to be sha256: and 64 hexadecimal digits.")
    return found[1]


def json_of(text: bytes, what: str) -> object:
    """What a text of JSON says, strictly: in UTF-8, no NaN, no name twice in one object. Raises `BadRequest`."""
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_number, parse_float=_number
        )
    except UnicodeDecodeError:
        raise BadRequest(f"{what} is not UTF-8.") from None
    except _TwiceGiven as twice:
        raise BadRequest(f"{what} says {twice} twice in one object.") from None
    except (ValueError, RecursionError):
        raise BadRequest(f"{what} is no JSON.") from None


class _TwiceGiven(Exception):
    """A name that stands twice in one object: what reads the request before us may take the other value."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise _TwiceGiven(f"`{name[:40]}`")
    return found


def _number(digits: str) -> float:
    """A number that is one: what is too large for its type would become Infinity."""
    number = float(digits)
    return number if isfinite(number) else _no_number(digits)


def _no_number(word: str) -> float:
    """NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(word)


def _count(variables: dict[str, Any]) -> None:
    """Look that there are not too many values, however deep they lie."""
    found, waiting = 0, [variables.values()]
    while waiting:
        for value in waiting.pop():
            found += 1
            if isinstance(value, dict):
                waiting.append(value.values())
            elif isinstance(value, list):
                waiting.append(value)  # type: ignore[arg-type]
        if found > limits.VALUES:
            raise _too_many_values()


def _too_many_values() -> BadRequest:
    return BadRequest(
        f"The variables have more than {limits.VALUES:,} values. Send several requests.", status=413, code="TOO_LARGE"
    )
