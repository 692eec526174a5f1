"""How a customer gets in, on their page in the admin: the link, the account, the browsers, a look as they see it."""

from collections.abc import Iterable

import pytest
from django.http import HttpResponse
from django.test import Client

from counterfoil.access import clock
from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.customers.links import customer_opened_by
from counterfoil.customers.models import AccountSession, Contact, Customer
from counterfoil.workspaces.models import Workspace
from tests.admin_ui.pages import Html
from tests.factories import Shop

pytestmark = pytest.mark.slow_on_postgresql

HTMX = {"HX-Request": "true"}
BOTH_WAYS = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])


@pytest.fixture
def staff(shop: Shop) -> Client:
    return browser(shop.member)


@pytest.fixture
def customer(shop: Shop) -> Customer:
    return shop.order(customer="Harbour Café").customer


def browser(member: StaffMember) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(member.user)
    return client


def member_who_may(shop: Shop, permissions: Iterable[str]) -> Client:
    role = CustomRole.objects.create(workspace=shop.workspace, name="Helper", permissions=sorted(permissions))
    return browser(StaffMember.objects.get(pk=shop.hire("Rea", role).staff_id))


def page_of(customer: Customer) -> str:
    return f"/admin/customers/customer_{customer.pk}"


def sign_in(contact: Contact, *browsers: str) -> None:
    for digest in browsers:
        AccountSession.objects.create(
            workspace_id=contact.workspace_id, contact=contact, digest=digest, began_at=clock.now()
        )


def follow(client: Client, answer: HttpResponse, headers: dict[str, str]) -> Html:
    """The page that a POST leads to, as the browser asks for it."""
    assert answer.status_code == 303, answer.content
    return Html(client.get(answer.headers["Location"].partition("#")[0], headers=headers))


def switches(page: Html) -> dict[str, bool]:
    """What is on."""
    return {tag["id"]: tag["aria-checked"] == "true" for _, tag in page.tags if tag.get("role") == "switch"}


@pytest.mark.feature("AC-6")
@BOTH_WAYS
def test_a_new_link_replaces_the_one_that_the_page_shows(
    staff: Client, customer: Customer, headers: dict[str, str]
) -> None:
    before = Html(staff.get(page_of(customer)))
    old, key = before.value_of("portal-url"), before.values("client_mutation_key")
    assert customer_opened_by(old.rpartition("/")[2], workspace_id=customer.workspace_id) == customer

    for _ in range(2):  # a double click
        sent = {"client_mutation_key": key[0]}
        page = follow(staff, staff.post(f"{page_of(customer)}/link", sent, headers=headers), headers)

    assert "The old link is closed" in page.text
    new = page.value_of("portal-url")
    assert new.startswith("http://fennel.test/c/")
    assert customer_opened_by(old.rpartition("/")[2], workspace_id=customer.workspace_id) is None
    assert customer_opened_by(new.rpartition("/")[2], workspace_id=customer.workspace_id) == customer
    assert Customer.objects.get().link_version == 2


@pytest.mark.feature("AC-9")
@BOTH_WAYS
def test_each_switch_turns_its_flag_and_leaves_the_other(
    staff: Client, customer: Customer, headers: dict[str, str]
) -> None:
    assert switches(Html(staff.get(page_of(customer)))) == {"active-switch": True, "ordering-switch": True}

    def turned(name: str, value: str) -> Html:
        return follow(staff, staff.post(f"{page_of(customer)}/account", {name: value}, headers=headers), headers)

    blocked = turned("blocked", "yes")
    assert switches(blocked) == {"active-switch": True, "ordering-switch": False}
    assert ("Ordering blocked" in blocked.text, "Not active" in blocked.text) == (True, False)

    closed = turned("active", "no")
    assert switches(closed) == {"active-switch": False, "ordering-switch": False}
    assert ("Ordering blocked" in closed.text, "Not active" in closed.text) == (True, True)
    in_list = Html(staff.get("/admin/customers")).text
    assert ("Ordering blocked" in in_list, "Not active" in in_list) == (True, True)

    turned("blocked", "no")
    opened = turned("active", "yes")
    assert switches(opened) == {"active-switch": True, "ordering-switch": True}
    assert ("Ordering blocked" in opened.text, "Not active" in opened.text) == (False, False)


@pytest.mark.feature("AC-9")
def test_what_a_switch_sends_is_the_opposite_of_what_it_shows(staff: Client, customer: Customer) -> None:
    def sends() -> tuple[str, str]:
        page = Html(staff.get(page_of(customer)))
        return page.value("active"), page.value("blocked")

    assert sends() == ("no", "yes")
    Customer.objects.update(is_active=False, ordering_blocked=True)
    assert sends() == ("yes", "no")


