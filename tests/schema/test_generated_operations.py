"""Thousands of operations that nobody wrote, from viewers of every kind: each is answered as GraphQL over HTTP says,
never by a fault of the server, by nothing of a fault's text, and by nothing of the other workspace (GQ-1, AC-12).
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from graphql import DocumentNode
from pytest_django import Settings

from counterfoil.access.models import CustomRole, PartnerClient, StaffMember
from counterfoil.access.viewer import Role
from counterfoil.orders.models import Order
from counterfoil.staff.invitations import invite
from counterfoil.workspaces.actions import set_order_editing
from tests.posting import key_of, partner_token, token_of
from tests.schema.generated import MUTATIONS, QUERIES, each_generated, filled
from tests.schema.test_access_matrix import BUYERS_ALONE, CONTACTS_ALONE
from tests.two_workspaces import Side, ids_of, two_workspaces

MEDIA = ("application/json", "application/graphql-response+json")
STATUSES = {200, 400, 401, 403, 404, 405, 413}
# What only a fault's text has, or a database's.
FAULTS = re.compile(
    r"Traceback|File \"/|\w+Error\(|\w+Error:|has no attribute|NoneType|django|psycopg|sqlite|SELECT |INSERT INTO|"
    r"site-packages|object at 0x|<class|Decimal\('|unhashable|not subscriptable|unexpected keyword|invalid literal|"
    r"isoformat|reference is",
    re.IGNORECASE,
)


@dataclass(frozen=True, repr=False)
class Asker:
    """Somebody who asks, and from which side."""

    who: str
    token: str | None
    mine: Side
    other: Side


@dataclass
class Told:
    """What came of the operations."""

    operations: int = 0
    done: Counter[str] = field(default_factory=Counter)
    by: set[str] = field(default_factory=set)
    codes: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def askers(db: None, settings: Settings) -> list[Asker]:
    settings.ALLOWED_HOSTS = ["*"]
    settings.COST_A_MINUTE = 10**9
    sides = two_workspaces()
    for side in sides:
        _make_more(side)
    return [
        Asker(who, token, mine, other) for mine, other in (sides, sides[::-1]) for who, token in _tokens(mine).items()
    ]


def _make_more(side: Side) -> None:
    """What admins alone see, and what an admin needs who may ask for second factors."""
    invite(viewer=side.shop.staff, email="new@harbour.example", name=f"Ida {side.marker}", role=Role.ADMIN)
    TOTPDevice.objects.create(user=side.shop.user, name="Phone", confirmed=True)
    set_order_editing(viewer=side.shop.staff, address=True, note=True, quantities=True, cancel=True)


def _tokens(side: Side) -> dict[str, str | None]:
    """Viewers of every kind."""
    shop = side.shop
    packer = CustomRole.objects.get(workspace=shop.workspace, name="Packer")
    manager = StaffMember.objects.get(workspace=shop.workspace, name=f"Tom {side.marker}")
    tokens = {
        "anonymous": None,
        "guest": key_of(Order.objects.get(workspace=shop.workspace, number="INV-7")),
        "guest of the draft": key_of(Order.objects.get(workspace=shop.workspace, number="INV-8")),
        "manager": token_of(manager),
        "admin": token_of(shop.member),
        "packer": token_of(StaffMember.objects.get(workspace=shop.workspace, custom_role=packer)),
        "program": partner_token(shop),
        "program that reads orders": partner_token(shop, "orders:read"),
    }
    PartnerClient.objects.filter(workspace=shop.workspace).update(name=f"Till {side.marker}")
    side.ids.update(ids_of(shop.workspace.pk, {"client": "PartnerClient", "invitation": "Invitation"}))
    return tokens


def tell_all(fields: list[str], count: int, askers: list[Asker], *, until_done: bool = False) -> Told:
    """Ask for each root field so often; nothing of it stays done."""
    told = Told()
    # The more may be done the more often, and first: of numbers the small ones are drawn most.
    for name in fields:
        most = "guest of the draft" if name in BUYERS_ALONE else "admin"
        often = [*(asker for asker in askers if asker.who == most for _ in range(6)), *askers]
        tell = partial(_tell, told, name, often)
        each_generated(name, count, tell)
        if until_done and not told.done[name]:  # chance was against it
            each_generated(name, 6 * count, tell)
    return told


def _tell(told: Told, name: str, askers: list[Asker], document: DocumentNode, choose: Any) -> None:
    asker = choose(askers)
    text = filled(document, asker.mine, asker.other, tame=choose((True, False, False)))
    with transaction.atomic():
        body = _answer(asker, text, choose(MEDIA))
        transaction.set_rollback(True)
    told.operations += 1
    told.by.add(asker.who)
    told.codes.update(_codes(body))
    told.done[name] += _is_done(body)


def _answer(asker: Asker, text: str, accept: str) -> dict[str, Any]:
    """What is told, once it has been looked at."""
    headers = {"host": f"{asker.mine.marker}.test", "accept": accept}
    if asker.token:
        headers["authorization"] = f"Bearer {asker.token}"
    response = Client(headers=headers, raise_request_exception=False).post(
        "/graphql", json.dumps({"query": text}), content_type="application/json"
    )
    said = response.content.decode()
    about = f"{asker.who} asks\n{text}\nand is told {response.status_code}\n{said}"
    assert response.status_code in STATUSES, about
    assert response["Content-Type"] == f"{accept}; charset=utf-8", about
    assert not FAULTS.search(said), about
    body: dict[str, Any] = json.loads(said)
    if "data" in body:  # else nothing was run, and what is told quotes the operation
        foreign = {one for ids in asker.other.ids.values() for one in ids}
        assert asker.other.marker not in said, about
        assert foreign.isdisjoint(re.findall(r"[a-z]+_\d+", _without_echoes(body))), about
    assert _is_in_shape(body, response.status_code, accept), about
    assert "INTERNAL" not in _codes(body), about
    return body


def _without_echoes(body: dict[str, Any]) -> str:
    """What is told, but for the ids that outcomes say again as they were given."""
    told = json.loads(json.dumps(body))
    for found in (told["data"] or {}).values():
        for outcome in (isinstance(found, dict) and found.get("outcomes")) or []:
            for echo in ("orderId", "customerId"):
                outcome.pop(echo, None)
    return json.dumps(told)


# Readers of the older media type take these from the answer, whatever its status, and expect 200.
WELL_FORMED = {"PARSE_FAILED", "VALIDATION_FAILED", "BAD_VARIABLES"}


def _is_in_shape(body: dict[str, Any], status: int, accept: str) -> bool:
    """Whether the answer is as the specification has it, and its status as GraphQL over HTTP does."""
    errors = body.get("errors", [])
    return (
        body.keys() <= {"data", "errors", "extensions"}
        and ("data" in body or bool(errors))
        and ("errors" not in body or bool(errors))
        and all(error.keys() <= {"message", "locations", "path", "extensions"} for error in errors)
        and all(isinstance(error["message"], str) and error["message"] for error in errors)
        and all("code" in error.get("extensions", {}) for error in errors)
        and (status == 200) == ("data" in body or (accept == MEDIA[0] and set(_codes(body)) <= WELL_FORMED))
    )


def _codes(body: dict[str, Any]) -> list[str]:
    problems = [one["code"] for one in (body.get("data") or {}).values() if isinstance(one, dict) and "code" in one]
    return problems + [error.get("extensions", {}).get("code") for error in body.get("errors", [])]


def _is_done(body: dict[str, Any]) -> bool:
    """Whether what was asked for was found, or done."""
    found = [one for one in (body.get("data") or {}).values() if one is not None]
    problems = [one for one in found if isinstance(one, dict) and one.get("__typename") == "Problem"]
    return bool(found) and not problems and "errors" not in body


@pytest.mark.feature("GQ-1")
@pytest.mark.timeout(600)
@pytest.mark.slow
def test_two_thousand_operations_meet_no_fault(askers: list[Asker]) -> None:
    told = tell_all(QUERIES + MUTATIONS, 50, askers, until_done=True)

    assert told.operations >= 2000
    assert told.by == {asker.who for asker in askers}
    never_done = {name for name in QUERIES + MUTATIONS if not told.done[name]}
    assert never_done == CONTACTS_ALONE, "Nobody ever got this done, but for contacts, who have no token."
    assert told.codes.keys() >= {"NOT_FOUND", "FORBIDDEN", "INVALID", "VALIDATION_FAILED", "BAD_PAGE_SIZE"}


@pytest.mark.once
@pytest.mark.feature("GQ-1")
def test_a_hundred_operations_meet_no_fault(askers: list[Asker]) -> None:
    told = tell_all(["orders", "node", "placeOrder", "saveProduct", "sendMessage"], 20, askers)

    assert told.operations == 100
    assert sum(told.done.values()) >= 10
