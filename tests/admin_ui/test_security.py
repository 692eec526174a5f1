"""The page that ends every customer's link at once (CN-8, AC-10)."""

from datetime import timedelta

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, User
from counterfoil.orders.models import Order
from tests.admin_ui.signing_in import Browser
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.feature("CN-8"), pytest.mark.slow_on_postgresql]
LINKS = "/admin/security/links"


def test_all_links_end_once_it_was_proved_who_asks(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    shop.order()
    guest, browser = Client(headers={"host": "fennel.test"}), Browser()
    guest.get(order.guest_url)
    assert guest.get("/order/INV-7").status_code == 200
    browser.sign_in(shop.user.email)
    assert "End all 2 links?" in browser.get("/admin/security").content.decode()

    with clock.at(clock.now() + timedelta(minutes=11)):
        key = {"client_mutation_key": "once"}
        asked = browser.post(LINKS, key)
        assert (asked.status_code, 'name="client_mutation_key" value="once"' in asked.content.decode()) == (422, True)
        assert guest.get("/order/INV-7").status_code == 200
        for _ in range(2):
            answer = browser.post(LINKS, key | {"proof_password": PASSWORD})
            assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/security?done=links")

    assert set(Order.objects.values_list("key_version", flat=True)) == {2}
    assert guest.get("/order/INV-7").status_code == 404
    assert "Every link from before is closed" in browser.get("/admin/security?done=links").content.decode()


def test_who_may_not_is_told_so(shop: Shop) -> None:
    shop.order()
    role = CustomRole.objects.create(workspace=shop.workspace, name="Reader", permissions=["orders:read"])
    reader = User.objects.get(memberships=shop.hire("Rea", role).staff_id)
    browser = Browser()
    browser.sign_in(reader.email)

    shown = browser.get("/admin/security")
    assert (shown.status_code, "order_keys:rotate" in shown.content.decode()) == (403, True)
    assert browser.post(LINKS).status_code == 422
    assert Order.objects.get().key_version == 1
