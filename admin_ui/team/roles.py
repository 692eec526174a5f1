"""Settings, Team, Roles: the built-in ones, and the form for those of the workspace's own (AC-10)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from admin_ui.team.views import DONE, OPERATIONS
from schema import client

ROLES_A_PAGE = 50
MADE_BEFORE = (
    "This form was saved before with other facts: look in the list of roles. To save this as well, save again."
)


@require_safe
@staff_required
@needs("staff:write")
def roles(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The roles, each with what it is about."""
    variables = {"first": ROLES_A_PAGE, "after": request.GET.get("after") or None}
    data, lost = run_page(viewer, OPERATIONS["RolesPage"], variables, "after")
    found = data["roles"]
    listed = [
        {**role, "subjects": list(dict.fromkeys(one["subject"] for one in role["permissions"]))}
        for role in found["nodes"]
    ]
    page = {
        "viewer": viewer,
        "roles": listed,
        "pages": found["pageInfo"],
        "further": address_of("admin:roles", after=found["pageInfo"]["endCursor"] or ""),
        "lost": lost,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "admin_ui/team/roles.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("staff:write")
def new(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The form for a new role; a POST makes it."""
    data = client.run(viewer, OPERATIONS["RoleForm"], {"id": ""})
    if request.method == "POST":
        return _save(request, viewer, data)
    return _form(request, viewer, data, name="", chosen=frozenset())


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("staff:write")
def role(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """The form of a role; a POST changes it, or deletes it: `act`. A built-in one is only shown."""
    data = client.run(viewer, OPERATIONS["RoleForm"], {"id": gid})
    found = data["role"]
    if not found:
        return no_such_page(request, viewer)
    if request.method == "POST":
        return _delete(request, viewer, data) if request.POST.get("act") == "delete" else _save(request, viewer, data)
    return _form(request, viewer, data, name=found["name"], chosen=_names(found))


def _names(found: dict[str, Any]) -> frozenset[str]:
    return frozenset(one["name"] for one in found["permissions"])


def _save(request: HtmxRequest, viewer: client.Viewer, data: dict[str, Any]) -> HttpResponse:
    name, chosen = request.POST.get("name", ""), request.POST.getlist("permissions")
    given = {
        "clientMutationKey": key_of(request),
        "roleId": data["role"] and data["role"]["id"],
        "name": name,
        "permissions": chosen,
    }
    result = client.run(viewer, OPERATIONS["SaveRole"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, data, name=name, chosen=frozenset(chosen), problem=result)
    return HttpResponseRedirect(f"{reverse('admin:role', args=[result['role']['id']])}?done=saved", status=303)


def _delete(request: HtmxRequest, viewer: client.Viewer, data: dict[str, Any]) -> HttpResponse:
    found = data["role"]
    given = {"clientMutationKey": f"{key_of(request)} delete", "roleId": found["id"]}
    result = client.run(viewer, OPERATIONS["DeleteRole"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, data, name=found["name"], chosen=_names(found), problem=result)
    return HttpResponseRedirect(f"{reverse('admin:roles')}?done=deleted", status=303)


def _form(
    request: HtmxRequest,
    viewer: client.Viewer,
    data: dict[str, Any],
    *,
    name: str,
    chosen: frozenset[str],
    problem: dict[str, Any] | None = None,
) -> HttpResponse:
    """The form with what was typed and ticked; a problem stands at its control, else above the form."""
    field, message = (problem["field"], problem["message"]) if problem else (None, "")
    reused = problem is not None and problem["code"] == "KEY_REUSED"
    built_in = bool(data["role"] and data["role"]["builtIn"])
    shown = [{**one, "ticked": one["name"] in chosen} for one in data["permissions"] if one["grantable"] or built_in]
    subjects: dict[str, list[dict[str, Any]]] = {one["subject"]: [] for one in shown}
    for one in shown:
        subjects[one["subject"]].append(one)
    at_field = field in ("name", "permissions")
    page = {
        "viewer": viewer,
        "role": data["role"],
        "built_in": built_in,
        "address": request.path,
        "key": key_of(request) if problem and not reused else fresh_key(),
        "name": {"value": name, "problem": message if field == "name" else ""},
        "subjects": subjects,
        "permissions_problem": message if field == "permissions" else "",
        "problem": MADE_BEFORE if reused else "" if at_field else message,
        "begins": not data["role"] and problem is None,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "admin_ui/team/role.html", page, status=422 if problem else 200)
