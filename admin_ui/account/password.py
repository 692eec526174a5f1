"""Changing one's password."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from admin_ui.staff.access import HtmxRequest, staff_required
from schema import client


@sensitive_post_parameters("old_password", "new_password")
@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def password(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Ask for the present password and another one; a POST sets it and ends all other sessions."""
    refusal = None
    if request.method == "POST":
        old, new = request.POST.get("old_password", ""), request.POST.get("new_password", "")
        refusal = client.account.change_password(request, viewer, old=old, new=new)
        if refusal is None:
            response = HttpResponseRedirect(f"{reverse('admin:password')}?changed=1", status=303)
            client.signing_in.remember_browser(request, response)
            return response
    page = {
        "viewer": viewer,
        "email": request.user.get_username(),
        "problems": {refusal["field"]: refusal["message"]} if refusal else {},
        "changed": "changed" in request.GET and refusal is None,
    }
    return render(request, "admin_ui/account/password.html", page, status=422 if refusal else 200)
