"""The Customer notes tab of an order: what the customer reads, and beside it what staff alone read (CN-2).

Each form has an address of its own, so that nothing but the form that was used decides who reads a text.
"""

from itertools import takewhile
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from admin_ui.forms import fresh_key, key_of, text_of, written_form
from admin_ui.orders.views import header_of, link_of, name_of
from admin_ui.paging import run_page
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page, refused
from schema import client

OPERATIONS = client.operations_beside(__file__)

PAGE = "admin_ui/conversations/notes.html"
MESSAGES_A_PAGE = 20
NOTES_A_PAGE = 20
SENT_BEFORE = "An earlier wording of this was sent already: it stands above. To send this as well, send it again."
SAVED_BEFORE = "An earlier wording of this was saved already: it stands above. To save this as well, save it again."


@require_safe
@staff_required
@needs("orders:read", any_of=("messages:read", "notes:read"))
def notes(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The tab: banner, conversation, composer and mail preference; aside the internal notes and the link."""
    return _notes_page(request, viewer, number)


def _notes_page(
    request: HtmxRequest,
    viewer: client.Viewer,
    number: str,
    *,
    composer: dict[str, str] | None = None,
    note_form: dict[str, str] | None = None,
) -> HttpResponse:
    """The tab, with one of its forms as it was left when what was written in it can't be taken."""
    before, notes_before = request.GET.get("before", ""), request.GET.get("notes-before", "")
    variables = {
        "number": number,
        "messages": MESSAGES_A_PAGE,
        "before": before or None,
        "notes": NOTES_A_PAGE,
        "notesBefore": notes_before or None,
    }
    data, lost = run_page(viewer, OPERATIONS["NotesPage"], variables, "before", "notesBefore")
    found = data["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    page = {
        "viewer": viewer,
        "position": data["position"],
        "lost": lost,
        "is_earlier": bool(before) and not lost,
        "has_earlier_notes": bool(notes_before) and not lost,
        **link_of(request, found, "notes"),
        **header_of(viewer, found),
        **_audience(found),
        **_thread(found),
        **_internal_notes(found),
        "composer": composer or {"key": fresh_key()},
        "note_form": note_form or {"key": fresh_key()},
    }
    return render(request, PAGE, page, status=422 if composer or note_form else 200)


@require_safe
@staff_required
@needs("orders:read", "messages:read")
def thread(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The newest messages, by themselves."""
    variables = {"number": number, "messages": MESSAGES_A_PAGE}
    found = client.run(viewer, OPERATIONS["Thread"], variables)["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = _thread(found)
    if is_current(request, shown["thread_version"]):
        return HttpResponse(status=204)
    news = _news(found["messages"]["nodes"], since=request.GET.get("newest"))
    return render(request, f"{PAGE}#thread", {"order": found, "name": name_of(found), "news": news, **shown})


def _thread(found: dict[str, Any]) -> dict[str, Any]:
    """Messages as they are read, oldest first, each with what became of its mail."""
    newest_first = found["messages"]["nodes"]
    return {
        "messages": [{**message, "mail": _fate_of(message["mail"])} for message in reversed(newest_first)],
        "earlier": found["messages"]["pageInfo"],
        "newest": newest_first[0]["id"] if newest_first else "",
        "thread_version": version_of(found["messages"]),
    }


def _news(newest_first: list[dict[str, Any]], *, since: str | None) -> str:
    """What a screen reader says of the customer's messages that the page did not have; empty for none."""
    unknown = takewhile(lambda message: message["id"] != since, newest_first)
    theirs = [message for message in unknown if not message["isMine"]]
    if since is None or not theirs:
        return ""
    return f"{theirs[0]['authorName']} wrote: {Truncator(theirs[0]['text']).chars(200)}"


def _fate_of(mail: dict[str, Any] | None) -> dict[str, Any] | None:
    """A message's mail, its reason as the end of a sentence: `the customer has turned mails off`."""
    if mail is None:
        return None
    reason = mail["reason"].strip().removesuffix(".")
    return {**mail, "reason": reason[:1].lower() + reason[1:] if mail["state"] == "SUPPRESSED" else reason}


@require_safe
@staff_required
@needs("orders:read", "messages:read")
def audience(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The banner that says who reads what is written, with the mail preference, by themselves."""
    found = client.run(viewer, OPERATIONS["Audience"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    shown = _audience(found)
    if is_current(request, shown["audience_version"]):
        return HttpResponse(status=204)
    return render(request, f"{PAGE}#audience", {"order": found, **shown, "also": "preference"})


def _audience(found: dict[str, Any]) -> dict[str, Any]:
    """Who reads what is written here, and whether it is mailed, and whose choice that is."""
    facts = [found[fact] for fact in ("mailPreference", "customer", "contact")]
    preference, contact = found["mailPreference"], found["contact"]
    return {
        "name": name_of(found),
        "contact": contact,
        "preference": preference,
        "is_mailed": preference["enabled"] and preference["hasAddress"],
        "preference_key": fresh_key(),
        "audience_version": version_of(facts),
    }


@require_POST
@staff_required
@needs("orders:read")
def mail_preference(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """Turn the customer's mails about new messages on or off."""
    found = client.run(viewer, OPERATIONS["Audience"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    given = {
        "clientMutationKey": key_of(request),
        "orderId": found["id"],
        "enabled": request.POST.get("enabled") == "yes",
    }
    result = client.run(viewer, OPERATIONS["SetMailPreference"], {"input": given})["setMailPreference"]
    problem = result.get("message", "")
    if problem and not request.htmx:
        return refused(request, viewer, problem, back_to=_tab(number))
    if not request.htmx:
        return HttpResponseRedirect(_tab(number), status=303)
    changed = result.get("order", found)
    shown = {"order": changed, **_audience(changed), "also": "audience", "preference_problem": problem}
    return render(request, f"{PAGE}#preference", shown, status=422 if problem else 200)


@require_POST
@staff_required
@needs("orders:read")
def send(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """Send a message to the customer."""
    found = client.run(viewer, OPERATIONS["Audience"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    given = {"clientMutationKey": key_of(request), "orderId": found["id"], "text": text_of(request)}
    result = client.run(viewer, OPERATIONS["SendMessage"], {"input": given})["sendMessage"]
    if result["__typename"] == "Problem":
        composer = written_form(request, result, sent_before=SENT_BEFORE)
        if not request.htmx:
            return _notes_page(request, viewer, number, composer=composer)
        return _form(request, "composer", found, composer)
    if not request.htmx:
        return HttpResponseRedirect(f"{_tab(number)}#{result['sent']['id']}", status=303)
    response = _form(request, "composer", found, {"key": fresh_key()})
    return trigger_client_event(response, "sent:message", {"id": result["sent"]["id"]})


def _form(request: HtmxRequest, form: str, found: dict[str, Any], filled: dict[str, str]) -> HttpResponse:
    """One of the tab's two writing forms by itself: empty, or as it was left with the reason why."""
    shown = {"order": found, "name": name_of(found), form: filled, "takes_focus": True}
    return render(request, f"{PAGE}#{form}", shown, status=422 if "problem" in filled else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "notes:read")
def internal(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The newest internal notes, by themselves; a POST saves one."""
    variables = {"number": number, "notes": NOTES_A_PAGE}
    found = client.run(viewer, OPERATIONS["InternalNotes"], variables)["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    if request.method == "POST":
        return _save_note(request, viewer, found)
    shown = _internal_notes(found)
    if is_current(request, shown["notes_version"]):
        return HttpResponse(status=204)
    return render(request, f"{PAGE}#internal_notes", {"order": found, **shown})


def _save_note(request: HtmxRequest, viewer: client.Viewer, found: dict[str, Any]) -> HttpResponse:
    given = {"clientMutationKey": key_of(request), "orderId": found["id"], "text": text_of(request)}
    result = client.run(viewer, OPERATIONS["WriteInternalNote"], {"input": given})["writeInternalNote"]
    if result["__typename"] == "Problem":
        note_form = written_form(request, result, sent_before=SAVED_BEFORE)
        if not request.htmx:
            return _notes_page(request, viewer, found["number"], note_form=note_form)
        return _form(request, "note_form", found, note_form)
    if not request.htmx:
        return HttpResponseRedirect(f"{_tab(found['number'])}#internal", status=303)
    response = _form(request, "note_form", found, {"key": fresh_key()})
    return trigger_client_event(response, "saved:note", {"id": result["note"]["id"]})


def _internal_notes(found: dict[str, Any]) -> dict[str, Any]:
    """The internal notes; None for who may not read them."""
    written = found["internalNotes"]
    return {"internal_notes": written, "notes_version": version_of(written)}


@require_POST
@staff_required
@needs("orders:read")
def receipts(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """What a visible page reports of the customer's messages: how far they arrived, how far they were in view."""
    found = client.run(viewer, OPERATIONS["FindOrder"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    for receipt, mutation in (("delivered", "ReportDelivered"), ("read", "ReportRead")):
        if message := request.POST.get(receipt):
            given = {"clientMutationKey": f"{receipt}:{message}", "orderId": found["id"], "upTo": message}
            client.run(viewer, OPERATIONS[mutation], {"input": given})
    return HttpResponse(status=204)


def _tab(number: str) -> str:
    return reverse("admin:notes", args=[number])
