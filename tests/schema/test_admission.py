"""What is refused before anything runs: too much, too dear, too often, or not for this program (GQ-6, GQ-7)."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query

from counterfoil.access.models import PartnerClient
from counterfoil.conversations.models import Message
from counterfoil.partners.budgets import Budgets, DatabaseStore
from counterfoil.partners.documents import digest_of, register
from counterfoil.partners.models import ClientUsage
from counterfoil.partners.usage import USAGE
from schema import limits
from schema.admission import MISTAKE
from schema.cost import READ, ROW
from tests.factories import Shop
from tests.posting import partner_token, post, send, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.feature("GQ-6")]
GRAPHQL_JSON = "application/graphql-response+json"
ORDERS = "query Orders($first: Int!) { orders(first: $first) { nodes { number } } }"


@pytest.fixture(autouse=True)
def budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is reserved for programs of other tests, whose keys come again."""
    monkeypatch.setattr("schema.admission.BUDGETS", Budgets(DatabaseStore))


def said(reply: Any) -> str:
    return str(reply.body["errors"][0]["message"])


# Cost.


def test_an_answer_says_what_it_cost_what_a_request_may_cost_and_what_is_left(shop: Shop, settings: Any) -> None:
    settings.COST_A_MINUTE = 10_000
    token = partner_token(shop)
    cost = READ + 2 + 5 * (ROW + 1)

    costs = [post(ORDERS, token=token, first=5).body["extensions"]["cost"] for _ in range(2)]

    assert costs == [
        {"requested": cost, "limit": 150_000, "left": 10_000 - cost},
        {"requested": cost, "limit": 150_000, "left": pytest.approx(10_000 - 2 * cost, abs=200)},
    ]


def test_what_costs_too_much_is_refused_with_its_cost_and_nothing_runs(shop: Shop, settings: Any) -> None:
    settings.COST_OF_A_REQUEST = 6_000
    order = f"order_{shop.order().pk}"
    text = """mutation Say($id: ID!) {
        one: sendMessage(input: {clientMutationKey: "1", orderId: $id, text: "Hi"}) { __typename }
        two: sendMessage(input: {clientMutationKey: "2", orderId: $id, text: "Hi"}) { __typename } }"""

    reply = post(text, token=token_of(shop.member), id=order)

    assert reply.codes == ["COST_EXCEEDED"]
    assert said(reply) == "This costs 6,004 points, and 6,000 is the most for a request. Ask for fewer rows or fields."
    assert reply.body["extensions"]["cost"] == {"requested": 6004, "limit": 6000}
    assert "data" not in reply.body
    assert not Message.objects.exists()


def test_who_has_spent_a_minute_waits(shop: Shop, settings: Any) -> None:
    settings.COST_A_MINUTE = 6_000
    token = partner_token(shop)
    for _ in range(5):
        assert post(ORDERS, token=token, first=80).status == 200

    reply = send({"query": ORDERS, "variables": {"first": 80}}, token=token, accept="application/json")

    assert (reply.status, reply.codes) == (429, ["RATE_LIMITED"])
    wait = reply.body["errors"][0]["extensions"]["retryAfter"]
    assert reply.headers["Retry-After"] == str(wait)
    assert 1 <= wait <= 12
    assert said(reply).startswith("You have ")
    assert said(reply).endswith(f" of 6,000 points a minute left, and this takes 1,182. Try again in {wait} s.")
    assert "data" not in reply.body
    assert post(ORDERS, token=partner_token(shop), first=80).status == 200  # another program's bucket


def test_mistakes_are_paid_for(shop: Shop, settings: Any) -> None:
    settings.COST_A_MINUTE = 10 * MISTAKE
    token = partner_token(shop)

    statuses = [send({"query": "{ nonsense }"}, token=token, accept=GRAPHQL_JSON).status for _ in range(8)]
    statuses += [send(b"no JSON", token=token).status for _ in range(3)]

    assert statuses[:10] == [400] * 10
    assert statuses[10] == 429


def test_a_programs_calls_are_counted_with_their_points(shop: Shop) -> None:
    USAGE.flush()  # what earlier tests counted belongs to nobody any more
    token = partner_token(shop)
    post(ORDERS, token=token, first=5)
    post("query Orders { nonsense }", token=token)

    USAGE.flush()

    assert list(ClientUsage.objects.values_list("operation", "calls", "cost")) == [
        ("Orders", 2, READ + 2 + 5 * (ROW + 1) + MISTAKE)
    ]


