"""Invitations: who may send them, what their links open, and that nobody joins twice (AC-10)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, Invitation, StaffMember, User
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Role, Viewer, ViewerKind, anonymous
from counterfoil.events.models import Event
from counterfoil.staff.invitations import accept, invite, link_token, opened, resend, visible_to, withdraw
from tests.factories import PASSWORD, Shop
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.feature("AC-10")]

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def invited(shop: Shop, email: str = "pia@fennel.test", role: Role | CustomRole = Role.SHOP_MANAGER) -> Invitation:
    return invite(viewer=shop.staff, email=email, name="Pia", role=role)


def join(shop: Shop, token: str, name: str = "Pia R.", password: str = PASSWORD) -> StaffMember:
    return accept(workspace_id=shop.workspace.pk, token=token, name=name, password=password)


def test_somebody_new_joins_with_their_own_name_and_password_in_the_role_they_were_given(shop: Shop) -> None:
    invitation = invited(shop, " Pia@Fennel.TEST ")

    seen = opened(link_token(invitation), workspace_id=shop.workspace.pk)
    member = join(shop, link_token(invitation))

    assert seen is not None
    assert (seen.workspace, seen.email, seen.name, seen.known) == ("Fennel & Twine", "pia@fennel.test", "Pia", False)
    assert (member.name, member.role, member.user.email) == ("Pia R.", Role.SHOP_MANAGER, "pia@fennel.test")
    assert User.objects.get(email="pia@fennel.test").check_password(PASSWORD)
    assert opened(link_token(invitation), workspace_id=shop.workspace.pk) is None
    events = list(Event.objects.filter(kind__startswith="staff.").order_by("pk"))
    assert [(event.kind, event.actor, event.internal) for event in events] == [
        ("staff.invited", f"staff:{shop.member.pk}", True),
        ("staff.joined", f"staff:{member.pk}", True),
    ]
    assert "pia" not in json.dumps([event.data for event in events]).lower()


def test_who_has_an_account_here_joins_by_its_password_and_keeps_it(shop: Shop, other_shop: Shop) -> None:
    token = link_token(invited(shop, other_shop.user.email))

    with pytest.raises(Invalid) as refusal:
        join(shop, token, password="a-guess-of-mine")
    member = join(shop, token, name="Not asked")

    assert (refusal.value.field, refusal.value.message) == ("password", "This is not the password of your account.")
    assert (member.user, member.name) == (other_shop.user, "Pia")
    assert other_shop.user.memberships.count() == 2
    assert User.objects.get(pk=other_shop.user.pk).check_password(PASSWORD)


def test_the_password_of_an_account_is_not_to_be_guessed_by_a_link(shop: Shop, other_shop: Shop) -> None:
    token = link_token(invited(shop, other_shop.user.email))
    for number in range(10):
        with pytest.raises(Invalid, match="not the password"):
            join(shop, token, password=f"guess number {number}")

    with pytest.raises(Invalid, match="too many tries"):
        join(shop, token)
    with clock.at(clock.now() + timedelta(hours=1)):
        assert join(shop, token).user == other_shop.user


def test_a_user_who_is_turned_off_does_not_join(shop: Shop, other_shop: Shop) -> None:
    User.objects.filter(pk=other_shop.user.pk).update(is_active=False)
    token = link_token(invited(shop, other_shop.user.email))

    with pytest.raises(Invalid, match="turned off"):
        join(shop, token)
    assert other_shop.user.memberships.count() == 1


@pytest.mark.parametrize("password", ["short", "password12", "", "\0" + PASSWORD, "\ud800" + PASSWORD, "x" * 5000])
def test_a_password_that_is_none_makes_nobody(shop: Shop, password: str) -> None:
    token = link_token(invited(shop))

    with pytest.raises(Invalid) as refusal:
        join(shop, token, password=password)

    assert refusal.value.field == "password"
    assert not User.objects.filter(email="pia@fennel.test").exists()
    assert opened(token, workspace_id=shop.workspace.pk) is not None


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\nb", "\0"])
def test_a_name_that_is_none_makes_nobody_and_invites_nobody(shop: Shop, name: str) -> None:
    token = link_token(invited(shop))

    with pytest.raises(Invalid) as joining:
        join(shop, token, name=name)
    with pytest.raises(Invalid) as inviting:
        invite(viewer=shop.staff, email="ben@fennel.test", name=name, role=Role.ADMIN)

    assert joining.value.field == inviting.value.field == "name"
    assert not User.objects.filter(email="pia@fennel.test").exists()
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("email", ["", "pia", "pia@", "pia@fennel.test\nBcc: x@evil.example", "\0@x.test", "x" * 300])
def test_what_is_no_mail_address_is_not_invited(shop: Shop, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        invited(shop, email)

    assert refusal.value.field == "email"
    assert Invitation.objects.count() == 0


def test_who_is_on_the_staff_or_invited_already_is_not_invited_again(shop: Shop, other_shop: Shop) -> None:
    invited(shop)
    gone = shop.hire("Gus")
    StaffMember.objects.filter(pk=gone.staff_id).update(is_active=False)
    addresses = {
        shop.user.email.upper(): "Mara is on your staff already.",
        User.objects.get(memberships=gone.staff_id).email: "Gus was on your staff: turn them on again in the team.",
        "PIA@fennel.test": "This address is invited already. Send that invitation again, or withdraw it.",
    }

    for email, message in addresses.items():
        with pytest.raises(Invalid) as refusal:
            invited(shop, email)
        assert (refusal.value.field, refusal.value.message) == ("email", message)
    assert Invitation.objects.count() == 1
    assert invited(other_shop).workspace == other_shop.workspace


def test_only_who_may_manage_staff_invites_and_sees_invitations(shop: Shop, other_shop: Shop) -> None:
    invitation = invited(shop)
    role = CustomRole.objects.create(
        workspace=shop.workspace, name="Packer", permissions=["orders:read", "staff:write"]
    )
    program = Viewer(
        kind=ViewerKind.PARTNER,
        workspace_id=shop.workspace.pk,
        client_id=1,
        permissions=frozenset({"staff:write"}),
    )

    for viewer in (shop.hire("Tom"), shop.hire("Pat", role), program, anonymous(shop.workspace.pk)):
        assert not visible_to(viewer).exists()
        with pytest.raises(Forbidden):
            invite(viewer=viewer, email="x@fennel.test", name="X", role=Role.ADMIN)
        with pytest.raises(Forbidden):
            resend(viewer=viewer, invitation=invitation)
        with pytest.raises(Forbidden):
            withdraw(viewer=viewer, invitation=invitation)
    with pytest.raises(NotFound):
        resend(viewer=other_shop.staff, invitation=invitation)
    with pytest.raises(NotFound):
        withdraw(viewer=other_shop.staff, invitation=invitation)
    assert list(visible_to(shop.staff)) == [invitation]
    assert Invitation.objects.get().version == 1


def test_a_role_of_another_workspace_can_not_be_given(shop: Shop, other_shop: Shop) -> None:
    theirs = CustomRole.objects.create(workspace=other_shop.workspace, name="Packer", permissions=["orders:read"])
    ours = CustomRole.objects.create(workspace=shop.workspace, name="Packer", permissions=["orders:read"])

    with pytest.raises(NotFound):
        invited(shop, role=theirs)
    member = join(shop, link_token(invited(shop, role=ours)))

    assert (member.role, member.custom_role) == ("", ours)
    assert member.viewer.permissions == {"orders:read"}


def test_sent_again_the_link_before_is_dead_and_the_new_one_has_seven_days(shop: Shop) -> None:
    with clock.at(NOON):
        invitation = invited(shop)
    old = link_token(invitation)
    with clock.at(NOON + timedelta(days=6)):
        new = link_token(resend(viewer=shop.staff, invitation=invitation))

    with clock.at(NOON + timedelta(days=6, hours=1)):
        assert opened(old, workspace_id=shop.workspace.pk) is None
        with pytest.raises(NotFound):
            join(shop, old)
    with clock.at(NOON + timedelta(days=13) - timedelta(seconds=1)):
        assert opened(new, workspace_id=shop.workspace.pk) is not None
    with clock.at(NOON + timedelta(days=13)):
        assert opened(new, workspace_id=shop.workspace.pk) is None
        with pytest.raises(NotFound):
            join(shop, new)
    assert StaffMember.objects.count() == 1


def test_a_link_that_was_withdrawn_tampered_with_or_is_of_another_workspace_opens_nothing(
    shop: Shop, other_shop: Shop
) -> None:
    token, gone = link_token(invited(shop)), invited(shop, "ben@fennel.test")
    withdrawn = link_token(gone)
    withdraw(viewer=shop.staff, invitation=gone)
    dead = [
        "",
        ".",
        "a.b",
        "\0",
        "é" * 40,
        "a.\ud800",
        "x" * 5000,
        token[:-1],
        token + "A",
        "A" + token,
        token.upper(),
        withdrawn,
    ]

    for secret in dead:
        assert opened(secret, workspace_id=shop.workspace.pk) is None, secret
        with pytest.raises(NotFound):
            join(shop, secret)
    with pytest.raises(NotFound):
        join(other_shop, token)
    assert opened(token, workspace_id=other_shop.workspace.pk) is None
    assert StaffMember.objects.count() == 2
    with pytest.raises(NotFound):
        withdraw(viewer=shop.staff, invitation=Invitation(pk=gone.pk))


def test_the_invitation_stands_when_who_sent_it_leaves_or_changes_role(shop: Shop) -> None:
    token = link_token(invited(shop))
    StaffMember.objects.filter(pk=shop.member.pk).update(is_active=False, role=Role.SHOP_MANAGER)

    assert join(shop, token).is_active


def test_nothing_in_the_database_opens_an_invitation(shop: Shop) -> None:
    token = link_token(invited(shop))
    rows = [*Invitation.objects.values(), *Event.objects.values()]

    assert token.rpartition(".")[2] not in repr(rows)


@pytest.mark.parametrize("known", [False, True])
def test_accepted_twice_at_the_same_moment_one_joins(shop: Shop, other_shop: Shop, known: bool) -> None:
    token = link_token(invited(shop, other_shop.user.email if known else "pia@fennel.test"))

    results = together(*[lambda: join(shop, token)] * 3)

    joined = [one for one in results if isinstance(one, StaffMember)]
    assert len(joined) == 1
    assert all(isinstance(one, StaffMember | NotFound) for one in results), results
    assert StaffMember.objects.filter(workspace=shop.workspace).count() == 2
    assert Event.objects.filter(kind="staff.joined").count() == 1


def test_one_new_user_who_accepts_in_two_workspaces_at_once_is_made_once(shop: Shop, other_shop: Shop) -> None:
    tokens = {one.workspace.pk: link_token(invited(one)) for one in (shop, other_shop)}

    together(*[lambda one=one: join(one, tokens[one.workspace.pk]) for one in (shop, other_shop)])  # type: ignore[misc]
    for one in (shop, other_shop):
        if opened(tokens[one.workspace.pk], workspace_id=one.workspace.pk):
            join(one, tokens[one.workspace.pk])

    assert User.objects.get(email="pia@fennel.test").memberships.count() == 2


def test_invited_twice_at_the_same_moment_there_is_one_invitation(shop: Shop) -> None:
    results = together(*[lambda: invited(shop)] * 2)

    assert sorted(type(one).__name__ for one in results) == ["Invalid", "Invitation"]
    assert Invitation.objects.count() == Event.objects.filter(kind="staff.invited").count() == 1
