"""The page of invitations, and joining by the link of one (AC-8, AC-10)."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access.models import Invitation, StaffMember, User
from counterfoil.access.viewer import Role
from counterfoil.events.models import Event
from counterfoil.mail import tasks
from counterfoil.staff.invitations import invite, link_token
from tests.admin_ui.pages import Html
from tests.factories import PASSWORD, Shop
from tests.mail.backends import outbox

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow_on_postgresql,
    pytest.mark.feature("AC-10"),
]

PAGE = "/admin/team/invitations"
PIA = {"email": "pia@fennel.test", "name": "Pia", "role": "role_shop-manager"}


@pytest.fixture
def staff(shop: Shop) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(shop.user)
    return client


def browser(host: str = "fennel.test") -> Client:
    return Client(headers={"Host": host})


def invited(shop: Shop, email: str = "pia@fennel.test") -> Invitation:
    return invite(viewer=shop.staff, email=email, name="Pia", role=Role.SHOP_MANAGER)


def keyed(given: dict[str, str], key: str = "k") -> dict[str, str]:
    return {"client_mutation_key": key, **given}


def test_an_admin_invites_somebody_who_joins_by_the_mail_and_signs_in(shop: Shop, staff: Client) -> None:
    answer = staff.post(PAGE, keyed(PIA))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}?done=sent")
    assert "pia@fennel.test" in Html(staff.get(f"{PAGE}?done=sent")).text
    tasks.sweep()
    found = re.search(r"http://fennel\.test(/admin/invitation/\S+)", str(outbox()[0].body))
    assert found is not None
    client = browser()

    first = client.get(found[1])
    page = client.get("/admin/invitation")
    joined = client.post("/admin/invitation", {"name": "Pia R.", "password": PASSWORD})

    assert (first.status_code, first.headers["Location"]) == (303, "/admin/invitation")
    assert "Join the staff of Fennel & Twine" in Html(page).text
    assert found[1].rpartition("/")[2] not in page.content.decode()
    assert (joined.status_code, joined.headers["Location"]) == (303, "/admin/sign-in?done=invitation")
    assert "You have joined" in Html(client.get("/admin/sign-in?done=invitation")).text
    assert client.post("/admin/sign-in", {"email": "pia@fennel.test", "password": PASSWORD}).status_code == 303
    assert "Pia R." in Html(client.get("/admin/account")).text
    assert "No open invitation" in Html(staff.get(PAGE)).text


def test_a_refused_invitation_keeps_what_was_typed_and_says_why_at_its_field(shop: Shop, staff: Client) -> None:
    for wrong, at, says in (
        ({"email": "no address"}, "email", "is no mail address"),
        ({"email": shop.user.email}, "email", "Mara is on your staff already."),
        ({"name": " "}, "name", "Write something here."),
        ({"role": ""}, "role", "There is no such role."),
        ({"role": "role_999"}, "role", "There is no such role."),
        ({"role": "<b>"}, "role", "There is no such role."),
    ):
        given = {**PIA, "name": "<b>Pia", **wrong}
        answer = staff.post(PAGE, keyed(given))
        page = Html(answer)
        controls = {attributes["name"]: attributes for _, attributes in page.tags if attributes.get("name")}
        assert answer.status_code == 422, wrong
        assert controls[at]["aria-invalid"] == "true"
        assert controls["email"]["value"] == given["email"]
        assert controls["name"]["value"] == given["name"]
        assert says in page.text
    assert not Invitation.objects.exists()


def test_the_form_sent_twice_invites_once_and_for_another_person_says_what_to_do(shop: Shop, staff: Client) -> None:
    assert [staff.post(PAGE, keyed(PIA)).status_code for _ in range(2)] == [303, 303]
    other = staff.post(PAGE, keyed({**PIA, "email": "ben@fennel.test"}))

    assert other.status_code == 422
    assert "has invited somebody before" in Html(other).text
    assert Invitation.objects.count() == Event.objects.filter(kind="staff.invited").count() == 1


def test_an_invitation_is_sent_again_and_withdrawn_each_once(shop: Shop, staff: Client) -> None:
    invitation = invited(shop)
    address = f"{PAGE}/invitation_{invitation.pk}"

    assert [staff.post(f"{address}/send", keyed({}, "a")).status_code for _ in range(2)] == [303, 303]
    assert Invitation.objects.get().version == 2
    assert [staff.post(f"{address}/withdraw", keyed({}, "b")).status_code for _ in range(2)] == [303, 303]
    gone = staff.post(f"{address}/withdraw", keyed({}, "c"))

    assert gone.status_code == 422
    assert "not open any more" in Html(gone).text
    assert not Invitation.objects.exists()


def test_nobody_but_an_admin_of_this_workspace_comes_near(shop: Shop, other_shop: Shop) -> None:
    invitation = invited(shop)
    manager, stranger, nobody = browser(), browser("other.test"), browser()
    manager.force_login(User.objects.get(memberships=shop.hire("Tom").staff_id))
    stranger.force_login(other_shop.user)
    address = f"{PAGE}/invitation_{invitation.pk}"

    assert manager.get(PAGE).status_code == 403
    assert "pia" not in Html(stranger.get(PAGE)).text
    assert nobody.get(PAGE).status_code == 302
    for client in (manager, stranger, nobody):
        for path in (f"{address}/send", f"{address}/withdraw"):
            assert client.post(path, keyed({}, path)).status_code in {303, 403, 404, 422}
    assert manager.post(PAGE, keyed(PIA)).status_code == 403
    invitation.refresh_from_db()
    assert invitation.version == 1
    assert Invitation.objects.count() == 1


def test_the_number_of_statements_does_not_grow_with_the_invitations(shop: Shop, staff: Client) -> None:
    counts = []
    for number in range(12):
        invited(shop, f"{number}@fennel.test")
        if number in {1, 11}:
            with CaptureQueriesContext(connection) as captured:
                assert staff.get(PAGE).status_code == 200
            counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.feature("AC-8")
def test_whoever_looks_at_the_link_before_changes_nothing(shop: Shop) -> None:
    link = f"/admin/invitation/{link_token(invited(shop))}"
    before = list(Invitation.objects.values()), User.objects.count(), Event.objects.count()
    for method in ("get", "head", "get"):
        scanner = browser()
        assert getattr(scanner, method)(link).status_code == 303
        assert getattr(scanner, method)("/admin/invitation").status_code == 200

    assert (list(Invitation.objects.values()), User.objects.count(), Event.objects.count()) == before


def test_who_has_an_account_proves_it_by_the_password_and_is_asked_for_nothing_else(
    shop: Shop, other_shop: Shop
) -> None:
    client = browser()
    client.get(f"/admin/invitation/{link_token(invited(shop, other_shop.user.email))}")
    page = Html(client.get("/admin/invitation"))

    wrong = client.post("/admin/invitation", {"password": "wrong-battery"})
    right = client.post("/admin/invitation", {"password": PASSWORD})

    assert not [1 for _, attributes in page.tags if attributes.get("name") == "name"]
    assert wrong.status_code == 422
    assert "not the password of your account" in Html(wrong).text
    assert "wrong-battery" not in wrong.content.decode()
    assert right.status_code == 303
    assert StaffMember.objects.filter(user=other_shop.user).count() == 2


def test_a_dead_link_says_what_to_do(shop: Shop, other_shop: Shop, staff: Client) -> None:
    invitation = invited(shop)
    old = f"/admin/invitation/{link_token(invitation)}"
    followed = browser()
    followed.get(old)
    staff.post(f"{PAGE}/invitation_{invitation.pk}/send", keyed({}))
    invitation.refresh_from_db()
    new = f"/admin/invitation/{link_token(invitation)}"

    for answer in (
        browser().get(old),
        browser("other.test").get(new),
        browser().get(f"{new}x"),
        browser().get("/admin/invitation"),
        followed.get("/admin/invitation"),
        followed.post("/admin/invitation", {"name": "Pia", "password": PASSWORD}),
    ):
        assert answer.status_code == 404
        assert "ask who invited you to send it again" in Html(answer).text
    assert browser().get(new).status_code == 303
    assert not User.objects.filter(email="pia@fennel.test").exists()
