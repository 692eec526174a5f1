"""Exact money: no cent is lost or made, in any currency, on either database."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from counterfoil.access.money import LARGEST, line_total, order_total, smallest_coin
from counterfoil.access.problems import Invalid
from counterfoil.orders.actions import NewLine
from counterfoil.orders.models import Order, OrderLine
from tests.factories import Shop

FIFTEEN_DIGITS = (
    "99999999999.9999",
    "12345678901.2345",
    "33333333333.3333",
    "70000000000.0007",
    "10000000000.0001",
    "9007199254.7409",
    "0.0001",
    "0.1000",
    "-99999999999.9999",
)


@pytest.mark.once
@pytest.mark.parametrize(
    ("currency", "coin"),
    [("GBP", "0.01"), ("EUR", "0.01"), ("JPY", "1"), ("KRW", "1"), ("KWD", "0.001"), ("BHD", "0.001"), ("ISK", "1")],
)
def test_the_smallest_coin_is_that_of_iso_4217(currency: str, coin: str) -> None:
    assert smallest_coin(currency) == Decimal(coin)


@pytest.mark.once
@pytest.mark.parametrize("currency", ["", "GB", "gbp", "POUND", "£", "ZZZ", "GBP ", "\ud800"], ids=ascii)
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(Invalid, match="no currency code: use three letters of ISO 4217"):
        smallest_coin(currency)


@pytest.mark.once
@pytest.mark.parametrize(
    ("quantity", "price", "currency", "total"),
    [
        (12, "5.85", "GBP", "70.20"),
        (1000, "0.0425", "GBP", "42.50"),
        (3, "0.0425", "GBP", "0.13"),
        # halves away from zero
        (1, "0.005", "GBP", "0.01"),
        (1, "0.015", "GBP", "0.02"),
        (1, "0.025", "GBP", "0.03"),
        (1, "2.675", "GBP", "2.68"),
        (1, "1.0049", "GBP", "1.00"),
        (1, "-0.005", "GBP", "-0.01"),
        # no coins below one yen
        (3, "100", "JPY", "300"),
        (1, "0.5", "JPY", "1"),
        (1, "1.5", "JPY", "2"),
        (3, "0.1666", "JPY", "0"),
        # a thousand fils in a dinar
        (3, "1.2345", "KWD", "3.704"),
        (1, "0.0005", "KWD", "0.001"),
        (7, "0.125", "KWD", "0.875"),
        # nothing is lost in the middle: 2,147,483,647 × 46.5661
        (2147483647, "46.5661", "GBP", "99999938254.57"),
        (1, "99999999999.9949", "GBP", "99999999999.99"),
    ],
)
def test_a_lines_total_is_quantity_times_price_to_the_smallest_coin(
    quantity: int, price: str, currency: str, total: str
) -> None:
    assert str(line_total(quantity, Decimal(price), currency)) == total


@pytest.mark.once
@pytest.mark.parametrize("price", ["0.00001", "1.23456", "100000000000", "-100000000000", "1E+30", "NaN", "Infinity"])
def test_a_price_that_can_not_be_kept_exactly_is_refused(price: str) -> None:
    with pytest.raises(Invalid, match=r"is no price: use at most 4 decimals, up to 99,999,999,999\.9999"):
        line_total(1, Decimal(price), "GBP")


@pytest.mark.once
def test_an_orders_total_is_the_exact_sum_of_its_lines() -> None:
    assert order_total([Decimal("0.10")] * 3) == Decimal("0.30")
    assert order_total([]) == Decimal(0)
    assert order_total([LARGEST]) == LARGEST == Decimal("99999999999.9999")


@pytest.mark.once
@pytest.mark.parametrize(
    "totals", [["99999999999.99", "0.01"], ["-99999999999.99", "-0.01"], ["100000000000", "-100000000000"]]
)
def test_an_order_that_comes_to_more_than_fifteen_digits_is_refused(totals: list[str]) -> None:
    with pytest.raises(Invalid, match=r"more than 99,999,999,999\.9999; split it"):
        order_total(Decimal(total) for total in totals)


@pytest.mark.once
@examples(database=None, max_examples=200)
@given(
    st.integers(1, 2**31 - 1),
    st.decimals(-LARGEST, LARGEST, places=4, allow_nan=False),
    st.sampled_from(["GBP", "JPY", "KWD"]),
)
def test_rounding_moves_no_total_by_more_than_half_a_coin(quantity: int, price: Decimal, currency: str) -> None:
    coin = smallest_coin(currency)
    exact = int(price.scaleb(4)) * quantity  # in ten-thousandths

    total = line_total(quantity, price, currency)

    assert abs(int(total.scaleb(4)) - exact) * 2 <= int(coin.scaleb(4))
    assert int(total.scaleb(4)) % int(coin.scaleb(4)) == 0


@pytest.mark.parametrize("amount", FIFTEEN_DIGITS)
def test_fifteen_digits_survive_the_database(shop: Shop, amount: str) -> None:
    order = shop.order()

    Order.objects.filter(pk=order.pk).update(total=Decimal(amount))
    OrderLine.objects.filter(order=order, ordinal=1).update(unit_price=Decimal(amount))

    assert str(Order.objects.get(pk=order.pk).total) == amount
    assert str(OrderLine.objects.get(order=order, ordinal=1).unit_price) == amount
    assert Order.objects.filter(total=Decimal(amount)).exists()


def test_five_hundred_random_amounts_survive_the_database(shop: Shop) -> None:
    order = shop.order()
    chance = random.Random(4137)
    amounts = [Decimal(chance.randrange(10**15)).scaleb(-4) for _ in range(500)]

    OrderLine.objects.bulk_create(
        OrderLine(
            workspace=shop.workspace,
            order=order,
            ordinal=10 + at,
            name="Tin",
            quantity=1,
            unit_price=amount,
            total=amount,
        )
        for at, amount in enumerate(amounts)
    )

    kept = OrderLine.objects.filter(order=order, ordinal__gte=10).order_by("ordinal")
    assert [line.unit_price for line in kept] == amounts
    assert [line.total for line in kept] == amounts


@pytest.mark.parametrize(
    ("currency", "prices", "line_totals", "total"),
    [
        ("GBP", [("0.0425", 1000), ("0.005", 1)], ["42.5000", "0.0100"], "42.5100"),
        ("JPY", [("1200", 3), ("0.5", 1)], ["3600.0000", "1.0000"], "3601.0000"),
        ("KWD", [("1.2345", 3), ("0.125", 7)], ["3.7040", "0.8750"], "4.5790"),
        ("EUR", [("0.1", 1), ("0.2", 1)], ["0.1000", "0.2000"], "0.3000"),
    ],
)
def test_an_order_keeps_the_exact_prices_and_the_sum_of_the_rounded_lines(
    shop: Shop, currency: str, prices: list[tuple[str, int]], line_totals: list[str], total: str
) -> None:
    lines = tuple(NewLine("Tin", quantity, Decimal(price)) for price, quantity in prices)

    order = shop.order(currency=currency, lines=lines)

    kept = OrderLine.objects.filter(order=order).order_by("ordinal")
    assert [line.unit_price for line in kept] == [Decimal(price) for price, _ in prices]
    assert [str(line.total) for line in kept] == line_totals
    assert (str(order.total), order.currency) == (total, currency)
