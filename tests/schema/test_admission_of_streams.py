"""What stands before an operation is the same over SSE and WebSocket as over plain HTTP (GQ-6, GQ-7)."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from counterfoil.partners.budgets import Budgets, DatabaseStore
from counterfoil.partners.documents import digest_of, register
from tests.factories import Shop
from tests.posting import partner_token
from tests.serving import PATIENCE, Served, serving, token_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow_on_postgresql,
    pytest.mark.feature("GQ-6"),
    pytest.mark.feature("GQ-7"),
]
WATCH = "subscription Watch { orderChanged { position order { number } } }"
ORDERS = "query Orders { orders(first: 20) { nodes { number } } }"
DEAR = """subscription { orderChanged { order { customer { name contacts(first: 100) { nodes { id name email } } }
    lines(first: 100) { nodes { id name sku unit quantity fulfilled returned total { amount currency }
        unitPrice { amount currency } } }
    messages(first: 100) { nodes { id author authorName text sentAt deliveredAt readAt mail { state reason sentAt } } }
    history(first: 100) { nodes { kind happenedAt actorName status } }
    fulfilments(first: 100) { nodes { id number status carrier trackingNumber trackingUrl createdAt } } } } }"""

type Ask = Callable[[Served, str, dict[str, object]], Any]


def over_sse(served: Served, token: str, asked: dict[str, object]) -> Any:
    """The first thing that is told: a refusal, or the first result."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    with (
        httpx.Client(verify=False, timeout=PATIENCE) as client,
        client.stream("POST", f"{served.base}/graphql", json=asked, headers=headers) as response,
    ):
        if response.headers["content-type"].startswith("application/json"):
            told = json.loads(response.read())
            return {**told, "status": response.status_code, "retry": response.headers.get("retry-after")}
        for line in response.iter_lines():
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
    raise AssertionError("nothing was told")


def over_websocket(served: Served, token: str, asked: dict[str, object]) -> Any:
    """The first thing that is told."""
    with connect(
        f"ws://127.0.0.1:{served.port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as connection:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        connection.send(json.dumps(init))
        assert json.loads(connection.recv(PATIENCE))["type"] == "connection_ack"
        connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
        told = json.loads(connection.recv(PATIENCE))
    return {"errors": told["payload"]} if told["type"] == "error" else told["payload"]


both = pytest.mark.parametrize("ask", [over_sse, over_websocket])


@pytest.fixture
def served(shop: Shop) -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is reserved for programs of other tests, whose keys come again."""
    monkeypatch.setattr("schema.admission.BUDGETS", Budgets(DatabaseStore))


def codes(told: Any) -> list[str]:
    return [error["extensions"]["code"] for error in told["errors"]]


@both
def test_a_query_tells_its_cost_and_a_subscription_only_its_events(shop: Shop, served: Served, ask: Ask) -> None:
    shop.order(number="INV-7")
    token = token_of(shop.member)

    query = ask(served, token, {"query": ORDERS})
    event = ask(served, token, {"query": "subscription { orderChanged(after: 0) { position } }"})

    assert query["data"] == {"orders": {"nodes": [{"number": "INV-7"}]}}
    assert query["extensions"]["cost"]["requested"] == 522
    assert set(event["extensions"]) == {"position"}


@both
def test_an_event_may_cost_less_than_a_request(shop: Shop, served: Served, ask: Ask) -> None:
    told = ask(served, token_of(shop.member), {"query": DEAR})

    assert codes(told) == ["COST_EXCEEDED"]
    assert "is the most for each event of a subscription" in told["errors"][0]["message"]


@both
def test_who_has_spent_a_minute_waits(shop: Shop, served: Served, ask: Ask, settings: Any) -> None:
    settings.COST_A_MINUTE = 600
    token = partner_token(shop)
    ask(served, token, {"query": ORDERS})

    told = ask(served, token, {"query": ORDERS})

    assert codes(told) == ["RATE_LIMITED"]
    wait = told["errors"][0]["extensions"]["retryAfter"]
    assert 30 <= wait <= 50
    if ask is over_sse:
        assert (told["status"], told["retry"]) == (429, str(wait))


@both
def test_what_is_too_large_is_refused(shop: Shop, served: Served, ask: Ask) -> None:
    text = {"query": "{ " + " ".join(f"a{number}: position" for number in range(200)) + " }"}
    values = {"query": ORDERS, "variables": {"x": [1] * 30_000}}

    assert [codes(ask(served, token_of(shop.member), asked)) for asked in (text, values)] == [["TOO_LARGE"]] * 2


@both
def test_a_program_that_is_trusted_only_watches_registered_documents_alone(
    shop: Shop, served: Served, ask: Ask
) -> None:
    shop.order(number="INV-7")
    registered = "subscription { orderChanged(after: 0) { order { number } } }"
    register(workspace_id=shop.workspace.pk, text=registered)
    token = partner_token(shop, trusted_only=True)

    by_hash = ask(served, token, {"documentId": f"sha256:{digest_of(registered)}"})
    by_text = ask(served, token, {"query": registered})
    unknown = ask(served, token, {"documentId": f"sha256:{digest_of(WATCH)}"})

    assert by_hash["data"] == {"orderChanged": {"order": {"number": "INV-7"}}}
    assert codes(by_text) == ["TRUSTED_DOCUMENTS_ONLY"]
    assert codes(unknown) == ["UNKNOWN_DOCUMENT"]


@both
def test_without_a_token_nobody_is_told_what_the_schema_is(shop: Shop, served: Served, ask: Ask, settings: Any) -> None:
    settings.INTROSPECTION = "programs"
    asked: dict[str, object] = {"query": "{ __schema { queryType { name } } }"}

    assert ask(served, token_of(shop.member), asked)["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    settings.INTROSPECTION = "nobody"
    assert codes(ask(served, token_of(shop.member), asked)) == ["INTROSPECTION_DISABLED"]
