"""Signing in to the portal: the address that was used at checkout, then the code that was mailed to it (AC-3).

Every address gets the same answers: nobody learns here whose it is.
"""

from math import ceil

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from portal_ui.responses import PageRequest, SeeOther
from schema import client

OPERATIONS = client.operations_beside(__file__)
_LONGEST_TYPED = 2000


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: PageRequest) -> HttpResponse:
    """Ask for the address; a POST of `email` has a code mailed to it. `next` is where to go on."""
    if request.method != "POST":
        then = client.accounts.safe_address(request, request.GET.get("next", ""))
        if client.contact_viewer(request):
            return SeeOther(then or reverse("portal:account_orders"))
        return _address_form(request, then=then, done="signed-out" in request.GET)
    email, then = request.POST.get("email", ""), request.POST.get("next", "")
    response = SeeOther(reverse("portal:sign_in_code"))
    try:
        refusal = client.accounts.ask(request, response, email, then)
    except client.accounts.TooManyTries as error:
        return _address_form(request, status=429, email=email, then=then, problem=too_many(error))
    if refusal:
        return _address_form(request, status=422, email=email, then=then, problem=refusal["message"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: PageRequest) -> HttpResponse:
    """Ask for the code that was mailed; a POST of `code` signs in by it, and goes on to where one came from."""
    asked = client.accounts.asked(request)
    if asked is None:
        return SeeOther(reverse("portal:sign_in"))
    if request.method != "POST":
        return _code_form(request, asked)
    typed = request.POST.get("code", "")
    response = SeeOther(asked.next or reverse("portal:orders" if asked.contact_id else "portal:account_orders"))
    refusal = client.accounts.enter(request, response, asked, typed)
    if refusal is None:
        return response
    if not refusal["field"]:
        return _closed_account(request)
    return _code_form(request, asked, status=422, typed=typed[:_LONGEST_TYPED], problem=refusal["message"])


@require_POST
def sign_out(request: PageRequest) -> HttpResponse:
    """End the session of this browser."""
    response = SeeOther(f"{reverse('portal:sign_in')}?{urlencode({'signed-out': ''})}")
    client.accounts.sign_out(request, response)
    return response


def too_many(error: client.accounts.TooManyTries) -> str:
    """What to say where too many codes were asked for."""
    minutes = ceil(error.seconds / 60)
    wait = "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"Too many codes were asked for from where you are. Wait {wait}, then try again."


def _address_form(request: PageRequest, *, status: int = 200, **given: object) -> HttpResponse:
    page = {"shop": _shop(request), **given}
    response = render(request, "portal_ui/account/sign_in.html", page, status=status)
    client.accounts.name_browser(request, response)
    return response


def _code_form(
    request: PageRequest, asked: client.accounts.Asked, *, status: int = 200, **given: object
) -> HttpResponse:
    wait = client.accounts.wait_for_next(request, asked)
    page = {"shop": _shop(request), "asked": asked, "wait": wait, **given}
    return render(request, "portal_ui/account/code.html", page, status=status)


def _closed_account(request: PageRequest) -> HttpResponse:
    return render(request, "portal_ui/account/closed.html", {"shop": _shop(request)}, status=403)


def _shop(request: PageRequest) -> str:
    viewer = client.anonymous_viewer(request)
    return client.run(viewer, OPERATIONS["AccountPage"])["workspace"]["name"] if viewer else ""
