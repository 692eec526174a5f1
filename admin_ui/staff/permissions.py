"""What the member who asks may see and do: for templates `may`, for views `needs`.

Neither is the check: the policy refuses whatever a page would let through. They keep what would be refused off the
page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from admin_ui.staff.access import HtmxRequest
from schema import client

_NOT_TYPED = frozenset({"csrfmiddlewaretoken", "client_mutation_key", "had", "tab", "act", "password"})
# With these, who may not change something may not see it either.
_ADMINS = frozenset({"staff:write", "partners:write", "settings:write"})


def may(request: HttpRequest) -> dict[str, dict[str, bool]]:
    """For every template: `{% if may.notes_write %}`. What stands there for nobody is empty."""
    viewer: client.Viewer | None = getattr(request, "viewer", None)
    allowed = client.allowed(viewer) if viewer else frozenset()
    return {"may": {name.replace(":", "_"): True for name in allowed}}


def needs[**P](
    *permissions: str, any_of: tuple[str, ...] = ()
) -> Callable[
    [Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse]],
    Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
]:
    """Let a view answer only who has these permissions, and at least one `any_of`; tell others what is missing.

    What changes something is asked for of who opens a form. What is sent is for the schema to refuse: then the form
    says so, and what was typed stays in it.
    """

    def deciding(
        view: Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse],
    ) -> Callable[Concatenate[HtmxRequest, client.Viewer, P], HttpResponse]:
        @wraps(view)
        def for_permitted(
            request: HtmxRequest, viewer: client.Viewer, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            allowed = client.allowed(viewer)
            asked = [one for one in permissions if request.method != "POST" or one.endswith(":read") or one in _ADMINS]
            missing = [one for one in asked if one not in allowed]
            if any_of and allowed.isdisjoint(any_of):
                missing.append(any_of[0])
            if missing:
                return not_permitted(request, viewer, *missing)
            return view(request, viewer, *args, **kwargs)

        return for_permitted

    return deciding


def not_permitted(request: HtmxRequest, viewer: client.Viewer, *missing: str) -> HttpResponse:
    """The admin's page for what is there and not for this member: which permission is missing, and who can give it.

    A region that fetches itself says so in its place, so that nothing else of the page is lost. A form that JavaScript
    sent stays as it is; one that came without it gets back what was typed.
    """
    if request.htmx and request.method != "POST":
        return render(request, "admin_ui/staff/not_permitted.html#here", status=422)
    typed = [
        f"{name.replace('_', ' ')}: {text}" if name != "text" else text
        for name, texts in request.POST.lists()
        for text in texts
        if name not in _NOT_TYPED and text
    ]
    page = {
        "viewer": viewer,
        "missing": client.in_words(missing),
        "for_admins": not _ADMINS.isdisjoint(missing),
        "typed": "\n".join(typed),
    }
    return render(request, "admin_ui/staff/not_permitted.html", page, status=403)
