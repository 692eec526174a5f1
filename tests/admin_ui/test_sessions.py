"""The pages on which one sees and ends one's sessions, and changes one's password (AC-10)."""

import pytest
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import Session
from tests.admin_ui.pages import Html
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on_postgresql, pytest.mark.feature("AC-10")]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML) Version/18.0 Safari/604.1"
NEW = "another-battery-staple"


def signed_in(shop: Shop, program: str = FIREFOX, password: str = PASSWORD) -> Client:
    """A browser in which the shop's admin has signed in."""
    client = Client(headers={"Host": "fennel.test", "User-Agent": program})
    answer = client.post("/admin/sign-in", {"email": shop.user.email, "password": password})
    assert answer.status_code == 303
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/account").status_code == 200


def handles(client: Client) -> list[str]:
    page = Html(client.get("/admin/account/sessions"))
    return [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "session"]


def test_the_page_lists_each_browser_and_tells_no_key(shop: Shop) -> None:
    phone, desk = signed_in(shop, SAFARI), signed_in(shop)

    answer = desk.get("/admin/account/sessions")

    page = Html(answer)
    assert answer.status_code == 200
    assert page.text.index("Firefox on Linux") < page.text.index("This one") < page.text.index("Safari on iPhone")
    assert page.text.count("127.0.0.1") == 2
    assert len(handles(desk)) == 1
    for client in (phone, desk):
        assert client.session.session_key not in answer.content.decode()


@pytest.mark.parametrize("address", ["", "unix:", "fe80::1%eth0", "x" * 400])
def test_one_signs_in_also_from_where_there_is_no_plain_address(shop: Shop, address: str) -> None:
    client = Client(headers={"Host": "fennel.test", "User-Agent": "x" * 5000}, REMOTE_ADDR=address)

    assert client.post("/admin/sign-in", {"email": shop.user.email, "password": PASSWORD}).status_code == 303

    page = Html(client.get("/admin/account/sessions"))
    assert ("fe80::1" if "::" in address else "Unknown address") in page.text


def test_an_ended_session_is_refused_at_its_next_request(shop: Shop) -> None:
    phone, desk = signed_in(shop, SAFARI), signed_in(shop)
    [handle] = handles(desk)

    answer = desk.post("/admin/account/sessions/end", {"session": handle})
    again = desk.post("/admin/account/sessions/end", {"session": handle})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/account/sessions")
    assert again.status_code == 422
    assert "This session has ended already." in Html(again).text
    assert not is_in(phone)
    assert is_in(desk)


def test_all_others_are_ended_at_once_and_nobody_elses(shop: Shop, other_shop: Shop) -> None:
    clients = [signed_in(shop, SAFARI), signed_in(shop), signed_in(shop)]
    stranger = Client(headers={"Host": "other.test"})
    stranger.force_login(other_shop.user)

    assert clients[2].post("/admin/account/sessions/end-others").status_code == 303

    assert [is_in(client) for client in clients] == [False, False, True]
    assert is_in(stranger)
    assert stranger.post("/admin/account/sessions/end", {"session": handle_of(clients[2], shop)}).status_code == 422
    assert is_in(clients[2])


def handle_of(client: Client, shop: Shop) -> str:
    """The handle of this browser's session, as another browser of the same user is told."""
    other = signed_in(shop, "curl/8")
    [handle] = handles(other)
    other.post("/admin/sign-out")
    assert is_in(client)
    return handle


def test_signing_in_forgets_the_sessions_that_ran_out(shop: Shop) -> None:
    signed_in(shop)
    Session.objects.update(expire_date=clock.now())

    signed_in(shop)

    assert Session.objects.count() == 1


def test_changing_the_password_ends_all_other_sessions_and_keeps_this_one(shop: Shop) -> None:
    phone, desk = signed_in(shop, SAFARI), signed_in(shop)

    answer = desk.post("/admin/account/password", {"old_password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 303
    assert "Your password is changed" in Html(desk.get(answer.headers["Location"])).text
    assert not is_in(phone)
    assert is_in(desk)
    assert Session.objects.count() == 1
    assert is_in(signed_in(shop, password=NEW))


@pytest.mark.parametrize(
    ("given", "at", "says"),
    [
        ({"old_password": "wrong-battery-staple", "new_password": NEW}, "old_password", "not your present password"),
        ({"old_password": PASSWORD, "new_password": "tiny7"}, "new_password", "at least 10 characters"),
        ({"old_password": PASSWORD, "new_password": "password12"}, "new_password", "too common"),
        ({}, "old_password", "not your present password"),
    ],
)
def test_a_refused_change_says_why_at_its_field_and_echoes_no_password(
    shop: Shop, given: dict[str, str], at: str, says: str
) -> None:
    phone, desk = signed_in(shop, SAFARI), signed_in(shop)

    answer = desk.post("/admin/account/password", given)

    page = Html(answer)
    [control] = [attributes for _, attributes in page.tags if attributes.get("name") == at]
    assert answer.status_code == 422
    assert control["aria-invalid"] == "true"
    assert f"{at}-error" in control["aria-describedby"]
    assert says in page.text
    assert not any(value in answer.content.decode() for value in given.values())
    assert is_in(phone)
    assert is_in(desk)
