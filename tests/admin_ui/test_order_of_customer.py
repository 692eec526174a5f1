"""What staff see of what a customer asked for and changed, on the order's page (OR-7)."""

import pytest
from django.test import Client

from counterfoil.orders.actions import change_status
from counterfoil.orders.editing import cancel_own_order, edit_order
from counterfoil.orders.models import OrderStatus
from counterfoil.workspaces.actions import set_order_editing
from tests.admin_ui.pages import Html
from tests.admin_ui.test_customer_access import browser
from tests.factories import Shop

pytestmark = [pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-7")]


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


def test_the_customers_note_stands_on_the_orders_page_as_text(shop: Shop, staff: Client) -> None:
    order = shop.order(number="INV-7")
    assert "The customer’s note" not in Html(staff.get("/admin/orders/INV-7")).text

    set_order_editing(viewer=shop.staff, note=True)
    edit_order(viewer=shop.guest(order), order=order, note="Ring twice.\n<b onclick=x>Please</b>")

    page = Html(staff.get("/admin/orders/INV-7"))
    assert "The customer’s note" in page.text
    assert "Ring twice.\n<b onclick=x>Please</b>" in page.text
    assert not page.acts


def test_the_history_says_what_the_customer_did_and_what_staff_did(shop: Shop, staff: Client) -> None:
    order = shop.order(number="INV-7")
    set_order_editing(viewer=shop.staff, note=True, quantities=True, cancel=True)
    customer, line = shop.guest(order), order.lines.get(ordinal=1).pk
    edit_order(viewer=customer, order=order, note="Ring.", quantities={line: 2})
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    cancel_own_order(viewer=customer, order=order)

    history = Html(staff.get("/admin/orders/INV-7/history")).text

    told = [line.strip() for line in history.splitlines() if " by " in line]
    assert [line.partition(" by ")[0] for line in told] == [
        "Cancelled",
        "Confirmed",
        "Lines changed",
        "Note changed",
        "Placed",
    ]
    assert ["by the customer" in line for line in told] == [True, False, True, True, False]
