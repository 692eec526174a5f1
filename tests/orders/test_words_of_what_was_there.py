"""The migrations that note the words of customers and orders which were there before words were kept."""

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from counterfoil.customers.models import Contact, Customer, CustomerWord, NameWord
from counterfoil.customers.spelling import corrected
from counterfoil.customers.words import keep_words as keep_words_of_customers
from counterfoil.orders.models import Order, OrderWord
from counterfoil.orders.words import keep_words
from tests.factories import Shop

CUSTOMERS = ("customers", "0008_words_of_customers")
ORDERS = ("orders", "0007_words_of_orders")


def words() -> dict[str, list[tuple[Any, ...]]]:
    """Everything that rows are found by."""
    return {
        "customers": sorted(CustomerWord.objects.values_list("workspace", "customer", "word")),
        "names": sorted(NameWord.objects.values_list("workspace", "word")),
        "orders": sorted(OrderWord.objects.values_list("workspace", "order", "word", "of_customer")),
    }


def fill(app: str, name: str) -> None:
    """What the migration does with the rows that there are, with the models of its own time."""
    migration = import_module(f"counterfoil.{app}.migrations.{name}")
    before = MigrationExecutor(connection).loader.project_state((app, name), at_end=False)
    with connection.schema_editor() as editor:
        migration.write_words(before.apps, editor)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_what_was_there_gets_the_words_that_it_would_have_got(
    shop: Shop, other_shop: Shop, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    for app, name in (CUSTOMERS, ORDERS):
        monkeypatch.setattr(import_module(f"counterfoil.{app}.migrations.{name}"), "AT_ONCE", at_once)
    kept = [
        shop.order(number="A-100", customer="Harbour Café", contact="Ana Reis", email="ana@harbour.example"),
        shop.order(number="Harbour-2", customer="東京商店", contact="", email=""),
        shop.order(number="3", customer="Harbour 166.20", contact="166.20 Jo"),
        other_shop.order(number="A-100", customer="Harbour Café"),
        shop.order(number="4", customer="'"),
    ]
    twice = kept[0].customer
    Contact.objects.create(workspace=shop.workspace, customer=twice, name="Bea Reis", created_at=twice.created_at)
    Customer.objects.filter(pk=twice.pk).update(external_id="csv:17850")
    Order.objects.filter(pk=kept[0].pk).update(external_id="woo:77", placed_at="2026-06-14T23:30:00+00:00")
    Order.objects.filter(pk=kept[2].pk).delete()  # a gap in the keys
    keep_words_of_customers(Customer.objects.values_list("pk", flat=True))
    keep_words(Order.objects.values_list("pk", flat=True))
    wanted = words()
    assert "17850" in {word for *_, word in wanted["customers"]}
    assert "woo:77" in {word for _, _, word, _ in wanted["orders"]}

    for table in (CustomerWord, NameWord, OrderWord):
        table.objects.all().delete()
    fill(*CUSTOMERS)
    fill(*ORDERS)

    assert words() == wanted
    assert corrected(viewer=shop.staff, search="harbuor") == "harbour"


@pytest.mark.django_db(transaction=True)
def test_a_database_without_rows_gets_none(db: None) -> None:
    fill(*CUSTOMERS)
    fill(*ORDERS)

    assert words() == {"customers": [], "names": [], "orders": []}
