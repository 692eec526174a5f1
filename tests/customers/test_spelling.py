"""Names that were mistyped are put right, as far as one is near."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import ProgrammingError

from counterfoil.access.problems import Forbidden
from counterfoil.access.viewer import anonymous
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import NameWord
from counterfoil.customers.spelling import corrected, mistakes, names_in
from tests.factories import Shop


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("harbuor", "harbour"),
        ("harbou", None),
        ("habour", "harbour"),
        ("harrbour", "harbour"),
        ("herbour cafe", "harbour cafe"),
        ("HARBUOR", "harbour"),
        ("cafe harbuor 4137", "cafe harbour 4137"),
        ("lüdenschiedt", "ludenscheidt"),
        ("ries", "reis"),
        ("zzzzzzzz", None),
        ("har", None),
        ("hxr", None),
        ("12345678", None),
        ("", None),
        ("%", None),
        ("\0", None),
        ('har"buor', None),
        ("harbour OR 1", None),
    ],
    ids=ascii,
)
def test_a_word_that_begins_nothing_becomes_the_nearest_name(shop: Shop, typed: str, meant: str | None) -> None:
    for name, contact in (("Harbour Café", "Ana Reis"), ("Müller-Lüdenscheidt", "Karl"), ("Kestrel Larder", "")):
        create_customer(viewer=shop.staff, name=name, contact_name=contact, email="")

    assert corrected(viewer=shop.staff, search=typed) == meant


def test_a_name_that_nobody_has_any_more_is_not_proposed(shop: Shop) -> None:
    contact = create_customer(viewer=shop.staff, name="Harbour", contact_name="", email="")
    save_customer(viewer=shop.staff, customer=contact.customer, name="Quill", contact_name="", email="")

    assert NameWord.objects.filter(word="harbour").exists()
    assert corrected(viewer=shop.staff, search="harbuor") is None


def test_names_of_another_workspace_are_not_proposed(shop: Shop, other_shop: Shop) -> None:
    create_customer(viewer=other_shop.staff, name="Harbour", contact_name="", email="")

    assert corrected(viewer=shop.staff, search="harbuor") is None
    assert corrected(viewer=other_shop.staff, search="harbuor") == "harbour"


def test_who_sees_no_customers_is_told_no_name(shop: Shop) -> None:
    create_customer(viewer=shop.staff, name="Harbour", contact_name="", email="")

    with pytest.raises(Forbidden):
        corrected(viewer=anonymous(shop.workspace.pk), search="harbuor")


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "name", "many"),
    [
        ("harbour", "harbour", 0),
        ("harbuor", "harbour", 1),
        ("harbur", "harbour", 1),
        ("harrbour", "harbour", 1),
        ("herbour", "harbour", 1),
        ("harbuo", "harbourside", 1),
        ("harb", "harbourside", 0),
        ("abc", "xyz", 3),
    ],
)
def test_mistakes_are_letters_wrong_missing_too_many_or_swapped(typed: str, name: str, many: int) -> None:
    assert mistakes(typed, name) == many


@pytest.mark.once
def test_only_words_of_four_letters_and_more_are_put_right() -> None:
    assert names_in("Müller-Lüdenscheidt & Co 4137 a1bcd") == {"muller", "ludenscheidt"}


@pytest.mark.parametrize(
    ("sqlstate", "said"), [("42501", "CREATE EXTENSION pg_trgm WITH SCHEMA public"), ("42P07", "")]
)
def test_a_role_that_may_not_create_the_extension_is_told_what_its_owner_runs(sqlstate: str, said: str) -> None:
    refusal = ProgrammingError("refused")
    refusal.__cause__ = Refusal(sqlstate)

    def execute(_: str) -> None:
        raise refusal

    editor = SimpleNamespace(connection=SimpleNamespace(vendor="postgresql"), execute=execute)
    with pytest.raises(ProgrammingError, match=said or "^refused$"):
        import_module("counterfoil.customers.migrations.0007_spelling").make(apps, editor)


class Refusal(Exception):
    """What PostgreSQL says, as its driver tells it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__()
        self.sqlstate = sqlstate
