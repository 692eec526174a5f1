"""Queries and mutations over HTTP, as the client of graphql-http sends them (GQ-5)."""

import pytest

from counterfoil.orders.models import Order
from tests.factories import Shop
from tests.serving import Served, key_of
from tests.standards.node import run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.feature("GQ-5")]

SEND = """
mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { ... on SendMessageSuccess { sent { text } } ... on Problem { code } }
}
"""


def test_the_client_runs_a_query_and_a_mutation(shop: Shop, order: Order, served: Served) -> None:
    given = {"input": {"orderId": order.topic, "text": "Sent by a program", "clientMutationKey": "1"}}
    task = {"url": f"{served.base}/graphql", "token": key_of(order)}

    assert run("http_client", **task, operation={"query": "{ viewer { kind } }"}) == [
        {"data": {"viewer": {"kind": "GUEST"}}},
        {"completed": True},
    ]
    assert run("http_client", **task, operation={"query": SEND, "variables": given}) == [
        {"data": {"sendMessage": {"sent": {"text": "Sent by a program"}}}},
        {"completed": True},
    ]


def test_the_client_hears_of_a_token_that_opens_nothing(shop: Shop, served: Served) -> None:
    task = {"url": f"{served.base}/graphql", "token": "cft_unknown", "operation": {"query": "{ viewer { kind } }"}}

    assert run("http_client", **task) == [{"refused": "Server responded with 401: Unauthorized"}]
