"""What each address of the admin and of the portal answers to each kind of viewer (AC-12).

The rows are written out here; the addresses come from the URLconf, so that one without a row fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from admin_ui.urls import urlpatterns as admin_urls
from counterfoil.access import clock
from counterfoil.access.models import CustomRole, StaffMember, User
from counterfoil.access.policy import GRANTABLE
from counterfoil.access.tenancy import TenantModel
from counterfoil.access.viewer import Role
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.customers.linked import link_customers
from counterfoil.customers.links import customer_url, public_url
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.actions import change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.staff.invitations import invite, link_token
from counterfoil.staff.passwords import reset_token
from counterfoil.staff.roles import save_role
from portal_ui.urls import urlpatterns as portal_urls
from tests.factories import Shop, failed_mail
from tests.portal_ui.entering import signed_in

pytestmark = [pytest.mark.feature("AC-12"), pytest.mark.django_db, pytest.mark.slow_on_postgresql]

# For who is signed in as staff: the permissions that opening an address takes. A set in the set: any one of them.
ADMINS = frozenset({"staff:write"})
PROGRAMS = frozenset({"partners:write"})
SETTINGS = frozenset({"settings:write"})
ORDER = frozenset({"orders:read"})
LOG = frozenset({"customers:read", "interactions:read"})
NEEDS: Mapping[str, frozenset[object]] = {
    "": frozenset(),
    "attention": frozenset(),
    "attention/waiting": frozenset({"orders:read", "messages:read"}),
    "attention/entries": frozenset({"customers:read", "interactions:read"}),
    "attention/mails": frozenset({"orders:read", "messages:read"}),
    "activity": frozenset({"orders:read"}),
    "sign-in": frozenset(),
    "account": frozenset(),
    "account/sessions": frozenset(),
    "account/password": frozenset(),
    "account/second-factor": frozenset(),
    "security": frozenset({"order_keys:rotate"}),
    "<path:rest>": frozenset(),
    "live/poll": ORDER,
    "orders": ORDER,
    "new-order": frozenset({"customers:read", "orders:write"}),
    "orders/<str:number>": ORDER,
    "orders/<str:number>/header": ORDER,
    "orders/<str:number>/lines": frozenset({"orders:read", "orders:write"}),
    "orders/<str:number>/history": ORDER,
    "orders/<str:number>/timeline": ORDER,
    "orders/<str:number>/payment": ORDER,
    "orders/<str:number>/fulfilments": ORDER,
    "orders/<str:number>/fulfilments/parcels": ORDER,
    "orders/<str:number>/fulfilments/send": frozenset({"orders:read", "fulfilments:write"}),
    "orders/<str:number>/pack": frozenset({"orders:read", "fulfilments:write"}),
    "orders/<str:number>/pack/stub": frozenset({"orders:read", "fulfilments:write"}),
    "orders/<str:number>/pack/notices": frozenset({"orders:read", "fulfilments:write"}),
    "orders/<str:number>/link": frozenset({"orders:read", "order_keys:read"}),
    "orders/<str:number>/notes": frozenset({"orders:read", frozenset({"messages:read", "notes:read"})}),
    "orders/<str:number>/notes/audience": frozenset({"orders:read", "messages:read"}),
    "orders/<str:number>/notes/thread": frozenset({"orders:read", "messages:read"}),
    "orders/<str:number>/notes/internal": frozenset({"orders:read", "notes:read"}),
    "customers": frozenset({"customers:read"}),
    "customers/new": frozenset({"customers:read", "customers:write"}),
    "customers/<str:gid>": frozenset({"customers:read"}),
    "customers/<str:gid>/timeline": frozenset({"customers:read", "orders:read"}),
    "customers/<str:gid>/edit": frozenset({"customers:read", "customers:write"}),
    "customers/<str:gid>/linked": frozenset({"customers:read"}),
    "customers/<str:gid>/interactions": LOG,
    "customers/<str:gid>/interactions/earlier": LOG,
    "customers/<str:gid>/interactions/news": LOG,
    "settings/portal": SETTINGS,
    "settings/interactions": SETTINGS,
    "settings/stores/<str:gid>/health": SETTINGS,
    "products": frozenset({"products:read"}),
    "products/new": frozenset({"products:read", "products:write"}),
    "products/<str:gid>": frozenset({"products:read"}),
    "team": ADMINS,
    "team/<str:gid>": ADMINS,
    "team/roles": ADMINS,
    "team/roles/new": ADMINS,
    "team/roles/<str:gid>": ADMINS,
    "team/invitations": ADMINS,
    "programs": PROGRAMS,
    "programs/new": PROGRAMS,
    "programs/<str:gid>": PROGRAMS,
    "programs/<str:gid>/scopes": PROGRAMS,
    "programs/<str:gid>/secret": PROGRAMS,
    "programs/<str:gid>/end": PROGRAMS,
}
# What begins the admin has something for who reads orders, or what was logged about customers; others are sent on.
HOME: Mapping[str, int] = {"": 303, "attention": 403}
# Addresses that answer everybody alike: ways in, which open nothing without what a mail brought.
WAYS_IN: Mapping[str, int] = {
    "sign-in/forgotten": 200,
    "sign-in/code": 302,
    "reset/<str:token>": 303,
    "reset": 404,
    "invitation/<str:token>": 303,
    "invitation": 404,
}
# Addresses that take POST alone, and what is sent there.
POSTS: Mapping[str, Mapping[str, str]] = {
    "sign-out": {},
    "orders/<str:number>/status": {"to": "hold"},
    "orders-at-once": {"to": "hold", "order": "{order}"},
    "customers-at-once": {"to": "block", "customer": "{customer}"},
    "orders/<str:number>/fulfilments/<str:gid>/tracking": {"carrier": "DPD"},
    "orders/<str:number>/fulfilments/<str:gid>/status": {"to": "delivered"},
    "orders/<str:number>/mail": {"enabled": "no"},
    "orders/<str:number>/notes/messages": {"text": "Hello"},
    "orders/<str:number>/notes/receipts": {"read": "{message}"},
    "customers/<str:gid>/link": {},
    "customers/<str:gid>/account": {"active": "no"},
    "customers/<str:gid>/sign-out": {"contact": "{contact}"},
    "customers/<str:gid>/linked/end": {"other": "{linked}"},
    "customers/<str:gid>/interactions/<str:entry>/acknowledge": {},
    "settings/portal/link": {},
    "settings/portal/changes": {"note": "yes"},
    "settings/portal/stores/<str:gid>": {"confirms": "yes"},
    "security/links": {},
    "team/invitations/<str:gid>/send": {},
    "team/invitations/<str:gid>/withdraw": {},
}
# Addresses whose POST changes nothing, and which is refused without the permission to read what it shows; and what it
# answers with it: the exports ask first who is there.
LOOKS: Mapping[str, tuple[str, int]] = {
    "customers/<str:gid>/preview": ("customer_links:read", 303),
    "orders.csv": ("orders:read", 422),
    "customers.csv": ("customers:read", 422),
}
# What every member of the staff may do, of their own.
OWN_POSTS: Mapping[str, Mapping[str, str]] = {
    "account/sessions/end": {"session": "nothing"},
    "account/sessions/end-others": {},
    "account/second-factor/begin": {},
    "account/second-factor/cancel": {},
    "account/second-factor/confirm": {"code": "000000"},
    "account/second-factor/codes": {},
    "account/second-factor/off": {},
}
# Addresses that also take a POST.
ALSO_POSTS: Mapping[str, Mapping[str, str]] = {
    "attention": {"act": "confirm", "id": "{draft}"},
    "attention/entries": {"act": "acknowledge", "id": "{entry}"},
    "attention/mails": {"act": "retry", "id": "{mail}"},
    "new-order": {"customer": "{customer}", "currency": "GBP", "sku": "", "name": "Tin", "unit": "", "quantity": "1"}
    | {"price": "1.00"},
    "orders/<str:number>/lines": {"had": "", "sku": "", "name": "Tin", "unit": "", "quantity": "1", "price": "1.00"},
    "orders/<str:number>/payment": {"amount": "1.00", "was": "taken"},
    "orders/<str:number>/fulfilments/send": {"quantity {line}": "1"},
    "orders/<str:number>/link": {},
    "orders/<str:number>/notes/internal": {"text": "Hello"},
    "customers/new": {"name": "Quill"},
    "customers/<str:gid>/edit": {"name": "Quill"},
    "customers/<str:gid>/linked": {"other": "{other}"},
    "customers/<str:gid>/interactions": {"type": "note", "text": "Rang twice."},
    "products/new": {"sku": "BU-01", "name": "Bunting", "unit": "each", "price": "1.00", "currency": "GBP"},
    "products/<str:gid>": {"sku": "BU-01", "name": "Bunting", "unit": "each", "price": "1.00", "currency": "GBP"},
    "settings/portal": {"strict": "yes"},
    "settings/interactions": {"note": "no"},
    "settings/stores/<str:gid>/health": {},
    "team": {"required": "yes"},
    "team/<str:gid>": {"act": "deactivate"},
    "team/roles/new": {"name": "Reader", "permissions": "orders:read"},
    "team/roles/<str:gid>": {"act": "delete"},
    "team/invitations": {"email": "pia@fennel.test", "name": "Pia", "role": "role_admin"},
    "programs/new": {"name": "Till", "scopes": "orders:read"},
    "programs/<str:gid>/scopes": {"scopes": "notes:read"},
    "programs/<str:gid>/secret": {},
    "programs/<str:gid>/end": {},
}
# What each address of the portal answers to who holds the order's link, and to everybody else. A region that htmx asks
# for answers "refresh" where it shows nothing: the page then says that the link opens nothing.
PORTAL: Mapping[str, tuple[object, object]] = {
    "": (200, 200),
    "order/<str:number>": (200, 404),
    "order/<str:number>/summary": (200, "refresh"),
    "order/<str:number>/items": (200, "refresh"),
    "order/<str:number>/thread": (200, "refresh"),
    "order/<str:number>/messages": (303, 303),  # to the order's page
    "order/<str:number>/mail": (303, 303),
    "order/<str:number>/receipts": (405, 405),
    "order/<str:number>/change": (200, 404),
    "order/<str:number>/change/state": (200, "refresh"),
    "order/<str:number>/cancel": (200, 404),
    "order/<str:number>/claim": (303, 303),
    "order/<str:number>/invoice": (303, 404),  # to sign in
    "store/account/sign-in": (200, 200),
    "store/account/code": (303, 303),
    "store/account/sign-out": (405, 405),
    "store/health": (400, 400),  # without a challenge
    "store/welcome": (404, 404),  # without a link to the portal
    "store/welcome/proof": (405, 405),
    "store/orders": (303, 303),
    "store/account/orders": (303, 303),
    "store/account/devices": (303, 303),
    "store/account/devices/end": (405, 405),
    "store/account/devices/end-others": (405, 405),
    "store/preview/end": (405, 405),
    "live/poll": (200, 403),
    "c/<str:key>": (303, 303),  # who holds the link is let in as far as it goes
    "start/<str:key>": (303, 303),
}
# What who is signed in as its contact gets, and who holds the link of the order's customer; all else as its guest does.
BY_ACCOUNT: Mapping[str, tuple[object, object]] = {
    "order/<str:number>/messages": (303, 303),
    "order/<str:number>/change": (200, 303),  # by the customer's link: to the order
    "order/<str:number>/cancel": (200, 303),
    "order/<str:number>/invoice": (303, 303),  # not invoiced: to the order; to sign in
    "store/account/sign-in": (303, 200),
    "store/welcome": (404, 200),
    "store/orders": (303, 200),
    "store/account/orders": (200, 303),
    "store/account/devices": (200, 303),
}
PORTAL_POSTS: Mapping[str, Mapping[str, str]] = {
    "order/<str:number>/messages": {"text": "Hello"},
    "order/<str:number>/mail": {"enabled": "0"},
    "order/<str:number>/receipts": {"read": "{reply}"},
}


@dataclass(frozen=True)
class Site:
    """A shop with an order of everything, and how to fill in an address."""

    shop: Shop
    other: Shop
    order: Order
    samples: Mapping[str, str]

    def address(self, route: str) -> str:
        for part, sample in self.samples.items():
            route = route.replace(part, sample)
        assert "<" not in route, f"Give the part in angle brackets of {route!r} a value in `samples`."
        return route

    def browser(self, role: Role | CustomRole | None, *, shop: Shop | None = None) -> Client:
        """A browser where somebody of this role has signed in; None for nobody."""
        browser = Client(headers={"Host": "fennel.test"})
        if role is not None:
            member = StaffMember.objects.get(pk=(shop or self.shop).hire("Pia", role).staff_id)
            browser.force_login(member.user)
        return browser

    def role(self, *permissions: str) -> CustomRole:
        count = CustomRole.objects.count()
        return save_role(viewer=self.shop.staff, name=f"Role {count}", permissions=permissions)


@pytest.fixture
def site(shop: Shop, other_shop: Shop) -> Site:
    order = shop.order(number="INV-7")
    other_shop.order(number="INV-7")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    line = order.lines.get(ordinal=1)
    parcel = fulfil(viewer=shop.staff, order=order, quantities={line.pk: 1})
    tin = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[NewUnit("each", Decimal(2), "GBP")])
    message = send_message(viewer=shop.guest(order), order=order, text="Are they blue?")
    reply = send_message(viewer=shop.staff, order=order, text="Red.")
    write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    invitation = invite(viewer=shop.staff, email="nina@fennel.test", name="Nina", role=Role.SHOP_MANAGER)
    asks = {"type": InteractionType.NOTE, "text": "Call back.", "needs_acknowledgement": True}
    entry = log_interaction(viewer=shop.staff, customer=order.customer, **asks)  # type: ignore[arg-type]
    linked, another = shop.order(customer="Pier 2").customer, shop.order(customer="Pier 3").customer
    link_customers(viewer=shop.staff, customer=order.customer, other=linked)
    till, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    samples = {
        "invitations/<str:gid>": f"invitations/invitation_{invitation.pk}",
        "programs/<str:gid>": f"programs/client_{till.pk}",
        "invitation/<str:token>": f"invitation/{link_token(invitation)}",
        "reset/<str:token>": f"reset/{reset_token(shop.user, clock.now())}",
        "{message}": f"message_{message.pk}",
        "{reply}": f"message_{reply.pk}",
        "{order}": f"order_{order.pk}",
        "{draft}": shop.order().topic,
        "{entry}": f"interaction_{entry.pk}",
        "{mail}": f"mail_{failed_mail(reply).pk}",
        "{customer}": f"customer_{order.customer_id}",
        "{contact}": f"contact_{order.contact_id}",
        "{linked}": f"customer_{linked.pk}",
        "{other}": f"customer_{another.pk}",
        "<str:entry>": f"interaction_{entry.pk}",
        "stores/<str:gid>": f"stores/store_{shop.store.pk}",
        "{line}": f"line_{line.pk}",
        "<str:number>": "INV-7",
        "fulfilments/<str:gid>": f"fulfilments/fulfilment_{parcel.pk}",
        "customers/<str:gid>": f"customers/customer_{order.customer_id}",
        "products/<str:gid>": f"products/product_{tin.pk}",
        "roles/<str:gid>": f"roles/role_{save_role(viewer=shop.staff, name='Spare', permissions=['orders:read']).pk}",
        "team/<str:gid>": f"team/staff_{shop.hire('Tom').staff_id}",
        "<path:rest>": "no/such/page",
        "c/<str:key>": customer_url("", order.customer_id, 1)[1:],
        "start/<str:key>": public_url("", shop.workspace.pk, 1)[1:],
    }
    return Site(shop, other_shop, order, samples)


def routes(patterns: list[URLPattern]) -> list[str]:
    return [str(pattern.pattern) for pattern in patterns]


def everything() -> dict[str, list[object]]:
    """Every row of every tenant."""
    models = [model for model in apps.get_models() if issubclass(model, TenantModel)]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def opened(site: Site, browser: Client, route: str) -> int:
    """The status of an address of the admin."""
    given = {"topics": site.order.topic, "after": "0"} if route.endswith("/poll") else {}
    return browser.get(f"/admin/{site.address(route)}", given).status_code


def expected(route: str, allowed: frozenset[str]) -> set[int]:
    """What a member with these permissions gets."""
    if route == "<path:rest>":
        return {404}
    if route == "sign-in":
        return {302, 303}
    if route in HOME and not ("orders:read" in allowed or allowed >= {"customers:read", "interactions:read"}):
        return {HOME[route]}
    has = all(
        need in allowed if isinstance(need, str) else not allowed.isdisjoint(need)  # type: ignore[arg-type]
        for need in NEEDS[route]
    )
    return {200} if has else {403}


@pytest.mark.once
def test_every_address_has_a_row() -> None:
    assert set(routes(admin_urls)) == {*NEEDS, *POSTS, *OWN_POSTS, *WAYS_IN, *LOOKS}
    assert set(ALSO_POSTS) < set(NEEDS)
    assert set(routes(portal_urls)) == set(PORTAL)
    assert set(PORTAL_POSTS) < set(PORTAL)


def roles_of(site: Site) -> Iterator[tuple[Role | CustomRole, frozenset[str]]]:
    """Each built-in role and some of the workspace's own, with their permissions."""
    yield Role.ADMIN, frozenset({*GRANTABLE, "staff:write", "partners:write", "settings:write"})
    yield Role.SHOP_MANAGER, frozenset(map(str, GRANTABLE))
    whole = [{"orders:read"}, set(map(str, GRANTABLE))]
    for permission in sorted(GRANTABLE):
        subject = permission.partition(":")[0]
        alone = {"orders:read", permission}
        without = {one for one in GRANTABLE if one != permission and not (
            permission.endswith(":read") and one.startswith(f"{subject}:")
        )}  # fmt: skip
        whole += [alone, set(map(str, without))]
    for permissions in whole:
        role = site.role(*permissions)
        yield role, frozenset(role.permissions)


