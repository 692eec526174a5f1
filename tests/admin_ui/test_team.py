"""Settings, Team: members, roles, and whether a second factor is required (AC-10)."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.access.viewer import Role
from counterfoil.staff.members import set_member_role
from counterfoil.staff.roles import save_role
from counterfoil.workspaces.models import Workspace
from tests.admin_ui.pages import Html
from tests.admin_ui.signing_in import code_of, secured
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.feature("AC-10"), pytest.mark.slow_on_postgresql]
HOSTILE = "<script>alert(1)</script>\"'><b>"


@pytest.fixture
def admin(shop: Shop) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(shop.user)
    return client


def send(client: Client, address: str, **typed: Any) -> HttpResponse:
    """Send the form of a page as it stands there, with what is typed."""
    key = Html(client.get(address)).values("client_mutation_key")[0]
    return client.post(address, {"client_mutation_key": key, **typed})


def address_of(viewer_id: int | None) -> str:
    return f"/admin/team/staff_{viewer_id}"


def ticked(response: HttpResponse) -> set[str]:
    return {
        attributes["value"]
        for _, attributes in Html(response).tags
        if attributes.get("name") == "permissions" and "checked" in attributes
    }


def test_admins_see_the_team_and_find_it_in_settings(shop: Shop, other_shop: Shop, admin: Client) -> None:
    role = save_role(viewer=shop.staff, name=HOSTILE, permissions=["orders:read"])
    pia = shop.hire(HOSTILE, role)
    StaffMember.objects.filter(pk=pia.staff_id).update(is_active=False)
    other_shop.hire("Elsewhere")

    page = Html(admin.get("/admin/team"))

    assert [row.strip() for row in page.rows] == ["Mara", HOSTILE]
    assert not page.acts
    assert "Deactivated" in page.text
    assert ("a", "/admin/team") in [(tag, attributes.get("href")) for tag, attributes in page.tags]
    assert "Elsewhere" not in page.text
    assert admin.get("/admin/team?after=nonsense").status_code == 200


@pytest.mark.parametrize("who", [Role.SHOP_MANAGER, "custom"])
def test_nobody_else_sees_it(shop: Shop, who: Role | str) -> None:
    role = who if isinstance(who, Role) else save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id).user)

    assert "/admin/team" not in client.get("/admin/account").content.decode()
    page = client.get("/admin/team")
    assert "for admins alone" in page.content.decode()
    assert (page.status_code, "Mara" in page.content.decode(), "staff:write" in page.content.decode()) == (
        *(403, False, True),
    )


def test_a_member_gets_another_role_is_deactivated_and_let_in_again(shop: Shop, admin: Client) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    tom = shop.hire("Tom").staff_id
    told = []
    for typed in ({"act": "role", "role": f"role_{role.pk}"}, {"act": "deactivate"}, {"act": "activate"}):
        answer = send(admin, address_of(tom), **typed)
        assert answer.status_code == 303
        told.append(StaffMember.objects.values_list("custom_role__name", "is_active").get(pk=tom))
        assert "role=status" in admin.get(answer.headers["Location"]).content.decode().replace('"', "")

    assert told == [("Packer", True), ("Packer", False), ("Packer", True)]


@pytest.mark.parametrize("typed", [{"act": "role", "role": "role_shop-manager"}, {"act": "deactivate"}])
def test_the_last_admin_is_told_why_they_stay_one(shop: Shop, admin: Client, typed: Mapping[str, str]) -> None:
    answer = send(admin, address_of(shop.member.pk), **typed)

    assert answer.status_code == 422
    assert "Make another active member an admin first." in Html(answer).text
    assert StaffMember.objects.get().role == "admin"


def test_an_admin_who_steps_down_is_led_on_to_what_they_may_see(shop: Shop, admin: Client) -> None:
    shop.hire("Ben", Role.ADMIN)

    answer = send(admin, address_of(shop.member.pk), act="role", role="role_shop-manager")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/")
    assert admin.get("/admin/team").status_code == 403


def test_what_an_admin_sends_who_is_none_any_more_is_refused(shop: Shop, admin: Client) -> None:
    ben, tom = shop.hire("Ben", Role.ADMIN), shop.hire("Tom").staff_id
    key = Html(admin.get(address_of(tom))).values("client_mutation_key")[0]
    set_member_role(viewer=ben, member=shop.member, role=Role.SHOP_MANAGER)

    for address in (address_of(tom), "/admin/team", "/admin/team/roles/new"):
        answer = admin.post(address, {"client_mutation_key": key, "act": "deactivate", "name": "Mine"})
        assert answer.status_code == 403
        assert "staff:write" in Html(answer).text

    assert StaffMember.objects.get(pk=tom).is_active
    assert not CustomRole.objects.exists()


@pytest.mark.parametrize("wrong", ["staff_0", "staff_999", "nonsense", "role_admin", "%00"])
def test_a_member_who_is_not_there_is_not_found(shop: Shop, other_shop: Shop, admin: Client, wrong: str) -> None:
    for gid in (wrong, f"staff_{other_shop.member.pk}"):
        assert admin.get(f"/admin/team/{gid}").status_code == 404
        assert admin.post(f"/admin/team/{gid}", {"act": "deactivate"}).status_code == 404
    assert StaffMember.objects.get(pk=other_shop.member.pk).is_active


@pytest.mark.parametrize("typed", [{}, {"act": "promote"}, {"act": "role"}, {"act": "role", "role": "role_999"}])
def test_what_no_form_sends_changes_nothing(shop: Shop, admin: Client, typed: dict[str, str]) -> None:
    tom = shop.hire("Tom").staff_id

    assert send(admin, address_of(tom), **typed).status_code in (400, 422)
    assert StaffMember.objects.get(pk=tom).role == "shop_manager"


def test_a_role_is_made_changed_and_deleted(shop: Shop, admin: Client) -> None:
    made = send(admin, "/admin/team/roles/new", name=" Packer ", permissions=["notes:write", "orders:read"])
    address = made.headers["Location"].partition("?")[0]
    role = CustomRole.objects.get()
    form = admin.get(made.headers["Location"])

    assert (made.status_code, address) == (303, f"/admin/team/roles/role_{role.pk}")
    assert (role.name, ticked(form)) == ("Packer", {"notes:read", "notes:write", "orders:read"})
    assert "The role is saved." in Html(form).text
    assert "Packer" in Html(admin.get("/admin/team/roles")).rows[-1]

    assert send(admin, address, name="Reader", permissions=["orders:read"]).status_code == 303
    role.refresh_from_db()
    assert (role.name, role.permissions) == ("Reader", ["orders:read"])

    assert send(admin, address, act="delete").headers["Location"].startswith("/admin/team/roles?")
    assert not CustomRole.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_role(shop: Shop, admin: Client) -> None:
    typed = {"client_mutation_key": "7", "name": "Packer", "permissions": ["orders:read"]}

    first, second = (admin.post("/admin/team/roles/new", typed) for _ in range(2))
    other = admin.post("/admin/team/roles/new", typed | {"name": "Reader"})

    assert first.headers["Location"] == second.headers["Location"]
    assert (other.status_code, Html(other).value("name")) == (422, "Reader")
    assert Html(other).value("client_mutation_key") != "7"
    assert CustomRole.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "permissions", "told"),
    [
        ("", ["orders:read"], "Write something here."),
        ("admin", ["orders:read"], "There is a role of this name"),
        (HOSTILE * 2, ["orders:read", "notes:read"], "use at most 60"),
        ("Packer", [], "Choose at least one permission"),
        ("Packer", ["staff:write"], "No role can have the permission staff:write."),
    ],
)
def test_a_role_that_can_not_be_is_refused_at_its_field_and_nothing_typed_is_lost(
    shop: Shop, admin: Client, name: str, permissions: list[str], told: str
) -> None:
    answer = send(admin, "/admin/team/roles/new", name=name, permissions=permissions)

    page = Html(answer)
    assert answer.status_code == 422
    assert (page.value("name"), ticked(answer)) == (name, set(permissions) - {"staff:write"})
    assert told in page.text
    assert page.focused() == ["permissions-error" if "permission" in told else "name"]
    assert not page.acts
    assert not CustomRole.objects.exists()


def test_a_role_that_somebody_has_is_not_deleted_and_the_page_says_how_many(shop: Shop, admin: Client) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    shop.hire("Pia", role)

    answer = send(admin, f"/admin/team/roles/role_{role.pk}", act="delete")

    assert answer.status_code == 422
    assert "Somebody has this role: 1 member." in Html(answer).text


@pytest.mark.parametrize("role", ["admin", "shop-manager"])
def test_a_built_in_role_is_shown_and_stays(shop: Shop, admin: Client, role: str) -> None:
    address = f"/admin/team/roles/role_{role}"
    page = Html(admin.get(address))

    assert [attributes for tag, attributes in page.tags if tag == "fieldset" and "disabled" in attributes]
    assert not [attributes for _, attributes in page.tags if attributes.get("id") in ("save", "delete")]
    for typed in ({"name": "Mine", "permissions": ["orders:read"]}, {"act": "delete"}):
        answer = admin.post(address, typed)
        assert (answer.status_code, "A built-in role stays as it is" in Html(answer).text) == (422, True)


def test_the_second_factor_is_required_by_who_has_one(shop: Shop, admin: Client) -> None:
    refused = send(admin, "/admin/team", required="yes")
    secured(shop.user)
    admin.post("/admin/sign-in", {"email": shop.user.email, "password": PASSWORD})
    admin.post("/admin/sign-in/code", {"code": code_of(shop.user)})

    assert refused.status_code == 422
    assert "Set up your own second factor first" in Html(refused).text
    for required in (True, False):
        assert send(admin, "/admin/team", required="yes" if required else "no").status_code == 303
        assert Workspace.objects.get().second_factor_required is required
