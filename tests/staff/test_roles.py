"""Roles of a workspace's own: what they may hold, and that they count at once (AC-10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, Invitation, StaffMember
from counterfoil.access.policy import GRANTABLE, Permission, allows
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Role, Viewer
from counterfoil.access.words import SENTENCES, SUBJECTS, subject_of
from counterfoil.events.models import Event
from counterfoil.staff.members import set_member_role
from counterfoil.staff.roles import delete_role, save_role
from tests.factories import Shop
from tests.together import overlapping

pytestmark = pytest.mark.feature("AC-10")


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def now_of(viewer: Viewer) -> Viewer:
    return StaffMember.objects.select_related("custom_role").get(pk=viewer.staff_id).viewer


def invite(shop: Shop, role: CustomRole, email: str, **more: object) -> Invitation:
    now = clock.now()
    return Invitation.objects.create(
        workspace=shop.workspace,
        custom_role=role,
        email=email,
        name="Pia",
        created_at=now,
        expires_at=now + timedelta(days=7),
        **more,
    )


@pytest.mark.once
def test_every_permission_has_words_and_a_heading() -> None:
    assert set(SENTENCES) == set(Permission)
    assert len(set(SENTENCES.values())) == len(Permission)
    assert all(sentence[0].isupper() and sentence[-1] == "." for sentence in SENTENCES.values())
    assert {permission.value.partition(":")[0] for permission in Permission} == set(SUBJECTS)
    assert subject_of(Permission.ORDER_KEYS_READ) == "Customers’ links"


def test_a_role_gives_its_permissions_and_what_they_need_to_be_read(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="  Packer ", permissions=["fulfilments:write", "orders:write"])
    pia = now_of(shop.hire("Pia", role))

    assert (role.name, role.permissions) == ("Packer", ["fulfilments:write", "orders:read", "orders:write"])
    assert {permission.value for permission in Permission if allows(pia, permission)} == set(role.permissions)
    event = Event.objects.get()
    assert (event.kind, event.topic, event.internal, event.actor, event.data) == (
        "role.made",
        f"role_{role.pk}",
        True,
        f"staff:{shop.member.pk}",
        {},
    )


def test_a_role_that_changes_counts_at_once_for_who_has_it(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read", "notes:write"])
    pia = shop.hire("Pia", role)

    changed = save_role(viewer=shop.staff, role=role, name="Reader", permissions=["orders:read"])

    assert (changed.pk, changed.name) == (role.pk, "Reader")
    assert not allows(now_of(pia), Permission.NOTES_WRITE)
    assert kinds() == ["role.made", "role.changed", "credential.revoked"]


def test_a_role_saved_as_it_stands_changes_nothing(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:write"])

    save_role(viewer=shop.staff, role=role, name="Packer", permissions=["orders:write", "orders:read"])

    assert kinds() == ["role.made"]


@pytest.mark.parametrize(
    "name",
    ["packer", " PACKER", "Ｐａｃｋｅｒ", "admin", "Shop Manager", "Shop  manager", "", "  ", "a\nb", "\0", "x" * 61],
)
def test_a_name_that_is_taken_or_none_is_refused_at_its_field(shop: Shop, name: str) -> None:
    save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])

    with pytest.raises(Invalid) as refused:
        save_role(viewer=shop.staff, name=name, permissions=["orders:read"])

    assert refused.value.field == "name"
    assert CustomRole.objects.get().name == "Packer"


def test_a_role_keeps_its_own_name_in_another_case_and_other_workspaces_have_theirs(
    shop: Shop, other_shop: Shop
) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])

    assert save_role(viewer=shop.staff, role=role, name="PACKER", permissions=["orders:read"]).name == "PACKER"
    assert save_role(viewer=other_shop.staff, name="Packer", permissions=["orders:read"]).pk != role.pk


@pytest.mark.parametrize(
    "permissions", [[], [""], ["staff:write"], ["partners:write", "orders:read"], ["orders:reed"], ["*"], ["\0"]]
)
def test_a_role_has_permissions_that_may_be_given_and_at_least_one(shop: Shop, permissions: list[str]) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])

    for changed in (None, role):
        with pytest.raises(Invalid) as refused:
            save_role(viewer=shop.staff, name="Another", permissions=permissions, role=changed)
        assert refused.value.field == "permissions"

    assert list(CustomRole.objects.values_list("name", "permissions")) == [("Packer", ["orders:read"])]


def test_a_role_that_somebody_has_or_is_invited_to_is_not_deleted(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    pia, ben = shop.hire("Pia", role), shop.hire("Ben", role)
    StaffMember.objects.filter(pk=ben.staff_id).update(is_active=False)
    invite(shop, role, "cleo@staff.example")

    with pytest.raises(Invalid) as refused:
        delete_role(viewer=shop.staff, role=role)
    assert refused.value.message == (
        "Somebody has this role: 2 members and 1 open invitation. Give them another one first."
    )
    for viewer in (pia, ben):
        set_member_role(viewer=shop.staff, member=StaffMember.objects.get(pk=viewer.staff_id), role=Role.SHOP_MANAGER)
    with pytest.raises(Invalid, match="this role: 1 open invitation"):
        delete_role(viewer=shop.staff, role=role)

    Invitation.objects.update(accepted_at=clock.now())
    delete_role(viewer=shop.staff, role=role)

    assert not CustomRole.objects.exists()
    assert kinds()[-1] == "role.deleted"


def test_a_deleted_role_can_be_neither_saved_nor_deleted_nor_given(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    gone = CustomRole(pk=role.pk, workspace=shop.workspace, name="Packer", permissions=[])
    delete_role(viewer=shop.staff, role=role)

    for act in (
        lambda: save_role(viewer=shop.staff, role=gone, name="Packer", permissions=["orders:read"]),
        lambda: delete_role(viewer=shop.staff, role=gone),
        lambda: set_member_role(viewer=shop.staff, member=shop.member, role=gone),
    ):
        with pytest.raises(NotFound):
            act()


def test_only_admins_and_only_of_the_workspace_touch_a_role(shop: Shop, other_shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=sorted(GRANTABLE))
    acts: list[Callable[[Viewer], object]] = [
        lambda viewer: save_role(viewer=viewer, name="Mine", permissions=["orders:read"]),
        lambda viewer: save_role(viewer=viewer, name="Mine", permissions=["orders:read"], role=role),
        lambda viewer: delete_role(viewer=viewer, role=role),
    ]

    for viewer in (shop.hire("Tom"), shop.hire("Pia", role), shop.guest(shop.order())):
        for act in acts:
            with pytest.raises(Forbidden):
                act(viewer)
    for act in acts[1:]:
        with pytest.raises(NotFound):
            act(other_shop.staff)
    assert CustomRole.objects.get().name == "Packer"


@pytest.mark.django_db(transaction=True)
def test_two_who_make_a_role_of_one_name_at_once_make_one(shop: Shop) -> None:
    def make(name: str) -> Callable[[], CustomRole]:
        return lambda: save_role(viewer=shop.staff, name=name, permissions=["orders:read"])

    made, refused = overlapping(make("Packer"), make("PACKER"))

    assert isinstance(made, CustomRole)
    assert isinstance(refused, Invalid)
    assert CustomRole.objects.get().name == "Packer"


@pytest.mark.django_db(transaction=True)
def test_a_role_that_is_given_while_it_is_deleted_is_either_given_or_deleted(shop: Shop) -> None:
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read"])
    tom = StaffMember.objects.get(pk=shop.hire("Tom").staff_id)

    _, refused = overlapping(
        lambda: set_member_role(viewer=shop.staff, member=tom, role=role),
        lambda: delete_role(viewer=shop.staff, role=role),
    )

    assert isinstance(refused, Invalid)
    assert StaffMember.objects.get(pk=tom.pk).custom_role == role
