"""The staff and the roles in the schema: who is there, what they may do, changes safe to repeat (AC-10)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.access.policy import BY_ROLE, GRANTABLE
from counterfoil.access.viewer import Role, Viewer, anonymous
from counterfoil.events.models import Event
from counterfoil.staff.roles import save_role
from tests.conftest import Ask
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.feature("AC-10")
STAFF = """query ($first: Int!, $after: String) { staffMembers(first: $first, after: $after) {
    nodes { id name email active hasSecondFactor isMe role { id name builtIn permissions { name } } }
    pageInfo { hasNextPage endCursor }
} }"""
ROLES = """query ($first: Int!, $after: String) { roles(first: $first, after: $after) {
    nodes { id name builtIn permissions { name sentence } } pageInfo { hasNextPage endCursor }
} }"""


def mutate(ask: Ask, viewer: Viewer, mutation: str, selection: str, **given: object) -> Any:
    """What a mutation answers."""
    kind = mutation[0].upper() + mutation[1:]
    text = f"""mutation ($input: {kind}Input!) {{ answer: {mutation}(input: $input) {{
        ... on {kind}Success {{ {selection} }} ... on Problem {{ code field message }}
    }} }}"""
    return ask(viewer, text, input={"clientMutationKey": "1", **given})["answer"]


def test_admins_see_who_works_here_and_in_which_role(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    pia = shop.hire("Pia", role)
    StaffMember.objects.filter(pk=pia.staff_id).update(is_active=False)
    TOTPDevice.objects.create(user=shop.user, name="Phone", confirmed=True)
    TOTPDevice.objects.create(user=StaffMember.objects.get(pk=pia.staff_id).user, name="Phone", confirmed=False)

    mara, packer = ask(shop.staff, STAFF, first=9)["staffMembers"]["nodes"]

    assert mara | {"role": mara["role"]["id"]} == {
        "id": f"staff_{shop.member.pk}",
        "name": "Mara",
        "email": shop.user.email,
        "active": True,
        "hasSecondFactor": True,
        "isMe": True,
        "role": "role_admin",
    }
    assert (packer["name"], packer["active"], packer["hasSecondFactor"], packer["isMe"]) == ("Pia", False, False, False)
    assert packer["role"] == {
        "id": f"role_{role.pk}",
        "name": "Packer",
        "builtIn": False,
        "permissions": [{"name": "orders:read"}],
    }


def test_the_built_in_roles_come_first_and_pages_go_on_behind_any_cursor(shop: Shop, ask: Ask) -> None:
    own = [save_role(viewer=shop.staff, name=name, permissions=["orders:read"]) for name in ("Packer", "Reader")]
    whole = ask(shop.staff, ROLES, first=9)["roles"]["nodes"]
    paged, after = [], None
    for _ in whole:
        page = ask(shop.staff, ROLES, first=1, after=after)["roles"]
        paged += page["nodes"]
        after = page["pageInfo"]["endCursor"]

    assert [role["name"] for role in whole] == ["Admin", "Shop manager", "Packer", "Reader"]
    assert paged == whole
    assert page["pageInfo"]["hasNextPage"] is False
    assert [role["id"] for role in whole] == ["role_admin", "role_shop-manager", *(f"role_{one.pk}" for one in own)]
    assert [{one["name"] for one in role["permissions"]} for role in whole[:2]] == [
        {permission.value for permission in BY_ROLE[Role.ADMIN]},
        {permission.value for permission in GRANTABLE},
    ]
    assert whole[2]["permissions"][0]["sentence"] == "See orders, what was ordered, and what happened to them."


@pytest.mark.parametrize("rows", [2, 15])
def test_the_lists_take_as_many_statements_at_any_size(shop: Shop, ask: Ask, rows: int) -> None:
    for at in range(rows):
        shop.hire(f"Pia{at}", save_role(viewer=shop.staff, name=f"Role {at}", permissions=["orders:read"]))

    with CaptureQueriesContext(connection) as statements:
        assert len(ask(shop.staff, STAFF, first=99)["staffMembers"]["nodes"]) == rows + 1
        assert len(ask(shop.staff, ROLES, first=99)["roles"]["nodes"]) == rows + 2
    assert len(statements) == 2


def test_viewers_learn_what_they_may_do(shop: Shop, ask: Ask) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["fulfilments:write", "orders:read"])
    text = "{ viewer { permissions { name grantable subject } } workspace { secondFactorRequired } }"

    packer, nobody = ask(shop.hire("Pia", role), text), ask(anonymous(shop.workspace.pk), text)

    assert packer["viewer"]["permissions"] == [
        {"name": "orders:read", "grantable": True, "subject": "Orders"},
        {"name": "fulfilments:write", "grantable": True, "subject": "Parcels"},
    ]
    assert packer["workspace"] == {"secondFactorRequired": False}
    assert nobody == {"viewer": {"permissions": []}, "workspace": {"secondFactorRequired": None}}
    assert len(ask(shop.staff, text)["viewer"]["permissions"]) == len(BY_ROLE[Role.ADMIN])


def test_a_role_is_made_given_changed_and_deleted_each_once_however_often_it_is_asked(shop: Shop, ask: Ask) -> None:
    tom = f"staff_{shop.hire('Tom').staff_id}"

    def made() -> Any:
        given = {"name": "Packer", "permissions": ["notes:write"]}
        return mutate(ask, shop.staff, "saveRole", "role { id permissions { name } }", **given)["role"]

    role = made()
    given = {"staffId": tom, "roleId": role["id"], "clientMutationKey": "2"}
    for _ in range(2):
        assert made() == role
        assert mutate(ask, shop.staff, "setStaffRole", "member { role { name } }", **given) == {
            "member": {"role": {"name": "Packer"}}
        }
    assert role["permissions"] == [{"name": "notes:read"}, {"name": "notes:write"}]

    again = {"roleId": role["id"], "clientMutationKey": "3"}
    assert mutate(ask, shop.staff, "deleteRole", "deletedId", **again)["message"].startswith(
        "Somebody has this role: 1"
    )
    mutate(ask, shop.staff, "setStaffRole", "member { id }", staffId=tom, roleId="role_admin", clientMutationKey="4")
    for _ in range(2):
        assert mutate(ask, shop.staff, "deleteRole", "deletedId", **again) == {"deletedId": role["id"]}

    assert not CustomRole.objects.exists()
    kinds = Event.objects.exclude(kind="credential.revoked").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["role.made", "staff.role_changed", "staff.role_changed", "role.deleted"]


@pytest.mark.parametrize("role", ["role_admin", "role_shop-manager"])
def test_a_built_in_role_stays_as_it_is(shop: Shop, ask: Ask, role: str) -> None:
    given = {"roleId": role, "name": "Mine", "permissions": ["orders:read"]}

    for answer in (
        mutate(ask, shop.staff, "saveRole", "role { id }", **given),
        mutate(ask, shop.staff, "deleteRole", "deletedId", roleId=role),
    ):
        assert (answer["code"], answer["field"]) == ("INVALID", "roleId")


@pytest.mark.parametrize("role", ["", "role_", "role_0", "role_999", "role_admin ", "admin", "staff_1", "role_\0"])
def test_a_role_that_is_none_is_not_given(shop: Shop, ask: Ask, role: str) -> None:
    tom = shop.hire("Tom").staff_id

    answer = mutate(ask, shop.staff, "setStaffRole", "member { id }", staffId=f"staff_{tom}", roleId=role)

    assert (answer["code"], answer["field"]) == ("NOT_FOUND", "roleId")
    assert StaffMember.objects.get(pk=tom).role == "shop_manager"


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_demote_each_other_through_the_schema_at_once_leave_one(shop: Shop, ask: Ask) -> None:
    ben = shop.hire("Ben", Role.ADMIN)

    def demote(viewer: Viewer, pk: int | None) -> Any:
        given = {"staffId": f"staff_{pk}", "roleId": "role_shop-manager"}
        return mutate(ask, viewer, "setStaffRole", "member { name }", **given)

    answers = together(lambda: demote(shop.staff, ben.staff_id), lambda: demote(ben, shop.member.pk))

    assert sorted(str(answer.get("code", "done")) for answer in answers if isinstance(answer, dict)) == [
        *("FORBIDDEN", "done"),
    ]
    assert StaffMember.objects.filter(role=Role.ADMIN).count() == 1
