"""The admin's pages of partners' programs (AC-11)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import ClientSecret, PartnerClient, User
from counterfoil.partners.actions import BadClient, issue_token, register_client, revoke_client
from counterfoil.partners.models import ClientUsage
from tests.admin_ui.pages import Html
from tests.admin_ui.signing_in import proved
from tests.factories import PASSWORD, Shop

pytestmark = [pytest.mark.feature("AC-11"), pytest.mark.slow_on_postgresql]
SECRET = re.compile(r"cfs_[\w-]+")


@pytest.fixture
def admin(shop: Shop) -> Client:
    return signed_in(shop.user)


def signed_in(user: User) -> Client:
    browser = Client(headers={"host": "fennel.test"})
    browser.force_login(user)
    return proved(browser)


def page(response: Any, status: int = 200) -> Html:
    assert response.status_code == status
    found = Html(response)
    assert not found.acts
    assert not any("style" in attributes for _, attributes in found.tags)
    return found


def till(shop: Shop, name: str = "Till", *scopes: str) -> PartnerClient:
    return register_client(viewer=shop.staff, name=name, scopes=scopes or ["orders:read"])[0]


def fresh(admin: Client, path: str, **given: Any) -> dict[str, Any]:
    """What the form at this address sends, with this filled in."""
    return {"client_mutation_key": page(admin.get(path)).value("client_mutation_key"), **given}


def opens(shop: Shop, secret: str) -> bool:
    client = PartnerClient.objects.get()
    try:
        issue_token(workspace_id=shop.workspace.pk, client_id=client.client_id, secret=secret)
    except BadClient:
        return False
    return True


def test_a_program_is_registered_and_its_secret_shown_once_however_often_one_reloads(shop: Shop, admin: Client) -> None:
    form = fresh(admin, "/admin/programs/new", name=" Till ", scopes=["orders:write", "notes:read"])

    first = admin.post("/admin/programs/new", form)
    shown = page(first)
    secret, client = shown.value_of("secret"), PartnerClient.objects.get()
    again = page(admin.post("/admin/programs/new", form))

    assert (client.name, client.scopes) == ("Till", ["notes:read", "orders:read", "orders:write"])
    assert opens(shop, secret)
    assert first.headers["Cache-Control"] == "no-store"
    assert f"curl --user {client.client_id}:{secret}" in shown.text
    assert "http://fennel.test/oauth/token" in shown.text
    assert "its secret was shown already" in again.text
    everywhere = ["/admin/programs", "/admin/programs/new", f"/admin/programs/client_{client.pk}"]
    for text in (again.text, *(page(admin.get(path)).text for path in everywhere)):
        assert not SECRET.search(text)
    assert ClientSecret.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "", "scopes": ["notes:read"]}, "Write something here."),
        ({"name": "x" * 121, "scopes": ["notes:read"]}, "This has 121 characters; use at most 120."),
        ({"name": "<b>Till</b>"}, "Choose at least one scope: a client without any can do nothing."),
        ({"name": "Till", "scopes": ["notes:read", "partners:write"]}, "There is no scope partners:write."),
        ({"name": "Till", "scopes": ["notes:read", "<script>"]}, "There is no scope <script>."),
    ],
)
def test_what_is_refused_is_said_at_its_place_and_nothing_typed_is_lost(
    shop: Shop, admin: Client, given: dict[str, Any], said: str
) -> None:
    form = fresh(admin, "/admin/programs/new", **given)

    refused = page(admin.post("/admin/programs/new", form), 422)

    assert said in refused.text
    assert refused.value("name") == given["name"]
    assert refused.value("client_mutation_key") == form["client_mutation_key"]
    assert refused.ticked() == [scope for scope in given.get("scopes", []) if scope == "notes:read"]
    assert not PartnerClient.objects.exists()
    mended = admin.post("/admin/programs/new", {**form, "name": "Till", "scopes": ["notes:read"]})
    assert page(mended).value_of("secret")


def test_one_form_that_comes_again_with_other_facts_registers_nothing_more_until_it_is_sent_anew(
    shop: Shop, admin: Client
) -> None:
    form = fresh(admin, "/admin/programs/new", name="Till", scopes=["notes:read"])
    admin.post("/admin/programs/new", form)

    refused = page(admin.post("/admin/programs/new", {**form, "name": "Stock"}), 422)

    assert "registered a program before" in refused.text
    assert PartnerClient.objects.count() == 1
    assert refused.value("client_mutation_key") != form["client_mutation_key"]


def test_a_new_secret_says_until_when_the_old_one_is_good_and_is_shown_once(shop: Shop, admin: Client) -> None:
    client, old = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    path = f"/admin/programs/client_{client.pk}/secret"
    with clock.at(datetime(2026, 3, 9, 12, tzinfo=UTC)):
        form = fresh(admin, path)
        shown = page(admin.post(path, form))
        again = page(admin.post(path, form))

        assert "The one before ends on 10 March 2026" in shown.text
        assert opens(shop, shown.value_of("secret"))
        assert opens(shop, old)
    assert "shown already" in again.text
    assert not SECRET.search(again.text)
    assert ClientSecret.objects.count() == 2


def test_scopes_are_changed_and_a_refusal_keeps_what_was_chosen(shop: Shop, admin: Client) -> None:
    client = till(shop, "Till", "orders:write")
    path = f"/admin/programs/client_{client.pk}/scopes"
    assert page(admin.get(path)).ticked() == ["orders:read", "orders:write"]

    refused = page(admin.post(path, fresh(admin, path)), 422)
    done = admin.post(path, fresh(admin, path, scopes=["products:write"]))

    assert "Choose at least one scope" in refused.text
    assert (done.status_code, done.headers["Location"]) == (303, f"/admin/programs/client_{client.pk}?done=scopes")
    assert PartnerClient.objects.get().scopes == ["products:read", "products:write"]


def test_a_program_is_ended_after_saying_what_ends_and_can_not_be_changed_any_more(shop: Shop, admin: Client) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    path = f"/admin/programs/client_{client.pk}"
    asked = page(admin.get(f"{path}/end"))
    stale = {name: fresh(admin, f"{path}/{name}") for name in ("secret", "scopes")}
    assert "its tokens and the streams that it has open end at once" in " ".join(asked.text.split())
    assert opens(shop, secret)

    assert admin.post(f"{path}/end", fresh(admin, f"{path}/end")).headers["Location"] == f"{path}?done=end"

    assert not opens(shop, secret)
    assert "Ended" in page(admin.get(path)).text
    for name, form in stale.items():
        refused = page(admin.post(f"{path}/{name}", {**form, "scopes": ["notes:read"]}), 422)
        assert "This program was ended. Register another one." in refused.text
    assert ClientSecret.objects.count() == 1


PATHS = ("", "/new", "/{gid}", "/{gid}/scopes", "/{gid}/secret", "/{gid}/end")


@pytest.mark.parametrize("path", PATHS)
def test_who_is_no_admin_is_told_what_is_missing_and_changes_nothing(shop: Shop, path: str) -> None:
    client = till(shop)
    manager = signed_in(User.objects.get(memberships=shop.hire("Tom").staff_id))
    address = "/admin/programs" + path.format(gid=f"client_{client.pk}")

    told = page(manager.get(address), 403)
    posted = manager.post(address, {"client_mutation_key": "1", "name": "X", "scopes": ["orders:write"]})

    assert "partners:write" in told.text
    assert "Till" not in told.text
    assert posted.status_code in {403, 405}
    assert PartnerClient.objects.get().scopes == ["orders:read"]
    assert PartnerClient.objects.get().revoked_at is None
    assert ClientSecret.objects.count() == 1


@pytest.mark.parametrize("path", PATHS[2:])
@pytest.mark.parametrize("gid", ["{other}", "client_999999", "client_", "order_1", "%00"])
def test_a_program_of_another_workspace_is_not_there(
    shop: Shop, other_shop: Shop, admin: Client, path: str, gid: str
) -> None:
    theirs = till(other_shop, "Theirs")
    address = "/admin/programs" + path.format(gid=gid.format(other=f"client_{theirs.pk}"))

    assert "Theirs" not in page(admin.get(address), 404).text
    assert admin.post(address, {"client_mutation_key": "1", "scopes": ["notes:read"]}).status_code in {404, 405}
    assert PartnerClient.objects.get().scopes == ["orders:read"]
    assert PartnerClient.objects.get().revoked_at is None


def test_usage_is_drawn_by_day_told_as_a_table_and_cut_to_twenty_operations(shop: Shop, admin: Client) -> None:
    client, today = till(shop), clock.now().date()
    rows = [(today, f"Operation{number}", 2) for number in range(300)]
    rows += [(today - timedelta(days=3), "Orders", 1200), (today - timedelta(days=30), "Old", 7)]
    ClientUsage.objects.bulk_create(
        ClientUsage(workspace=shop.workspace, client=client, day=day, operation=name, calls=calls, cost=calls)
        for day, name, calls in rows
    )

    shown = page(admin.get(f"/admin/programs/client_{client.pk}"))

    bars = [attributes for tag, attributes in shown.tags if tag == "rect" and "y" in attributes][:-1]
    assert [(bar["x"], bar["height"]) for bar in bars] == [("260", "100.0"), ("290", "50.0")]
    assert "1,800 in all, at most 1,200 a day" in shown.text
    assert "All others" in shown.text
    assert "562" in shown.text  # of 300 names 19 stand by themselves, after Orders
    assert "Old" not in shown.text


def test_a_list_of_programs_shows_what_they_act_on_and_takes_as_many_statements_for_ten_as_for_one(
    shop: Shop, admin: Client
) -> None:
    counts = []
    for more in (1, 9):
        for number in range(more):
            client = till(
                shop, f"<i>Till {number}</i>", "orders:write", "notes:read", "products:read", "customers:read"
            )
        with CaptureQueriesContext(connection) as asked:
            shown = page(admin.get("/admin/programs"))
        counts.append(len(asked))
    revoke_client(viewer=shop.staff, client=client)

    assert counts[0] == counts[1]
    assert len(shown.rows) == 10
    assert "<i>Till 0</i>" in shown.rows
    assert "Orders, Customers, Products and 1 more" in shown.text
    assert "Never used" in shown.text
    assert "Ended" in page(admin.get("/admin/programs")).text


def test_long_lists_are_paged_and_a_page_that_is_not_there_shows_the_first(shop: Shop, admin: Client) -> None:
    for number in range(31):
        till(shop, f"Till {number}")

    first = page(admin.get("/admin/programs"))
    second = page(admin.get(first.next_page()))

    assert (len(first.rows), second.rows) == (30, ["Till 0"])
    assert "That page of the list is not there" in page(admin.get("/admin/programs?after=nonsense")).text


def test_without_programs_the_list_says_what_they_are_for(admin: Client) -> None:
    response: HttpResponse = admin.get("/admin/programs")  # type: ignore[assignment]

    assert "No programs yet" in page(response).text


@pytest.mark.feature("GQ-7")
def test_a_program_is_told_on_its_form_to_keep_to_trusted_documents(shop: Shop, admin: Client) -> None:
    path = "/admin/programs/new"
    refused = page(admin.post(path, fresh(admin, path, name="Till", trusted_only="yes")), 422)
    assert refused.ticked() == ["yes"]
    page(admin.post(path, fresh(admin, path, name="Till", scopes=["orders:read"], trusted_only="yes")))
    client = PartnerClient.objects.get()
    assert client.trusted_only is True
    own, form = f"/admin/programs/client_{client.pk}", f"/admin/programs/client_{client.pk}/scopes"
    assert "By operations alone that were registered on the server." in page(admin.get(own)).text
    assert page(admin.get(form)).ticked() == ["orders:read", "yes"]

    assert page(admin.post(form, fresh(admin, form)), 422).ticked() == []
    assert PartnerClient.objects.get().trusted_only is True
    assert admin.post(form, fresh(admin, form, scopes=["orders:read"])).status_code == 303

    assert PartnerClient.objects.get().trusted_only is False
    assert "registered on the server" not in page(admin.get(own)).text


@pytest.mark.feature("AC-10")
def test_what_a_program_may_do_is_changed_by_who_has_proved_lately_who_they_are(shop: Shop, admin: Client) -> None:
    client = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"], trusted_only=True)[0]
    path = f"/admin/programs/client_{client.pk}/scopes"
    form = fresh(admin, path, scopes=["orders:read", "notes:read"])

    with clock.at(clock.now() + timedelta(minutes=11)):
        asked = admin.post(path, form)
        assert asked.status_code == 422
        assert "Is it you?" in asked.content.decode()
        assert PartnerClient.objects.get().trusted_only is True
        assert admin.post(path, form | {"proof_password": PASSWORD}).status_code == 303

    client.refresh_from_db()
    assert (client.scopes, client.trusted_only) == (["notes:read", "orders:read"], False)


@pytest.mark.feature("GQ-11")
def test_the_list_leads_to_the_documentation(admin: Client) -> None:
    assert b'<a href="/graphql/docs">Documentation</a>' in admin.get("/admin/programs").content
    assert admin.get("/graphql/docs").status_code == 200
