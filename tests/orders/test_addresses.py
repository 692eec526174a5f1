"""Where an order goes and who is billed, as it was written when it was placed (OR-2)."""

from dataclasses import replace
from typing import Any

import pytest

from counterfoil.access.countries import COUNTRIES
from counterfoil.access.problems import Invalid
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status, place_order
from counterfoil.orders.addresses import NewAddress
from counterfoil.orders.models import AddressUse, Order, OrderAddress, OrderStatus
from tests.factories import ADDRESSES, LINES, Shop

pytestmark = pytest.mark.feature("OR-2")
PIER = NewAddress("Ana Reis", "4 Pier Road", "Whitby", "GB")


def kept(order: Order) -> dict[str, tuple[str, str]]:
    return {row.use: (row.street, row.country) for row in order.addresses.all()}


def test_an_order_keeps_both_addresses_without_the_spaces_around_them(shop: Shop) -> None:
    order = shop.order(addresses={AddressUse.DELIVERY: replace(PIER, street="  4 Pier Road ", country=" gb")})

    assert kept(order) == {"delivery": ("4 Pier Road", "GB")}
    assert kept(shop.order(addresses=ADDRESSES)) == {"delivery": ("4 Pier Road", "GB"), "billing": ("PO Box 9", "GB")}
    assert kept(shop.order()) == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"street": ""}, "street"),
        ({"city": "Whitby\nLeeds"}, "city"),
        ({"street_2": "x" * 201}, "street2"),
        ({"postal_code": "9" * 21}, "postalCode"),
        ({"phone": "\0"}, "phone"),
        ({"region": "\ud800"}, "region"),
        *(({"country": country}, "country") for country in ("", "G", "GBR", "UK", "EU", "ZZ", "XX", "ＧＢ", "12")),
    ],
)
def test_what_is_no_address_is_refused_by_its_part_and_nothing_is_placed(
    shop: Shop, wrong: dict[str, Any], field: str
) -> None:
    before = Event.objects.count()

    with pytest.raises(Invalid) as refused:
        shop.order(addresses={AddressUse.BILLING: replace(PIER, **wrong)})

    assert refused.value.field == f"billingAddress.{field}"
    assert (Order.objects.count(), OrderAddress.objects.count()) == (0, 0)
    assert Event.objects.count() == before + 1  # the customer's


def test_countries_are_those_of_the_standard_and_kosovo() -> None:
    assert len(COUNTRIES) == 249 + 1
    assert {"GB", "PT", "US", "TW", "AX", "BQ", "SS", "XK"} <= COUNTRIES
    assert not COUNTRIES & {"UK", "EU", "UN", "ZZ", "AN", "SU"}


@pytest.mark.feature("OR-8")
def test_an_order_sent_again_gets_the_address_that_is_given_now_while_it_is_a_draft(shop: Shop) -> None:
    contact = shop.order().contact
    given: dict[str, Any] = {
        "viewer": shop.staff,
        "store": shop.store,
        "contact": contact,
        "currency": "GBP",
        "lines": LINES,
        "external_id": "o7",
    }
    moved = {AddressUse.DELIVERY: replace(PIER, street="5 Pier Road")}

    order = place_order(**given, addresses=ADDRESSES)
    place_order(**given, addresses=ADDRESSES)
    place_order(**given)
    unchanged = list(Event.objects.filter(topic=order.topic).values_list("kind", flat=True))
    place_order(**given, addresses=moved)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    with pytest.raises(Invalid, match="An order that is confirmed can't get other addresses"):
        place_order(**given, addresses=ADDRESSES)

    assert unchanged == ["order.placed"]
    assert kept(order) == {"delivery": ("5 Pier Road", "GB"), "billing": ("PO Box 9", "GB")}
    assert Event.objects.filter(topic=order.topic, kind="order.revised").count() == 1
