"""Partners' programs: which there are, what each may do and has asked, and the secrets that are shown once (AC-11)."""

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of
from admin_ui.paging import run_page
from admin_ui.plots import plot
from admin_ui.programs.access import program_manager_required, proved_manager_required
from admin_ui.staff.access import HtmxRequest
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

PROGRAMS_A_PAGE = 30
DAYS = 30
OPERATIONS_SHOWN = 20
SECRETS_SHOWN = 10
SUBJECTS_SHOWN = 3
TRUSTED_ONLY = "trusted_only"
REGISTERED_BEFORE = (
    "This form has registered a program before: look for it in the list. To register another one, do it again."
)
SAVED_BEFORE = "This form was saved before with other scopes. To keep those chosen here now, save again."


@require_safe
@program_manager_required
def programs(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The programs, the newest first."""
    variables = {"first": PROGRAMS_A_PAGE, "after": request.GET.get("after") or None}
    data, lost = run_page(viewer, OPERATIONS["ProgramsPage"], variables, "after")
    found = data["partnerClients"]
    page = {
        "viewer": viewer,
        "listed": [{**program, "about": _about(program["scopes"])} for program in found["nodes"]],
        "page_info": found["pageInfo"],
        "older": address_of("admin:programs", after=found["pageInfo"]["endCursor"] or ""),
        "lost": lost,
    }
    return render(request, "admin_ui/programs/list.html", page)


@require_safe
@program_manager_required
def program(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """One program: what it may do, its secrets, and what it asked in the last days."""
    variables = {"id": gid, "days": DAYS, "most": OPERATIONS_SHOWN, "secrets": SECRETS_SHOWN}
    found = client.run(viewer, OPERATIONS["ProgramPage"], variables)["program"]
    if not found:
        return no_such_page(request, viewer)
    page = {
        "viewer": viewer,
        "program": found,
        "subjects": _by_subject(found["scopes"]),
        "plot": plot([(day["day"], day["calls"]) for day in found["usageByDay"]]),
        "days": DAYS,
        "done": {"scopes": "What it may do was changed.", "end": "The program was ended."}.get(
            request.GET.get("done", ""), ""
        ),
    }
    return render(request, "admin_ui/programs/program.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@proved_manager_required
def new(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The form for a new program; a POST registers it and answers with its secret."""
    if request.method != "POST":
        return _form(request, viewer)
    given: dict[str, Any] = {
        "clientMutationKey": key_of(request),
        "name": request.POST.get("name", ""),
        "scopes": request.POST.getlist("scopes"),
        "trustedOnly": TRUSTED_ONLY in request.POST,
    }
    result = client.run(viewer, OPERATIONS["RegisterProgram"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, chosen=given["scopes"], problem=result)
    return _secret_page(request, viewer, result, is_new=True)


@require_http_methods(["GET", "HEAD", "POST"])
@proved_manager_required
def scopes(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """What a program may do, and whether it keeps to trusted documents; a POST changes it."""
    found = client.run(viewer, OPERATIONS["ProgramScopes"], {"id": gid})["program"]
    if not found:
        return no_such_page(request, viewer)
    if request.method != "POST":
        return _form(request, viewer, found=found, chosen=[scope["name"] for scope in found["scopes"]])
    given: dict[str, Any] = {
        "clientMutationKey": key_of(request),
        "partnerClientId": found["id"],
        "scopes": request.POST.getlist("scopes"),
        "trustedOnly": TRUSTED_ONLY in request.POST,
    }
    result = client.run(viewer, OPERATIONS["SetProgramScopes"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _form(request, viewer, found=found, chosen=given["scopes"], problem=result)
    return HttpResponseRedirect(f"{reverse('admin:program', args=[found['id']])}?done=scopes", status=303)


@require_http_methods(["GET", "HEAD", "POST"])
@proved_manager_required
def secret(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """What a new secret means for a program; a POST makes it and shows it."""
    return _ask_first(request, viewer, gid, "RotateProgramSecret", "admin_ui/programs/new_secret.html")


@require_http_methods(["GET", "HEAD", "POST"])
@program_manager_required
def end(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """What ends with a program; a POST ends it."""
    return _ask_first(request, viewer, gid, "EndProgram", "admin_ui/programs/end.html")


def _ask_first(request: HtmxRequest, viewer: client.Viewer, gid: str, operation: str, template: str) -> HttpResponse:
    """The page that says what a change means, with the button that makes it."""
    found = client.run(viewer, OPERATIONS["ProgramSecrets"], {"id": gid})["program"]
    if not found:
        return no_such_page(request, viewer)
    page = {"viewer": viewer, "program": found, "key": fresh_key(), "problem": ""}
    if request.method == "POST":
        given = {"clientMutationKey": key_of(request), "partnerClientId": found["id"]}
        result = client.run(viewer, OPERATIONS[operation], {"input": given})["result"]
        if result["__typename"] != "Problem":
            if "secret" in result:
                return _secret_page(request, viewer, result, is_new=False)
            return HttpResponseRedirect(f"{reverse('admin:program', args=[found['id']])}?done=end", status=303)
        page["problem"] = result["message"]
    return render(request, template, page, status=422 if page["problem"] else 200)


def _secret_page(
    request: HtmxRequest, viewer: client.Viewer, result: Mapping[str, Any], *, is_new: bool
) -> HttpResponse:
    """The answer that shows a secret. It is no page of its own: nothing leads to it a second time."""
    secrets = result["client"].get("secrets", {"nodes": []})["nodes"]
    page = {
        "viewer": viewer,
        "program": result["client"],
        "secret": result["secret"],
        "is_new": is_new,
        "old_until": next((one["expiresAt"] for one in secrets if one["expiresAt"]), None),
        "token_address": request.build_absolute_uri("/oauth/token"),
    }
    return render(request, "admin_ui/programs/secret.html", page)


def _form(
    request: HtmxRequest,
    viewer: client.Viewer,
    *,
    found: Mapping[str, Any] | None = None,
    chosen: Collection[str] = (),
    problem: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The form with what was typed and chosen. `problem` says why it was refused: at its control, else above all."""
    key, field, message = fresh_key(), None, ""
    if problem is not None:
        field, message = problem["field"], problem["message"]
        if problem["code"] == "KEY_REUSED":
            message = SAVED_BEFORE if found else REGISTERED_BEFORE
        else:
            key = key_of(request)
    at_control = {name: message for name in ("name", "scopes") if name == field}
    page = {
        "viewer": viewer,
        "program": found,
        "key": key,
        "problem": "" if at_control else message,
        "name": {"value": request.POST.get("name", ""), "problem": at_control.get("name", "")},
        "scopes_problem": at_control.get("scopes", ""),
        "subjects": _by_subject(client.run(viewer, OPERATIONS["ScopesToChoose"])["partnerScopes"]),
        "chosen": chosen,
        "trusted_only": TRUSTED_ONLY in request.POST if problem or not found else found["trustedOnly"],
        "takes_focus": not found and problem is None,
        "back_to": reverse("admin:program", args=[found["id"]]) if found else reverse("admin:programs"),
    }
    return render(request, "admin_ui/programs/form.html", page, status=422 if problem else 200)


def _by_subject(scopes: Collection[Mapping[str, str]]) -> list[tuple[str, list[Mapping[str, str]]]]:
    return [(subject, list(group)) for subject, group in groupby(scopes, key=lambda scope: scope["subject"])]


def _about(scopes: Collection[Mapping[str, str]]) -> str:
    """What scopes are about, in a few words: Orders, Parcels and 3 more."""
    subjects = list(dict.fromkeys(scope["subject"] for scope in scopes))
    more = len(subjects) - SUBJECTS_SHOWN
    return ", ".join(subjects[:SUBJECTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