@pytest.mark.slow
@pytest.mark.feature("AC-10")
def test_each_role_opens_exactly_the_addresses_that_its_permissions_open_and_no_page_breaks(site: Site) -> None:
    wrong = []
    for role, allowed in roles_of(site):
        browser = site.browser(role)
        before = everything()
        for route in NEEDS:
            status = opened(site, browser, route)
            if status not in expected(route, allowed):
                wrong.append((sorted(allowed), route, status))
        assert everything() == before
    assert wrong == []


@pytest.mark.feature("AC-10")
@pytest.mark.parametrize(
    "permissions",
    [{"orders:read"}, {"products:read"}, {"customers:read"}, {"orders:read", "fulfilments:write"}],
    ids=lambda permissions: ",".join(sorted(permissions)),
)
def test_a_role_of_little_opens_exactly_what_it_may(site: Site, permissions: set[str]) -> None:
    browser = site.browser(site.role(*permissions))

    for route in NEEDS:
        assert opened(site, browser, route) in expected(route, frozenset(permissions)), route


@pytest.mark.parametrize("who", ["nobody", "staff elsewhere"])
def test_nobody_and_who_works_elsewhere_are_sent_to_sign_in(site: Site, who: str) -> None:
    browser = site.browser(Role.ADMIN if who == "staff elsewhere" else None, shop=site.other)

    for route in NEEDS:
        status = opened(site, browser, route)
        assert status == (200 if route == "sign-in" else 403 if route == "live/poll" else 302), route
    before = everything()
    for route, typed in (POSTS | ALSO_POSTS | OWN_POSTS | {route: {} for route in LOOKS}).items():
        response = browser.post(f"/admin/{site.address(route)}", filled(site, typed))
        assert response.status_code in (303, 403), route
    assert everything() == before


