"""The links to the portal, and what they open with: "Is this you?", and one tap (AC-6, AC-7).

Opening a link changes nothing but what this browser holds: scanners of mails may open as many as they like (AC-8).
"""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_ui.account.sign_in import too_many
from portal_ui.responses import PageRequest, SeeOther
from schema import client

OPERATIONS = client.operations_beside(__file__)


@require_safe
def customer_link(request: PageRequest, key: str) -> HttpResponse:
    """A customer's link: go on without the secret in the address."""
    response = SeeOther(reverse("portal:welcome"))
    return response if client.welcome.follow_customer_link(request, response, key) else _dead(request)


@require_safe
def public_link(request: PageRequest, key: str) -> HttpResponse:
    """The workspace's public link, likewise."""
    response = SeeOther(reverse("portal:welcome"))
    return response if client.welcome.follow_public_link(request, response, key) else _dead(request)


@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: PageRequest) -> HttpResponse:
    """Whose portal this is. POST `answer`: `yes` goes on, to the proof of a mailbox where strict security asks for one;
    `no` lets go of the link.
    """
    greeting = client.welcome.greeting(request)
    if greeting is None:
        return _dead(request)
    if request.method != "POST":
        return _welcome(request, greeting)
    if request.POST.get("answer") != "yes":
        response = SeeOther(reverse("portal:landing"))
        client.welcome.forget_link(response)
        return response
    if not greeting.is_customer:
        return SeeOther(reverse("portal:account_orders"))
    response = SeeOther(reverse("portal:welcome" if greeting.to_be_proved else "portal:orders"))
    client.welcome.confirm_link(request, response)
    return response


@require_POST
def prove(request: PageRequest) -> HttpResponse:
    """Have a code mailed to the `contact` of the customer's that was chosen."""
    greeting = client.welcome.greeting(request)
    if greeting is None:
        return _dead(request)
    response = SeeOther(reverse("portal:sign_in_code"))
    chosen = request.POST.get("contact", "")
    try:
        refusal = client.accounts.ask_for_link(request, response, chosen)
    except client.accounts.TooManyTries as error:
        return _welcome(request, greeting, status=429, problem=too_many(error), chosen=chosen)
    return _welcome(request, greeting, status=422, problem=refusal["message"]) if refusal else response


def _welcome(
    request: PageRequest, greeting: client.welcome.Greeting, *, status: int = 200, **given: object
) -> HttpResponse:
    page = {"shop": _shop(request), "greeting": greeting, **given}
    if not greeting.is_active:
        return render(request, "portal_ui/account/closed.html", page, status=403)
    proof = greeting.confirmed and greeting.to_be_proved
    response = render(request, f"portal_ui/welcome/{'proof' if proof else 'welcome'}.html", page, status=status)
    if proof:
        client.accounts.name_browser(request, response)
    return response


def _dead(request: PageRequest) -> HttpResponse:
    return render(request, "portal_ui/welcome/dead_link.html", {"shop": _shop(request)}, status=404)


def _shop(request: PageRequest) -> str:
    viewer = client.anonymous_viewer(request)
    return client.run(viewer, OPERATIONS["WelcomePage"])["workspace"]["name"] if viewer else ""
