"""Pages of the server itself: health, the request that came without its CSRF token, and the demo's mailbox."""

from django.core.files.storage import default_storage
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from counterfoil.mail.mailbox import kept_mails


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readiness(request: HttpRequest) -> HttpResponse:
    """The process answers, and so does its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ready"})


@require_safe
def product_image(request: HttpRequest, name: str) -> HttpResponse:
    """A product's image. Its name is made from its content, so a browser may keep it for ever."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError:
        raise Http404 from None
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(content, content_type="image/webp", headers=headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form was sent without its token: an old page, or cookies are off. Shows the text that was typed."""
    return render(request, "site/csrf_failure.html", {"text": request.POST.get("text", "")}, status=403)


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mails that the demo kept instead of sending; the list alone for htmx, which asks every few seconds."""
    template = "site/mailbox.html#mails" if request.headers.get("HX-Request") else "site/mailbox.html"
    return render(request, template, {"mails": kept_mails()})


@require_safe
def mailbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One kept mail, with its HTML in a frame and its text below."""
    mail = next((mail for mail in kept_mails() if mail.name == name), None)
    if mail is None:
        raise Http404
    return render(request, "site/mailbox_mail.html", {"mail": mail})


@require_safe
@xframe_options_sameorigin
@csp_override(
    {"default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "frame-ancestors": ["'self'"]}
)
def mailbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part of a kept mail alone, for the frame: it may style itself, and do nothing else."""
    mail = next((mail for mail in kept_mails() if mail.name == name), None)
    if mail is None:
        raise Http404
    return HttpResponse(mail.html.replace("<head>", '<head><base target="_top">', 1))
