"""Staff write an order for a customer, and change a draft's lines (OR-8)."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, change_status, revise_order
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from tests.factories import Shop

pytestmark = pytest.mark.slow_on_postgresql

FACTS = ("sku", "name", "quantity", "unit", "price")


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client(HTTP_HOST="fennel.test")
    client.force_login(shop.user)
    return client


def form(*lines: tuple[str, ...], **facts: str) -> dict[str, Any]:
    """What a browser sends: each column of the lines, in order."""
    columns = zip(*lines, strict=True) if lines else ((),) * len(FACTS)
    return {"client_mutation_key": "form-1", **facts, **dict(zip(FACTS, map(list, columns), strict=True))}


def customer_of(shop: Shop) -> str:
    return f"customer_{shop.order(number='OLD-1').customer_id}"


def lines_of(order: Order) -> list[tuple[str, str, int, str, Decimal]]:
    found = order.lines.order_by("ordinal")
    return [(line.sku, line.name, line.quantity, line.unit, line.unit_price) for line in found]


def errors(html: str) -> list[str]:
    found = re.findall(r'<p class="field-error"[^>]*>(.*?)</p>', html, flags=re.DOTALL)
    return [re.sub(r"<[^>]*>|\s+", " ", text).strip() for text in found]


@pytest.mark.feature("OR-8")
def test_an_order_is_written_from_the_catalogue_and_from_nothing(shop: Shop, staff: Client) -> None:
    units = [NewUnit("case of 12", Decimal("0.0425"), "GBP")]
    product = save_product(viewer=shop.staff, sku="HS-12", name="Hessian sack", units=units)
    typed = form(
        (" hs-12 ", "", "120", "", ""),
        ("", "", "", "", ""),
        ("OWN-1", "Something of our own", "2", "each", "1,50"),
        customer=customer_of(shop),
        currency="gbp",
        number="BY-HAND",
    )

    first, again = staff.post("/admin/new-order", typed), staff.post("/admin/new-order", typed)

    assert (first.status_code, first.headers["Location"]) == (303, "/admin/orders/BY-HAND")
    assert (again.status_code, again.headers["Location"]) == (303, "/admin/orders/BY-HAND")
    order = Order.objects.get(number="BY-HAND")
    assert (order.status, order.total) == (OrderStatus.DRAFT, Decimal("8.10"))
    assert lines_of(order) == [
        ("HS-12", "Hessian sack", 120, "case of 12", Decimal("0.0425")),
        ("OWN-1", "Something of our own", 2, "each", Decimal("1.50")),
    ]
    assert order.lines.get(ordinal=1).product_id == product.pk


@pytest.mark.feature("OR-8")
def test_what_is_wrong_is_said_at_its_place_and_nothing_typed_is_lost(shop: Shop, staff: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    typed = form(
        ("NOPE", "", "1", "", ""),
        ("", "A tin", "1.5", "", "1"),
        ("", "A tin", "0", "", "1"),
        ("", "A tin", "9999999999", "", "1"),
        ("", "A tin", "1", "", "12.34567"),
        ("", "A tin", "1", "", ""),
        ("", "", "3", "", ""),
        ("", hostile, "-1", "", "1e3"),
        customer=customer_of(shop),
        currency="GBP",
        number="N-1",
    )

    answer = staff.post("/admin/new-order", typed)

    html = answer.content.decode()
    assert answer.status_code == 422
    quantity = "The quantity is a whole number from 1 to 2,147,483,647."
    price = "The price is a number such as 12.50, with at most 4 decimals."
    assert errors(html) == [
        "No product has this SKU: choose another, or write a name and a price.",
        quantity,
        quantity,
        quantity,
        price,
        "Write what one costs: this is not in the catalogue.",
        "Write a SKU of the catalogue, or what this is.",
        quantity,
        price,
    ]
    for value in ("NOPE", "1.5", "9999999999", "12.34567", "1e3", "N-1", "&quot;&gt;&lt;script&gt;"):
        assert f'value="{value}' in html
    assert hostile not in html
    assert 'value="form-1"' in html
    assert Order.objects.count() == 1


@pytest.mark.feature("OR-8")
@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"number": "OLD-1"}, "There is an order OLD-1 already."),
        ({"number": "A/1"}, "An order number has 1 to 40 characters"),
        ({"currency": "XYZ"}, "is no currency code"),
        ({"currency": ""}, "is no currency code"),
    ],
)
def test_what_the_order_itself_can_not_be_is_said(shop: Shop, staff: Client, facts: dict[str, str], told: str) -> None:
    given = {"customer": customer_of(shop), "currency": "GBP", "number": "", **facts}

    answer = staff.post("/admin/new-order", form(("", "A tin", "1", "", "1"), **given))

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert 'value="A tin"' in answer.content.decode()


def test_an_empty_form_says_so_and_more_lines_keep_what_was_typed(shop: Shop, staff: Client) -> None:
    facts = {"customer": customer_of(shop), "currency": "GBP", "number": "N-1"}

    empty = staff.post("/admin/new-order", form(("", "", "", "", " "), **facts))
    more = staff.post("/admin/new-order", form(("", "A tin", "x", "", ""), **facts, more="1"))

    assert empty.status_code == 422
    assert "Nothing is ordered yet" in empty.content.decode()
    assert more.status_code == 200
    assert errors(more.content.decode()) == []
    assert more.content.decode().count('name="sku"') == 4
    assert all(f'value="{typed}"' in more.content.decode() for typed in ("A tin", "x", "N-1", "form-1"))


def test_a_form_holds_a_hundred_lines_and_two_hundred_products_cost_no_statement_more(
    shop: Shop, staff: Client
) -> None:
    units = [NewUnit("each", Decimal(1), "GBP")]
    for number in range(100):
        save_product(viewer=shop.staff, sku=f"S-{number}", name="Sack", units=units)
    facts = {"customer": customer_of(shop), "currency": "GBP", "number": ""}
    statements = []
    for count in (1, 100):
        lines = [(f"S-{number}", "", "1", "", "") for number in range(count)]
        typed = form(*lines, **facts) | {"client_mutation_key": str(count)}
        with CaptureQueriesContext(connection) as taken:
            assert staff.post("/admin/new-order", typed).status_code == 303
        statements.append(len(taken))

    assert statements[0] == statements[1]
    assert "A form holds 100 lines." in staff.post("/admin/new-order", {**typed, "more": "1"}).content.decode()


@pytest.mark.feature("OR-8")
def test_a_drafts_lines_are_changed(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1")
    page = staff.get("/admin/orders/N-1/lines").content.decode()
    had = re.findall(r'name="had" value="(\w+)"', page)[0]
    assert [value in page for value in ('value="TT-22"', 'value="case of 12"', 'value="24.00"')] == [True] * 3

    typed = form(("TT-22", "Tea tin, retro spot", "5", "case of 12", "24.00"), ("",) * 5, had=had)
    answer = staff.post("/admin/orders/N-1/lines", typed)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/orders/N-1")
    assert lines_of(order) == [("TT-22", "Tea tin, retro spot", 5, "case of 12", Decimal("24.00"))]
    assert Order.objects.get(pk=order.pk).total == Decimal("120.00")


@pytest.mark.feature("OR-8")
def test_who_was_slower_than_a_colleague_is_told_and_may_then_overwrite(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1")
    had = re.findall(r'name="had" value="(\w+)"', staff.get("/admin/orders/N-1/lines").content.decode())[0]
    revise_order(viewer=shop.hire("Tom"), order=order, lines=[NewLine("Tom's", 1, Decimal(1))])
    typed = form(("", "Mara's", "1", "", "2"), had=had)

    told = staff.post("/admin/orders/N-1/lines", typed)

    assert told.status_code == 422
    assert "Somebody changed the lines of this order since you opened it." in told.content.decode()
    assert "Mara&#x27;s" in told.content.decode()
    assert lines_of(order)[0][1] == "Tom's"
    had = re.findall(r'name="had" value="(\w+)"', told.content.decode())[0]
    assert staff.post("/admin/orders/N-1/lines", {**typed, "had": had}).status_code == 303
    assert lines_of(order)[0][1] == "Mara's"


@pytest.mark.feature("OR-8")
def test_lines_that_are_sent_twice_are_changed_once(shop: Shop, staff: Client) -> None:
    units = [NewUnit("each", Decimal("2.50"), "GBP")]
    save_product(viewer=shop.staff, sku="HS-12", name="Hessian sack", units=units)
    order = shop.order(number="N-1")
    had = re.findall(r'name="had" value="(\w+)"', staff.get("/admin/orders/N-1/lines").content.decode())[0]
    typed = form(("hs-12", "", "3", "", ""), ("", "A tin", "1", "", "1,5"), ("", "", "", "", ""), had=had)

    first, again = staff.post("/admin/orders/N-1/lines", typed), staff.post("/admin/orders/N-1/lines", typed)
    less = staff.post("/admin/orders/N-1/lines", form(("hs-12", "", "3", "", ""), had=had))
    other = staff.post("/admin/orders/N-1/lines", typed | {"quantity": ["4", "1", ""]})

    for answer in (first, again):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/orders/N-1")
    assert (less.status_code, other.status_code) == (422, 422)
    assert [line[0:3] for line in lines_of(order)] == [("HS-12", "Hessian sack", 3), ("", "A tin", 1)]
    assert Event.objects.filter(kind="order.revised").count() == 1


def test_what_is_no_draft_or_too_long_has_no_form(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    shop.order(number="N-2", lines=tuple(NewLine(f"tin {at}", 1, Decimal(1)) for at in range(101)))

    confirmed, long = staff.get("/admin/orders/N-1/lines"), staff.get("/admin/orders/N-2/lines")

    assert "Only a draft’s lines can change" in confirmed.content.decode()
    assert "Too many lines for a form" in long.content.decode()
    answer = staff.post("/admin/orders/N-2/lines", form(("", "Mine", "1", "", "1")))
    assert answer.status_code == 409
    assert 'name="sku"' not in answer.content.decode()


def test_what_was_typed_outlives_a_colleague_who_confirms_the_order_meanwhile(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1")
    had = re.findall(r'name="had" value="(\w+)"', staff.get("/admin/orders/N-1/lines").content.decode())[0]
    change_status(viewer=shop.hire("Tom"), order=order, status=OrderStatus.CONFIRMED)

    answer = staff.post("/admin/orders/N-1/lines", form(("", "Mine", "1", "", "1"), had=had))

    assert answer.status_code == 422
    assert "take it back to draft first" in answer.content.decode()
    assert 'value="Mine"' in answer.content.decode()
    assert len(lines_of(order)) == 2


def test_a_customer_is_chosen_by_searching(shop: Shop, other_shop: Shop, staff: Client) -> None:
    order, theirs = shop.order(customer="Nordlys Interiør"), other_shop.order(customer="Nordlys Elsewhere")

    found = staff.get("/admin/new-order", {"q": "nordlys"}).content.decode()
    nobody = staff.get("/admin/new-order", {"q": "<b>\0zzz"}).content.decode()
    foreign = staff.get("/admin/new-order", {"customer": f"customer_{theirs.customer_id}"}).content.decode()

    assert f"?customer=customer_{order.customer_id}" in found
    assert "Elsewhere" not in found
    assert "No customer matches “<bdi>&lt;b&gt; zzz</bdi>”" in nobody
    assert "Whose order is it?" in foreign


@pytest.mark.feature("OR-6")
def test_the_overview_tells_who_did_what_and_the_region_follows(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1")
    change_status(viewer=shop.hire("Tom"), order=order, status=OrderStatus.CONFIRMED)

    page = staff.get("/admin/orders/N-1").content.decode()
    version = re.findall(r'id="history-version" name="have" value="(\w+)"', page)[0]
    same = staff.get("/admin/orders/N-1/history", {"have": version}, headers={"HX-Request": "true"})

    told = re.sub(r"<[^>]*>|\s+", " ", page[page.index('id="history"') :])
    assert re.search(r"Confirmed\s+by\s+Tom.*Placed\s+by\s+Mara", told)
    assert same.status_code == 204
    assert staff.get("/admin/orders/N-9/history").status_code == 404


@pytest.mark.feature("OR-2")
def test_the_list_is_narrowed_by_fulfilment(shop: Shop, staff: Client) -> None:
    sent, left = shop.order(number="SENT"), shop.order(number="LEFT")
    for order in (sent, left):
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=shop.staff, order=sent)

    def numbers(**given: str) -> list[str]:
        return re.findall(
            r'data-row-link href="/admin/orders/([^"]+)"', staff.get("/admin/orders", given).content.decode()
        )

    assert numbers(sent="fulfilled") == ["SENT"]
    assert numbers(sent="unfulfilled", status="confirmed") == ["LEFT"]
    assert numbers(sent="on_hold") == []
    assert sorted(numbers(sent="nonsense")) == ["LEFT", "SENT"]


@pytest.mark.feature("OR-2")
def test_a_payment_is_noted_and_given_back_with_and_without_scripts(shop: Shop, staff: Client) -> None:
    order = shop.order(number="N-1", lines=(NewLine("Tin", 1, Decimal("100.00")),))
    address, htmx = "/admin/orders/N-1/payment", {"HX-Request": "true"}

    plain = staff.post(address, {"client_mutation_key": "1", "amount": "40,50", "was": "taken"})
    twice = staff.post(address, {"client_mutation_key": "1", "amount": "40,50", "was": "taken"})
    back = staff.post(address, {"client_mutation_key": "1", "amount": "0.50", "was": "returned"}, headers=htmx)
    wrong = staff.post(address, {"client_mutation_key": "2", "amount": "<b>", "was": "taken"}, headers=htmx)
    too_much = staff.post(address, {"client_mutation_key": "3", "amount": "50", "was": "returned"})

    assert (plain.status_code, plain.headers["Location"]) == (303, "/admin/orders/N-1#payment")
    assert twice.status_code == 303
    assert "£40.50 of £100.00 taken, £0.50 given back." in back.content.decode()
    assert "Noted." in back.content.decode()
    assert wrong.status_code == 422
    assert "Write an amount such as 12.50." in wrong.content.decode()
    assert 'value="&lt;b&gt;"' in wrong.content.decode()
    assert 'value="2"' in wrong.content.decode()
    assert too_much.status_code == 422
    assert "Only 40.00 GBP can be given back." in too_much.content.decode()
    assert re.search('id="amount"[^>]*value="50"', too_much.content.decode())
    assert "What was ordered" in too_much.content.decode()
    found = Order.objects.get(pk=order.pk)
    assert (found.paid, found.refunded) == (Decimal("40.50"), Decimal("0.50"))
    page = staff.get("/admin/orders/N-1").content.decode()
    version = re.findall(r'id="paid-version" name="have" value="(\w+)"', page)[0]
    assert staff.get(address, {"have": version}, headers=htmx).status_code == 204
    assert "Refund noted" in page