# Size.


def fields(count: int) -> str:
    return "{ " + " ".join(f"a{number}: position" for number in range(count)) + " }"


HOSTILE: dict[str, Callable[[], str]] = {
    "a megabyte of comment": lambda: "{ position } #" + "x" * 2**20,
    "a megabyte of name": lambda: "{ " + "x" * 2**20 + " }",
    "ten thousand aliases": lambda: fields(10_000),
    "a few aliases too many": lambda: fields(limits.ALIASES + 1),
    "two hundred levels": lambda: (
        "{ orders(first: 1) " + "{ nodes { lines(first: 1) " * 100 + "{ x }" + "} }" * 100 + " }"
    ),
    "five thousand directives": lambda: "{ position " + "@include(if: true) " * 5_000 + "}",
    "directives within the words": lambda: "{ position " + "@include(if: true) " * 100 + "}",
    "the same field again and again": lambda: "{ " + "position " * 900 + "}",
    "fragments that double": lambda: (
        "{ ...F0 } "
        + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
        + " fragment F60 on Query { position }"
    ),
    "many operations": lambda: " ".join(f"query Q{number} {{ position }}" for number in range(100)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_in_words(shop: Shop, name: str) -> None:
    reply = send({"query": HOSTILE[name]()}, accept=GRAPHQL_JSON)

    assert (reply.status, reply.codes) == (400, ["TOO_LARGE"])
    assert len(said(reply)) < 200
    assert "data" not in reply.body


def test_a_cycle_of_fragments_is_a_mistake(shop: Shop) -> None:
    reply = send({"query": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A position }"})

    assert "VALIDATION_FAILED" in reply.codes
    assert "Cannot spread fragment" in said(reply)


@pytest.mark.parametrize(
    "variables",
    [
        {"x": [0] * 100_000},
        {"x": [[[0] * 20] * 50] * 50},
        {"x": [{"a": {"b": [1, 2, 3]}}] * 5_000},
        {f"v{number}": 1 for number in range(30_000)},
    ],
    ids=["long", "nested", "objects", "many"],
)
def test_a_bomb_of_variables_is_refused(shop: Shop, variables: dict[str, Any]) -> None:
    reply = send({"query": "query ($x: Int) { orders(first: 1) { nodes { id } } }", "variables": variables})

    assert (reply.status, reply.codes) == (413, ["TOO_LARGE"])


def test_variables_may_lie_deep_without_harm(shop: Shop) -> None:
    deep = "[" * 900 + "]" * 900

    reply = send(f'{{"query": "query ($x: Int) {{ position }}", "variables": {{"x": {deep}}}}}'.encode())

    assert reply.codes == ["VALIDATION_FAILED"]  # $x is never used


# Which operation.


def test_which_operation_is_to_run_has_to_be_clear(shop: Shop) -> None:
    two = "query One { viewer { kind } } query Two { workspace { name } }"

    replies = [send({"query": two, "operationName": name}, accept=GRAPHQL_JSON) for name in ("Two", None, "Three", "")]

    assert replies[0].data == {"workspace": {"name": "Fennel & Twine"}}
    assert [(reply.status, reply.codes) for reply in replies[1:]] == [(400, ["UNKNOWN_OPERATION"])] * 3
    assert said(replies[1]) == "The text has several operations: say which one by `operationName`."
    assert said(replies[2]) == "The text has no operation Three."


def test_a_subscription_by_plain_post_says_where_streams_are(shop: Shop) -> None:
    reply = send({"query": "subscription { orderChanged { position } }"}, accept=GRAPHQL_JSON)

    assert (reply.status, reply.codes) == (400, ["NO_STREAM"])


# Who is told what the schema is.

INTROSPECTION = "{ __schema { queryType { name } } }"


@pytest.mark.parametrize(
    ("setting", "nobody", "program"), [("everybody", True, True), ("programs", False, True), ("nobody", False, False)]
)
def test_introspection_and_hints_are_a_setting(
    shop: Shop, settings: Any, setting: str, nobody: bool, program: bool
) -> None:
    settings.INTROSPECTION = setting
    for token, told in ((None, nobody), (token_of(shop.member), program)):
        asked = post(INTROSPECTION, token=token)
        mistaken = post("{ orderz { id } }", token=token)

        assert asked.codes == ([] if told else ["INTROSPECTION_DISABLED"])
        assert ("Did you mean 'order' or 'orders'?" in said(mistaken)) is told
        assert said(mistaken).startswith("Cannot query field 'orderz' on type 'Query'.")
        assert post("{ __typename }", token=token).data == {"__typename": "Query"}


def test_a_tools_whole_introspection_is_answered(shop: Shop) -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )

    reply = post(query, token=partner_token(shop))

    assert build_client_schema(reply.data).query_type.fields.keys() >= {"orders", "node"}  # type: ignore[union-attr]


def test_in_production_introspection_is_for_programs() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    printed = subprocess.run(
        [sys.executable, "-c", "from counterfoil.site import settings; print(settings.INTROSPECTION)"],
        env=environment | {"COUNTERFOIL_SECRET_KEY": "x", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert printed.stdout.strip() == "programs"


# Trusted documents.


@pytest.mark.feature("GQ-7")
def test_a_registered_document_runs_by_its_hash(shop: Shop, other_shop: Shop) -> None:
    register(workspace_id=shop.workspace.pk, text=ORDERS)
    shop.order(number="INV-7")
    asked = {"documentId": f"sha256:{digest_of(ORDERS)}", "variables": {"first": 5}}

    reply = send(asked, token=partner_token(shop))
    elsewhere = send(asked, token=partner_token(other_shop), host="other.test")

    assert reply.data == {"orders": {"nodes": [{"number": "INV-7"}]}}
    assert reply.body["extensions"]["cost"]["requested"] == READ + 2 + 5 * (ROW + 1)
    assert (elsewhere.status, elsewhere.codes) == (400, ["UNKNOWN_DOCUMENT"])


@pytest.mark.feature("GQ-7")
def test_a_program_that_is_trusted_only_can_send_nothing_else(shop: Shop) -> None:
    register(workspace_id=shop.workspace.pk, text=ORDERS)
    token = partner_token(shop, trusted_only=True)
    order = f"order_{shop.order().pk}"
    send_message = (
        f'mutation {{ sendMessage(input: {{clientMutationKey: "1", orderId: "{order}", text: "x"}}) {{ __typename }} }}'
    )
    document = {"documentId": f"sha256:{digest_of(ORDERS)}", "variables": {"first": 5}}

    refused = [
        send(body, token=token, accept=GRAPHQL_JSON)
        for body in (
            {"query": send_message},
            {"query": ORDERS, "variables": {"first": 5}},  # the same words, but not by their hash
            {"query": "{ nonsense"},
            {"query": INTROSPECTION},
        )
    ]

    assert send(document, token=token).status == 200
    assert {(reply.status, tuple(reply.codes)) for reply in refused} == {(400, ("TRUSTED_DOCUMENTS_ONLY",))}
    assert send({**document, "query": send_message}, token=token, accept=GRAPHQL_JSON).status == 400
    assert not Message.objects.exists()
    PartnerClient.objects.update(trusted_only=False)
    assert post(ORDERS, token=token, first=5).status == 200


@pytest.mark.feature("GQ-7")
@pytest.mark.parametrize("name", ["", "md5:900150983cd24fb0d6963f7d28e17f72", "sha256:xyz", "x" * 10_000, 5, ["a"], {}])
def test_what_is_no_hash_is_no_document(shop: Shop, name: object) -> None:
    reply = send({"documentId": name}, token=partner_token(shop))

    assert (reply.status, reply.codes) == (400, ["BAD_REQUEST"])


def test_variables_that_do_not_fit_run_nothing(shop: Shop) -> None:
    for variables in ({}, {"first": "five"}, {"first": None}, {"first": [1]}, {"first": 2**40}):
        reply = send({"query": ORDERS, "variables": variables}, accept=GRAPHQL_JSON)

        assert (reply.status, reply.codes) == (400, ["BAD_VARIABLES"]), variables
        assert "data" not in reply.body
        assert "'$first'" in said(reply)
