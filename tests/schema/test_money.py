"""Amounts as partners get them: exact decimal strings, with as many decimals as they need."""

from decimal import Decimal

import pytest

from counterfoil.orders.actions import NewLine
from schema.money import money
from tests.conftest import Ask
from tests.factories import Shop


@pytest.mark.once
@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("184.2000", "GBP", "184.20"),
        ("184", "GBP", "184.00"),
        ("0", "GBP", "0.00"),
        ("0.0425", "GBP", "0.0425"),
        ("0.0500", "GBP", "0.05"),
        ("0.1250", "GBP", "0.125"),
        ("0.0001", "GBP", "0.0001"),
        ("-5.8500", "GBP", "-5.85"),
        ("1200.0000", "JPY", "1200"),
        ("1200.5000", "JPY", "1200.5"),
        ("1000000.0000", "JPY", "1000000"),
        ("3.7040", "KWD", "3.704"),
        ("3.0000", "KWD", "3.000"),
        ("3.1234", "KWD", "3.1234"),
        ("99999999999.9999", "GBP", "99999999999.9999"),
    ],
)
def test_an_amount_has_the_currencys_decimals_or_as_many_as_it_needs(amount: str, currency: str, shown: str) -> None:
    assert str(money(Decimal(amount), currency).amount) == shown


@pytest.mark.parametrize(
    ("currency", "price", "quantity", "total"),
    [
        ("GBP", "0.0425", 1000, "42.50"),
        ("JPY", "1200", 3, "3600"),
        ("KWD", "1.2345", 3, "3.704"),
        ("GBP", "99999999999.99", 1, "99999999999.99"),
    ],
)
def test_prices_and_totals_come_as_exact_strings(
    *, shop: Shop, ask: Ask, currency: str, price: str, quantity: int, total: str
) -> None:
    shop.order(currency=currency, lines=(NewLine("Tin", quantity, Decimal(price)),))

    [order] = ask(
        shop.staff,
        """{ orders(first: 1) { nodes {
            total { amount currency }
            lines(first: 1) { nodes { quantity unitPrice { amount currency } total { amount currency } } }
        } } }""",
    )["orders"]["nodes"]

    assert order == {
        "total": {"amount": total, "currency": currency},
        "lines": {
            "nodes": [
                {
                    "quantity": quantity,
                    "unitPrice": {"amount": price, "currency": currency},
                    "total": {"amount": total, "currency": currency},
                }
            ]
        },
    }
