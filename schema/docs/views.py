"""The documentation in the browser (GQ-11): pages made from the schema, its search, the tasks, and the query box."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.words import SENTENCES, in_order, subject_of
from schema import limits
from schema.admission import MISTAKE
from schema.cost import CHANGE, READ, ROW, SCHEMA
from schema.docs.reference import ROOTS, Type, types
from schema.docs.running import Typed, run
from schema.docs.search import MOST_CHARACTERS, search
from schema.docs.tasks import BY_SLUG, SHELVES, more, steps_of
from schema.relay import LARGEST_PAGE

type Page = Callable[..., HttpResponse]


class Kind(NamedTuple):
    """A list of types: its heading, what it says, and the types under their headings."""

    title: str
    intro: str
    shelves: Sequence[tuple[str, str]]  # a role of `Type.role` and its heading; an empty one takes all


_ALL = (("", ""),)
KINDS: Mapping[str, Kind] = {
    "objects": Kind(
        "Objects",
        "What queries give.",
        (("thing", "Things"), ("answer", "Answers of mutations"), ("list", "Pages of lists")),
    ),
    "inputs": Kind("Inputs", "What mutations and filters take.", _ALL),
    "enums": Kind("Enums", "Fields of these have one of a few values.", _ALL),
    "unions": Kind("Unions", "Answers that are one of several types. Ask for each with `... on`.", _ALL),
    "scalars": Kind("Scalars", "Values without fields of their own.", _ALL),
    "interfaces": Kind("Interfaces", "What several types have in common.", _ALL),
}
OPERATIONS: Mapping[str, tuple[str, str]] = {
    "queries": ("Queries", "Everything that can be read. Several fields can be asked for in one request."),
    "mutations": (
        "Mutations",
        "Everything that can be done. Each takes one input, and answers its result or a Problem.",
    ),
    "subscriptions": ("Subscriptions", "Everything that can be watched, over SSE or a WebSocket."),
}


def may_read(request: HttpRequest) -> bool:
    """Whether the documentation is there for whoever asks. It speaks of no tenant, and so to everyone, unless this
    server tells nobody what its schema is.
    """
    return bool(settings.INTROSPECTION != "nobody")


def documented(page: Page) -> Page:
    """A page that is there only for whom the schema is public."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_read(request):
            raise Http404
        return page(request, *args, **kwargs)

    return guarded


@require_safe
@documented
def overview(request: HttpRequest) -> HttpResponse:
    """How to ask: tokens, scopes, lists, problems, streams, errors, limits."""
    scopes = [
        {"name": one.value, "subject": subject_of(one), "about": SENTENCES[one]}
        for one in in_order(permission for permission in Permission if permission in GRANTABLE)
    ]
    return _page(request, "overview.html", at="overview", scopes=scopes, limits=_limits())


def _limits() -> dict[str, int]:
    """The limits of this server, by the names that the page has for them."""
    named = ("characters", "tokens", "operations", "depth", "aliases", "directives", "values")
    return {name: getattr(limits, name.upper()) for name in named} | {
        "page": LARGEST_PAGE,
        "bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        "row": ROW,
        "read": READ,
        "change": CHANGE,
        "mistake": MISTAKE,
        "schema": SCHEMA,
        "request": settings.COST_OF_A_REQUEST,
        "event": settings.COST_OF_AN_EVENT,
        "minute": settings.COST_A_MINUTE,
        "left": settings.COST_A_MINUTE - 1492,
        "network": settings.COST_A_MINUTE_AND_NETWORK,
    }


@require_safe
@documented
def tasks(request: HttpRequest) -> HttpResponse:
    """The tasks, under their headings."""
    return _page(request, "tasks.html", at="tasks", shelves=SHELVES.items())


@require_safe
@documented
def task(request: HttpRequest, slug: str) -> HttpResponse:
    """One task with its steps, and the box with one of them in it: `?step=2`, else the first that can be run."""
    found = BY_SLUG.get(slug)
    if found is None:
        raise Http404
    steps = steps_of(found, _endpoint(request))
    asked = request.GET.get("step", "")
    filled = next((step for step in steps if str(step.number) == asked), steps[0])
    return _page(request, "task.html", at="tasks", inner=True, task=found, steps=steps, more=more(found), filled=filled)


@require_safe
@documented
def find(request: HttpRequest) -> HttpResponse:
    """What `?q=` finds."""
    query = request.GET.get("q", "").replace("\0", "").strip()
    found = search(query)
    kept = query[: MOST_CHARACTERS + 1]
    return _page(request, "search.html", at="search", query=kept, found=found, most=MOST_CHARACTERS)


@require_safe
@documented
def one_type(request: HttpRequest, name: str) -> HttpResponse:
    """One type."""
    found = types().get(name)
    if found is None:
        raise Http404
    kind = f"{found.kind}s" if found.role != "root" else next(at for at, root in ROOTS.items() if root == name)
    title = KINDS[kind].title if kind in KINDS else OPERATIONS[kind][0]
    return _page(request, "type.html", at=kind, inner=True, type=found, section=title)


@require_safe
@documented
def section(request: HttpRequest, section: str) -> HttpResponse:
    """The queries, the mutations, the subscriptions, or all types of a kind."""
    if section in OPERATIONS:
        title, about = OPERATIONS[section]
        return _page(request, "operations.html", at=section, title=title, about=about, type=types()[ROOTS[section]])
    if section not in KINDS:
        raise Http404
    kind = KINDS[section]
    ours = [one for one in types().values() if f"{one.kind}s" == section and one.role != "root"]
    shelves = [(heading, _of(ours, role)) for role, heading in kind.shelves]
    return _page(request, "types.html", at=section, kind=kind, shelves=shelves)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("token")
@sensitive_variables("typed")
@documented
def run_box(request: HttpRequest) -> HttpResponse:
    """The query box. What is posted runs as `POST /graphql` would; the answer alone for htmx, else the page with all
    that was typed but the token.
    """
    # The operation comes as `text`, which the page for a form without its CSRF token gives back.
    typed = Typed(*(request.POST.get(name, "").replace("\r\n", "\n") for name in ("text", "variables", "token")))
    shown = run(typed, request) if request.method == "POST" else None
    template = "_answer.html" if request.headers.get("HX-Request") and shown else "run.html"
    response = _page(request, template, at="run", answer=shown, filled=typed._replace(token=""))
    response.status_code = 422 if shown and shown.wrong else 200
    return response


def _of(found: Sequence[Type], role: str) -> list[Type]:
    return [one for one in found if role in ("", one.role)]


def _endpoint(request: HttpRequest) -> str:
    return request.build_absolute_uri("/graphql")


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    given = {
        "endpoint": _endpoint(request),
        "base": request.build_absolute_uri("/").rstrip("/"),
        "demo": settings.DEMO,
        "operations": {section: title for section, (title, _) in OPERATIONS.items()},
        "kinds": {section: kind.title for section, kind in KINDS.items()},
    }
    return render(request, f"graphql_docs/{template}", given | context)
