"""Money, and the exact number in it."""

from decimal import Decimal
from functools import cache
from typing import NamedTuple, cast

import strawberry

from counterfoil.access.money import smallest_coin

_coin = cache(smallest_coin)


@strawberry.type(description="An exact amount in a currency.")
class Money:
    amount: Decimal = strawberry.field(
        description="The amount in the currency's main unit, as a decimal string; prices may have parts of a cent."
    )
    currency: str = strawberry.field(description="The currency, as three letters of ISO 4217.")


class MoneyRow(NamedTuple):
    """What `Money` is read from."""

    amount: Decimal
    currency: str


def money(amount: Decimal, currency: str) -> Money:
    """An amount with as many decimals as it needs, and at least the currency's own: 184.20, 0.0425, 1200 (JPY)."""
    coin = _coin(currency)
    whole = amount.quantize(coin)
    # The default resolver reads a row's attributes.
    return cast(Money, MoneyRow(whole if whole == amount else amount.normalize(), currency))
