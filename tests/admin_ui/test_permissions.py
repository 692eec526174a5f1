"""The admin as a member sees it whose role lacks something: pages that work, without what they may not see or do."""

import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

import admin_ui
from counterfoil.access.models import CustomRole, StaffMember
from counterfoil.access.policy import Permission
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.staff.roles import save_role
from tests.admin_ui.pages import Html
from tests.factories import Shop

pytestmark = [pytest.mark.feature("AC-12"), pytest.mark.feature("AC-10"), pytest.mark.slow_on_postgresql]
TABS = ("", "/fulfilments", "/notes")


@pytest.fixture
def order(shop: Shop) -> Order:
    order = shop.order(number="INV-7")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1})
    send_message(viewer=shop.guest(order), order=order, text="Are they blue?")
    write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    return order


def role_of(shop: Shop, *permissions: str) -> CustomRole:
    return save_role(viewer=shop.staff, name="Packer", permissions=permissions)


def browser(shop: Shop, role: CustomRole) -> Client:
    client = Client(headers={"Host": "fennel.test"})
    client.force_login(StaffMember.objects.get(pk=shop.hire("Pia", role).staff_id).user)
    return client


def addresses(response: HttpResponse) -> set[str]:
    """Where the page links and sends to, without what stands behind a question mark or hash."""
    found = {
        attributes[name]
        for _, attributes in Html(response).tags
        for name in ("href", "action", "hx-get", "hx-post")
        if attributes.get(name, "").startswith("/admin")
    }
    return {re.split("[?#]", address)[0].removeprefix("/admin/") for address in found}


@pytest.mark.once
def test_templates_ask_for_permissions_that_exist() -> None:
    known = {permission.value.replace(":", "_") for permission in Permission}
    asked = {
        name
        for template in Path(admin_ui.__file__).parent.rglob("*.html")
        for name in re.findall(r"\bmay\.(\w+)", template.read_text(encoding="utf-8"))
    }

    assert len(asked) > 12
    assert asked <= known


def test_who_reads_orders_alone_gets_them_without_customers_messages_and_buttons(shop: Shop, order: Order) -> None:
    client = browser(shop, role_of(shop, "orders:read"))

    listed = client.get("/admin/orders")
    pages = [client.get(f"/admin/orders/INV-7{tab}") for tab in (*TABS[:2], "/timeline")]

    assert "INV-7" in listed.content.decode()
    allowed = {"", "orders", "orders.csv", "account", "sign-out", "orders/INV-7"}
    allowed |= {f"orders/INV-7/{tab}" for tab in ("fulfilments", "timeline")}
    regions = {f"orders/INV-7/{part}" for part in ("header", "history", "payment", "fulfilments/parcels")}
    for page in (listed, *pages):
        assert page.status_code == 200
        assert addresses(page) <= allowed | regions
        text = page.content.decode()
        assert not [one for one in ("Harbour", "Ana", "key=", "Note a payment", "Put on hold", "blue") if one in text]


@pytest.mark.parametrize(
    ("permission", "page", "address"),
    [
        ("orders:write", "orders/INV-7", "orders/INV-7/status"),
        ("payments:write", "orders/INV-7", "orders/INV-7/payment"),
        ("fulfilments:write", "orders/INV-7/fulfilments", "orders/INV-7/fulfilments/send"),
        ("messages:write", "orders/INV-7/notes", "orders/INV-7/notes/messages"),
        ("mail_preference:write", "orders/INV-7/notes", "orders/INV-7/mail"),
        ("notes:write", "orders/INV-7/notes", "orders/INV-7/notes/internal"),
        ("order_keys:read", "orders/INV-7", "orders/INV-7/link"),
        ("customers:write", "customers", "customers/new"),
        ("products:write", "products", "products/new"),
    ],
)
def test_a_page_offers_what_a_role_may_do_and_no_more(
    shop: Shop, order: Order, permission: str, page: str, address: str
) -> None:
    reads = ("orders:read", "messages:read", "notes:read", "customers:read", "products:read")
    without, role = role_of(shop, *reads), save_role(viewer=shop.staff, name="More", permissions=[*reads, permission])

    def forms(role: CustomRole) -> set[str]:
        tags = Html(browser(shop, role).get(f"/admin/{page}")).tags
        sends = {attributes.get("action", "") for tag, attributes in tags if tag == "form"}
        links = {attributes.get("href", "") for tag, attributes in tags if tag == "a"}
        return {one.removeprefix("/admin/") for one in sends | links}

    assert address not in forms(without)
    assert address in forms(role)