@pytest.mark.feature("AC-10")
def test_a_way_in_answers_everybody_alike(site: Site) -> None:
    stranger = site.browser(Role.ADMIN, shop=site.other)
    for browser in (site.browser(None), stranger, site.browser(Role.ADMIN), site.browser(site.role("orders:read"))):
        for route in sorted(WAYS_IN, key=len):  # before a link has left its cookie
            assert opened(site, browser, route) == WAYS_IN[route], route


@pytest.mark.feature("AC-10")
def test_what_is_ones_own_every_role_may_change(site: Site) -> None:
    browser = site.browser(site.role("products:read"))
    before = everything()
    for route, typed in OWN_POSTS.items():
        response = browser.post(f"/admin/{site.address(route)}", typed)
        assert response.status_code in {303, 422}, route
    assert {**everything(), "Event": before["Event"]} == before


def filled(site: Site, typed: Mapping[str, str]) -> dict[str, str]:
    return {site.address(name): site.address(text) for name, text in typed.items()}


@pytest.mark.feature("AC-10")
def test_who_may_only_read_changes_nothing_by_any_form_and_no_form_breaks(site: Site) -> None:
    reads = {str(one) for one in GRANTABLE if one.endswith(":read")}
    for permissions in (reads, {"orders:read"}):
        browser = site.browser(site.role(*permissions))
        before = everything()
        for route, typed in (POSTS | ALSO_POSTS).items():
            if route == "sign-out":
                continue
            for headers in ({}, {"HX-Request": "true"}):
                response = browser.post(f"/admin/{site.address(route)}", filled(site, typed), headers=headers)
                nothing = {204} if route.endswith("receipts") else set()
                assert response.status_code in {403, 422} | nothing, (route, response.status_code)
        assert everything() == before


