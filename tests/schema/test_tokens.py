"""`/oauth/token` and `/oauth/revoke`, as a partner's program meets them (AC-11)."""

import base64
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.access.models import AccessToken
from counterfoil.partners.actions import register_client
from tests.factories import Shop
from tests.posting import post

pytestmark = pytest.mark.feature("AC-11")
FORM = "application/x-www-form-urlencoded"


def send(path: str, given: str, *, basic: str | None = None, host: str = "fennel.test") -> Any:
    headers = {"host": host}
    if basic is not None:
        headers["authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
    return Client(headers=headers).post(path, given, content_type=FORM)


@pytest.fixture
def pair(shop: Shop) -> tuple[str, str]:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read", "notes:read"])
    return client.client_id, secret


def told(response: HttpResponse) -> tuple[int, str]:
    return response.status_code, response.json().get("error", "")  # type: ignore[attr-defined]


@pytest.mark.parametrize("way", ["header", "form"])
def test_a_client_gets_a_token_uses_it_and_ends_it(pair: tuple[str, str], way: str) -> None:
    name, secret = pair
    who, basic = ("", f"{quote_plus(name)}:{quote_plus(secret)}")
    if way == "form":
        who, basic = f"&client_id={name}&client_secret={secret}", None

    answer = send("/oauth/token", f"grant_type=client_credentials&scope=orders%3Aread{who}", basic=basic)
    body = answer.json()

    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, "orders:read")
    assert answer.headers["Cache-Control"] == "no-store"
    assert post("{ viewer { kind name } }", token=body["access_token"]).data == {
        "viewer": {"kind": "PARTNER", "name": "Till"}
    }

    for _ in range(2):
        ended = send("/oauth/revoke", f"token={body['access_token']}{who}", basic=basic)
        assert (ended.status_code, ended.json()) == (200, {})
    assert post("{ viewer { kind } }", token=body["access_token"]).status == 401


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
@pytest.mark.parametrize(
    "basic", ["", "name", "nobody:secret", "{name}:wrong", "{name}:", ":{secret}", "ä:ö", "{secret}:{name}"]
)
def test_a_client_that_is_not_known_is_told_so_in_one_way(pair: tuple[str, str], path: str, basic: str) -> None:
    name, secret = pair
    given = basic.format(name=name, secret=secret)

    answer = send(path, "grant_type=client_credentials&token=cft_1", basic=given)

    assert told(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="counterfoil"'
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", (400, "invalid_request")),
        ("grant_type=password", (400, "unsupported_grant_type")),
        ("grant_type=client_credentials&grant_type=client_credentials", (400, "invalid_request")),
        ("grant_type=client_credentials&scope=orders:write", (400, "invalid_scope")),
        ("grant_type=client_credentials&scope=orders:read+nonsense", (400, "invalid_scope")),
        ("grant_type=client_credentials&client_secret=twice", (400, "invalid_request")),
        ("grant_type=%ff%00", (400, "unsupported_grant_type")),
    ],
)
def test_what_is_no_request_of_the_standard_is_refused_by_its_name(
    pair: tuple[str, str], given: str, expected: tuple[int, str]
) -> None:
    answer = send("/oauth/token", given, basic=":".join(pair))

    assert told(answer) == expected
    assert answer.json()["error_description"]
    assert not AccessToken.objects.exists()


def test_only_a_form_by_post_is_taken(pair: tuple[str, str]) -> None:
    client = Client(headers={"host": "fennel.test"})
    for path in ("/oauth/token", "/oauth/revoke"):
        assert told(client.post(path, "{}", content_type="application/json")) == (400, "invalid_request")
        got = client.get(path, {"client_id": pair[0], "client_secret": pair[1]})
        assert (told(got), got.headers["Allow"]) == ((405, "invalid_request"), "POST")
    assert not AccessToken.objects.exists()


def test_a_client_of_another_workspace_is_unknown_here(other_shop: Shop, pair: tuple[str, str]) -> None:
    answer = send("/oauth/token", "grant_type=client_credentials", basic=":".join(pair), host="other.test")

    assert told(answer) == (401, "invalid_client")
    assert (
        told(send("/oauth/token", "grant_type=client_credentials", basic=":".join(pair), host="testserver"))[0] == 404
    )
