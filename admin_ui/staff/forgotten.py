"""A new password for who has forgotten theirs, by a link in a mail."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from admin_ui.staff import links
from schema import client


@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for the address. The answer is the same whether anybody has it."""
    links.require_store(request)
    email, too_often, missing = request.POST.get("email", ""), False, False
    if request.method == "POST":
        missing = not email.strip()
        too_often = not missing and not client.account.ask_reset(request, email)
        if not missing and not too_often:
            return HttpResponseRedirect(f"{reverse('admin:forgotten')}?asked=1", status=303)
    page = {"email": email, "missing": missing, "too_often": too_often, "asked": "asked" in request.GET}
    status = 429 if too_often else 422 if missing else 200
    return render(request, "admin_ui/staff/forgotten.html", page, status=status)


@require_safe
def reset_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail: on to the form, without the secret."""
    links.require_store(request)
    return links.go_on("reset", token) if client.account.reset_opens(request, token) else links.dead(request, "reset")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Ask for a new password; a POST sets it and ends all sessions."""
    links.require_store(request)
    token = links.kept(request, "reset")
    if not client.account.reset_opens(request, token):
        return links.dead(request, "reset")
    refusal = None
    if request.method == "POST":
        refusal = client.account.reset_password(request, token, request.POST.get("password", ""))
        if refusal is None:
            return links.to_sign_in("reset")
        if not refusal["field"]:
            return links.dead(request, "reset")
    page = {"problem": refusal["message"] if refusal else ""}
    return render(request, "admin_ui/staff/reset.html", page, status=422 if refusal else 200)
