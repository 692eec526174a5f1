"""The form by which staff make and change them (OR-8)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from admin_ui.forms import fresh_key, key_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

FORM = "admin_ui/customers/form.html"
FACTS = {"name": "name", "contact_name": "contactName", "email": "email"}
MADE_BEFORE = "This form has made a customer before: look for them in the list. To make another one, save again."
SAVED_BEFORE = "This form was saved before with other facts. To keep what stands here now, save again."


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("customers:read", "customers:write")
def new(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The form for a new customer; a POST makes them."""
    if request.method == "POST":
        return _save(request, viewer, None)
    return _form(request, viewer, None, dict.fromkeys(FACTS, ""))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("customers:read", "customers:write")
def edit(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The form of a customer and their first contact; a POST changes them."""
    found = client.run(viewer, OPERATIONS["CustomerForm"], {"id": gid})["customer"]
    if not found:
        return no_such_page(request, viewer)
    if request.method == "POST":
        return _save(request, viewer, found)
    [contact] = found["contacts"]["nodes"] or [{"name": "", "email": ""}]
    return _form(
        request, viewer, found, {"name": found["name"], "contact_name": contact["name"], "email": contact["email"]}
    )


def _save(request: HtmxRequest, viewer: client.Viewer, found: dict[str, Any] | None) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in FACTS}
    given = {
        "clientMutationKey": key_of(request),
        "customerId": found and found["id"],
        **{ours: typed[name] for name, ours in FACTS.items()},
    }
    result = client.run(viewer, OPERATIONS["SaveCustomer"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, found, typed, result)
    saved = reverse("admin:customer", args=[result["customer"]["id"]])
    return HttpResponseClientRedirect(saved) if request.htmx else HttpResponseRedirect(saved, status=303)


def _form(
    request: HtmxRequest,
    viewer: client.Viewer,
    found: dict[str, Any] | None,
    typed: dict[str, str],
    problem: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form with what was typed. `problem` says why it was refused: at its control, else above all of them.

    A key that stood for other facts already (those were saved, the answer did not arrive) is replaced.
    """
    key, field, message = fresh_key(), None, ""
    if problem is not None:
        field, message = problem["field"], problem["message"]
        if problem["code"] == "KEY_REUSED":
            message = SAVED_BEFORE if found else MADE_BEFORE
        else:
            key = key_of(request)
    at_control = {name: message for name, ours in FACTS.items() if ours == field}
    back_to = reverse("admin:customer", args=[found["id"]]) if found else reverse("admin:customers")
    page = {
        "viewer": viewer,
        "customer": found,
        "key": key,
        "problem": "" if at_control else message,
        "fields": {name: {"value": typed[name], "problem": at_control.get(name, "")} for name in FACTS},
        "takes_focus": not found and problem is None,
        "address": request.path,
        "back_to": back_to,
    }
    return render(request, f"{FORM}#form" if request.htmx else FORM, page, status=422 if problem else 200)
