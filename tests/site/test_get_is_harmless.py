"""Asking never changes anything: every address of the site, with GET and HEAD, by everyone, over and over (AC-8)."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from pytest_django import Settings

from counterfoil.access import clock, second_factor
from counterfoil.access.links import order_keys
from counterfoil.access.models import Session, User
from counterfoil.access.viewer import Role
from counterfoil.catalog.actions import NewUnit, save_product, set_product_image
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.interactions.actions import log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.mail.mailbox import MailboxBackend, kept_mails
from counterfoil.orders.actions import change_status, rotate_order_key
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.partners.actions import register_client
from counterfoil.partners.models import TokenBucket
from counterfoil.staff.invitations import invite, link_token
from counterfoil.staff.passwords import reset_token
from counterfoil.staff.roles import save_role
from tests.admin_ui.signing_in import code_of
from tests.factories import PASSWORD, Shop
from tests.pictures import picture
from tests.portal_ui.entering import link_of, public_link_of, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow_on_postgresql,
    pytest.mark.feature("AC-8"),
]

HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Site:
    """Two shops, and what the parts of addresses in angle brackets can be."""

    order: Order
    samples: Mapping[str, str]
    browsers: Mapping[str, Client]
    links: Mapping[str, str]

    def address(self, route: str) -> str:
        """An address that leads to this route."""
        address = route
        for part, sample in self.samples.items():
            address = address.replace(part, sample)
        assert not set("<>^\\") & set(address), (
            f"The new address {route!r} is not walked yet: give the part in angle brackets that {address!r} still has, "
            "with the words before it, a value in `samples` of the fixture `site`."
        )
        assert resolve(f"/{address}").route == route, f"{address!r} leads elsewhere than to {route!r}."
        return f"/{address}"


def routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[str]:
    """Every route of the site's URLconf."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def whole_database() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for token buckets: what they hold tells how often was asked, and nothing else."""
    dump = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - {TokenBucket._meta.db_table}:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            dump[table] = sorted(cursor.fetchall(), key=repr)
    return dump


def is_there(response: HttpResponse) -> bool:
    """Whether the address leads to something, if only to something that takes nothing but POST."""
    to_sign_in = "/sign-in" in response.headers.get("Location", "") + response.headers.get("HX-Redirect", "")
    return (response.status_code < 400 and not to_sign_in) or response.status_code in {400, 401, 405}


def browser(host: str = "fennel.test", user: User | None = None) -> Client:
    """A browser that has been nowhere yet; or where this user has signed in."""
    client = Client(headers={"Host": host}, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client


def link(order: Order) -> str:
    """The path of the order's present link, with its key."""
    order.refresh_from_db()
    return order.guest_url.removeprefix(order.store.base_url)


@pytest.fixture
def site(shop: Shop, other_shop: Shop, settings: Settings, tmp_path: Path) -> Site:
    settings.MEDIA_ROOT, settings.MAILBOX_DIR = tmp_path / "media", tmp_path / "mailbox"
    order, another = shop.order(number="INV-7"), shop.order(email="ben@harbour.example")
    other_shop.order(number="INV-7")
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    parcel = fulfil(viewer=shop.staff, order=order, quantities={order.lines.get(ordinal=1).pk: 1})
    tin = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[NewUnit("each", Decimal(2), "GBP")])
    tin = set_product_image(viewer=shop.staff, product=tin, data=picture())
    till, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    send_message(viewer=shop.guest(order), order=order, text="Thank you!")
    write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    invitation = invite(viewer=shop.staff, email="pia@fennel.test", name="Pia", role=Role.SHOP_MANAGER)
    MailboxBackend().send_messages([EmailMessage("Hello", "Hello", "a@fennel.test", ["b@harbour.example"])])
    role = save_role(viewer=shop.staff, name="Packer", permissions=["orders:read", "fulfilments:write"])
    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Rang twice.")
    samples = {
        "order/<str:number>": "order/INV-7",
        "orders/<str:number>": "orders/INV-7",
        "fulfilments/<str:gid>": f"fulfilments/fulfilment_{parcel.pk}",
        "customers/<str:gid>": f"customers/customer_{order.customer_id}",
        "interactions/<str:entry>": f"interactions/interaction_{entry.pk}",
        "products/<str:gid>": f"products/product_{tin.pk}",
        "team/invitations/<str:gid>": f"team/invitations/invitation_{invitation.pk}",
        "stores/<str:gid>": f"stores/store_{shop.store.pk}",
        "programs/<str:gid>": f"programs/client_{till.pk}",
        "mailbox/<slug:name>": f"mailbox/{kept_mails()[0].name}",
        r"^media/(?P<name>products/[0-9a-f]{32}\.webp)\Z": f"media/{tin.image}",
        "team/roles/<str:gid>": f"team/roles/role_{role.pk}",
        "team/<str:gid>": f"team/staff_{shop.member.pk}",
        "admin/<path:rest>": "admin/no/such/page",
        "tasks/<slug:slug>": "tasks/send-a-part",
        "types/<str:name>": "types/Order",
        "docs/<slug:section>": "docs/mutations",
        "c/<str:key>": link_of(order.customer)[1:],
        "start/<str:key>": public_link_of(shop.workspace)[1:],
    }
    manager = User.objects.get(memberships=shop.hire("Tom", Role.SHOP_MANAGER).staff_id)
    packer = User.objects.get(memberships=shop.hire("Pia", role).staff_id)
    browsers = {
        "nobody": browser(),
        "guest": browser(),
        "guest of another order": browser(),
        "shop manager": browser(user=manager),
        "packer": browser(user=packer),
        "admin": browser(user=shop.user),
        "staff of elsewhere": browser(user=other_shop.user),
        "admin without the code yet": browser(),
        "contact": signed_in(order.contact),
        "customer by their link": browser(),
        "contact who waits for a code": browser(),
    }
    browsers["contact who waits for a code"].post("/store/account/sign-in", {"email": order.contact.email})
    browsers["customer by their link"].get(link_of(order.customer))
    browsers["customer by their link"].post("/store/welcome", {"answer": "yes"})
    half = User.objects.get(memberships=shop.hire("Ida", Role.ADMIN).staff_id)
    second_factor.confirm(half.pk, second_factor.begin(half.pk), code_of(half))
    browsers["admin without the code yet"].post("/admin/sign-in", {"email": half.email, "password": PASSWORD})
    # Made once everybody has signed in: a link for a new password ends when its user does.
    shop.user.refresh_from_db()
    samples |= {
        "reset/<str:token>": f"reset/{reset_token(shop.user, clock.now())}",
        "invitation/<str:token>": f"invitation/{link_token(invitation)}",
    }
    links = {"guest": link(order), "guest of another order": link(another)}
    return Site(order=order, samples=samples, browsers=browsers, links=links)


