"""Members' roles, who is let in, and that somebody always is who lets others in (AC-10)."""

from collections.abc import Callable

import pytest
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access.models import AccessToken, CustomRole, Session, StaffMember, User
from counterfoil.access.problems import Forbidden, Invalid, NotFound, Problem
from counterfoil.access.viewer import Role, Viewer
from counterfoil.events.models import Event
from counterfoil.staff.members import (
    activate_member,
    deactivate_member,
    set_member_role,
    set_second_factor_required,
)
from counterfoil.staff.roles import save_role
from schema.identity import BadToken, bearer_context
from tests.factories import Shop
from tests.posting import token_of
from tests.together import overlapping, together

pytestmark = pytest.mark.feature("AC-10")


def hired(shop: Shop, name: str, role: Role | CustomRole = Role.SHOP_MANAGER) -> StaffMember:
    return StaffMember.objects.select_related("custom_role").get(pk=shop.hire(name, role).staff_id)


def admins(shop: Shop) -> set[str]:
    found = StaffMember.objects.filter(workspace=shop.workspace, role=Role.ADMIN, is_active=True)
    return set(found.values_list("name", flat=True))


def events() -> list[tuple[str, str, str]]:
    return list(Event.objects.order_by("pk").values_list("kind", "topic", "actor"))


