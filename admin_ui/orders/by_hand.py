"""What staff write on orders themselves: a new one for a customer, the lines of a draft, a payment (OR-8)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from admin_ui.forms import fresh_key, key_of
from admin_ui.lists import words_of
from admin_ui.orders.addresses import controls, given_addresses, is_of_address, typed_addresses
from admin_ui.orders.views import OPERATIONS, header_of, overview, payment_of
from admin_ui.regions import is_current, version_of
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.views import no_such_page
from schema import client

PAGE = "admin_ui/orders/by_hand.html"
MOST_LINES = 100
EMPTY_LINES = 3
CUSTOMERS = 10
FACTS = ("sku", "name", "unit", "quantity", "price")
_PRICE = re.compile(r"\d{1,11}([.,]\d{1,4})?")
_LARGEST_QUANTITY = 2**31 - 1
PLACED_BEFORE = (
    "This form was sent before, with other lines: that order stands in the list. To place this one too, send again."
)
CHANGED_MEANWHILE = (
    "Somebody changed the lines of this order since you opened it. What you wrote is still below: save again to put it "
    "in the place of theirs, or open the order to see them."
)
NO_SUCH_SKU = "No product has this SKU: choose another, or write a name and a price."
NO_CATALOGUE = "Your role does not see the products: write a name and a price as well."


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("customers:read", "orders:write")
def new(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Choose a customer, then write what they order; a POST places it as a draft."""
    given = request.POST if request.method == "POST" else request.GET
    search = words_of(request)
    variables = {"customer": given.get("customer", ""), "search": search, "first": CUSTOMERS}
    data = client.run(viewer, OPERATIONS["NewOrder"], variables)
    customer, newest = data["customer"], data["orders"]["nodes"]
    addresses = typed_addresses(request)
    page = {
        "viewer": viewer,
        "customer": customer,
        "search": search,
        "customers": data["customers"],
        "addresses": controls(addresses),
    }
    currency = newest[0]["total"]["currency"] if newest else "EUR"
    if customer is None or request.method != "POST":
        return render(request, PAGE, {**page, "form": _form({"currency": currency}, [{}] * EMPTY_LINES)})
    facts = {name: request.POST.get(name, "").strip() for name in ("number", "currency")}
    lines, more = _typed(request)
    if more:
        return render(request, PAGE, {**page, "form": _form(facts, lines, key=key_of(request))})
    chosen, problems = _checked(viewer, lines)
    if not problems:
        order = {
            "clientMutationKey": key_of(request),
            "customerId": customer["id"],
            "currency": facts["currency"].upper(),
            "number": facts["number"] or None,
            "lines": chosen,
            **given_addresses(addresses),
        }
        result = client.run(viewer, OPERATIONS["PlaceOrder"], {"input": order})["result"]
        if result["__typename"] != "Problem":
            return _onward(request, result["order"]["number"])
        problems = {result["field"] if result["field"] == "number" else "form": result["message"]}
        if is_of_address(result["field"]):
            problems = {"address": result["message"]}
            page["addresses"] = controls(addresses, result["field"], result["message"])
        if result["code"] == "KEY_REUSED":
            problems = {"form": PLACED_BEFORE}
    key = fresh_key() if problems.get("form") == PLACED_BEFORE else key_of(request)
    return render(request, PAGE, {**page, "form": _form(facts, lines, problems, key)}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read", "orders:write")
def lines(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """The lines of a draft as a form; a POST gives the order what the form says."""
    found = client.run(viewer, OPERATIONS["OrderLines"], {"number": number, "lines": MOST_LINES})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    page = {"viewer": viewer, **header_of(viewer, found)}
    had, most = version_of(found["lines"]), found["lines"]["pageInfo"]["hasNextPage"]
    if request.method != "POST" or most:
        written = [*map(_written, found["lines"]["nodes"]), *[{}] * EMPTY_LINES]
        form = _form({"currency": found["total"]["currency"]}, written)
        status = 409 if request.method == "POST" else 200
        return render(request, PAGE, {**page, "form": form, "had": had, "most": most}, status=status)
    typed, more = _typed(request)
    facts, key = {"currency": found["total"]["currency"]}, key_of(request)
    if more:
        page |= {"form": _form(facts, typed, key=key), "had": request.POST.get("had", had)}
        return render(request, PAGE, page)
    chosen, problems = _checked(viewer, typed)
    if not problems and request.POST.get("had") != had:
        if _stand(typed, found["lines"]["nodes"]):  # sent twice
            return _onward(request, number)
        problems = {"form": CHANGED_MEANWHILE}
    if not problems:
        given = {"clientMutationKey": key, "orderId": found["id"], "lines": chosen}
        result = client.run(viewer, OPERATIONS["ReviseOrder"], {"input": given})["result"]
        if result["__typename"] != "Problem":
            return _onward(request, number)
        problems = {"form": result["message"]}
        key = fresh_key() if result["code"] == "KEY_REUSED" else key
    return render(request, PAGE, {**page, "form": _form(facts, typed, problems, key), "had": had}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@needs("orders:read")
def payment(request: HtmxRequest, viewer: client.Viewer, number: str) -> HttpResponse:
    """What was paid, by itself; a POST notes that an `amount` was taken, or given back."""
    found = client.run(viewer, OPERATIONS["OrderPayment"], {"number": number})["orderByNumber"]
    if found is None:
        return no_such_page(request, viewer)
    if request.method != "POST":
        shown = payment_of(found)
        if is_current(request, shown["paid_version"]):
            return HttpResponse(status=204)
        return render(request, "admin_ui/orders/_payment.html#paid", {"order": found, **shown})
    amount = request.POST.get("amount", "").strip()
    was_returned = request.POST.get("was") == "returned"
    problem = "" if _PRICE.fullmatch(amount) else "Write an amount such as 12.50."
    key = f"{key_of(request)} {'back' if was_returned else 'taken'}"
    if not problem:
        signed = f"{'-' if was_returned else ''}{amount.replace(',', '.')}"
        given = {"clientMutationKey": key, "orderId": found["id"], "amount": signed}
        problem = client.run(viewer, OPERATIONS["RecordPayment"], {"input": given})["result"].get("message", "")
    typed = {"amount": amount, "payment_key": key_of(request), "payment_problem": problem} if problem else {}
    if not request.htmx:
        if problem:
            return overview(request, viewer, number, **typed)
        return HttpResponseRedirect(f"{reverse('admin:order', args=[number])}#payment", status=303)
    found = client.run(viewer, OPERATIONS["OrderPayment"], {"number": number})["orderByNumber"]
    shown = {"order": found, **payment_of(found), "noted": not problem, **typed}
    return render(request, "admin_ui/orders/_payment.html#payment", shown, status=422 if problem else 200)


def _onward(request: HtmxRequest, number: str) -> HttpResponse:
    """To the order's page."""
    address = reverse("admin:order", args=[number])
    return HttpResponseClientRedirect(address) if request.htmx else HttpResponseRedirect(address, status=303)


def _typed(request: HtmxRequest) -> tuple[list[dict[str, str]], bool]:
    """The lines as typed, and whether empty ones are asked for."""
    columns = [request.POST.getlist(fact) for fact in FACTS]
    rows = [dict(zip(FACTS, row, strict=True)) for row in zip(*columns, strict=False)][:MOST_LINES]
    more = "more" in request.POST
    return rows + [{}] * min(EMPTY_LINES, MOST_LINES - len(rows)) if more else rows, more


def _checked(viewer: client.Viewer, lines: list[dict[str, str]]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The lines to order, and what is wrong with them: by the place of the control, `quantity 3`."""
    filled = {place: line for place, line in enumerate(lines) if any(line[fact].strip() for fact in line)}
    skus = sorted({line["sku"].strip() for line in filled.values() if line["sku"].strip()})
    variables = {"skus": skus, "first": MOST_LINES}
    found = client.run(viewer, OPERATIONS["ProductsBySku"], variables)["products"]["nodes"] if skus else []
    products = {product["sku"].upper(): product["id"] for product in found}
    chosen, problems = [], {}
    for place, line in filled.items():
        typed = {fact: line[fact].strip() for fact in FACTS}
        product = products.get(typed["sku"].upper())
        quantity = _quantity(typed["quantity"])
        if not 1 <= quantity <= _LARGEST_QUANTITY:
            problems[f"quantity {place}"] = f"The quantity is a whole number from 1 to {_LARGEST_QUANTITY:,}."
        if typed["price"] and not _PRICE.fullmatch(typed["price"]):
            problems[f"price {place}"] = "The price is a number such as 12.50, with at most 4 decimals."
        if product is None and typed["sku"] and not typed["name"]:
            problems[f"sku {place}"] = NO_SUCH_SKU if "products:read" in client.allowed(viewer) else NO_CATALOGUE
        elif product is None and not typed["name"]:
            problems[f"name {place}"] = "Write a SKU of the catalogue, or what this is."
        elif product is None and not typed["price"]:
            problems[f"price {place}"] = "Write what one costs: this is not in the catalogue."
        chosen.append({
            "productId": product,
            "name": typed["name"] or None,
            "sku": None if product else typed["sku"] or None,
            "unit": typed["unit"] or None,
            "quantity": quantity,
            "unitPrice": typed["price"].replace(",", ".") or None,
        })  # fmt: skip
    if not filled:
        problems["form"] = "Nothing is ordered yet: write at least one line."
    return chosen, problems


def _quantity(text: str) -> int:
    """The whole number that was typed; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0


def _written(line: Mapping[str, Any]) -> dict[str, str]:
    """A line of the order as it would be typed."""
    return {
        "sku": line["sku"],
        "name": line["name"],
        "unit": line["unit"],
        "quantity": str(line["quantity"]),
        "price": line["unitPrice"]["amount"],
    }


def _stand(typed: list[dict[str, str]], lines: list[dict[str, Any]]) -> bool:
    """Whether the order has the lines that were typed; what was left empty is the product's."""
    filled = [line for line in typed if any(fact.strip() for fact in line.values())]

    def same(fact: str, text: str, stands: str) -> bool:
        if fact == "price":
            return Decimal(text.replace(",", ".")) == Decimal(stands)
        return text.upper() == stands.upper() if fact == "sku" else text == stands

    return len(filled) == len(lines) and all(
        not line[fact].strip() or same(fact, line[fact].strip(), stands)
        for line, written in zip(filled, map(_written, lines), strict=True)
        for fact, stands in written.items()
    )


def _form(
    facts: Mapping[str, str],
    lines: list[dict[str, str]],
    problems: Mapping[str, str] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """The form, its lines as rows of controls."""
    problems = problems or {}
    rows = [
        {fact: {"value": line.get(fact, ""), "problem": problems.get(f"{fact} {place}", "")} for fact in FACTS}
        for place, line in enumerate(lines)
    ]
    return {
        "key": key or fresh_key(),
        "rows": rows,
        "full": len(rows) >= MOST_LINES,
        "number": {"value": facts.get("number", ""), "problem": problems.get("number", "")},
        "currency": facts["currency"],
        "problem": problems.get("form", ""),
        "failed": bool(problems),
    }
