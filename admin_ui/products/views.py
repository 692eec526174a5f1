"""The list of products, and the form by which staff make and change them (OR-8)."""

import base64
import re
from itertools import zip_longest
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import address_of, how_many, words_of
from admin_ui.paging import run_page
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

OPERATIONS = client.operations_beside(__file__)

LIST = "admin_ui/products/list.html"
FORM = "admin_ui/products/form.html"
PRODUCTS_A_PAGE = 30
MOST_UNITS = 100
STATES = {"": "All", "active": "Active", "inactive": "Inactive"}
TEXTS = ("sku", "name", "category")
LARGEST_IMAGE = 8 * 2**20
NO_UNITS: dict[str, Any] = {"nodes": []}
UNIT = ("unit", "price", "currency")  # the controls of a unit; the schema calls the first one `name`
DONE = {"made": "The product is made.", "saved": "The product is saved."}
MADE_BEFORE = "This form has made a product before: look for it in the list. To make another one, save again."
SAVED_BEFORE = "This form was saved before with other facts. To keep what stands here now, save again."
NO_PRICE = "Write a price such as 2.55 or 0.0045: a point, and at most 4 decimals."
CHOOSE_AGAIN = "Browsers do not keep a chosen file: choose the image again."
_PRICE = re.compile(r"[0-9]{1,11}(\.[0-9]{1,4})?")


