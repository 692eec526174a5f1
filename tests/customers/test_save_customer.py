"""Changing customers, by hand or by an external id, which never doubles one (OR-8)."""

import pytest

from counterfoil.access.problems import Invalid, NotFound
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event
from tests.factories import Shop

QUILL = {"name": "Quill", "contact_name": "Ben", "email": "ben@quill.example"}


@pytest.mark.feature("OR-8")
def test_the_same_external_id_twice_changes_the_customer_and_never_doubles_it(shop: Shop, other_shop: Shop) -> None:
    first = save_customer(viewer=shop.staff, external_id="woo:7", **QUILL)
    assert save_customer(viewer=shop.staff, external_id="woo:7", **QUILL) == first
    assert Event.objects.count() == 1

    changed = save_customer(viewer=shop.staff, external_id="woo:7", **{**QUILL, "email": "Orders@Quill.example"})

    assert changed == first
    assert Contact.objects.get().email == "orders@quill.example"
    assert [event.kind for event in Event.objects.order_by("id")] == ["customer.created", "customer.changed"]
    assert save_customer(viewer=other_shop.staff, external_id="woo:7", **QUILL) != first


@pytest.mark.feature("OR-8")
def test_staff_change_a_customer_of_their_own_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    contact = create_customer(viewer=shop.staff, **QUILL)

    save_customer(viewer=shop.staff, customer=contact.customer, **{**QUILL, "name": "Quill & Crate"})
    with pytest.raises(NotFound):
        save_customer(viewer=other_shop.staff, customer=contact.customer, **QUILL)

    assert Customer.objects.get().name == "Quill & Crate"


@pytest.mark.feature("OR-8")
def test_an_external_id_that_another_customer_has_is_refused(shop: Shop) -> None:
    save_customer(viewer=shop.staff, external_id="7", **QUILL)
    other = create_customer(viewer=shop.staff, **QUILL).customer

    for attempt in (
        lambda: save_customer(viewer=shop.staff, customer=other, external_id="7", **QUILL),
        lambda: create_customer(viewer=shop.staff, external_id="7", **QUILL),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert refusal.value.field == "externalId"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 201), ("contact_name", "a\0"), ("email", "no address"), ("email", "a@b@c.example")],
)
def test_what_can_not_be_kept_is_refused_by_its_field(shop: Shop, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        save_customer(viewer=shop.staff, **{**QUILL, field: value})

    assert refusal.value.field == {"contact_name": "contactName"}.get(field, field)
    assert Customer.objects.count() == 0
