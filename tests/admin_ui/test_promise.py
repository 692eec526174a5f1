"""What one member of the staff promised a customer, another keeps three weeks later (IN-2, IN-4, IN-8)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.access.viewer import Role
from counterfoil.events.models import Event
from counterfoil.interactions.models import Interaction
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Fulfilment, Order, OrderStatus
from tests.admin_ui.pages import Html
from tests.factories import Shop

pytestmark = [pytest.mark.feature("IN-2"), pytest.mark.feature("IN-4"), pytest.mark.feature("IN-8")]

PROMISE = "Hold order 4137 until July 12 per their email; family trip; unusual circumstance."
TOLD = datetime(2026, 6, 19, 10, 5, tzinfo=UTC)
SEND = "/admin/orders/4137/fulfilments/send"
PACKED = TOLD + timedelta(weeks=3)


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="4137")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def signed_in(member: StaffMember, at: datetime) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    with clock.at(at):
        client.force_login(member.user)
    return client


def test_the_packer_of_three_weeks_later_keeps_what_was_promised_by_mail(shop: Shop, order: Order) -> None:
    jo = StaffMember.objects.get(pk=shop.hire("Jo", Role.SHOP_MANAGER).staff_id)
    packs = CustomRole.objects.create(
        workspace=shop.workspace, name="Packer", permissions=["fulfilments:write", "orders:read"]
    )
    pia = StaffMember.objects.get(pk=shop.hire("Pia", packs).staff_id)
    profile = f"/admin/customers/customer_{order.customer_id}"

    log = {"client_mutation_key": "log-1", "type": "email", "text": PROMISE, "order": "4137", "waits": "yes"}
    with clock.at(TOLD):
        answer = signed_in(jo, TOLD).post(f"{profile}/interactions", log)
    assert answer.status_code == 303
    promise = Interaction.objects.get()
    assert (promise.text, promise.author_name, promise.logged_at) == (PROMISE, "Jo", TOLD)
    assert (promise.order_id, promise.acknowledged_at) == (order.pk, None)

    packer = signed_in(pia, PACKED)
    line = order.lines.get(ordinal=1)
    parcel = {"client_mutation_key": "send-1", "page": "pack", f"quantity line_{line.pk}": "1"}
    with clock.at(PACKED):
        opened = Html(packer.get("/admin/orders/4137/pack"))
        refused = packer.post(SEND, parcel)
    assert PROMISE in opened.text
    assert "19 June" in opened.text
    assert "Read 1 entry first" in opened.text
    assert refused.status_code == 422
    assert "Read it first: email by Jo." in Html(refused).text
    assert not Fulfilment.objects.exists()

    with clock.at(PACKED):
        sent = packer.post(SEND, {**parcel, "read": [f"interaction_{promise.pk}"]})
    assert sent.status_code == 303
    assert Fulfilment.objects.get().created_at == PACKED
    assert Event.objects.get(kind="order.parcel_sent").data["read"] == [promise.pk]
