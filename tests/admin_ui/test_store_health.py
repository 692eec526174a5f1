"""Settings, Portal: a store's health, checked when somebody presses the button and at no other time (OR-5)."""

import json
from typing import ClassVar

import pytest
from django.test import Client
from pytest_django import Settings

from counterfoil.events.models import Event
from counterfoil.workspaces.health import proof
from counterfoil.workspaces.models import Store
from counterfoil.workspaces.network import Answer
from tests.admin_ui.pages import Html
from tests.admin_ui.test_customer_access import BOTH_WAYS, browser, follow
from tests.factories import Shop
from tests.network import Nowhere, World

pytestmark = [pytest.mark.slow_on_postgresql, pytest.mark.feature("OR-5")]

ASKED: list[str] = []


class ItsOwnPages(World):
    """The product's own pages, asked as customers would, and no network in between."""

    def get(self, address: str) -> Answer:
        ASKED.append(address)
        _, _, host, path = address.split("/", 3)
        answer = Client(headers={"Host": host}).get(f"/{path}")
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.items()}, answer.content)


@pytest.fixture
def staff(shop: Shop) -> Client:
    Store.objects.update(mail_from="orders@fennel.shop")
    return browser(shop.member)


def address_of(shop: Shop) -> str:
    return f"/admin/settings/stores/store_{shop.store.pk}/health"


@BOTH_WAYS
def test_a_store_that_works_proves_itself_by_its_own_pages(
    shop: Shop, staff: Client, settings: Settings, headers: dict[str, str]
) -> None:
    settings.STORE_NETWORK = f"{__name__}.ItsOwnPages"
    address = address_of(shop)
    assert f'href="{address}"' in staff.get("/admin/settings/portal").content.decode()
    before = Html(staff.get(address))
    assert "This store was never checked" in before.text

    page = follow(staff, staff.post(address, {"client_mutation_key": before.value("client_mutation_key")}), headers)

    assert "Nothing to mend" in page.text
    assert "Checked just now" in page.text
    for seen in (
        "fennel.test leads to 8.8.8.8.",
        "http://fennel.test/ shows your portal’s front page.",
        "The portal answers at fennel.test as this store, and asks customers to sign in.",
        "The mail server mail.fennel.shop takes our connection and our name.",
        "Mails come from orders@fennel.shop.",
    ):
        assert seen in page.text
    assert page.text.count("Can’t be told") == 1
    assert "Last checked" in Html(staff.get(address)).text


def test_what_is_wrong_stands_with_what_to_do(shop: Shop, staff: Client) -> None:
    address = address_of(shop)

    page = follow(staff, staff.post(address), {})

    assert "2 things to mend" in page.text
    assert "fennel.test leads nowhere: no server has this name." in page.text
    assert "add an A or AAAA record for fennel.test" in page.text
    assert page.text.count("Not asked, because the domain leads nowhere.") == 2
    assert "No mail server is set up" in page.text
    assert page.text.count("What to do:") == 5


def test_looking_at_the_page_reaches_out_to_nobody(shop: Shop, staff: Client, settings: Settings) -> None:
    settings.STORE_NETWORK = f"{__name__}.ItsOwnPages"
    ASKED.clear()

    for _ in range(3):
        staff.get(address_of(shop))
        staff.head(address_of(shop))

    assert ASKED == []
    assert not Event.objects.filter(kind__startswith="store.").exists()


def test_pressed_twice_it_looks_once(shop: Shop, staff: Client, settings: Settings) -> None:
    settings.STORE_NETWORK = f"{__name__}.ItsOwnPages"
    ASKED.clear()

    for _ in range(2):
        assert staff.post(address_of(shop), {"client_mutation_key": "1"}).status_code == 303

    assert len(ASKED) == 3
    assert Event.objects.filter(kind="store.checked").count() == 1


def test_a_check_that_has_not_ended_is_told_so(shop: Shop, staff: Client) -> None:
    staff.post(address_of(shop), {"client_mutation_key": "1"})
    Event.objects.filter(kind="store.checked").delete()

    answer = staff.post(address_of(shop), {"client_mutation_key": "1"})

    assert answer.status_code == 422
    assert "This check has not ended yet." in answer.content.decode()


def test_who_checks_too_often_is_told_when_to_come_back(shop: Shop, staff: Client) -> None:
    for _ in range(10):
        staff.post(address_of(shop))

    answer = staff.post(address_of(shop))

    assert answer.status_code == 422
    assert "Check again in 15 min." in answer.content.decode()


def test_no_transaction_is_open_while_it_looks(shop: Shop, staff: Client, settings: Settings) -> None:
    settings.STORE_NETWORK = f"{__name__}.Watching"
    Watching.depths.clear()

    staff.post(address_of(shop))

    # The test's own transaction is the only one.
    assert Watching.depths == [1]


class Watching(Nowhere):
    """Notes how deep in transactions it is asked."""

    depths: ClassVar[list[int]] = []

    def addresses(self, host: str) -> list[str]:
        from django.db import connection

        self.depths.append(len(connection.atomic_blocks))
        return super().addresses(host)


def test_a_store_of_another_workspace_is_not_there(shop: Shop, other_shop: Shop, staff: Client) -> None:
    for gid in (f"store_{other_shop.store.pk}", "store_0", "nonsense", f"order_{shop.order().pk}"):
        address = f"/admin/settings/stores/{gid}/health"
        assert (staff.get(address).status_code, staff.post(address).status_code) == (404, 404)

    assert not Event.objects.filter(kind__startswith="store.").exists()


def test_the_portal_proves_whose_it_is_to_who_asks_with_a_challenge(shop: Shop, other_shop: Shop) -> None:
    challenge = "A" * 32
    for one in (shop, other_shop):
        answer = Client(headers={"Host": one.store.host}).get("/store/health", {"challenge": challenge})
        assert json.loads(answer.content) == {"proof": proof(one.store.pk, challenge)}

    refused = Client(headers={"Host": "fennel.test"}).get("/store/health", {"challenge": "short"})
    assert (refused.status_code, "16 to 64" in refused.content.decode()) == (400, True)
    assert Client(headers={"Host": "fennel.test"}).post("/store/health").status_code == 405