@require_safe
@staff_required
@needs("products:read")
def products(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The products, newest first, narrowed by words and by whether they can be ordered."""
    search, after = words_of(request), request.GET.get("after")
    state = request.GET.get("state", "") if request.GET.get("state") in STATES else ""
    narrowed = {"search": search or None, "active": state == "active" if state else None}
    variables = {"first": PRODUCTS_A_PAGE, "after": after or None, "filter": narrowed}
    data, lost = run_page(viewer, OPERATIONS["ProductsPage"], variables, "after")
    found = data["products"]
    searched = request.htmx.trigger == "search"
    page = {
        "viewer": viewer,
        "products": found,
        "search": search,
        "state": state,
        "filters": [
            {"label": label, "address": address_of("admin:products", q=search, state=one), "is_chosen": one == state}
            for one, label in STATES.items()
        ],
        "newest": address_of("admin:products", q=search, state=state),
        "older": address_of("admin:products", q=search, state=state, after=found["pageInfo"]["endCursor"] or ""),
        "unsearched": address_of("admin:products", state=state),
        "lost": lost,
        "news": how_many(found, "product") if searched else "",
    }
    wants_list = bool(request.htmx) and not request.htmx.history_restore_request
    response = render(request, f"{LIST}#products" if wants_list else LIST, page)
    if searched and request.htmx.current_url_abs_path != page["newest"]:
        response.headers["HX-Push-Url"] = page["newest"]
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("products:read", "products:write")
def new(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """The form for a new product; a POST makes it."""
    if request.method == "POST":
        return _change(request, viewer, None)
    newest = client.run(viewer, OPERATIONS["NewestProduct"])["products"]["nodes"]
    blank = {"sku": "", "name": "", "category": "", "active": True, "units": newest[0]["units"] if newest else NO_UNITS}
    typed = _written(blank)
    typed["units"] = [_empty_unit(typed["units"])]
    return _form(request, viewer, None, typed)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("products:read")
def product(request: HtmxRequest, viewer: client.Viewer, gid: str) -> HttpResponse:
    """One product, as the form that changes it; a POST does."""
    found = _find(viewer, gid)
    if found is None:
        return no_such_page(request, viewer)
    if request.method == "POST":
        return _change(request, viewer, found)
    return _form(request, viewer, found, _written(found), done=DONE.get(request.GET.get("done", ""), ""))


def _find(viewer: client.Viewer, gid: str) -> dict[str, Any] | None:
    return client.run(viewer, OPERATIONS["ProductPage"], {"id": gid, "units": MOST_UNITS})["product"] or None


def _change(request: HtmxRequest, viewer: client.Viewer, found: dict[str, Any] | None) -> HttpResponse:
    """Make or change the product as typed, and its image; or only show one unit more.

    The image of a product that is there is kept first, so that it is not lost when a fact is refused. That of a new
    one must wait until the product is made.
    """
    typed = _typed(request)
    if "add_unit" in request.POST:
        typed["units"].append(_empty_unit(typed["units"]))
        return _form(request, viewer, found, typed, keeps_file=True, adds=True)
    units, problems = _checked(typed)
    done = ""
    if found:
        problems |= _set_image(request, viewer, found["id"])
        if _sends_image(request) and "image" not in problems:
            found, done = _find(viewer, found["id"]) or found, "The image is saved, the rest is not yet."
    if problems:
        return _form(request, viewer, found, typed, problems=problems, done=done, keeps_file=not found)
    facts = {
        "clientMutationKey": key_of(request),
        "productId": found and found["id"],
        "active": typed["active"],
        "units": [unit for _, unit in units],
        **{name: typed[name] for name in TEXTS},
    }
    result = client.run(viewer, OPERATIONS["SaveProduct"], {"input": facts})["result"]
    if result["__typename"] == "Problem":
        problems = {_control(result["field"] or "", [row for row, _ in units]): result["message"]}
        if result["code"] == "KEY_REUSED":
            problems = {"form": SAVED_BEFORE if found else MADE_BEFORE}
        return _form(request, viewer, found, typed, problems=problems, done=done, keeps_file=not found)
    gid = result["product"]["id"]
    if not found and (problems := _set_image(request, viewer, gid)):
        return _form(request, viewer, _find(viewer, gid), typed, problems=problems, done=DONE["made"], new_key=True)
    address = f"{reverse('admin:product', args=[gid])}?done={'saved' if found else 'made'}"
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address, status=303)


def _sends_image(request: HtmxRequest) -> bool:
    return "image" in request.FILES or "remove_image" in request.POST


def _set_image(request: HtmxRequest, viewer: client.Viewer, gid: str) -> dict[str, str]:
    """Give the product the image that came with the form, or take its own away; what was wrong with it."""
    if not _sends_image(request):
        return {}
    file = request.FILES.get("image")
    given = {
        "clientMutationKey": fresh_key(),  # setting the same image again changes nothing anyway
        "productId": gid,
        "image": base64.b64encode(file.read()).decode() if file else None,
    }
    result = client.run(viewer, OPERATIONS["SetProductImage"], {"input": given})["result"]
    return {"image": result["message"]} if result["__typename"] == "Problem" else {}


def _written(found: dict[str, Any]) -> dict[str, Any]:
    """A product as it would be typed."""
    units = [
        {"unit": unit["name"], "price": unit["price"]["amount"], "currency": unit["price"]["currency"]}
        for unit in found["units"]["nodes"]
    ]
    return {**{name: found[name] or "" for name in TEXTS}, "active": found["active"], "units": units}


def _typed(request: HtmxRequest) -> dict[str, Any]:
    """The form as it was typed."""
    columns = [request.POST.getlist(fact) for fact in UNIT]
    return {
        **{name: request.POST.get(name, "") for name in TEXTS},
        "active": "active" in request.POST,
        "units": [dict(zip(UNIT, row, strict=True)) for row in zip_longest(*columns, fillvalue="")],
    }


def _empty_unit(units: list[dict[str, str]]) -> dict[str, str]:
    """One unit more, in the currency of the last."""
    return {"unit": "", "price": "", "currency": units[-1]["currency"] if units else ""}


def _is_empty(unit: dict[str, str]) -> bool:
    return not (unit["unit"].strip() or unit["price"].strip())


def _checked(typed: dict[str, Any]) -> tuple[list[tuple[int, dict[str, str]]], dict[str, str]]:
    """The units that are filled in, each with its place in the form; and the prices that are none, by control."""
    units = [
        (row, {"name": unit["unit"], "price": unit["price"].strip(), "currency": unit["currency"].strip().upper()})
        for row, unit in enumerate(typed["units"])
        if not _is_empty(unit)
    ]
    return units, {f"price {row}": NO_PRICE for row, unit in units if not _PRICE.fullmatch(unit["price"])}


def _control(field: str, rows: list[int]) -> str:
    """The control that a problem of the schema speaks of: `units.1.price` is the price of the second filled row."""
    if field.startswith("units."):
        _, at, fact = field.split(".")
        return f"{'unit' if fact == 'name' else fact} {rows[int(at)]}"
    return field if field in (*TEXTS, "units") else "form"


def _form(
    request: HtmxRequest,
    viewer: client.Viewer,
    found: dict[str, Any] | None,
    typed: dict[str, Any],
    *,
    problems: dict[str, str] | None = None,
    done: str = "",
    keeps_file: bool = False,
    adds: bool = False,
    new_key: bool = False,
) -> HttpResponse:
    """The form with what was typed. `adds`: its last unit was just asked for. `new_key`: its key has done its work.

    `keeps_file`: the image that was chosen was not saved yet. With JavaScript its control stays as it is.
    """
    problems = problems or {}
    units = typed["units"]
    writes = bool(problems) or "products:write" in client.allowed(viewer)
    if writes and not any(map(_is_empty, units)) and len(units) < MOST_UNITS:
        units = [*units, _empty_unit(units)]
    new_key |= problems.get("form") in (MADE_BEFORE, SAVED_BEFORE)
    file_lost = keeps_file and "image" in request.FILES and not request.htmx
    page = {
        "viewer": viewer,
        "product": found,
        "address": reverse("admin:product", args=[found["id"]]) if found else reverse("admin:product_new"),
        "key": key_of(request) if (problems or adds) and not new_key else fresh_key(),
        "fields": {name: {"value": typed[name], "problem": problems.get(name, "")} for name in TEXTS},
        "active": typed["active"],
        "rows": [
            {
                "facts": {fact: {"value": unit[fact], "problem": problems.get(f"{fact} {row}", "")} for fact in UNIT},
                "takes_focus": adds and row == len(units) - 1,
            }
            for row, unit in enumerate(units)
        ],
        "writes": writes,
        "full": len(units) >= MOST_UNITS,
        "problem": problems.get("form", ""),
        "units_problem": problems.get("units", ""),
        "image_problem": CHOOSE_AGAIN if file_lost else problems.get("image", ""),
        "keeps_file": keeps_file and bool(request.htmx),
        "failed": bool(problems),
        "largest_image": LARGEST_IMAGE,
        "done": done,
        "begins": not found and not problems and not adds,
    }
    response = render(request, f"{FORM}#product" if request.htmx else FORM, page, status=422 if problems else 200)
    if request.htmx and request.path != page["address"]:
        response.headers["HX-Push-Url"] = str(page["address"])
    return response
