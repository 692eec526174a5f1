"""The words that orders are found by: their own, and those of their customer, kept with whatever changes them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from counterfoil.access.search import words_to_find
from counterfoil.orders.models import Order, OrderWord

_AT_ONCE = 1000
# SQLite and PostgreSQL both read this; an order has each word once, and its own counts for who sees no customers.
_OF_CUSTOMERS = """
    INSERT INTO orders_orderword (workspace_id, order_id, word, of_customer)
    SELECT o.workspace_id, o.id, w.word, %s
    FROM orders_order o JOIN customers_customerword w ON w.customer_id = o.customer_id
    WHERE {which} ON CONFLICT (order_id, word) DO NOTHING
"""


def write_words(orders: Iterable[Order]) -> None:
    """Note the words of orders that have none yet: a fixed number of statements for a thousand orders."""
    made = list(orders)
    for begin in range(0, len(made), _AT_ONCE):
        some = made[begin : begin + _AT_ONCE]
        OrderWord.objects.bulk_create(
            OrderWord(workspace_id=order.workspace_id, order=order, word=word)
            for order in some
            for word in own_words(order.number, order.external_id, order.total, order.placed_at, order.store.time_zone)
        )
        _add_customers("o.id", [order.pk for order in some])


def keep_words(orders: Collection[int]) -> None:
    """Make the words of the orders with these keys those that stand on them now."""
    if orders:
        OrderWord.objects.filter(order__in=orders).delete()
        write_words(Order.objects.select_related("store").filter(pk__in=orders))


def follow_customers(*, gone: Collection[tuple[int, str]], new: Collection[tuple[int, str]]) -> None:
    """Take words off the orders of customers, and add others; each pair is a customer and a word."""
    for customer, words in _by_customer(gone).items():
        held = OrderWord.objects.filter(order__customer_id=customer, of_customer=True, word__in=words)
        held.filter(pk__in=held.values("pk")).delete()
    if new:
        _add_customers("o.customer_id", sorted({customer for customer, _ in new}))


def _by_customer(pairs: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for customer, word in pairs:
        found.setdefault(customer, []).append(word)
    return found


def _add_customers(column: str, keys: Collection[int]) -> None:
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(keys))
        cursor.execute(_OF_CUSTOMERS.format(which=f"{column} IN ({marks})"), [True, *keys])


def own_words(number: str, external_id: str | None, total: Decimal, placed_at: datetime, time_zone: str) -> set[str]:
    """What stands on an order itself: its number, its external id, its total, and the day it was placed, on the clock
    of its store, as pages tell it.
    """
    words = words_to_find(number) | words_to_find((external_id or "").removeprefix("csv:"))
    return words | {f"{total:.2f}", f"{placed_at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d}"}
