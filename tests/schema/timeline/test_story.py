"""The story of a customer, and of one order: what it tells, from where, and in which order (IN-11)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from counterfoil.access import clock
from counterfoil.conversations.actions import send_message
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.customers.sessions import begin, end_session, sessions_of
from counterfoil.orders.actions import change_status, set_mail_preference
from counterfoil.orders.claims import claim_order
from counterfoil.orders.models import Order, OrderStatus
from counterfoil.partners.actions import register_client
from tests.eventful import NOON, eventful
from tests.factories import Shop
from tests.imports.files import load, written
from tests.posting import key_of
from tests.schema.timeline.asking import entries, kinds, page

pytestmark = pytest.mark.feature("IN-11")

OF_THE_CUSTOMER = [
    "customer.unlinked",
    "customer.linked",
    "customer.changed",
    "account_session.ended",
    "customer.flags_changed",
    "customer_link.rotated",
    "order_key.rotated",
    "interaction.acknowledged",
    "interaction.logged",
    "mail_preference.changed",
    "note.written",
    "mail.sent",
    "mail.sent",
    "message.sent",
    "message.sent",
    "goods.credited",
    "order.parcel_moved",
    "order.parcel_corrected",
    "order.parcel_sent",
    "order.payment_returned",
    "order.payment_taken",
    "order.released",
    "order.held",
    "order.status_changed",
    "order.revised",
    "order.placed",
    "customer.created",
]
NOT_OF_THE_ORDER = {
    *("customer.unlinked", "customer.linked", "customer.changed", "customer.flags_changed", "customer.created"),
    *("account_session.ended", "customer_link.rotated", "interaction.acknowledged"),
}


def test_the_story_of_a_customer_is_all_that_happened_with_them_the_newest_first(shop: Shop) -> None:
    happened = eventful(shop)

    found = page(shop.staff, happened.gid)["nodes"]

    assert [node["kind"] for node in found] == OF_THE_CUSTOMER
    moments = [node["happenedAt"] for node in found]
    assert moments == sorted(moments, reverse=True)
    assert moments[-1] == (NOON + timedelta(minutes=1)).isoformat()


def test_the_story_of_an_order_is_what_happened_to_it_and_what_was_logged_about_it(shop: Shop) -> None:
    happened = eventful(shop)

    assert kinds(shop.staff, happened.order.topic) == [kind for kind in OF_THE_CUSTOMER if kind not in NOT_OF_THE_ORDER]


def test_each_entry_says_who_did_it_and_what_it_was_about(shop: Shop) -> None:
    happened = eventful(shop)

    told = entries(shop.staff, happened.gid)
    by_kind = {entry.pop("kind"): entry for entry in reversed(told)}
    for entry in told:
        del entry["happenedAt"]

    mara: dict[str, Any] = {"actor": "STAFF", "actorName": "Mara"}
    ana: dict[str, Any] = {"actor": "CUSTOMER", "actorName": "Ana Reis"}
    of: dict[str, Any] = {"order": {"id": happened.order.topic, "number": "4137"}}
    parcel = {"id": f"fulfilment_{happened.parcel.pk}", "number": 1, "carrier": "DHL"}
    packed = {"fulfilment": parcel, "linesPacked": 1, "linesOrdered": 3}
    entry = {
        "id": f"interaction_{happened.entry.pk}",
        "type": "EMAIL",
        "text": happened.entry.text,
        "authorName": "Jo",
        "acknowledgedByName": "Mara",
        "order": {"number": "4137"},
    }
    pounds = {"currency": "GBP"}
    assert by_kind["order.placed"] == {**mara, **of, "group": "ORDERS", "amount": {"amount": "169.20", **pounds}}
    assert by_kind["order.status_changed"] == {
        **mara,
        **of,
        "group": "ORDERS",
        "statusBefore": "DRAFT",
        "statusAfter": "CONFIRMED",
    }
    assert by_kind["order.parcel_sent"] == {**mara, **of, **packed, "group": "PARCELS"}
    assert by_kind["order.parcel_moved"] == {
        **mara,
        **of,
        **packed,
        "group": "PARCELS",
        "parcelBefore": "SHIPPED",
        "parcelAfter": "DELIVERED",
    }
    assert by_kind["goods.credited"] == {
        "actor": "SYSTEM",
        "group": "PARCELS",
        "amount": {"amount": "30.00", **pounds},
        "creditNote": "C-9",
    }
    assert by_kind["order.payment_taken"] == {
        **mara,
        **of,
        "group": "PAYMENTS",
        "amount": {"amount": "84.20", **pounds},
    }
    assert by_kind["message.sent"]["message"]["text"] == "On its way."  # the newer of the two
    assert by_kind["note.written"]["note"]["text"] == "Pays late."
    about = {"to": "ana@harbour.example", "reason": "", "message": None, "fulfilment": None}
    mails = [entry for entry in told if "mail" in entry]
    assert sorted(mails, key=lambda entry: str(entry["mail"]["about"])) == [
        {
            "actor": "SYSTEM",
            **of,
            "group": "MAILS",
            "mail": {**about, "about": "MESSAGE", "message": {"id": by_kind["message.sent"]["message"]["id"]}},
        },
        {
            "actor": "SYSTEM",
            **of,
            "group": "MAILS",
            "mail": {**about, "about": "PARCEL", "fulfilment": {"id": f"fulfilment_{happened.parcel.pk}"}},
        },
    ]
    assert by_kind["mail_preference.changed"] == {**ana, **of, "group": "MAILS", "isOn": False}
    jo = {"actor": "STAFF", "actorName": "Jo"}
    assert by_kind["interaction.logged"] == {**jo, **of, "group": "INTERACTIONS", "interaction": entry}
    assert by_kind["interaction.acknowledged"] == {**mara, **of, "group": "INTERACTIONS", "interaction": entry}
    contact = {"id": f"contact_{happened.order.contact_id}", "name": "Ana Reis"}
    assert by_kind["account_session.ended"] == {**mara, "group": "ACCESS", "contact": contact, "devices": 2}
    assert by_kind["customer.flags_changed"] == {
        **mara,
        "group": "CUSTOMER",
        "isActive": True,
        "orderingBlocked": True,
    }
    assert by_kind["customer.linked"]["otherCustomer"]["name"] == "Pier 2"


def test_of_an_order_a_credit_note_counts_with_what_it_gives_back_of_it(shop: Shop) -> None:
    happened = eventful(shop)

    [credited] = [entry for entry in entries(shop.staff, happened.order.topic) if entry["kind"] == "goods.credited"]

    assert (credited["creditNote"], credited["amount"]) == ("C-9", {"amount": "24.00", "currency": "GBP"})
    assert credited["order"]["number"] == "4137"


def test_what_was_imported_stands_in_the_story_though_it_has_no_events(shop: Shop, tmp_path: Path) -> None:
    rows = (
        "536365,TT22,TEA TIN,6,2010-12-01 08:26:00,2.55,17850,United Kingdom",
        "536400,TT22,TEA TIN,4,2011-02-01 12:00:00,2.95,17850,United Kingdom",
        "C536401,TT22,TEA TIN,-1,2011-03-02 12:00:00,2.95,17850,United Kingdom",
    )
    load(shop, written(tmp_path, *rows), tmp_path)

    told = entries(shop.staff, f"customer_{Customer.objects.get().pk}")

    assert [(entry["kind"], entry["happenedAt"], entry["actor"]) for entry in told] == [
        ("goods.credited", "2011-03-02T12:00:00+00:00", "SYSTEM"),
        ("order.placed", "2011-02-01T12:00:00+00:00", "SYSTEM"),
        ("order.placed", "2010-12-01T08:26:00+00:00", "SYSTEM"),
    ]
    assert [entry["order"]["number"] for entry in told[1:]] == ["536400", "536365"]
    assert "actorName" not in told[1]
    back = Order.objects.get(number="536400")
    assert kinds(shop.staff, back.topic) == ["goods.credited", "order.placed"]


def test_an_order_stands_where_it_was_placed_and_below_what_happened_to_it_at_that_moment(shop: Shop) -> None:
    with clock.at(NOON):
        order = shop.order(number="INV-7")
        send_message(viewer=shop.staff, order=order, text="Thank you.")
        change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)

    assert kinds(shop.staff, order.topic) == ["order.status_changed", "message.sent", "order.placed"]
    Order.objects.update(placed_at=NOON - timedelta(days=400))
    assert kinds(shop.staff, f"customer_{order.customer_id}") == [
        "order.status_changed",
        "message.sent",
        "customer.created",
        "order.placed",
    ]


def test_whoever_acted_is_named_staff_programs_contacts_and_who_holds_the_link(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read", "messages:write"])
    send_message(viewer=client.acting(client.scopes), order=order, text="Sent by itself.")
    set_mail_preference(viewer=shop.guest(order), order=order, enabled=False)
    set_mail_preference(viewer=signed_in(order.contact), order=order, enabled=True)

    assert [(entry["actor"], entry["actorName"]) for entry in entries(shop.staff, order.topic)] == [
        ("CUSTOMER", "Ana Reis"),
        ("CUSTOMER", "Ana Reis"),
        ("PARTNER", "Till"),
        ("STAFF", "Mara"),
    ]


def test_a_contact_who_signs_out_and_one_who_claims_an_order_stand_in_the_story(shop: Shop) -> None:
    order = shop.order(number="INV-7")
    other = shop.order(customer="Quay", email="ana@harbour.example")
    begin(contact=order.contact, address=None, program="")
    end_session(contact=order.contact, session_id=sessions_of(order.contact)[0].pk)
    claim_order(viewer=signed_in(other.contact), key=key_of(order))

    found = entries(shop.staff, f"customer_{order.customer_id}", groups=["ACCESS"])

    assert [(entry["kind"], entry["actor"], entry["actorName"]) for entry in found] == [
        ("order.claimed", "CUSTOMER", "Ana Reis"),
        ("account_session.ended", "CUSTOMER", "Ana Reis"),
    ]
    assert found[1]["devices"] == 1


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (["PAYMENTS"], ["order.payment_returned", "order.payment_taken"]),
        (
            ["PARCELS", "MAILS"],
            [
                *("mail_preference.changed", "mail.sent", "mail.sent", "goods.credited"),
                *("order.parcel_moved", "order.parcel_corrected", "order.parcel_sent"),
            ],
        ),
        (["INTERACTIONS"], ["interaction.acknowledged", "interaction.logged"]),
        (
            ["ORDERS", "ORDERS"],
            ["order.released", "order.held", "order.status_changed", "order.revised", "order.placed"],
        ),
        ([], OF_THE_CUSTOMER),
        (None, OF_THE_CUSTOMER),
    ],
)
def test_a_story_is_narrowed_by_groups(shop: Shop, groups: list[str] | None, expected: list[str]) -> None:
    happened = eventful(shop)

    assert kinds(shop.staff, happened.gid, groups=groups) == expected


def test_a_customer_with_whom_nothing_happened_has_an_empty_story(shop: Shop) -> None:
    customer = Customer.objects.create(workspace=shop.workspace, name="New", created_at=clock.now())

    found = page(shop.staff, f"customer_{customer.pk}")

    assert found["nodes"] == []
    assert found["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "endCursor": None}
