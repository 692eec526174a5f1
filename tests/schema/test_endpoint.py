"""`/graphql` over HTTP: POST, JSON, bearer tokens, and no cookies."""

import json

import pytest
from django.test import Client

from counterfoil.access.links import order_keys
from counterfoil.conversations.models import Message
from counterfoil.orders.models import Order
from tests.factories import PASSWORD, Shop
from tests.posting import key_of, post, token_of

WHO = "{ viewer { kind name } workspace { name } }"


def test_a_staff_token_speaks_for_the_staff_member(shop: Shop) -> None:
    assert post(WHO, token=token_of(shop.member)).data == {
        "viewer": {"kind": "STAFF", "name": "Mara"},
        "workspace": {"name": "Fennel & Twine"},
    }


@pytest.mark.feature("AC-1")
def test_an_order_key_speaks_for_the_guest_of_that_order(shop: Shop) -> None:
    order = shop.order(contact="Ana Reis", number="INV-7")
    shop.order()

    reply = post("{ viewer { kind name } orders(first: 9) { nodes { number } } }", token=key_of(order))

    assert reply.data == {
        "viewer": {"kind": "GUEST", "name": "Ana Reis"},
        "orders": {"nodes": [{"number": "INV-7"}]},
    }


def test_without_a_token_one_is_nobody_in_the_workspace_of_the_host(shop: Shop, other_shop: Shop) -> None:
    nobody = {"kind": "ANONYMOUS", "name": ""}

    assert post(WHO).data == {"viewer": nobody, "workspace": {"name": "Fennel & Twine"}}
    assert post(WHO, host="other.test").data == {"viewer": nobody, "workspace": {"name": "Quill & Crate"}}
    assert post(WHO, host="OTHER.test:8443").data["workspace"] == {"name": "Quill & Crate"}


def test_a_store_alone_on_its_server_answers_any_host(shop: Shop) -> None:
    assert post(WHO, host="localhost").data["workspace"] == {"name": "Fennel & Twine"}


def test_among_several_stores_an_unknown_host_finds_none(shop: Shop, other_shop: Shop) -> None:
    reply = post(WHO, host="localhost", token=token_of(shop.member))

    assert (reply.status, reply.codes) == (404, ["NOT_FOUND"])
    assert reply.body["errors"][0]["message"] == "No store answers to this host name."


@pytest.mark.feature("AC-1")
def test_a_token_that_opens_nothing_is_refused_and_nothing_is_done(shop: Shop, other_shop: Shop) -> None:
    order, theirs = shop.order(), other_shop.order()
    old_key = key_of(order)
    Order.objects.filter(pk=order.pk).update(key_version=2)
    send = (
        'mutation ($id: ID!) { sendMessage(input: {clientMutationKey: "1", orderId: $id, text: "Hello"}) '
        "{ __typename } }"
    )

    for token in (
        "nonsense",
        "cft_nonsense",
        "cft_",
        old_key,
        order_keys.derive(order.pk, 3),
        key_of(theirs),
        token_of(other_shop.member),
        "é" * 38,
        "A" * 100_000,
    ):
        reply = post(send, token=token, id=f"order_{order.pk}")
        assert (reply.status, reply.codes) == (401, ["UNAUTHENTICATED"]), token[:60]
        assert reply.body.get("data") is None

    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Basic bWFyYTpwdw==", "cft_x", "Token cft_x", "Bearer\tx", "bearer  "]
)
def test_an_authorization_that_is_no_bearer_token_is_refused(shop: Shop, authorization: str) -> None:
    response = Client(headers={"host": "fennel.test", "authorization": authorization}).post(
        "/graphql", json.dumps({"query": WHO}), content_type="application/json"
    )

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


def test_the_word_bearer_may_be_written_as_one_likes(shop: Shop) -> None:
    response = Client(headers={"host": "fennel.test", "authorization": f"bEARER {token_of(shop.member)}"}).post(
        "/graphql", json.dumps({"query": WHO}), content_type="application/json"
    )

    assert response.json()["data"]["viewer"]["kind"] == "STAFF"


