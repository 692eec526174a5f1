"""Settings, Team: who works here, in which role, and whether signing in takes a second factor (AC-10)."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

MEMBERS_A_PAGE = 50
MOST_ROLES = 100
DONE = {
    "role": "The role is changed. It counts from their next page on.",
    "deactivated": "They are let in no more.",
    "activated": "They are let in again.",
    "required": "Signing in takes a second factor now.",
    "optional": "Signing in takes a second factor no more, but for who set one up.",
    "saved": "The role is saved. Who has it has these permissions from their next page on.",
    "deleted": "The role is deleted.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("staff:write")
def team(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The members; a POST says whether signing in takes a second factor."""
    problem = ""
    if request.method == "POST":
        required = request.POST.get("required") == "yes"
        given = {"clientMutationKey": key_of(request), "required": required}
        result = client.run(viewer, OPERATIONS["SetSecondFactorRequired"], {"input": given})["result"]
        if result["__typename"] != "Problem":
            return _back("admin:team", "required" if required else "optional")
        problem = result["message"]
    variables = {"first": MEMBERS_A_PAGE, "after": request.GET.get("after") or None}
    data, lost = run_page(viewer, OPERATIONS["TeamPage"], variables, "after")
    page = {
        "viewer": viewer,
        "members": data["staffMembers"],
        "required": data["workspace"]["secondFactorRequired"],
        "lost": lost,
        "further": address_of("admin:team", after=data["staffMembers"]["pageInfo"]["endCursor"] or ""),
        "key": fresh_key(),
        "problem": problem,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "admin_ui/team/team.html", page, status=422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("staff:write")
def member(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """One member; a POST gives them another role, or lets them in no more, or again: `act`."""
    found = client.run(viewer, OPERATIONS["MemberPage"], {"id": gid, "roles": MOST_ROLES})
    if not found["member"]:
        return no_such_page(request, viewer)
    if request.method != "POST":
        return _member_page(request, viewer, found)
    acts = {"role": "SetStaffRole", "deactivate": "DeactivateStaff", "activate": "ActivateStaff"}
    act = request.POST.get("act", "")
    if act not in acts:
        return HttpResponse("Say `act` as role, deactivate or activate.", status=400, content_type="text/plain")
    given = {"clientMutationKey": f"{key_of(request)} {act}", "staffId": gid}
    if act == "role":
        given["roleId"] = request.POST.get("role", "")
    result = client.run(viewer, OPERATIONS[acts[act]], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _member_page(request, viewer, found, act=act, problem=result["message"])
    if found["member"]["isMe"] and act != "activate":
        return HttpResponseRedirect(reverse("admin:home"), status=303)  # they may be no admin any more
    return _back("admin:member", {"role": "role"}.get(act, f"{act}d"), gid)


def _member_page(
    request: HtmxRequest, viewer: client.Viewer, found: dict[str, Any], *, act: str = "", problem: str = ""
) -> HttpResponse:
    chosen = request.POST.get("role", found["member"]["role"]["id"]) if act == "role" else found["member"]["role"]["id"]
    page = {
        "viewer": viewer,
        "member": found["member"],
        "roles": [{**role, "chosen": role["id"] == chosen} for role in found["roles"]["nodes"]],
        "key": fresh_key(),
        "act": act,
        "problem": problem,
        "done": DONE.get(request.GET.get("done", ""), ""),
    }
    return render(request, "admin_ui/team/member.html", page, status=422 if problem else 200)


def _back(route: str, done: str, *args: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(route, args=args)}?done={done}", status=303)
