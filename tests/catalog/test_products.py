"""Products: made and changed by hand or by an external id, which never doubles one (OR-8)."""

from decimal import Decimal

import pytest

from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import anonymous
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.catalog.models import Category, Product
from counterfoil.catalog.queries import matching, visible_to
from counterfoil.events.models import Event
from tests.factories import Shop

EACH = NewUnit("each", Decimal("2.55"), "GBP")
CASE = NewUnit("case of 12", Decimal("0.0425"), "GBP")


def units_of(product: Product) -> list[tuple[str, Decimal, str]]:
    return list(product.units.order_by("ordinal").values_list("name", "price", "currency"))


@pytest.mark.feature("OR-8")
def test_staff_make_a_product_whose_prices_keep_parts_of_a_cent(shop: Shop) -> None:
    product = save_product(viewer=shop.staff, sku=" TT-22 ", name=" Tea tin ", units=[CASE, EACH], category="Kitchen")

    assert (product.sku, product.name, product.active) == ("TT-22", "Tea tin", True)
    assert product.category is not None
    assert product.category.name == "Kitchen"
    assert units_of(product) == [("case of 12", Decimal("0.0425"), "GBP"), ("each", Decimal("2.55"), "GBP")]
    event = Event.objects.get()
    assert (event.kind, event.topic, event.internal) == ("product.created", f"product_{product.pk}", True)


@pytest.mark.feature("OR-8")
def test_the_same_external_id_twice_changes_the_product_and_never_doubles_it(shop: Shop) -> None:
    first = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH], external_id="woo:7")
    again = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH], external_id="woo:7")
    assert again == first
    assert Event.objects.count() == 1

    changed = save_product(
        viewer=shop.staff, sku="TT-23", name="Tea tin, spot", units=[CASE], external_id="woo:7", active=False
    )

    assert changed == first
    assert (changed.sku, changed.name, changed.active) == ("TT-23", "Tea tin, spot", False)
    assert units_of(changed) == [("case of 12", Decimal("0.0425"), "GBP")]
    assert [event.kind for event in Event.objects.order_by("id")] == ["product.created", "product.changed"]


@pytest.mark.feature("OR-8")
def test_a_sku_is_taken_in_whatever_case(shop: Shop, other_shop: Shop) -> None:
    save_product(viewer=shop.staff, sku="85123A", name="Lantern", units=[EACH])

    with pytest.raises(Invalid) as refusal:
        save_product(viewer=shop.staff, sku="85123a", name="Lantern", units=[EACH])

    assert refusal.value.field == "sku"
    assert Product.objects.count() == 1
    save_product(viewer=other_shop.staff, sku="85123a", name="Lantern", units=[EACH])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": "x" * 81}, "sku"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"category": "x" * 121}, "category"),
        ({"external_id": "x" * 201}, "externalId"),
        ({"units": []}, "units"),
        ({"units": [CASE, EACH, EACH]}, "units.2.name"),
        ({"units": [NewUnit(f"case of {number}", Decimal(1), "GBP") for number in range(101)]}, "units"),
        ({"units": [CASE, NewUnit("each", Decimal("0.00001"), "GBP")]}, "units.1.price"),
        ({"units": [NewUnit("each", Decimal("-1"), "GBP"), CASE]}, "units.0.price"),
        ({"units": [NewUnit("each", Decimal("NaN"), "GBP")]}, "units.0.price"),
        ({"units": [CASE, NewUnit("each", Decimal(1), "XXY")]}, "units.1.currency"),
        ({"units": [CASE, NewUnit(" ", Decimal(1), "GBP")]}, "units.1.name"),
    ],
)
def test_what_can_not_be_kept_is_refused_by_its_field(shop: Shop, given: dict[str, object], field: str | None) -> None:
    whole: dict[str, object] = {"sku": "TT-22", "name": "Tea tin", "units": [EACH], **given}

    with pytest.raises(Invalid) as refusal:
        save_product(viewer=shop.staff, **whole)  # type: ignore[arg-type]

    assert refusal.value.field == field
    assert (Product.objects.count(), Category.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_a_product_of_another_workspace_is_not_found_and_its_external_id_is_free(shop: Shop, other_shop: Shop) -> None:
    foreign = save_product(viewer=other_shop.staff, sku="TT-22", name="Tea tin", units=[EACH], external_id="7")

    with pytest.raises(NotFound):
        save_product(viewer=shop.staff, sku="TT-22", name="Tin", units=[EACH], product=foreign)
    mine = save_product(viewer=shop.staff, sku="TT-22", name="Tin", units=[EACH], external_id="7")

    assert mine != foreign
    assert list(visible_to(shop.staff)) == [mine]


def test_only_staff_make_and_see_products(shop: Shop) -> None:
    product = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin", units=[EACH])

    for viewer in (shop.guest(shop.order()), anonymous(shop.workspace.pk)):
        assert list(visible_to(viewer)) == []
        with pytest.raises(Forbidden):
            save_product(viewer=viewer, sku="TT-23", name="Tin", units=[EACH], product=product)


def test_products_are_found_by_the_beginning_of_their_sku_and_any_part_of_their_name(shop: Shop) -> None:
    tin = save_product(viewer=shop.staff, sku="TT-22", name="Tea tin, retro", units=[EACH])
    save_product(viewer=shop.staff, sku="BC-07", name="Biscuit cutters", units=[EACH], active=False)
    mine = visible_to(shop.staff)

    assert list(matching(mine, search="retro tt-")) == [tin]
    assert list(matching(mine, active=True)) == [tin]
    assert list(matching(mine, search="22")) == []
    assert list(matching(mine, search="\0")) == []
