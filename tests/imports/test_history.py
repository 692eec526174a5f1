"""An order history from a CSV file: what it becomes, twice, dry, and beside somebody else's."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.db.models import F, Sum

from counterfoil.access.problems import Forbidden, NotFound
from counterfoil.catalog.models import Product, Unit
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event, Reader
from counterfoil.events.relay import drain
from counterfoil.imports import actions
from counterfoil.imports.catalog import Catalog
from counterfoil.imports.columns import column_map
from counterfoil.imports.rows import Row
from counterfoil.imports.target import Outcome, Target
from counterfoil.mail.models import Mail
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Fulfilment, FulfilmentState, Order, OrderLine, Return, ReturnLine
from counterfoil.workspaces.models import Store
from tests.factories import NewLine, Shop, make_shop
from tests.imports.files import everything, load, retail, written
from tests.together import together

TINS = "536365,tt22,TEA TIN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
TINS_LATER = "536400,TT22,TEA TIN RETRO,4,2011-07-01 12:00:00,2.95,17850,United Kingdom"
POSTAGE = "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18,17850,United Kingdom"


@pytest.mark.feature("IM-1")
def test_a_row_becomes_a_line_of_a_delivered_and_paid_order(shop: Shop, tmp_path: Path) -> None:
    load(shop, written(tmp_path, TINS, POSTAGE, TINS_LATER), tmp_path)

    order = Order.objects.select_related("customer", "contact").get(number="536365")
    assert (order.external_id, order.status, order.fulfilment) == ("csv:536365", "invoiced", "fulfilled")
    assert (order.total, order.paid, order.refunded, order.currency) == (Decimal("33.30"), Decimal("33.30"), 0, "GBP")
    assert order.placed_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert (order.customer.name, order.customer.external_id) == ("Customer 17850, United Kingdom", "csv:17850")
    assert (order.contact.name, order.contact.email) == ("Customer 17850", "")
    tins, postage = order.lines.order_by("ordinal")
    assert (tins.sku, tins.name, tins.unit, tins.quantity, tins.fulfilled) == ("TT22", "TEA TIN", "each", 6, 6)
    assert (postage.sku, postage.name, postage.unit, postage.product) == ("POST", "POSTAGE", "", None)
    parcel = order.fulfilments.get()
    assert (parcel.status, parcel.lines.count()) == ("delivered", 2)
    product = Product.objects.get()
    assert (product.sku, product.name, product.external_id, product.category) == ("TT22", "TEA TIN", "csv:TT22", None)
    assert list(Unit.objects.values_list("name", "price", "currency")) == [("each", Decimal("2.95"), "GBP")]
    # In July the store's clocks are an hour ahead of UTC.
    assert Order.objects.get(number="536400").placed_at.isoformat() == "2011-07-01T11:00:00+00:00"


@pytest.mark.feature("IM-4")
@pytest.mark.feature("OR-1")
@pytest.mark.django_db(transaction=True)
def test_what_comes_in_is_confirmed_to_nobody_where_orders_are_confirmed(shop: Shop, tmp_path: Path) -> None:
    Store.objects.update(confirms_orders=True)

    load(shop, written(tmp_path, TINS), tmp_path)
    Contact.objects.update(email="ana@harbour.example", mailbox="ana@harbour.example")
    Reader.objects.update(position=0)
    drain()
    shop.order()

    assert Mail.objects.count() == 1  # of the one that was placed


@pytest.mark.feature("IM-1")
def test_orders_that_are_still_open_are_left_to_send(shop: Shop, tmp_path: Path) -> None:
    back = "C536401,TT22,TEA TIN RETRO,-1,2011-07-02 12:00:00,2.95,17850,United Kingdom"
    more = "536400,HS12,HESSIAN SACK,3,2011-07-01 12:00:00,1.50,17850,United Kingdom"
    begin = date(2011, 7, 1)

    load(shop, written(tmp_path, TINS, TINS_LATER, back), tmp_path, open_from=begin)
    load(shop, written(tmp_path, TINS, TINS_LATER, more, back), tmp_path, open_from=begin)

    past, order = Order.objects.get(number="536365"), Order.objects.get(number="536400")
    assert (past.status, past.fulfilment, past.paid) == ("invoiced", "fulfilled", Decimal("15.30"))
    assert (order.status, order.fulfilment, order.paid, order.total) == (
        "confirmed",
        "unfulfilled",
        0,
        Decimal("16.30"),
    )
    assert not order.fulfilments.exists()
    assert list(order.lines.order_by("ordinal").values_list("sku", "fulfilled")) == [("TT22", 0), ("HS12", 0)]
    # What came back had left before: the tins of July are still here.
    assert ReturnLine.objects.get().line == past.lines.get()

    tins = order.lines.get(sku="TT22")
    fulfil(viewer=shop.staff, order=order, quantities={tins.pk: 2})
    assert Order.objects.get(pk=order.pk).fulfilment == "partially_fulfilled"
    assert load(shop, written(tmp_path, TINS, TINS_LATER, more, back), tmp_path, open_from=begin).unchanged == 4
    assert OrderLine.objects.get(pk=tins.pk).fulfilled == 2


def test_an_order_that_the_database_refuses_does_not_stop_the_others(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{number},TT22,TEA TIN,1,2011-01-01 12:00:00,1,17850,UK" for number in range(7)]
    write, batches = actions.write, []

    def refusing(target: Target, catalog: Catalog, given: Sequence[Row]) -> Outcome:
        batches.append(len(given))
        outcome = write(target, catalog, given)
        if any(row.order == "4" for row in given):
            raise IntegrityError("duplicate key\nDETAIL: more")
        return outcome

    monkeypatch.setattr(actions, "write", refusing)
    summary = load(shop, written(tmp_path, *rows), tmp_path)

    assert (summary.read, summary.imported, summary.rejected) == (7, 6, 1)
    assert sorted(Order.objects.values_list("number", flat=True)) == ["0", "1", "2", "3", "5", "6"]
    assert batches == [7, 3, 4, 2, 1, 1, 2]
    assert summary.rejects is not None
    assert "The database refused it (duplicate key): import it again, or correct it." in summary.rejects.read_text()


@pytest.mark.feature("IM-1")
def test_other_columns_are_named_in_a_map(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text('No,Item,What,Qty,When,Each,Who\n7,A-1,"Tin, red",2,31/12/2025 14:30,1.5,Pier 2\n')
    mapped = "order=No,sku=Item,name=What,quantity=Qty,date=When,price=Each,customer=Who"

    columns = column_map(preset=None, mapped=mapped, currency="EUR", date_format="%d/%m/%Y %H:%M")
    assert load(shop, path, tmp_path, columns=columns).imported == 1

    line = OrderLine.objects.select_related("order").get()
    assert (line.order.number, line.name, line.total, line.order.currency) == ("7", "Tin, red", 3, "EUR")


@pytest.mark.feature("IM-2")
@pytest.mark.feature("IM-3")
@pytest.mark.feature("IM-4")
@pytest.mark.feature("OR-8")
@pytest.mark.slow
def test_fifty_customers_come_in_once_without_a_word_and_again_without_a_change(shop: Shop, tmp_path: Path) -> None:
    path = retail("slice_50_customers.csv")
    empty = everything()

    dry = load(shop, path, tmp_path, dry_run=True)
    assert everything() == empty
    first = load(shop, path, tmp_path)
    stands = everything()
    second = load(shop, path, tmp_path)

    assert dry.facts() | {"dry_run": False} == first.facts()
    assert (first.read, first.imported) == (10_580, 10_580)
    assert dict(first.made) == {"customers": 50, "products": 2_113, "orders": 477, "returns": 88}
    assert (second.unchanged, second.imported, second.made.total()) == (10_580, 0, 0)
    assert everything() == stands
    assert stands["Mail"] == []
    assert list(Event.objects.values_list("kind", "internal")) == [("import.finished", True)]
    with path.open(encoding="utf-8") as file:
        worth = sum(Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in csv.DictReader(file))
    ordered = round(Order.objects.aggregate(total=Sum("total"))["total"], 2)
    assert ordered - round(Return.objects.aggregate(total=Sum("total"))["total"], 2) == worth
    # SQLite adds decimals as floats.
    assert ordered == round(OrderLine.objects.aggregate(total=Sum("total"))["total"], 2)
    units = ReturnLine.objects.exclude(line=None).aggregate(units=Sum("quantity"))["units"]
    assert units == OrderLine.objects.aggregate(units=Sum("returned"))["units"] == first.matched
    assert not Order.objects.filter(refunded__gt=F("paid")).exists()


def test_what_is_given_back_is_taken_from_the_latest_earlier_lines(shop: Shop, tmp_path: Path) -> None:
    back = "C536500,TT22,TEA TIN,-7,2011-08-01 12:00:00,2.95,17850,United Kingdom"
    later = "536600,TT22,TEA TIN,9,2011-09-01 12:00:00,2.95,17850,United Kingdom"

    summary = load(shop, written(tmp_path, TINS, TINS_LATER, later, back), tmp_path)

    assert (summary.matched, summary.unmatched) == (7, 0)
    assert dict(OrderLine.objects.values_list("order__number", "returned")) == {"536365": 3, "536400": 4, "536600": 0}
    orders = {order.number: order for order in Order.objects.all()}
    assert (orders["536400"].refunded, orders["536400"].fulfilment) == (Decimal("11.80"), FulfilmentState.REFUNDED)
    assert (orders["536365"].refunded, orders["536365"].fulfilment) == (Decimal("8.85"), FulfilmentState.FULFILLED)
    note = Return.objects.get()
    assert (note.number, note.external_id, note.total) == ("C536500", "csv:C536500", Decimal("20.65"))


def test_what_was_bought_before_the_history_begins_is_kept_without_a_line(shop: Shop, tmp_path: Path) -> None:
    back = "C536500,TT22,TEA TIN,-8,2011-08-01 12:00:00,2.55,17850,United Kingdom"
    discount = "C536500,D,Discount,-1,2011-08-01 12:00:00,27.50,17850,United Kingdom"

    summary = load(shop, written(tmp_path, TINS, back, discount), tmp_path)

    assert (summary.matched, summary.unmatched) == (6, 3)
    assert list(ReturnLine.objects.order_by("pk").values_list("line__order__number", "name", "quantity", "total")) == [
        ("536365", "TEA TIN", 6, Decimal("15.30")),
        (None, "TEA TIN", 2, Decimal("5.10")),
        (None, "Discount", 1, Decimal("27.50")),
    ]


@pytest.mark.feature("IM-2")
def test_equal_rows_are_lines_of_their_own_also_where_an_order_is_scattered(shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, TINS, TINS, TINS_LATER, TINS)

    assert load(shop, path, tmp_path).imported == 4
    assert load(shop, path, tmp_path).unchanged == 4

    order = Order.objects.get(number="536365")
    assert (order.lines.count(), order.total, order.paid) == (3, Decimal("45.90"), Decimal("45.90"))
    assert order.fulfilments.get().lines.count() == 3


def test_a_price_from_earlier_days_does_not_replace_a_later_one(shop: Shop, tmp_path: Path) -> None:
    load(shop, written(tmp_path, TINS_LATER), tmp_path)
    load(shop, written(tmp_path, TINS), tmp_path)

    assert Unit.objects.get().price == Decimal("2.95")


def test_a_product_that_people_made_stays_as_they_made_it(shop: Shop, tmp_path: Path) -> None:
    product = Product.objects.create(
        workspace=shop.workspace, sku="Tt22", name="Our tin", created_at=shop.order().placed_at
    )

    load(shop, written(tmp_path, TINS), tmp_path)

    assert list(Product.objects.values_list("pk", "name", "external_id")) == [(product.pk, "Our tin", None)]
    assert OrderLine.objects.get(sku="TT22").product == product
    assert not Unit.objects.exists()


def test_two_workspaces_import_the_same_numbers_apart(shop: Shop, other_shop: Shop, tmp_path: Path) -> None:
    path = written(tmp_path, TINS)

    assert load(shop, path, tmp_path).imported == 1
    assert load(other_shop, path, tmp_path).imported == 1

    for model in (Customer, Contact, Product, Order, OrderLine, Fulfilment):
        assert sorted(model.objects.values_list("workspace_id", flat=True)) == [
            shop.workspace.pk,
            other_shop.workspace.pk,
        ]
    before = everything()
    with pytest.raises(NotFound):
        load(replace(shop, store=other_shop.store), path, tmp_path)
    assert everything() == before


def test_a_customer_may_not_import(shop: Shop, tmp_path: Path) -> None:
    order = shop.order(lines=(NewLine("Tin", 1, Decimal(1)),))
    before = everything()

    with pytest.raises(Forbidden):
        load(replace(shop, staff=shop.guest(order)), written(tmp_path, TINS), tmp_path)

    assert everything() == before


@pytest.mark.feature("IM-2")
@pytest.mark.django_db(transaction=True)
def test_two_imports_of_a_file_at_the_same_time_make_each_row_once(tmp_path: Path, transactional_db: None) -> None:
    shop = make_shop()
    path = written(tmp_path, *(TINS.replace("536365", str(number)) for number in range(100, 400)))

    done = together(lambda: load(shop, path, tmp_path), lambda: load(shop, path, tmp_path))

    counts = sorted((summary.imported, summary.unchanged) for summary in done if not isinstance(summary, Exception))
    assert counts == [(0, 300), (300, 0)]
    assert (Order.objects.count(), OrderLine.objects.count(), Product.objects.count()) == (300, 300, 1)
    assert Event.objects.count() == 1


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(900)
def test_the_full_file_adds_up_and_again_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    path = retail("online_retail.csv.gz")

    first = load(shop, path, tmp_path)
    second = load(shop, path, tmp_path)

    assert first.read == second.read == 541_909
    assert first.imported == second.unchanged == 406_829
    assert first.made["customers"] == 4_372
    assert OrderLine.objects.count() == 406_829 - 8_905
