"""Making and changing products (OR-8)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from counterfoil.access import clock, money
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.images import as_webp
from counterfoil.catalog.models import Category, Product, Unit
from counterfoil.catalog.queries import visible_to
from counterfoil.events.record import record

MOST_UNITS = 100


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
    currency, and for a price that is negative or can't be kept exactly. What is wrong with the second unit's price is
    told of the field `units.1.price`.
    """
    require(viewer, Permission.PRODUCTS_WRITE)
    sku, name = one_line(sku, "sku", 80), one_line(name, "name", 300)
    priced = _checked(units)
    shelf = _shelf(viewer, category)
    facts = {"sku": sku, "name": name, "category": shelf, "active": active}
    if external_id is not None:
        facts["external_id"] = external_id = one_line(external_id, "externalId", 200)
    found = _found(viewer, product, external_id)
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
    return mine.filter(external_id=external_id).first() if external_id else None


def _checked(units: Sequence[NewUnit]) -> list[NewUnit]:
    if not units:
        raise Invalid("A product needs at least one unit that it is sold by, such as each.", field="units")
    if len(units) > MOST_UNITS:
        raise Invalid(f"These are {len(units):,} units; use at most {MOST_UNITS}.", field="units")
    checked: list[NewUnit] = []
    for at, unit in enumerate(units):
        name = one_line(unit.name, f"units.{at}.name", 60)
        if any((name, unit.currency) == (other.name, other.currency) for other in checked):
            raise Invalid(f"Name each unit once for a currency: {name} stands above.", field=f"units.{at}.name")
        money.check_price(unit.price, f"units.{at}.price")
        if unit.price < 0:
            raise Invalid(f"{unit.price} is no price: use zero or more.", field=f"units.{at}.price")
        money.smallest_coin(unit.currency, f"units.{at}.currency")
        checked.append(NewUnit(name, unit.price, unit.currency))
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


@transaction.atomic
def set_product_image(*, viewer: Viewer, product: Product, data: bytes | None) -> Product:
    """Give a product the picture that these bytes hold, instead of the one it has; None takes that away.

    Raises `Invalid` for what is no picture, or too large a one (`catalog.images`). The old file is deleted once this
    is committed.
    """
    require(viewer, Permission.PRODUCTS_WRITE)
    name, webp = "", b""
    if data is not None:
        webp = as_webp(data, "image")
        # With the product in it: no two share a file, so what one of them lets go, no other needs.
        name = f"products/{hashlib.sha256(b'%d:%b' % (product.pk, webp)).hexdigest()[:32]}.webp"
    found = visible_to(viewer).select_for_update().filter(pk=product.pk).first()
    if found is None:
        raise NotFound("There is no such product.")
    if name and not default_storage.exists(name):
        default_storage.save(name, ContentFile(webp))
    if found.image == name:
        return found
    old, found.image = found.image, name
    found.save(update_fields=["image"])
    if old:
        transaction.on_commit(partial(_discard_image, found.pk, old), robust=True)
    record(viewer, "product.changed", topic=f"product_{found.pk}", internal=True)
    return found


def _discard_image(product: int, name: str) -> None:
    """Delete a file, unless the product has got it again meanwhile; nobody can give it back while this looks."""
    with transaction.atomic():
        holder = Product.objects.select_for_update().filter(pk=product).first()
        if holder is None or holder.image != name:
            default_storage.delete(name)
