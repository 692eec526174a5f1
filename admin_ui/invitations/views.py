"""The open invitations to the staff: sending them, again too, and taking them back."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client

OPERATIONS = client.operations_beside(__file__)

A_PAGE = 30
MOST_ROLES = 100
DONE = {"sent": "The invitation is on its way.", "withdrawn": "The invitation is withdrawn."}
SENT_BEFORE = "This form has invited somebody before: look for them in the list. To invite another one, send it again."


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("staff:write")
def invitations(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The invitations, and the form for one more; a POST sends it."""
    if request.method != "POST":
        return _page(request, viewer)
    typed = {name: request.POST.get(name, "") for name in ("email", "name", "role")}
    given = {
        "clientMutationKey": key_of(request),
        "email": typed["email"],
        "name": typed["name"],
        "roleId": typed["role"],
    }
    result = client.run(viewer, OPERATIONS["InviteStaff"], {"input": given})["result"]
    return _page(request, viewer, typed, result) if result["__typename"] == "Problem" else _done("sent")


@require_POST
@staff_required
@needs("staff:write")
def resend(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Send an invitation again."""
    return _act(request, viewer, "ResendInvitation", gid, "sent")


@require_POST
@staff_required
@needs("staff:write")
def withdraw(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """Take an invitation back."""
    return _act(request, viewer, "WithdrawInvitation", gid, "withdrawn")


def _act(request: HtmxRequest, viewer: client.Viewer, operation: str, gid: str, done: str) -> HttpResponse:
    given = {"clientMutationKey": key_of(request), "invitationId": gid}
    result = client.run(viewer, OPERATIONS[operation], {"input": given})["result"]
    if result["__typename"] == "Problem":
        gone = "This invitation is not open any more: it was accepted or withdrawn. Here is how things stand."
        return _page(request, viewer, problem={"code": "NOT_FOUND", "field": None, "message": gone})
    return _done(done)


def _done(what: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('admin:invitations')}?done={what}", status=303)


def _page(
    request: HtmxRequest,
    viewer: client.Viewer,
    typed: Mapping[str, str] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The list and the form with what was typed; `problem` says why it was refused, at its control or above."""
    variables = {"first": A_PAGE, "after": request.GET.get("after") or None, "roles": MOST_ROLES}
    data = run_page(viewer, OPERATIONS["Invitations"], variables, "after")[0]
    found = data["invitations"]
    key, at, message = fresh_key(), "", ""
    if problem is not None:
        at, message = {"roleId": "role"}.get(problem["field"], problem["field"] or ""), problem["message"]
        if problem["code"] == "KEY_REUSED":
            at, message = "", SENT_BEFORE
        elif typed is not None:
            key = key_of(request)
    value = typed or {"email": "", "name": "", "role": "role_shop-manager"}
    page = {
        "viewer": viewer,
        "invitations": {**found, "nodes": [{**node, "key": fresh_key()} for node in found["nodes"]]},
        "roles": data["roles"]["nodes"],
        "key": key,
        "problem": "" if at else message,
        "fields": {name: {"value": value[name], "problem": message if at == name else ""} for name in value},
        "done": DONE.get(request.GET.get("done", ""), "") if problem is None else "",
        "newest": address_of("admin:invitations"),
        "older": address_of("admin:invitations", after=found["pageInfo"]["endCursor"] or ""),
    }
    return render(request, "admin_ui/invitations/list.html", page, status=422 if problem else 200)
