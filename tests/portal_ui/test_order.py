"""What the order's page tells its customer."""

import pytest
from django.test import Client

from tests.factories import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql]


@pytest.mark.feature("CN-7")
@pytest.mark.parametrize(
    ("email", "told", "not_told"),
    [
        ("ana@harbour.example", "You get an e-mail when they answer", "no e-mail address"),
        ("", "The shop has no e-mail address of yours", "You get an e-mail"),
    ],
    ids=["with an address", "without"],
)
def test_nobody_without_an_address_is_promised_an_e_mail(shop: Shop, email: str, told: str, not_told: str) -> None:
    order = shop.order(email=email)
    client = Client(headers={"Host": shop.store.host})
    client.get(order.guest_url.removeprefix(order.store.base_url))

    page = client.get(f"/order/{order.number}").content.decode()

    assert told in page
    assert not_told not in page
    assert ('id="mail-button"' in page) == bool(email)
