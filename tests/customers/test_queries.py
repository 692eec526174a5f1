"""Who sees customers."""

import pytest

from counterfoil.access.text import LONGEST_SEARCH
from counterfoil.access.viewer import Viewer, ViewerKind, anonymous
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Contact
from counterfoil.customers.queries import contacts_visible_to, customers_visible_to, matching
from tests.factories import Shop


def test_staff_see_the_customers_of_their_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    ours, theirs = shop.order(), other_shop.order()

    assert list(customers_visible_to(shop.staff)) == [ours.customer]
    assert list(contacts_visible_to(shop.staff)) == [ours.contact]
    assert list(customers_visible_to(other_shop.staff)) == [theirs.customer]
    assert list(contacts_visible_to(other_shop.staff)) == [theirs.contact]


@pytest.mark.feature("AC-2")
def test_an_order_key_shows_no_customer_not_even_the_one_who_ordered(shop: Shop) -> None:
    guest = shop.guest(shop.order())

    for viewer in (guest, anonymous(shop.workspace.pk)):
        assert not customers_visible_to(viewer).exists()
        assert not contacts_visible_to(viewer).exists()


def test_staff_without_a_role_see_no_customers(shop: Shop) -> None:
    shop.order()
    nobody = Viewer(kind=ViewerKind.STAFF, workspace_id=shop.workspace.pk, staff_id=shop.member.pk)

    assert not customers_visible_to(nobody).exists()
    assert not contacts_visible_to(nobody).exists()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["Harbour Café", "Müller-Lüdenscheidt & Co", "مكتبة الياسمين"]),
        ("harb", ["Harbour Café"]),
        ("caf HARBOUR", ["Harbour Café"]),
        ("arbour", []),
        ("lüden", ["Müller-Lüdenscheidt & Co"]),
        ("الياس", ["مكتبة الياسمين"]),
        ("reis", ["Harbour Café"]),
        ("eis", ["Harbour Café"]),
        ("@quay.example", ["Harbour Café"]),
        ("harbour reis @quay", ["Harbour Café"]),
        ("harbour karl", []),
        ("%", []),
        ("_", []),
        ("'", []),
        ("a\0", []),
        ("\ud800", []),
        ("co " * (LONGEST_SEARCH // 3), ["Müller-Lüdenscheidt & Co"]),
        ("co " * LONGEST_SEARCH, []),
    ],
)
def test_customers_are_found_by_their_names_words_and_by_any_part_of_a_contact(
    shop: Shop, search: str, found: list[str]
) -> None:
    for name, contact, email in (
        ("Harbour Café", "Ana Reis", "ana@quay.example"),
        ("Müller-Lüdenscheidt & Co", "Karl", "karl@mueller.example"),
        ("مكتبة الياسمين", "", ""),
    ):
        create_customer(viewer=shop.staff, name=name, contact_name=contact, email=email)

    assert [customer.name for customer in matching(customers_visible_to(shop.staff).order_by("pk"), search=search)] == (
        found
    )


def test_a_customer_with_two_contacts_that_match_is_found_once(shop: Shop) -> None:
    first = create_customer(viewer=shop.staff, name="Quill", contact_name="Ana", email="ana@quill.example")
    Contact.objects.create(
        workspace_id=shop.workspace.pk, customer=first.customer, name="Anabel", created_at=first.created_at
    )

    assert list(matching(customers_visible_to(shop.staff), search="ana")) == [first.customer]
