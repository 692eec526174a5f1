"""Making and changing products (OR-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from counterfoil.access import clock, money
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Category, Product, Unit
from counterfoil.catalog.queries import visible_to
from counterfoil.events.record import record


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit of measure to sell by, and what one costs."""

    name: str
    price: Decimal
    currency: str


@transaction.atomic
def save_product(
    *,
    viewer: Viewer,
    sku: str,
    name: str,
    units: Sequence[NewUnit],
    category: str = "",
    active: bool = True,
    external_id: str | None = None,
    product: Product | None = None,
) -> Product:
    """Change `product`, or the one that `external_id` names; without either, make a new one.

    Raises `Invalid` for a SKU that another product has, in whatever case, for no units or two of one name and
    currency, and for a price that is negative or can't be kept exactly.
    """
    require(viewer, Permission.PRODUCTS_WRITE)
    sku, name = one_line(sku, "sku", 80), one_line(name, "name", 300)
    priced = _checked(units)
    shelf = _shelf(viewer, category)
    found = _found(viewer, product, external_id)
    facts = {"sku": sku, "name": name, "category": shelf, "active": active}
    if external_id is not None:
        facts["external_id"] = one_line(external_id, "externalId", 200)
    is_new = found is None
    try:
        with transaction.atomic():
            if found is None:
                found = Product.objects.create(workspace_id=viewer.workspace_id, created_at=clock.now(), **facts)
            else:
                Product.objects.filter(pk=found.pk).update(**facts)
    except IntegrityError as error:
        raise Invalid(f"Another product has the SKU {sku} or this external id.", field="sku") from error
    changed = _set_units(viewer, found, priced) or any(getattr(found, key) != value for key, value in facts.items())
    if is_new or changed:
        kind = "product.created" if is_new else "product.changed"
        record(viewer, kind, topic=f"product_{found.pk}", internal=True)
    return Product.objects.get(pk=found.pk)


def _found(viewer: Viewer, product: Product | None, external_id: str | None) -> Product | None:
    mine = visible_to(viewer).select_for_update()
    if product is not None:
        found = mine.filter(pk=product.pk).first()
        if found is None:
            raise NotFound("There is no such product.")
        return found
    return mine.filter(external_id=external_id.strip()).first() if external_id else None


def _checked(units: Sequence[NewUnit]) -> list[NewUnit]:
    if not units:
        raise Invalid("A product needs at least one unit that it is sold by, such as each.", field="units")
    checked = [NewUnit(one_line(unit.name, "units", 60), unit.price, unit.currency) for unit in units]
    if len({(unit.name, unit.currency) for unit in checked}) != len(checked):
        raise Invalid("Name each unit once for a currency.", field="units")
    for unit in checked:
        money.check_price(unit.price, "units")
        money.smallest_coin(unit.currency)
        if unit.price < 0:
            raise Invalid(f"{unit.price} is no price: use zero or more.", field="units")
    return checked


def _shelf(viewer: Viewer, category: str) -> Category | None:
    if not category.strip():
        return None
    name = one_line(category, "category", 120)
    return Category.objects.get_or_create(workspace_id=viewer.workspace_id, name=name)[0]


def _set_units(viewer: Viewer, product: Product, units: Sequence[NewUnit]) -> bool:
    """Make these the product's units; whether that changed anything."""
    before = list(product.units.order_by("ordinal").values_list("name", "price", "currency"))
    if before == [(unit.name, unit.price, unit.currency) for unit in units]:
        return False
    product.units.all().delete()
    Unit.objects.bulk_create(
        Unit(
            workspace_id=viewer.workspace_id,
            product=product,
            ordinal=ordinal,
            name=unit.name,
            price=unit.price,
            currency=unit.currency,
        )
        for ordinal, unit in enumerate(units, start=1)
    )
    return True