@pytest.mark.feature("AC-3")
@BOTH_WAYS
def test_a_contact_is_signed_out_of_all_devices(
    staff: Client, shop: Shop, customer: Customer, headers: dict[str, str]
) -> None:
    contact, other = customer.contacts.get(), shop.order(customer="Quill").contact
    sign_in(contact, "laptop", "phone")
    sign_in(other, "tablet")
    assert "Signed in on 2 devices" in Html(staff.get(page_of(customer))).text

    answer = staff.post(f"{page_of(customer)}/sign-out", {"contact": f"contact_{contact.pk}"}, headers=headers)

    page = follow(staff, answer, headers)
    assert ("Signed out everywhere" in page.text, "Signed in on" in page.text) == (True, False)
    assert list(AccountSession.objects.values_list("digest", flat=True)) == ["tablet"]


def test_a_session_that_has_ended_by_itself_is_no_device(staff: Client, customer: Customer) -> None:
    sign_in(customer.contacts.get(), "laptop", "phone")
    AccountSession.objects.filter(digest="phone").update(began_at=clock.now().replace(year=2020))

    assert "Signed in on 1 device" in " ".join(Html(staff.get(page_of(customer))).text.split())


@pytest.mark.feature("AC-7")
def test_the_page_says_what_the_link_takes_under_strict_security(staff: Client, customer: Customer) -> None:
    assert "Opens the portal without an account" in Html(staff.get(page_of(customer))).text

    Workspace.objects.update(strict_security=True)

    text = Html(staff.get(page_of(customer))).text
    assert ("strict security is on" in text, "without an account" in text) == (True, False)


@pytest.mark.feature("AC-7")
@pytest.mark.parametrize("strict", [False, True])
def test_a_preview_shows_the_portal_as_the_customer_sees_it_without_a_code(
    staff: Client, shop: Shop, customer: Customer, strict: bool
) -> None:
    shop.order(number="INV-8", customer="Quill")
    Workspace.objects.update(strict_security=strict)

    answer = staff.post(f"{page_of(customer)}/preview")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/store/orders")
    portal = Html(staff.get("/store/orders")).text
    assert "You see the portal as Harbour Café does" in portal
    assert ("£166.20" in portal, "INV-8" in portal) == (True, False)
    assert not AccountSession.objects.exists()


@pytest.mark.feature("AC-9")
def test_a_preview_of_a_closed_account_shows_what_its_customer_reads(staff: Client, customer: Customer) -> None:
    Customer.objects.update(is_active=False)

    staff.post(f"{page_of(customer)}/preview")

    assert "not currently active" in Html(staff.get("/store/orders", follow=True)).text


def test_what_a_role_may_not_do_is_not_on_the_page_and_is_refused_with_the_reason(
    shop: Shop, customer: Customer
) -> None:
    sign_in(customer.contacts.get(), "laptop")
    sent = {"link": {}, "account": {"active": "no"}, "sign-out": {"contact": f"contact_{customer.contacts.get().pk}"}}
    shown = {
        "customers:read": (False, False, False, False),
        "customers:read customer_links:read": (True, False, False, True),
        "customers:read customers:write": (False, False, True, False),
    }
    for permissions, (link, rotates, flags, previews) in shown.items():
        helper = member_who_may(shop, permissions.split())
        page = Html(helper.get(page_of(customer)))
        ids = {tag.get("id") for _, tag in page.tags}
        assert ("portal-url" in ids, "renew-link" in ids, bool(switches(page)), "preview" in ids) == (
            link,
            rotates,
            flags,
            previews,
        )
        assert ("Signed in on" in page.text, "Sign out of" in page.text) == (link, False)
        for path, given in sent.items():
            if path == "account" and flags:
                continue
            answer = helper.post(f"{page_of(customer)}/{path}", given)
            assert answer.status_code in {403, 422}
            assert "permission" in Html(answer).text.lower() or "may not" in Html(answer).text
        CustomRole.objects.filter(name="Helper").update(name=f"Helper {permissions}")
    found = Customer.objects.get(pk=customer.pk)
    assert (found.link_version, found.is_active, AccountSession.objects.count()) == (1, True, 1)


def test_nothing_is_done_to_a_customer_of_another_workspace(staff: Client, other_shop: Shop) -> None:
    theirs = other_shop.order().customer
    contact = theirs.contacts.get()
    sign_in(contact, "laptop")

    for gid in (f"customer_{theirs.pk}", "customer_0", "nonsense", f"contact_{contact.pk}"):
        for path, given in (
            ("link", {}),
            ("account", {"active": "no"}),
            ("sign-out", {"contact": f"contact_{contact.pk}"}),
            ("preview", {}),
        ):
            assert staff.post(f"/admin/customers/{gid}/{path}", given).status_code == 404

    theirs.refresh_from_db()
    assert (theirs.link_version, theirs.is_active, AccountSession.objects.count()) == (1, True, 1)
