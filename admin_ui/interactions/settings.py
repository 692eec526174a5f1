"""Settings, Interactions: which types of entry there are new ones of (IN-6)."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from admin_ui.forms import fresh_key, key_of
from admin_ui.interactions.card import OPERATIONS
from admin_ui.interactions.kinds import KINDS, kind_called
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from schema import client


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("settings:write")
def types(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The nine types, each with its switch; a POST turns one: its name, yes or no."""
    if request.method != "POST":
        return _page(request, viewer)
    kind = next((kind for kind in KINDS.values() if kind.slug in request.POST), None)
    if kind is None:
        return HttpResponse("Name a type, as yes or no.", status=400, content_type="text/plain")
    given = {"clientMutationKey": key_of(request), "type": kind.type, "isOn": request.POST[kind.slug] == "yes"}
    result = client.run(viewer, OPERATIONS["SwitchInteractionType"], {"input": given})["result"]
    if result["__typename"] == "Problem":
        return _page(request, viewer, problem=result["message"])
    return HttpResponseRedirect(f"{reverse('admin:interaction_types')}?done={kind.slug}#{kind.slug}", status=303)


def _page(request: HtmxRequest, viewer: client.Viewer, *, problem: str = "") -> HttpResponse:
    settings = client.run(viewer, OPERATIONS["InteractionTypes"])["interactionTypes"]
    page = {
        "viewer": viewer,
        "settings": [{"kind": KINDS[setting["type"]], "is_on": setting["isOn"]} for setting in settings],
        "key": fresh_key(),
        "done": kind_called(request.GET.get("done", "")),
        "problem": problem,
    }
    return render(request, "admin_ui/interactions/settings.html", page, status=422 if problem else 200)
