"""Settings, Portal: strict security, the public link, and what each store does by itself."""

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.customers.links import workspace_opened_by
from counterfoil.workspaces.models import Store, Workspace
from tests.admin_ui.pages import Html
from tests.admin_ui.test_customer_access import BOTH_WAYS, browser, follow, switches
from tests.factories import Shop

pytestmark = pytest.mark.slow_on_postgresql

PORTAL = "/admin/settings/portal"


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


@pytest.mark.feature("AC-7")
@BOTH_WAYS
def test_strict_security_is_turned_on_and_off(staff: Client, headers: dict[str, str]) -> None:
    assert switches(Html(staff.get(PORTAL)))["strict-switch"] is False

    for strict, said in (("yes", "to who proves their mailbox"), ("no", "without a code")):
        assert Html(staff.get(PORTAL)).value("strict") == strict
        page = follow(staff, staff.post(PORTAL, {"strict": strict}, headers=headers), headers)

        assert (switches(page)["strict-switch"], said in page.text) == (strict == "yes", True)
        assert Workspace.objects.get().strict_security is (strict == "yes")


@pytest.mark.feature("AC-6")
@BOTH_WAYS
def test_a_new_public_link_replaces_the_one_that_the_page_shows(
    staff: Client, shop: Shop, headers: dict[str, str]
) -> None:
    before = Html(staff.get(PORTAL))
    old = before.value_of("public-url")
    sent = {"client_mutation_key": before.values("client_mutation_key")[0]}
    assert workspace_opened_by(old.rpartition("/")[2], workspace_id=shop.workspace.pk)

    for _ in range(2):  # a double click
        page = follow(staff, staff.post(f"{PORTAL}/link", sent, headers=headers), headers)

    assert "The old link is closed" in page.text
    assert page.value_of("public-url").startswith("http://fennel.test/start/")
    assert workspace_opened_by(old.rpartition("/")[2], workspace_id=shop.workspace.pk) is None
    assert workspace_opened_by(page.value_of("public-url").rpartition("/")[2], workspace_id=shop.workspace.pk)
    assert Workspace.objects.get().public_link_version == 2


@pytest.mark.feature("OR-1")
@pytest.mark.feature("OR-3")
@pytest.mark.feature("AC-5")
@BOTH_WAYS
def test_each_switch_of_a_store_is_its_own(staff: Client, shop: Shop, headers: dict[str, str]) -> None:
    address = {"host": "trade.test", "base_url": "http://trade.test", "mail_from": "orders@trade.test"}
    trade = Store.objects.create(workspace=shop.workspace, name="Trade <b>", **address)
    path = f"{PORTAL}/stores/store_{trade.pk}"

    for name, value, expected in (
        ("sticky", "yes", (False, True, True)),
        ("confirms", "yes", (True, True, True)),
        ("announces", "no", (True, True, False)),
        ("sticky", "no", (True, False, False)),
        ("announces", "yes", (True, False, True)),
    ):
        page = follow(staff, staff.post(path, {name: value}, headers=headers), headers)

        on = switches(page)
        assert tuple(on[f"store_{trade.pk}-{switch}"] for switch in ("confirms", "sticky", "announces")) == expected
        assert ("Saved." in page.text, "Trade <b>" in page.text) == (True, True)
        trade.refresh_from_db()
        assert (trade.confirms_orders, trade.sticky_contact, trade.announces_parcels) == expected
    assert Store.objects.filter(pk=shop.store.pk, confirms_orders=False, announces_parcels=True).exists()


def test_admins_alone_see_and_change_any_of_it(shop: Shop) -> None:
    manager = browser(shop.member._meta.model.objects.get(pk=shop.hire("Tom").staff_id))
    assert "settings/portal" not in manager.get("/admin/account").content.decode()

    answers: list[HttpResponse] = [
        manager.get(PORTAL),
        manager.post(PORTAL, {"strict": "yes"}),
        manager.post(f"{PORTAL}/link"),
        manager.post(f"{PORTAL}/stores/store_{shop.store.pk}", {"confirms": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert all("settings:write" in answer.content.decode() for answer in answers)
    workspace, store = Workspace.objects.get(), Store.objects.get()
    assert (workspace.strict_security, workspace.public_link_version, store.confirms_orders) == (False, 1, False)


def test_a_store_of_another_workspace_is_not_there(staff: Client, other_shop: Shop) -> None:
    for gid in (f"store_{other_shop.store.pk}", "store_0", "nonsense"):
        assert staff.post(f"{PORTAL}/stores/{gid}", {"confirms": "yes"}).status_code == 404

    assert not Store.objects.filter(confirms_orders=True).exists()


@pytest.mark.feature("OR-7")
@BOTH_WAYS
@pytest.mark.parametrize("name", ["quantities", "note", "address", "cancel"])
def test_each_change_that_customers_may_make_is_switched_on_its_own(
    staff: Client, headers: dict[str, str], name: str
) -> None:
    every = ("quantities", "note", "address", "cancel")

    for value in ("yes", "no"):
        assert Html(staff.get(PORTAL)).value(name) == value
        page = follow(staff, staff.post(f"{PORTAL}/changes", {name: value}, headers=headers), headers)

        on = switches(page)
        assert {one: on[f"change-{one}"] for one in every} == {one: one == name and value == "yes" for one in every}
        assert "Saved. It counts at once" in page.text


@pytest.mark.feature("OR-7")
@BOTH_WAYS
@pytest.mark.parametrize(
    ("given", "minutes", "shown"),
    [
        (("90", "minutes"), 90, "90"),
        (("120", "minutes"), 120, "2"),
        ((" 48 ", "hours"), 2880, "2"),
        (("90", "days"), 129600, "90"),
    ],
)
def test_for_how_long_is_a_number_and_a_unit(
    staff: Client, headers: dict[str, str], given: tuple[str, str], minutes: int, shown: str
) -> None:
    typed = dict(zip(("amount", "unit"), given, strict=True))
    page = follow(staff, staff.post(f"{PORTAL}/changes", typed, headers=headers), headers)

    assert Workspace.objects.get().edit_minutes == minutes
    assert page.value("amount") == shown


@pytest.mark.feature("OR-7")
@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        ("", "hours", "Write a whole number"),
        ("two", "hours", "Write a whole number"),
        ("1.5", "hours", "Write a whole number"),
        ("²", "hours", "Write a whole number"),
        ("2", "years", "Write a whole number"),
        ("0", "minutes", "Give a time from 1 minute to 90 days."),
        ("91", "days", "Give a time from 1 minute to 90 days."),
        ("9" * 40, "days", "Give a time from 1 minute to 90 days."),
    ],
)
def test_a_time_that_is_none_is_answered_at_its_control(staff: Client, amount: str, unit: str, said: str) -> None:
    answer = staff.post(f"{PORTAL}/changes", {"amount": amount, "unit": unit})

    page = Html(answer)
    assert answer.status_code == 422
    assert (page.value("amount"), said in page.told_at("amount")) == (amount, True)
    assert Workspace.objects.get().edit_minutes == 24 * 60
