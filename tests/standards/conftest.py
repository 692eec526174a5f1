"""The packages of Node's world are there, or the tests of this folder are skipped with the reason."""

from collections.abc import Iterator

import pytest

from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.services import need_node
from tests.serving import Served, serving
from tests.standards.node import installed


@pytest.fixture(scope="session", autouse=True)
def packages() -> None:
    """What package-lock.json names."""
    need_node()
    installed()


@pytest.fixture
def served() -> Iterator[Served]:
    """The product on a port."""
    with serving() as running:
        yield running


@pytest.fixture
def order(shop: Shop) -> Order:
    """An order of the shop's."""
    return shop.order()