def test_a_member_gets_another_role_and_the_log_says_which_by_whom(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    tom = hired(shop, "Tom")

    assert set_member_role(viewer=shop.staff, member=tom, role=role).viewer.permissions == {"orders:read"}
    assert set_member_role(viewer=shop.staff, member=tom, role=Role.ADMIN).viewer.role is Role.ADMIN
    set_member_role(viewer=shop.staff, member=tom, role=Role.ADMIN)

    told = Event.objects.filter(kind="staff.role_changed").order_by("pk")
    assert [(event.topic, event.actor, event.data, event.internal) for event in told] == [
        (f"staff_{tom.pk}", f"staff:{shop.member.pk}", {"custom_role": role.pk}, True),
        (f"staff_{tom.pk}", f"staff:{shop.member.pk}", {"role": "admin"}, True),
    ]


def test_a_token_has_the_new_role_at_once_and_a_stream_of_the_old_one_ends(shop: Shop) -> None:
    tom = hired(shop, "Tom")
    context = bearer_context(f"Bearer {token_of(tom)}", shop.workspace.pk)
    assert context.still_valid()

    set_member_role(
        viewer=shop.staff,
        member=tom,
        role=save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"]),
    )

    assert not context.still_valid()
    assert events()[-1][0] == "credential.revoked"


def test_who_is_deactivated_is_let_in_nowhere_and_their_tokens_never_again(shop: Shop) -> None:
    tom, browser = hired(shop, "Tom"), Client(headers={"Host": "fennel.test"})
    token = token_of(tom)
    browser.force_login(tom.user)
    assert browser.get("/admin/orders").status_code == 200

    deactivate_member(viewer=shop.staff, member=tom)
    deactivate_member(viewer=shop.staff, member=tom)

    assert browser.get("/admin/orders").status_code == 302
    assert not Session.objects.filter(user=tom.user).exists()
    assert events()[-2:] == [
        ("staff.deactivated", f"staff_{tom.pk}", f"staff:{shop.member.pk}"),
        ("credential.revoked", "credentials", f"staff:{shop.member.pk}"),
    ]
    activate_member(viewer=shop.staff, member=tom)
    activate_member(viewer=shop.staff, member=tom)
    assert [kind for kind, _, _ in events()].count("staff.activated") == 1
    with pytest.raises(BadToken):
        bearer_context(f"Bearer {token}", shop.workspace.pk)
    assert AccessToken.objects.get().revoked_at is not None


def test_who_works_elsewhere_too_stays_signed_in_there(shop: Shop, other_shop: Shop) -> None:
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(shop.user)
    StaffMember.objects.create(workspace=other_shop.workspace, user=shop.user, name="Mara", role=Role.SHOP_MANAGER)
    ben = hired(shop, "Ben", Role.ADMIN)

    deactivate_member(viewer=ben.viewer, member=shop.member)

    assert Session.objects.filter(user=shop.user).count() == 1
    assert browser.get("/admin/orders").status_code == 302


@pytest.mark.parametrize("other", ["nobody", "deactivated", "user deactivated", "elsewhere"])
def test_the_last_active_admin_stays_one(shop: Shop, other_shop: Shop, other: str) -> None:
    hired(shop, "Tom")
    if other != "elsewhere":
        ben = hired(shop, "Ben", Role.ADMIN if other != "nobody" else Role.SHOP_MANAGER)
        StaffMember.objects.filter(pk=ben.pk).update(is_active=other != "deactivated")
        User.objects.filter(pk=ben.user_id).update(is_active=other != "user deactivated")
    before = list(StaffMember.objects.order_by("pk").values())

    for act in (
        lambda: set_member_role(viewer=shop.staff, member=shop.member, role=Role.SHOP_MANAGER),
        lambda: deactivate_member(viewer=shop.staff, member=shop.member),
    ):
        with pytest.raises(Invalid, match="Somebody has to be an admin"):
            act()

    assert list(StaffMember.objects.order_by("pk").values()) == before
    assert events() == []


def test_an_admin_steps_down_once_there_is_another(shop: Shop) -> None:
    hired(shop, "Ben", Role.ADMIN)

    set_member_role(viewer=shop.staff, member=shop.member, role=Role.SHOP_MANAGER)

    assert admins(shop) == {"Ben"}
    with pytest.raises(Forbidden):  # by what they were when they asked, they still could
        set_member_role(viewer=shop.staff, member=shop.member, role=Role.ADMIN)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", [overlapping, together])
@pytest.mark.parametrize("way", ["demote", "deactivate", "step down"])
def test_two_admins_who_remove_each_other_at_once_leave_one(
    shop: Shop, race: Callable[..., list[object]], way: str
) -> None:
    ben = hired(shop, "Ben", Role.ADMIN)

    def act(viewer: Viewer, member: StaffMember) -> Callable[[], StaffMember]:
        if way == "deactivate":
            return lambda: deactivate_member(viewer=viewer, member=member)
        return lambda: set_member_role(viewer=viewer, member=member, role=Role.SHOP_MANAGER)

    mara, mine, bens = shop.member, shop.staff, ben.viewer
    first, second = (act(mine, mara), act(bens, ben)) if way == "step down" else (act(mine, ben), act(bens, mara))
    results = race(first, second)

    assert len(admins(shop)) == 1
    refusal = "Invalid" if way == "step down" else "Forbidden"
    assert sorted(type(result).__name__ for result in results) == sorted([refusal, "StaffMember"])


def test_only_admins_and_only_of_the_workspace_manage_its_staff(shop: Shop, other_shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    tom, order = hired(shop, "Tom"), shop.order()
    acts: list[Callable[[Viewer], object]] = [
        lambda viewer: set_second_factor_required(viewer=viewer, required=True),
        lambda viewer: set_member_role(viewer=viewer, member=tom, role=Role.ADMIN),
        lambda viewer: deactivate_member(viewer=viewer, member=tom),
        lambda viewer: activate_member(viewer=viewer, member=tom),
    ]
    before = list(StaffMember.objects.order_by("pk").values())

    for viewer in (tom.viewer, hired(shop, "Pia", role).viewer, shop.guest(order)):
        for act in acts:
            with pytest.raises(Forbidden):
                act(viewer)
    for act in acts[1:]:
        with pytest.raises(NotFound):
            act(other_shop.staff)
    with pytest.raises(NotFound):  # a role of the other workspace
        set_member_role(viewer=other_shop.staff, member=other_shop.member, role=role)
    assert list(StaffMember.objects.exclude(name="Pia").order_by("pk").values()) == before


def test_a_second_factor_is_required_by_who_has_one(shop: Shop) -> None:
    device = TOTPDevice.objects.create(user=shop.user, name="Phone", confirmed=False)
    for act in (lambda: None, lambda: TOTPDevice.objects.create(user=hired(shop, "Tom").user, name="Tom's")):
        act()
        with pytest.raises(Invalid) as refused:
            set_second_factor_required(viewer=shop.staff, required=True)
        assert refused.value.field == "required"
    device.confirmed = True
    device.save()

    assert set_second_factor_required(viewer=shop.staff, required=True).second_factor_required
    set_second_factor_required(viewer=shop.staff, required=True)
    device.delete()
    assert not set_second_factor_required(viewer=shop.staff, required=False).second_factor_required

    assert [kind for kind, _, _ in events() if kind.startswith("staff")] == [
        "staff.second_factor_required",
        "staff.second_factor_optional",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_member_who_is_changed_by_two_at_once_is_what_the_later_one_said(shop: Shop) -> None:
    ben, tom = hired(shop, "Ben", Role.ADMIN), hired(shop, "Tom")

    results = overlapping(
        lambda: set_member_role(viewer=shop.staff, member=tom, role=Role.ADMIN),
        lambda: deactivate_member(viewer=ben.viewer, member=tom),
    )

    assert not [result for result in results if isinstance(result, Problem)]
    assert StaffMember.objects.values_list("role", "is_active").get(pk=tom.pk) == ("admin", False)
