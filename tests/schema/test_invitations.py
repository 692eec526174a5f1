"""Invitations through the schema: what an admin sees of them, and that a repeat does nothing twice (AC-10, GQ-3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, Invitation
from counterfoil.access.viewer import Role
from counterfoil.events.models import Event
from counterfoil.staff.invitations import accept, invite, link_token
from tests.conftest import Ask
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.django_db, pytest.mark.feature("AC-10")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LIST = """query ($first: Int!, $after: String) { invitations(first: $first, after: $after) {
    nodes { id email name role { id name } invitedBy createdAt expiresAt state }
    pageInfo { hasNextPage endCursor } } }"""
INVITE = """mutation ($input: InviteStaffInput!) { inviteStaff(input: $input) { __typename
    ... on InviteStaffSuccess { invitation { id role { name } state } } ... on Problem { code field message } } }"""
RESEND = """mutation ($input: ResendInvitationInput!) { resendInvitation(input: $input) { __typename
    ... on ResendInvitationSuccess { invitation { id state } } ... on Problem { code field message } } }"""
WITHDRAW = """mutation ($input: WithdrawInvitationInput!) { withdrawInvitation(input: $input) { __typename
    ... on WithdrawInvitationSuccess { invitationId } ... on Problem { code field message } } }"""


def send(ask: Ask, shop: Shop, text: str, **given: Any) -> dict[str, Any]:
    (answer,) = ask(shop.staff, text, input={"clientMutationKey": "k", **given}).values()
    assert isinstance(answer, dict)
    return answer


def test_the_open_invitations_are_listed_newest_first_with_how_they_stand(shop: Shop, ask: Ask) -> None:
    role = CustomRole.objects.create(workspace=shop.workspace, name="Packer", permissions=["orders:read"])
    with clock.at(NOON):
        invite(viewer=shop.staff, email="a@fennel.test", name="Ann", role=Role.ADMIN)
    with clock.at(NOON + timedelta(days=7)):
        invite(viewer=shop.staff, email="b@fennel.test", name="Ben", role=role)
        joined = invite(viewer=shop.staff, email="c@fennel.test", name="Cleo", role=role)
        accept(workspace_id=shop.workspace.pk, token=link_token(joined), name="Cleo", password=PASSWORD)

        first = ask(shop.staff, LIST, first=1)["invitations"]
        second = ask(shop.staff, LIST, first=1, after=first["pageInfo"]["endCursor"])["invitations"]

    [ben], [ann] = first["nodes"], second["nodes"]
    assert (ben["name"], ben["role"], ben["state"]) == ("Ben", {"id": f"role_{role.pk}", "name": "Packer"}, "WAITING")
    assert (ann["name"], ann["role"], ann["state"]) == ("Ann", {"id": "role_admin", "name": "Admin"}, "EXPIRED")
    assert (ann["email"], ann["invitedBy"]) == ("a@fennel.test", "Mara")
    assert ann["expiresAt"] == "2026-03-09T12:00:00+00:00"
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]


def test_a_role_of_ones_own_is_given_and_one_of_another_workspace_is_not_found(
    shop: Shop, other_shop: Shop, ask: Ask
) -> None:
    ours, theirs = (
        CustomRole.objects.create(workspace=one.workspace, name="Packer", permissions=["orders:read"])
        for one in (shop, other_shop)
    )
    pia = {"email": "pia@fennel.test", "name": "Pia"}

    foreign = send(ask, shop, INVITE, **pia, roleId=f"role_{theirs.pk}")
    done = send(ask, shop, INVITE, **pia, roleId=f"role_{ours.pk}")

    assert foreign == {
        "__typename": "Problem",
        "code": "NOT_FOUND",
        "field": "roleId",
        "message": "There is no such role.",
    }
    assert done["invitation"]["role"]["name"] == "Packer"


@pytest.mark.feature("GQ-3")
def test_each_mutation_repeated_with_its_key_answers_alike_and_does_nothing_more(shop: Shop, ask: Ask) -> None:
    pia = {"email": "pia@fennel.test", "name": "Pia", "roleId": "role_shop-manager"}
    done = [send(ask, shop, INVITE, **pia) for _ in range(2)]
    gid = done[0]["invitation"]["id"]
    again = [send(ask, shop, RESEND, clientMutationKey="r", invitationId=gid) for _ in range(2)]
    events = list(Event.objects.filter(kind="staff.invited").order_by("pk").values_list("data__version", flat=True))
    gone = [send(ask, shop, WITHDRAW, clientMutationKey="w", invitationId=gid) for _ in range(2)]
    reused = send(ask, shop, INVITE, **{**pia, "email": "ben@fennel.test"})

    assert done[0] == done[1]
    assert (
        again[0]
        == again[1]
        == {
            "__typename": "ResendInvitationSuccess",
            "invitation": {"id": gid, "state": "WAITING"},
        }
    )
    assert events == [1, 2]
    assert gone == [{"__typename": "WithdrawInvitationSuccess", "invitationId": gid}] * 2
    assert reused["code"] == "KEY_REUSED"
    assert not Invitation.objects.exists()
