"""The portal's front door: whose portal this is, and how to get to an order."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal_ui.responses import PageRequest
from schema import client

OPERATIONS = client.operations_beside(__file__)


@require_safe
def welcome(request: PageRequest) -> HttpResponse:
    """The landing page; where no store answers to the host, a 404."""
    viewer = client.anonymous_viewer(request)
    if viewer is None:
        return render(request, "404.html", status=404)
    data = client.run(viewer, OPERATIONS["LandingPage"])
    return render(request, "portal_ui/landing/welcome.html", {"shop": data["workspace"]["name"]})


@require_safe
def health(request: PageRequest) -> HttpResponse:
    """Prove to who sends a `challenge` which store answers here, by a keyed digest, which tells nobody else a thing."""
    proof = client.store_proof(request, request.GET.get("challenge", ""))
    if proof is None:
        return JsonResponse({"error": "Give `challenge`: 16 to 64 letters, digits, - or _."}, status=400)
    return JsonResponse({"proof": proof})
