"""The devices on which a contact is signed in, and signing out there (AC-1)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal_ui.account.closed import not_signed_in
from portal_ui.responses import PageRequest, SeeOther, version_of
from schema import client

OPERATIONS = client.operations_beside(__file__)
PAGE = "portal_ui/devices/devices.html"


@require_safe
def devices(request: PageRequest) -> HttpResponse:
    """The devices, this one first; htmx gets the list alone, or a 204 when it `have`s it."""
    return _page(request)


@require_POST
def end(request: PageRequest) -> HttpResponse:
    """Sign out on one of them: POST `device`."""
    refusal = client.accounts.end_session(request, request.POST.get("device", ""))
    return _page(request, refusal["message"]) if refusal else SeeOther(reverse("portal:devices"))


@require_POST
def end_others(request: PageRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    client.accounts.end_other_sessions(request)
    return SeeOther(reverse("portal:devices"))


def _page(request: PageRequest, problem: str = "") -> HttpResponse:
    viewer = client.contact_viewer(request)
    if viewer is None:
        return not_signed_in(request, reverse("portal:devices"))
    data = client.run(viewer, OPERATIONS["DevicesPage"])  # before the devices: what ends meanwhile is told
    found = [
        {
            "handle": one.handle,
            "name": client.program_in_words(one.program),
            "address": one.address,
            "began_at": one.began_at.isoformat(),
            "here": one.here,
        }
        for one in client.accounts.my_sessions(request)
    ]
    version = version_of(found)
    if request.htmx and request.GET.get("have") == version:
        return HttpResponse(status=204)
    page = {
        "shop": data["workspace"]["name"],
        "position": data["position"],
        "topics": f"contact_{viewer.contact_id}",
        "devices": found,
        "version": version,
        "problem": problem,
        "fetched": bool(request.htmx),
    }
    template = f"{PAGE}#devices" if request.htmx else PAGE
    return render(request, template, page, status=422 if problem else 200)
