"""`/graphql/reporting` over HTTP: POST, JSON, bearer tokens, and no cookies."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, PartnerClient
from counterfoil.partners.actions import register_client
from counterfoil.partners.models import ClientUsage
from counterfoil.partners.usage import USAGE
from tests.factories import PASSWORD, Shop
from tests.posting import Reply, key_of, token_of
from tests.site.processes import PROJECT, run

pytestmark = [pytest.mark.feature("GQ-10"), pytest.mark.slow_on_postgresql]

NUMBERS = "query Numbers { orders(first: 9) { nodes { number customer { name } } } }"
RESPONSE = "application/graphql-response+json"


def send(body: bytes | str, *, token: str | None = None, host: str = "fennel.test", **headers: str) -> Any:
    given = {"host": host} | ({"authorization": f"Bearer {token}"} if token else {}) | headers
    kind = given.pop("kind", "application/json")
    return Client(headers=given).post("/graphql/reporting", body, content_type=kind)


def post(text: str, **given: Any) -> Reply:
    response = send(json.dumps({"query": text}), **given)
    return Reply(response.status_code, json.loads(response.content))


def partner_token(shop: Shop, *scopes: str) -> tuple[PartnerClient, str]:
    client, _ = register_client(viewer=shop.staff, name="Books", scopes=scopes)
    secret = AccessToken.new_secret()
    AccessToken.objects.create(
        workspace=shop.workspace,
        client=client,
        scopes=list(scopes),
        digest=AccessToken.digest_of(secret),
        expires_at=clock.now() + timedelta(hours=1),
    )
    return client, secret


def test_each_credential_is_told_what_it_may_see(shop: Shop, other_shop: Shop) -> None:
    order = shop.order(number="INV-7")
    shop.order(number="INV-8", customer="Quill")
    other_shop.order(number="INV-7")

    def told(**given: Any) -> Any:
        return [
            (row["number"], row["customer"] and row["customer"]["name"])
            for row in post(NUMBERS, **given).data["orders"]["nodes"]
        ]

    assert told(token=token_of(shop.member)) == [("INV-8", "Quill"), ("INV-7", "Harbour Café")]
    assert told(token=partner_token(shop, "orders:read", "customers:read")[1]) == told(token=token_of(shop.member))
    assert told(token=partner_token(shop, "orders:read")[1]) == [("INV-8", None), ("INV-7", None)]
    assert told(token=key_of(order)) == [("INV-7", None)]
    assert told() == []


def test_a_token_that_opens_nothing_or_is_of_another_workspace_is_refused(shop: Shop, other_shop: Shop) -> None:
    for token in ("nonsense", "cft_nonsense", token_of(other_shop.member), key_of(other_shop.order())):
        reply = post(NUMBERS, token=token)

        assert (reply.status, reply.codes) == (401, ["UNAUTHENTICATED"])


def test_a_cookie_is_nobody(shop: Shop) -> None:
    shop.order()
    client = Client(headers={"host": "fennel.test"})
    assert client.login(username=shop.user.email, password=PASSWORD)

    told = client.post("/graphql/reporting", json.dumps({"query": NUMBERS}), content_type="application/json")

    assert told.json()["data"] == {"orders": {"nodes": []}}
    assert told.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in told.headers


def test_among_several_stores_an_unknown_host_finds_none(shop: Shop, other_shop: Shop) -> None:
    reply = post(NUMBERS, host="localhost", token=token_of(shop.member))

    assert (reply.status, reply.codes) == (404, ["NOT_FOUND"])


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 413),
        (b"[]", "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"query": 5}', "application/json", 400),
        (b'{"query": "{ a }", "variables": []}', "application/json", 400),
        (b'{"query": "{ a }", "operationName": 5}', "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"query={a}", "application/x-www-form-urlencoded", 415),
        (b" " * 3_000_000, "application/json", 413),
    ],
)
def test_what_is_no_request_is_refused(shop: Shop, body: bytes, kind: str, status: int) -> None:
    told = send(body, kind=kind)

    assert told.status_code == status
    code = {413: "TOO_LARGE", 415: "UNSUPPORTED_MEDIA_TYPE"}.get(status, "BAD_REQUEST")
    assert [error["extensions"] for error in told.json()["errors"]] == [{"code": code}]


def test_only_get_and_post_are_taken(shop: Shop) -> None:
    client = Client(headers={"host": "fennel.test"})
    for method in (client.head, client.put, client.delete):
        told = method("/graphql/reporting?query={orders(first:1){nodes{id}}}")

        assert (told.status_code, told.headers["Allow"]) == (405, "GET, POST")


def test_a_query_that_was_refused_says_so_in_the_way_that_was_asked_for(shop: Shop) -> None:
    old, new = (send(json.dumps({"query": "mutation { a }"}), accept=kind) for kind in ("application/json", RESPONSE))

    assert (old.status_code, old.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert (new.status_code, new.headers["Content-Type"]) == (400, f"{RESPONSE}; charset=utf-8")
    assert old.json() == new.json()
    assert set(new.json()) == {"errors"}
    assert {error["extensions"]["code"] for error in new.json()["errors"]} == {"VALIDATION_FAILED"}
    well = send(json.dumps({"query": NUMBERS}), accept=RESPONSE)
    assert (well.status_code, well.headers["Content-Type"]) == (200, f"{RESPONSE}; charset=utf-8")


def test_a_query_that_failed_on_its_way_has_answered_null(shop: Shop) -> None:
    told = send(json.dumps({"query": "{ orders(first: 0) { nodes { id } } }"}), accept=RESPONSE)

    assert told.status_code == 200
    assert told.json()["data"] is None
    assert [error["path"] for error in told.json()["errors"]] == [["orders"]]
    unset = {"query": "query ($n: Int!) { orders(first: $n) { nodes { id } } }", "variables": {}}
    refused = send(json.dumps(unset), accept=RESPONSE)
    assert (refused.status_code, set(refused.json())) == (400, {"errors", "extensions"})


def test_variables_and_the_operations_name_are_obeyed(shop: Shop) -> None:
    shop.order(number="INV-7")
    shop.order(number="INV-8")
    asked = {
        "query": "query A($n: [String!]) { orders(first: 9, number: $n) { nodes { number } } } query B { __typename }",
        "variables": {"n": ["INV-7"]},
        "operationName": "A",
    }
    token = token_of(shop.member)

    assert send(json.dumps(asked), token=token).json()["data"] == {"orders": {"nodes": [{"number": "INV-7"}]}}
    assert send(json.dumps(asked | {"operationName": "B"}), token=token).json()["data"] == {"__typename": "Query"}
    assert "errors" in send(json.dumps(asked | {"operationName": None}), token=token).json()


@pytest.mark.feature("AC-11")
def test_a_partners_reports_are_counted_failed_ones_too(shop: Shop) -> None:
    USAGE.flush()  # what other tests left
    client, token = partner_token(shop, "orders:read")
    body = json.dumps({"query": NUMBERS, "operationName": "Numbers"})
    for sent in (body, body, json.dumps({"query": "{"}), "nonsense"):
        send(sent, token=token)
    send(body, token=token_of(shop.member))
    USAGE.flush()

    assert dict(ClientUsage.objects.filter(client=client).values_list("operation", "calls")) == {
        "Numbers": 2,
        "anonymous operation": 2,
    }


def test_the_example_of_the_manual_runs(shop: Shop) -> None:
    shop.order()
    manual = (PROJECT / "docs/reporting.md").read_text(encoding="utf-8")
    [body] = re.findall(r"-d '(\{.*\})'", manual)

    told = send(body, token=token_of(shop.member)).json()

    assert told["data"] == {"orders": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}


WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Others(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        hidden = fullname.partition(".")[0] in {"graphene", "graphene_django", "django_filters"}
        return None if hidden else super().find_spec(fullname, path, target)

sys.meta_path[:] = [Others if finder is PathFinder else finder for finder in sys.meta_path]

import django
django.setup()
from django.urls import Resolver404, resolve
from counterfoil.site.command import main
print(resolve("/graphql").url_name)
try:
    resolve("/graphql/reporting")
except Resolver404:
    print("not found")
print(main(["schema", "--reporting"]))
sys.exit(main(["schema"]))
"""


@pytest.mark.once
def test_without_the_extra_everything_else_works_and_reports_are_not_found(tmp_path: Path) -> None:
    ended = run(
        sys.executable,
        "-c",
        WITHOUT,
        DJANGO_SETTINGS_MODULE="counterfoil.site.settings",
        COUNTERFOIL_DATA_DIR=str(tmp_path),
    )

    assert ended.stderr == "counterfoil: reporting needs graphene: install counterfoil[reporting].\n"
    assert ended.returncode == 0
    assert ended.stdout == "graphql\nnot found\n2\n" + (PROJECT / "schema.graphql").read_text()
