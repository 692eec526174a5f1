"""Partners' programs through the API, as an admin manages them (AC-11)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import ClientSecret, MutationRecord, PartnerClient
from counterfoil.access.policy import GRANTABLE
from counterfoil.access.viewer import Viewer
from counterfoil.partners.actions import BadClient, issue_token, register_client, revoke_client, rotate_secret
from counterfoil.partners.models import ClientUsage
from schema.context import Context
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.feature("AC-11")
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
CLIENT = """client { id name clientId scopes { name } trustedOnly revokedAt lastUsedOn
    secrets(first: 9) { nodes { expiresAt } } }"""
PROBLEM = "... on Problem { code field message }"
REGISTER = f"""mutation ($input: RegisterPartnerClientInput!) {{ result: registerPartnerClient(input: $input) {{
    __typename ... on RegisterPartnerClientSuccess {{ secret {CLIENT} }} {PROBLEM} }} }}"""
SCOPES = f"""mutation ($input: SetPartnerScopesInput!) {{ result: setPartnerScopes(input: $input) {{
    __typename ... on SetPartnerScopesSuccess {{ {CLIENT} }} {PROBLEM} }} }}"""
ROTATE = f"""mutation ($input: RotatePartnerSecretInput!) {{ result: rotatePartnerSecret(input: $input) {{
    __typename ... on RotatePartnerSecretSuccess {{ secret {CLIENT} }} {PROBLEM} }} }}"""
REVOKE = f"""mutation ($input: RevokePartnerClientInput!) {{ result: revokePartnerClient(input: $input) {{
    __typename ... on RevokePartnerClientSuccess {{ {CLIENT} }} {PROBLEM} }} }}"""


def change(ask: Ask, viewer: Viewer, text: str, key: str = "1", **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = ask(viewer, text, input={"clientMutationKey": key, **given})["result"]
    return found


def till(shop: Shop) -> tuple[PartnerClient, str]:
    return register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])


def opens(client: PartnerClient, secret: str) -> bool:
    try:
        issue_token(workspace_id=client.workspace_id, client_id=client.client_id, secret=secret)
    except BadClient:
        return False
    return True


def usage(client: PartnerClient, day: Any, operation: str, calls: int, cost: int) -> None:
    ClientUsage.objects.create(
        workspace_id=client.workspace_id, client=client, day=day, operation=operation, calls=calls, cost=cost
    )


def test_a_program_is_registered_once_and_its_secret_shown_once(shop: Shop, ask: Ask) -> None:
    given = {"name": " Till ", "scopes": ["orders:write", "notes:read"]}

    first = change(ask, shop.staff, REGISTER, **given)
    again = change(ask, shop.staff, REGISTER, **given)

    assert again == {**first, "secret": None}
    client = first["client"]
    assert (client["name"], client["lastUsedOn"], client["revokedAt"]) == ("Till", None, None)
    assert [scope["name"] for scope in client["scopes"]] == ["orders:read", "orders:write", "notes:read"]
    assert client["secrets"]["nodes"] == [{"expiresAt": None}]
    assert opens(PartnerClient.objects.get(), first["secret"])
    assert first["secret"] not in str(list(MutationRecord.objects.values()))


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"name": " "}, "name", "Write something here."),
        ({"name": "x" * 121}, "name", "This has 121 characters; use at most 120."),
        ({"name": "Till\n2"}, "name", "This holds a line's end or another control character; leave it out."),
        ({"scopes": []}, "scopes", "Choose at least one scope: a client without any can do nothing."),
        ({"scopes": ["orders:eat"]}, "scopes", "There is no scope orders:eat."),
        ({"scopes": ["orders:read", "partners:write"]}, "scopes", "There is no scope partners:write."),
        ({"scopes": ["staff:write"]}, "scopes", "There is no scope staff:write."),
    ],
)
def test_what_is_no_program_is_refused_at_its_field(
    shop: Shop, ask: Ask, given: dict[str, Any], field: str, message: str
) -> None:
    whole = {"name": "Till", "scopes": ["orders:read"], **given}

    assert change(ask, shop.staff, REGISTER, **whole) == {
        "__typename": "Problem", "code": "INVALID", "field": field, "message": message
    }  # fmt: skip
    assert not PartnerClient.objects.exists()
    assert not MutationRecord.objects.exists()


def test_scopes_are_set_once_for_a_key(shop: Shop, ask: Ask) -> None:
    client, _ = till(shop)
    given = {"partnerClientId": f"client_{client.pk}", "scopes": ["products:write"]}

    first = change(ask, shop.staff, SCOPES, **given)
    PartnerClient.objects.update(scopes=["notes:read"])
    change(ask, shop.staff, SCOPES, **given)
    reused = change(ask, shop.staff, SCOPES, partnerClientId=f"client_{client.pk}", scopes=["orders:read"])

    assert [scope["name"] for scope in first["client"]["scopes"]] == ["products:read", "products:write"]
    assert PartnerClient.objects.get().scopes == ["notes:read"]
    assert reused["code"] == "KEY_REUSED"


def test_a_new_secret_is_shown_once_and_the_one_before_is_good_for_a_day(shop: Shop, ask: Ask) -> None:
    client, old = till(shop)
    given = {"partnerClientId": f"client_{client.pk}"}

    with clock.at(NOON):
        first = change(ask, shop.staff, ROTATE, **given)
        again = change(ask, shop.staff, ROTATE, **given)
        assert opens(client, old)
    with clock.at(NOON + timedelta(hours=24)):
        assert not opens(client, old)
        assert opens(client, first["secret"])
        [only] = change(ask, shop.staff, SCOPES, "2", **given, scopes=["orders:read"])["client"]["secrets"]["nodes"]

    assert again == {**first, "secret": None}
    assert first["client"]["secrets"]["nodes"] == [{"expiresAt": None}, {"expiresAt": "2026-03-10T12:00:00+00:00"}]
    assert only == {"expiresAt": None}
    assert ClientSecret.objects.count() == 2


def test_a_program_that_ended_stays_listed_and_opens_nothing(shop: Shop, ask: Ask) -> None:
    client, secret = till(shop)

    for _ in range(2):
        ended = change(ask, shop.staff, REVOKE, partnerClientId=f"client_{client.pk}")
        assert ended["client"]["revokedAt"] is not None
        assert ended["client"]["secrets"]["nodes"] == []
    listed = ask(shop.staff, "{ partnerClients(first: 9) { nodes { name revokedAt } } }")["partnerClients"]["nodes"]

    assert not opens(client, secret)
    assert listed == [{"name": "Till", "revokedAt": ended["client"]["revokedAt"]}]


@pytest.mark.django_db(transaction=True)
def test_one_form_that_is_sent_twice_at_once_registers_one_program_and_shows_one_secret(shop: Shop, ask: Ask) -> None:
    def register() -> dict[str, Any]:
        return change(ask, shop.staff, REGISTER, name="Till", scopes=["orders:read"])

    answers = together(register, register)

    assert PartnerClient.objects.count() == ClientSecret.objects.count() == 1
    assert [isinstance(answer, dict) and answer["secret"] is not None for answer in answers].count(True) == 1


def test_scopes_come_with_words_for_people(shop: Shop, ask: Ask) -> None:
    found = ask(shop.staff, "{ partnerScopes { name subject description } }")["partnerScopes"]

    assert {scope["name"] for scope in found} == {scope.value for scope in GRANTABLE}
    assert found[0] == {
        "name": "orders:read",
        "subject": "Orders",
        "description": "See orders, what was ordered, and what happened to them.",
    }
    assert len({scope["description"] for scope in found}) == len(found)


def test_usage_is_told_by_day_with_the_empty_ones_and_by_operation_with_the_rest_as_one(shop: Shop, ask: Ask) -> None:
    (client, _), (other, _) = till(shop), till(shop)
    today = NOON.date()
    usage(client, today, "Orders", 5, 50)
    usage(client, today, "Products", 1, 900)
    usage(client, today - timedelta(days=2), "Orders", 2, 3)
    usage(client, today - timedelta(days=3), "Orders", 1000, 1000)
    usage(other, today, "Orders", 7, 7)
    for number in range(3):
        usage(client, today, f"Rare{number}", 1, number)
    text = """query ($id: ID!) { node(id: $id) { ... on PartnerClient { lastUsedOn
        usageByDay(days: 3) { day calls cost } usageByOperation(days: 3, most: 2) { name calls cost } } } }"""

    with clock.at(NOON):
        found = ask(shop.staff, text, id=f"client_{client.pk}")["node"]

    assert found == {
        "lastUsedOn": "2026-03-09",
        "usageByDay": [
            {"day": "2026-03-07", "calls": 2, "cost": 3},
            {"day": "2026-03-08", "calls": 0, "cost": 0},
            {"day": "2026-03-09", "calls": 9, "cost": 953},
        ],
        "usageByOperation": [
            {"name": "Orders", "calls": 7, "cost": 53},
            {"name": "Products", "calls": 1, "cost": 900},
            {"name": None, "calls": 3, "cost": 3},
        ],
    }


@pytest.mark.parametrize("field", ["usageByDay(days: 0)", "usageByDay(days: 91)", "usageByOperation(most: 101)"])
def test_more_usage_than_there_may_be_is_refused(shop: Shop, field: str) -> None:
    till(shop)
    text = f"{{ partnerClients(first: 1) {{ nodes {{ {field} {{ calls }} }} }} }}"

    answer = schema.execute_sync(text, context_value=Context(viewer=shop.staff))

    assert [error.extensions["code"] for error in answer.errors or []] == ["BAD_PAGE_SIZE"]


def test_a_list_of_programs_takes_as_many_statements_for_five_as_for_one(shop: Shop, ask: Ask) -> None:
    text = """{ partnerClients(first: 9) { nodes { name lastUsedOn secrets(first: 2) { nodes { createdAt } }
        usageByDay { calls } usageByOperation { calls } } } }"""
    counts = []

    for more in (1, 4):
        for _ in range(more):
            client, _ = till(shop)
            usage(client, clock.now().date(), "Orders", 1, 1)
            rotate_secret(viewer=shop.staff, client=client)
        with CaptureQueriesContext(connection) as asked:
            nodes = ask(shop.staff, text)["partnerClients"]["nodes"]
        counts.append(len(asked))

    assert len(nodes) == 5
    assert counts[1] <= counts[0] + 1  # secrets are counted off only where there is more than one program


def test_another_workspaces_program_is_nobodys(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    client, secret = till(other_shop)
    theirs = {"partnerClientId": f"client_{client.pk}"}

    answers = [
        change(ask, shop.staff, SCOPES, **theirs, scopes=["orders:read"]),
        change(ask, shop.staff, ROTATE, **theirs),
        change(ask, shop.staff, REVOKE, **theirs),
        change(ask, shop.staff, REVOKE, partnerClientId="client_999999"),
        change(ask, shop.staff, REVOKE, partnerClientId="nonsense"),
    ]

    assert {(answer["code"], answer["field"], answer["message"]) for answer in answers} == {
        ("NOT_FOUND", "partnerClientId", "There is no such program.")
    }
    assert opens(client, secret)
    assert ask(shop.staff, "{ partnerClients(first: 9) { nodes { id } } }")["partnerClients"]["nodes"] == []


def test_a_program_that_was_ended_gets_no_new_secret(shop: Shop, ask: Ask) -> None:
    client, _ = till(shop)
    revoke_client(viewer=shop.staff, client=client)

    for text, more in ((ROTATE, {}), (SCOPES, {"scopes": ["orders:read"]})):
        answer = change(ask, shop.staff, text, partnerClientId=f"client_{client.pk}", **more)
        assert answer == {
            "__typename": "Problem", "code": "INVALID", "field": None,
            "message": "This program was ended. Register another one.",
        }  # fmt: skip
    assert ClientSecret.objects.count() == 1


@pytest.mark.feature("GQ-7")
def test_a_program_is_told_to_keep_to_trusted_documents_when_it_is_registered_or_later(shop: Shop, ask: Ask) -> None:
    given = {"name": "Till", "scopes": ["orders:read"]}
    free = change(ask, shop.staff, REGISTER, "1", **given)["client"]
    kept = change(ask, shop.staff, REGISTER, "2", **given, trustedOnly=True)["client"]
    assert (free["trustedOnly"], kept["trustedOnly"]) == (False, True)

    def changed(key: str, **more: Any) -> Any:
        answer = change(ask, shop.staff, SCOPES, key, partnerClientId=free["id"], scopes=["orders:read"], **more)
        return answer["client"]["trustedOnly"] if "client" in answer else answer["code"]

    assert changed("3", trustedOnly=True) is True
    assert changed("3", trustedOnly=True) is True
    assert changed("3", trustedOnly=False) == "KEY_REUSED"
    assert changed("4") is True
    assert changed("5", trustedOnly=None) is True
    assert changed("6", trustedOnly=False) is False
    assert PartnerClient.objects.get(name="Till", trusted_only=True).pk == int(kept["id"].partition("_")[2])