@pytest.mark.feature("AC-7")
def test_looking_as_a_customer_takes_its_permission_and_changes_nothing(site: Site) -> None:
    reads = {str(one) for one in GRANTABLE if one.endswith(":read")}
    for route, (needed, answer) in LOOKS.items():
        for permissions, status in ((reads, answer), (reads - {needed}, 403)):
            browser = site.browser(site.role(*permissions))
            before = everything()
            assert browser.get(f"/admin/{site.address(route)}").status_code == 405
            assert browser.post(f"/admin/{site.address(route)}").status_code == status
            assert everything() == before


@pytest.mark.parametrize("who", ["nobody", "guest", "stranger"])
def test_the_portal_shows_an_order_to_who_holds_its_link_alone(site: Site, who: str) -> None:
    browser = site.browser(None)
    order = {"guest": site.order, "stranger": site.shop.order()}.get(who)
    if order:
        order.refresh_from_db()
        assert browser.get(order.guest_url.removeprefix(order.store.base_url)).status_code == 303

    for route, (shown, hidden) in PORTAL.items():
        given = {"topics": site.order.topic, "after": "0"} if route.endswith("/poll") else {}
        htmx = {"HX-Request": "true"} if hidden == "refresh" else {}
        response = browser.get(f"/{site.address(route)}", given, headers=htmx)
        answer = "refresh" if "HX-Refresh" in response.headers else response.status_code
        assert answer == (shown if who == "guest" else hidden), route
        assert who == "guest" or "Tea tin" not in response.content.decode()
    before = everything()
    for route, typed in PORTAL_POSTS.items():
        response = browser.post(f"/{site.address(route)}", filled(site, typed))
        assert (response.status_code < 400) is (who == "guest"), route
    assert (everything() == before) is (who != "guest")