def test_notes_without_messages_and_messages_without_notes(shop: Shop, order: Order) -> None:
    notes = browser(shop, role_of(shop, "orders:read", "notes:read")).get("/admin/orders/INV-7/notes")
    other = save_role(viewer=shop.staff, name="Talker", permissions=["orders:read", "messages:read"])
    messages = browser(shop, other).get("/admin/orders/INV-7/notes")

    assert ("Pays late." in notes.content.decode(), "blue?" in notes.content.decode()) == (True, False)
    assert ("Pays late." in messages.content.decode(), "blue?" in messages.content.decode()) == (False, True)
    assert "Message to" not in messages.content.decode()


def test_a_page_that_is_not_for_a_role_says_what_is_missing_and_who_can_give_it(shop: Shop, order: Order) -> None:
    client = browser(shop, role_of(shop, "orders:read"))

    page = client.get("/admin/customers")

    assert page.status_code == 403
    text = Html(page).text
    assert "customers:read" in text
    assert "See customers, their contacts and mail addresses." in text
    assert "An admin of your workspace" in text
    assert "Mara" not in text
    assert addresses(page) == {"", "orders", "account", "sign-out"}


def test_a_region_that_may_not_be_seen_any_more_says_so_in_its_place(shop: Shop, order: Order) -> None:
    client = browser(shop, role_of(shop, "orders:read"))

    region = client.get("/admin/orders/INV-7/notes/thread", headers={"HX-Request": "true"})

    assert (region.status_code, region.content.decode().count("<p")) == (422, 1)
    assert "does not show this any more" in region.content.decode()


@pytest.mark.parametrize(
    ("form", "without"), [("messages", "messages:write"), ("internal", "notes:write")], ids=["message", "note"]
)
@pytest.mark.parametrize("htmx", [False, True])
def test_a_role_that_is_cut_while_somebody_writes_refuses_the_form_and_keeps_the_text(
    shop: Shop, order: Order, form: str, without: str, htmx: bool
) -> None:
    role = role_of(shop, "orders:read", "messages:write", "notes:write")
    client = browser(shop, role)
    page = client.get("/admin/orders/INV-7/notes")
    kept = [one for one in role.permissions if one != without]
    save_role(viewer=shop.staff, role=role, name="Packer", permissions=kept)

    sent = client.post(
        f"/admin/orders/INV-7/notes/{form}",
        {"text": "Tomorrow, then.", "client_mutation_key": Html(page).values("client_mutation_key")[0]},
        headers={"HX-Request": "true"} if htmx else {},
    )

    assert sent.status_code == 422
    assert f"it needs the permission {without}." in Html(sent).text
    assert "Tomorrow, then.</textarea>" in sent.content.decode()
    assert not Message.objects.filter(text="Tomorrow, then.").exists()


def test_without_the_right_to_read_what_was_typed_comes_back_with_the_refusal(shop: Shop, order: Order) -> None:
    role = role_of(shop, "orders:read", "customers:write")
    client = browser(shop, role)
    save_role(viewer=shop.staff, role=role, name="Packer", permissions=["orders:read"])

    sent = client.post("/admin/customers/new", {"name": "Quill <b>", "email": "", "client_mutation_key": "7"})

    assert sent.status_code == 403
    assert "name: Quill &lt;b&gt;</textarea>" in sent.content.decode()
    assert "customers:read" in Html(sent).text


def test_who_may_not_change_products_reads_one_in_a_form_that_sends_nothing(shop: Shop, order: Order) -> None:
    admin = Client(headers={"Host": "fennel.test"})
    admin.force_login(shop.user)
    given = {"sku": "TT-22", "name": "Tea tin", "unit": "each", "price": "2", "currency": "GBP"}
    made = admin.post("/admin/products/new", given).headers["Location"].partition("?")[0]
    client = browser(shop, role_of(shop, "products:read"))

    page = Html(client.get(made))

    assert (page.value("sku"), page.values("unit")) == ("TT-22", ["each"])
    assert [attributes for tag, attributes in page.tags if tag == "fieldset" and "disabled" in attributes]
    assert not [attributes for tag, attributes in page.tags if attributes.get("id") in ("save", "image", "add-unit")]
    assert client.post(made, given | {"name": "Coffee tin"}).status_code == 422


def test_the_admin_begins_with_what_one_may_read(shop: Shop) -> None:
    homes = {}
    for permission in ("orders:read", "products:read", "customers:read", "receipts:write"):
        role = save_role(viewer=shop.staff, name=permission, permissions=[permission])
        homes[permission] = browser(shop, role).get("/admin/").headers.get("Location")

    assert list(homes.values()) == [None, "/admin/products", "/admin/customers", "/admin/account"]


def test_who_sees_no_customers_searches_orders_by_number_alone(shop: Shop, order: Order) -> None:
    shop.order(number="X-8")
    client = browser(shop, role_of(shop, "orders:read"))

    def found(words: str) -> list[str]:
        return Html(client.get("/admin/orders", {"q": words})).rows

    assert (found("inv"), found("Harbour"), found("")) == (["INV-7"], [], ["X-8", "INV-7"])