def test_asking_for_any_address_as_anyone_again_and_again_changes_no_row_of_any_table(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "django.request")  # refusals are meant, and writing of each takes time
    addresses = {site.address(route): route for route in routes()} | {"/nowhere": "nowhere"}
    topics = {"topics": site.order.topic, "after": "0"}
    files = default_storage.listdir("products")[1]
    before = whole_database()
    found, failed = set(), []

    for who, client in site.browsers.items():
        if who in site.links:
            assert client.get(site.links[who]).status_code == 303
        for address, route in addresses.items():
            given = topics if address.endswith("/poll") else {}
            for method, headers in product(("get", "head"), ({}, HTMX)):
                response = getattr(client, method)(address, given, headers=headers)
                found |= {route} if is_there(response) else set()
                failed += [(who, method, address)] if response.status_code >= 500 else []

    assert whole_database() == before
    assert failed == []
    lost = set(addresses.values()) - found - {"admin/<path:rest>", "nowhere"}
    assert not lost, f"Nobody finds these: make `site` hold what their samples name. {lost}"
    assert default_storage.listdir("products")[1] == files
    assert len(before["access_session"]) == 5


def test_a_session_that_ran_out_is_left_alone_and_one_of_an_older_password_ends_and_nothing_else_changes(
    site: Site,
) -> None:
    # The one row that asking ever takes away, and Django does it: the visitor's own session, once its password is old.
    ran_out, outdated = site.browsers["shop manager"], site.browsers["admin"]
    Session.objects.filter(pk=ran_out.session.session_key).update(expire_date=datetime(2020, 1, 1, tzinfo=UTC))
    ended = outdated.session.session_key
    user = User.objects.get(pk=outdated.session["_auth_user_id"])
    user.set_password("another-battery-staple")
    user.save()
    before = whole_database()

    for client in (ran_out, outdated):
        for address in ("/admin/orders", "/admin/sign-in", "/admin/orders"):
            assert client.get(address).status_code in {200, 302}

    after = whole_database()
    before["access_session"] = [row for row in before["access_session"] if ended not in row]
    assert after == before
    assert len(after["access_session"]) == 4


def test_following_links_of_any_kind_any_number_of_times_changes_no_row_of_any_table(
    shop: Shop, other_shop: Shop
) -> None:
    order, second, foreign = shop.order(), shop.order(), other_shop.order()
    send_message(viewer=shop.staff, order=order, text="Hello")
    old = link(second)
    rotate_order_key(viewer=shop.staff, order=second)
    key, page = order_keys.derive(order.pk, 1), f"/order/{order.number}"
    links = {
        link(order): 303,
        old: 404,
        link(foreign): 404,
        f"/order/none?key={key}": 404,
        f"/order/{second.number}?key={key}": 404,
        f"{page}?key={key[:-1]}": 404,
        f"{page}?key={key}A": 404,
        f"{page}?key=": 404,
        f"{page}?key=%00%ff{'x' * 3000}": 404,
        page: 404,
    }
    before = whole_database()

    for address, status in links.items():
        for method in ("get", "head", "get"):
            assert getattr(browser(), method)(address).status_code == status, (method, address)

    assert whole_database() == before
    assert sum(len(rows) for rows in before.values()) > 20
