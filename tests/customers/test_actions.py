"""Making customers."""

from datetime import UTC, datetime

import pytest

from counterfoil.access import clock
from counterfoil.access.problems import Forbidden, Invalid
from counterfoil.access.viewer import Role, anonymous
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event
from tests.factories import Shop

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_staff_make_a_customer_with_its_first_contact(shop: Shop) -> None:
    with clock.at(NOON):
        contact = create_customer(
            viewer=shop.hire("Tom", Role.SHOP_MANAGER),
            name=" Harbour Café ",
            contact_name=" Ana Reis ",
            email=" Ana@Harbour.Example ",
        )

    contact = Contact.objects.select_related("customer").get(pk=contact.pk)
    assert (contact.customer.name, contact.customer.workspace_id) == ("Harbour Café", shop.workspace.pk)
    assert (contact.name, contact.email, contact.workspace_id) == ("Ana Reis", "ana@harbour.example", shop.workspace.pk)
    assert (contact.has_account, contact.wants_mail) == (False, True)
    assert contact.created_at == contact.customer.created_at == NOON


def test_the_log_notes_a_new_customer_for_staff_alone(shop: Shop) -> None:
    contact = create_customer(viewer=shop.staff, name="Quill", contact_name="Ben", email="ben@quill.example")

    event = Event.objects.get()
    assert (event.kind, event.topic) == ("customer.created", f"customer_{contact.customer_id}")
    assert event.internal
    assert (event.actor, event.data) == (f"staff:{shop.member.pk}", {})


@pytest.mark.parametrize("name", ["", "   ", "\n\t"])
def test_a_customer_without_a_name_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        create_customer(viewer=shop.staff, name=name, contact_name="Ben", email="ben@quill.example")

    assert refusal.value.field == "name"
    assert (Customer.objects.count(), Contact.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_nobody_but_staff_makes_customers(shop: Shop) -> None:
    guest = shop.guest(shop.order())
    before = (Customer.objects.count(), Contact.objects.count(), Event.objects.count())

    for viewer in (guest, anonymous(shop.workspace.pk)):
        with pytest.raises(Forbidden, match="customers:write"):
            create_customer(viewer=viewer, name="Quill", contact_name="Ben", email="ben@quill.example")

    assert (Customer.objects.count(), Contact.objects.count(), Event.objects.count()) == before