@pytest.mark.feature("AC-1")
def test_a_session_of_the_admin_counts_for_nothing_here(shop: Shop) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "fennel.test"})
    assert client.login(username=shop.user.email, password=PASSWORD)

    response = client.post("/graphql", json.dumps({"query": WHO}), content_type="application/json")

    assert response.json()["data"]["viewer"]["kind"] == "ANONYMOUS"


@pytest.mark.feature("AC-8")
def test_a_get_reads_and_changes_nothing(shop: Shop) -> None:
    client = Client(headers={"host": "fennel.test", "authorization": f"Bearer {token_of(shop.member)}"})
    order = shop.order()
    send = f"""mutation {{ sendMessage(input: {{clientMutationKey: "1", orderId: "order_{order.pk}", text: "Hello"}}) {{
        __typename }} }}"""

    read = client.get("/graphql", {"query": WHO})
    change = client.get("/graphql", {"query": send})

    assert read.json()["data"]["viewer"] == {"kind": "STAFF", "name": "Mara"}
    assert (change.status_code, change["Allow"], change["Content-Type"]) == (
        405,
        "POST",
        "application/json; charset=utf-8",
    )
    assert change.json()["errors"][0]["message"] == "Changes are sent by POST."
    assert "data" not in change.json()
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "application/json"),
        ("{", "application/json"),
        ("[]", "application/json"),
        ("null", "application/json"),
        ('"x"', "application/json"),
        ("{}", "application/json"),
        ('{"query": ""}', "application/json"),
        ('{"query": 5}', "application/json"),
        ('{"query": "{ viewer { kind } }", "variables": []}', "application/json"),
        ('[{"query": "{ viewer { kind } }"}]', "application/json"),
        ("query=%7Bviewer%7Bkind%7D%7D", "application/x-www-form-urlencoded"),
        ("{ viewer { kind } }", "text/plain"),
        ('{"query": "\\ud800"}', "application/json"),
        ('{"query": "{ viewer { kind } }", "operationName": "Nope"}', "application/json"),
        ('{"query": "{ viewer { kind } }", "operationName": 5}', "application/json"),
        ('{"query": "{ viewer { kind } }", "extensions": 5}', "application/json"),
        ('{"query": "{ viewer { nothing } }"}', "application/json"),
        ('{"query": "subscription { orderChanged { kind } }"}', "application/json"),
        ("[" * 100_000, "application/json"),
        ('{"query": "' + "{ viewer " * 5_000 + '"}', "application/json"),
        ('{"query": "' + "query { node(id: " + "[" * 5_000 + '"}', "application/json"),
        ("\xff\xfe", "application/json"),
        ('{"query": "\xff"}', "application/json"),
        ("--x--", "multipart/form-data; boundary=x"),
    ],
    ids=lambda value: ascii(value[:60]),
)
def test_a_body_that_is_no_request_is_refused_in_json(shop: Shop, body: str, content_type: str) -> None:
    response = Client(headers={"host": "fennel.test"}).post(
        "/graphql", body.encode("latin-1"), content_type=content_type
    )

    assert 200 <= response.status_code < 500
    assert response["Content-Type"].startswith("application/json")
    assert response.json()["errors"]
    assert not response.json().get("data")


def test_an_answer_is_never_cached(shop: Shop) -> None:
    response = Client(headers={"host": "fennel.test"}).post(
        "/graphql", json.dumps({"query": WHO}), content_type="application/json"
    )

    assert response["Cache-Control"] == "no-store"


def test_a_body_that_is_too_large_is_refused_in_json(shop: Shop) -> None:
    body = json.dumps({"query": WHO, "variables": {"x": "x" * 3_000_000}})

    response = Client(headers={"host": "fennel.test"}).post("/graphql", body, content_type="application/json")

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"] == {"code": "TOO_LARGE"}
