"""`Order.packingNotices` and `FulfilOrderInput.readNotices` (IN-8): what a packer reads, page by page, each once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Fulfilment, Order, OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.staff.roles import save_role
from schema.context import Context
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop

pytestmark = [pytest.mark.feature("IN-8"), pytest.mark.django_db]

ALL = """query ($number: String!, $first: Int!, $after: String) { orderByNumber(number: $number) {
    packingNotices(first: $first, after: $after) {
        nodes { id type text authorName loggedAt needsAcknowledgement acknowledgedAt acknowledgedByName
                isAboutThisOrder }
        pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
OF_ALL = """{ orders(first: 100) { nodes { number
    packingNotices(first: 3) { nodes { text isAboutThisOrder } pageInfo { hasNextPage } } } } }"""
SEND = """mutation ($input: FulfilOrderInput!) { fulfilOrder(input: $input) { __typename
    ... on FulfilOrderSuccess { fulfilment { number } } ... on Problem { code field message } } }"""


def confirmed(shop: Shop, number: str = "4137") -> Order:
    order = shop.order(number=number)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def logged(shop: Shop, order: Order, text: str, *, about: bool = True, waits: bool = False) -> Interaction:
    return log_interaction(
        viewer=shop.staff,
        customer=order.customer,
        type=InteractionType.EMAIL,
        text=text,
        order=order if about else None,
        needs_acknowledgement=waits,
    )


def packer(shop: Shop) -> Viewer:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["fulfilments:write", "orders:read"])
    return shop.hire("Pia", role)


def test_who_sends_parcels_reads_them_without_a_scope_for_the_log(shop: Shop, ask: Ask) -> None:
    order = confirmed(shop)
    hold = logged(shop, order, "Hold until July 12.", waits=True)
    acknowledge_interaction(viewer=shop.staff, interaction=hold)
    call = logged(shop, order, "Call first.", about=False, waits=True)
    hold.refresh_from_db()

    page = ask(packer(shop), ALL, number="4137", first=9)["orderByNumber"]["packingNotices"]

    assert page["nodes"] == [
        {
            "id": f"interaction_{call.pk}",
            "type": "EMAIL",
            "text": "Call first.",
            "authorName": "Mara",
            "loggedAt": call.logged_at.isoformat(),
            "needsAcknowledgement": True,
            "acknowledgedAt": None,
            "acknowledgedByName": None,
            "isAboutThisOrder": False,
        },
        {
            "id": f"interaction_{hold.pk}",
            "type": "EMAIL",
            "text": "Hold until July 12.",
            "authorName": "Mara",
            "loggedAt": hold.logged_at.isoformat(),
            "needsAcknowledgement": True,
            "acknowledgedAt": hold.acknowledged_at and hold.acknowledged_at.isoformat(),
            "acknowledgedByName": "Mara",
            "isAboutThisOrder": True,
        },
    ]


def test_nobody_else_is_told_of_any(shop: Shop, ask: Ask) -> None:
    order = confirmed(shop)
    logged(shop, order, "Hold until July 12.", waits=True)
    reader = shop.hire("Rae", save_role(viewer=shop.staff, name="Reader", permissions=["orders:read"]))
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=[Permission.ORDERS_READ])

    for viewer in (shop.guest(order), reader, client.acting(client.scopes)):
        assert ask(viewer, ALL, number="4137", first=9) == {"orderByNumber": {"packingNotices": None}}


@pytest.mark.parametrize("first", [1, 7, 100])
def test_however_many_there_are_each_is_found_once_newest_first(shop: Shop, ask: Ask, first: int) -> None:
    order, now, expected = confirmed(shop), clock.now(), []
    for number in range(45):  # three at each moment: about the order, about the customer, and both
        with clock.at(now - timedelta(days=number // 3)):
            expected.append(logged(shop, order, str(number), about=number % 3 != 1, waits=number % 3 != 0))
            logged(shop, order, "of no concern", about=False)
    expected.sort(key=lambda entry: (entry.logged_at, entry.pk), reverse=True)

    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = ask(shop.staff, ALL, number="4137", first=first, after=after)["orderByNumber"]["packingNotices"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert len(page["nodes"]) <= first
        found += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert [notice["text"] for notice in found] == [entry.text for entry in expected]
    assert [notice["isAboutThisOrder"] for notice in found] == [entry.order_id is not None for entry in expected]


def test_a_cursor_of_another_list_is_refused(shop: Shop) -> None:
    confirmed(shop)
    result = schema.execute_sync(
        ALL, variable_values={"number": "4137", "first": 1, "after": "x"}, context_value=Context(viewer=shop.staff)
    )

    assert [(error.extensions or {}).get("code") for error in result.errors or []] == ["BAD_CURSOR"]


@pytest.mark.parametrize("size", [2, 12])
def test_those_of_a_list_of_orders_take_the_same_statements_at_any_size(shop: Shop, size: int) -> None:
    expected = {}
    for number in range(size):
        order = confirmed(shop, f"A-{number}")
        other = Order.objects.get(pk=order.pk)
        for at in range(number % 5):
            logged(shop, other, f"about {number}.{at}")
        logged(shop, other, f"waiting {number}", about=False, waits=True)
        texts = [(f"waiting {number}", False), *((f"about {number}.{at}", True) for at in reversed(range(number % 5)))]
        expected[f"A-{number}"] = (texts[:3], len(texts) > 3)

    with CaptureQueriesContext(connection) as statements:
        result = schema.execute_sync(OF_ALL, context_value=Context(viewer=shop.staff))

    assert not result.errors, result.errors
    found = {
        node["number"]: (
            [(notice["text"], notice["isAboutThisOrder"]) for notice in node["packingNotices"]["nodes"]],
            node["packingNotices"]["pageInfo"]["hasNextPage"],
        )
        for node in (result.data or {})["orders"]["nodes"]
    }
    assert found == expected
    assert len(statements) == 3  # the orders, what is about them, what waits of their customers


def test_a_parcel_leaves_by_mutation_once_all_was_read(shop: Shop, ask: Ask) -> None:
    order = confirmed(shop)
    first, second = logged(shop, order, "One."), logged(shop, order, "Two.", about=False, waits=True)
    read: list[str] = []

    def send(key: str) -> dict[str, Any]:
        given = {"clientMutationKey": key, "orderId": f"order_{order.pk}", "readNotices": list(read)}
        answer = ask(packer, SEND, input=given)["fulfilOrder"]
        assert isinstance(answer, dict)
        return answer

    packer = shop.hire("Jo")
    for entry in (first, second):
        refused = send("one form")
        assert (refused["code"], refused["field"]) == ("NOTICES_UNREAD", "readNotices")
        assert refused["message"].startswith("Nothing was sent: ")
        assert not Fulfilment.objects.exists()
        read.append(f"interaction_{entry.pk}")

    sent = {"__typename": "FulfilOrderSuccess", "fulfilment": {"number": 1}}
    assert send("one form") == sent
    assert send("one form") == sent  # sent again, it is the same parcel
    assert Fulfilment.objects.count() == 1