@pytest.mark.feature("AC-1")
@pytest.mark.parametrize("who", ["contact", "customer"])
def test_the_portal_shows_a_contact_and_a_customer_what_their_credential_opens(site: Site, who: str) -> None:
    browser = signed_in(site.order.contact) if who == "contact" else site.browser(None)
    if who == "customer":
        browser.get(f"/{site.samples['c/<str:key>']}")
        browser.post("/store/welcome", {"answer": "yes"})
    before = everything()

    for route, (of_guest, hidden) in PORTAL.items():
        given = {"topics": site.order.topic, "after": "0"} if route.endswith("/poll") else {}
        htmx = {"HX-Request": "true"} if hidden == "refresh" else {}
        response = browser.get(f"/{site.address(route)}", given, headers=htmx)
        shown = BY_ACCOUNT.get(route, (of_guest, of_guest))[who == "customer"]
        assert response.status_code == shown, route
    for route, typed in PORTAL_POSTS.items() if who == "customer" else ():
        browser.post(f"/{site.address(route)}", filled(site, typed))
    assert everything() == before


@pytest.mark.parametrize("page", ["team", "team/roles"])
def test_a_page_about_the_team_takes_as_many_statements_at_any_size(site: Site, page: str) -> None:
    browser = Client(headers={"Host": "fennel.test"})
    browser.force_login(User.objects.get(pk=site.shop.user.pk))
    counts = []
    for _ in range(2):
        for _ in range(10):
            site.shop.hire("Kim", site.role("orders:read"))
        with CaptureQueriesContext(connection) as statements:
            assert browser.get(f"/admin/{page}").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
