"""How customers get in, as staff ask about it and change it; and that each change can be sent again (GQ-3)."""

from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.customers.models import AccountSession, Contact, Customer
from counterfoil.events.models import Event
from counterfoil.workspaces.models import Store, Workspace
from tests.conftest import Ask
from tests.factories import Shop
from tests.posting import post, token_of
from tests.schema.test_statement_counts import run

# What each mutation answers.
ANSWERS = {
    "rotateCustomerLink": "customer { portalUrl }",
    "rotatePublicLink": "workspace { publicUrl }",
    "setCustomerFlags": "customer { isActive orderingBlocked }",
    "setPortalSettings": "workspace { strictSecurity }",
    "setStoreSettings": "store { confirmsOrders stickyContact }",
    "endAccountSessions": "contact { signedInOn }",
}
PEOPLE = """{ customers(first: 100) { nodes { name portalUrl isActive orderingBlocked
    contacts(first: 9) { nodes { name signedInOn } } } } }"""


def change(shop: Shop, mutation: str, **given: Any) -> dict[str, Any]:
    """What an admin's program is answered."""
    kind = mutation[0].upper() + mutation[1:]
    text = f"""mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{
        ... on {kind}Success {{ {ANSWERS[mutation]} }} ... on Problem {{ code field message }} }} }}"""
    answer = post(text, token=token_of(shop.member), input={"clientMutationKey": "k1", **given}).data[mutation]
    assert isinstance(answer, dict)
    return answer


def key_in(url: str) -> str:
    return url.rpartition("/")[2]


def sign_in(contact: Contact, *browsers: str) -> None:
    now = clock.now()
    for browser in browsers:
        AccountSession.objects.create(workspace_id=contact.workspace_id, contact=contact, digest=browser, began_at=now)


@pytest.mark.feature("AC-6")
@pytest.mark.feature("GQ-3")
def test_a_customers_link_is_rotated_once_however_often_that_is_sent(shop: Shop, ask: Ask) -> None:
    customer = shop.order().customer
    [before] = ask(shop.staff, PEOPLE)["customers"]["nodes"]
    assert post("{ viewer { kind } }", token=key_in(before["portalUrl"])).data["viewer"]["kind"] == "CUSTOMER"

    answers = [change(shop, "rotateCustomerLink", customerId=f"customer_{customer.pk}") for _ in range(2)]

    new = answers[0]["customer"]["portalUrl"]
    assert answers[0] == answers[1]
    assert new.startswith("http://fennel.test/c/")
    assert post("{ viewer { kind } }", token=key_in(before["portalUrl"])).status == 401
    assert post("{ viewer { kind } }", token=key_in(new)).data["viewer"]["kind"] == "CUSTOMER"
    assert Customer.objects.get().link_version == 2


@pytest.mark.feature("AC-6")
@pytest.mark.feature("GQ-3")
def test_the_public_link_is_rotated_once_however_often_that_is_sent(shop: Shop, ask: Ask) -> None:
    old = ask(shop.staff, "{ workspace { publicUrl } }")["workspace"]["publicUrl"]
    assert post("{ viewer { kind } }", token=key_in(old)).data["viewer"]["kind"] == "VISITOR"

    answers = [change(shop, "rotatePublicLink") for _ in range(2)]

    new = answers[0]["workspace"]["publicUrl"]
    assert answers[0] == answers[1]
    assert new.startswith("http://fennel.test/start/")
    assert post("{ viewer { kind } }", token=key_in(old)).status == 401
    assert post("{ viewer { kind } }", token=key_in(new)).data["viewer"]["kind"] == "VISITOR"
    assert Workspace.objects.get().public_link_version == 2


@pytest.mark.feature("AC-9")
def test_flags_that_are_left_out_stay(shop: Shop) -> None:
    customer = f"customer_{shop.order().customer_id}"

    blocked = change(shop, "setCustomerFlags", customerId=customer, orderingBlocked=True)
    inactive = change(shop, "setCustomerFlags", clientMutationKey="k2", customerId=customer, isActive=False)
    neither = change(shop, "setCustomerFlags", clientMutationKey="k3", customerId=customer, isActive=None)

    assert blocked == {"customer": {"isActive": True, "orderingBlocked": True}}
    assert inactive == neither == {"customer": {"isActive": False, "orderingBlocked": True}}


@pytest.mark.feature("AC-7")
@pytest.mark.feature("GQ-3")
def test_settings_are_changed_once_however_often_that_is_sent(shop: Shop) -> None:
    store = f"store_{shop.store.pk}"

    strict = [change(shop, "setPortalSettings", strictSecurity=True) for _ in range(2)]
    stores = [
        change(shop, "setStoreSettings", clientMutationKey="k2", storeId=store, confirmsOrders=True, stickyContact=True)
        for _ in range(2)
    ]

    assert strict == [{"workspace": {"strictSecurity": True}}] * 2
    assert stores == [{"store": {"confirmsOrders": True, "stickyContact": True}}] * 2
    assert [Event.objects.filter(kind=kind).count() for kind in ("strict_security.changed", "store.changed")] == [1, 1]


@pytest.mark.feature("GQ-3")
def test_sessions_that_began_after_the_first_sending_outlive_the_second(shop: Shop) -> None:
    contact = shop.order().contact
    sign_in(contact, "laptop", "phone")
    ended = change(shop, "endAccountSessions", contactId=f"contact_{contact.pk}")
    sign_in(contact, "tablet")

    again = change(shop, "endAccountSessions", contactId=f"contact_{contact.pk}")

    assert (ended, again) == ({"contact": {"signedInOn": 0}}, {"contact": {"signedInOn": 1}})


@pytest.mark.parametrize("customers", [2, 20])
def test_links_and_sessions_of_a_page_take_the_same_statements_at_any_size(shop: Shop, customers: int) -> None:
    for number in range(customers):
        sign_in(
            shop.order(customer=f"Customer {number}", contact=f"Ana {number}").contact,
            *(f"{number}.{at}" for at in range(number % 3)),
        )

    data, statements = run(shop.staff, PEOPLE)

    found = {row["name"]: row for row in data["customers"]["nodes"]}
    assert len({row["portalUrl"] for row in found.values()}) == len(found) == customers
    assert [found[f"Customer {number}"]["contacts"]["nodes"] for number in range(customers)] == [
        [{"name": f"Ana {number}", "signedInOn": number % 3}] for number in range(customers)
    ]
    assert statements == 4  # the customers, the portal's address, their contacts, where those are signed in


@pytest.mark.feature("GQ-2")
def test_stores_are_listed_with_the_portals_first(shop: Shop, other_shop: Shop, ask: Ask) -> None:
    address = {"host": "trade.test", "base_url": "http://trade.test", "mail_from": "orders@trade.test"}
    Store.objects.create(workspace=shop.workspace, name="Trade", **address)
    query = """query ($after: String) {
        stores(first: 1, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }"""

    first = ask(shop.staff, query)["stores"]
    second = ask(shop.staff, query, after=first["pageInfo"]["endCursor"])["stores"]

    assert [page["nodes"][0]["name"] for page in (first, second)] == ["Fennel & Twine", "Trade"]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
