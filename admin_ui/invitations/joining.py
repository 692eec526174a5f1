"""Joining the staff by the link of an invitation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from admin_ui.staff import links
from schema import client


@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail: on to the form, without the secret."""
    links.require_store(request)
    if client.account.invitation(request, token) is None:
        return links.dead(request, "invitation")
    return links.go_on("invitation", token)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Ask somebody new for a name and a password, and who has an account for theirs; a POST makes them staff."""
    links.require_store(request)
    token = links.kept(request, "invitation")
    invited = client.account.invitation(request, token)
    if invited is None:
        return links.dead(request, "invitation")
    refusal, name = None, invited.name
    if request.method == "POST":
        name, password = request.POST.get("name", ""), request.POST.get("password", "")
        refusal = client.account.accept_invitation(request, token, name=name, password=password)
        if refusal is None:
            return links.to_sign_in("invitation")
        if not refusal["field"]:
            return links.dead(request, "invitation")
    page = {
        "invited": invited,
        "name": name,
        "problems": {refusal["field"]: refusal["message"]} if refusal else {},
    }
    return render(request, "admin_ui/invitations/join.html", page, status=422 if refusal else 200)
