"""Products, and what they are sold by."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, cast

import strawberry
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Product as ProductModel
from counterfoil.catalog.models import Unit as UnitModel
from counterfoil.catalog.queries import visible_to
from schema.context import Info
from schema.loading import Siblings
from schema.money import Money, money
from schema.relay import After, Connection, First, Keyset, Node, global_id
from schema.scopes import type_needs

PRODUCTS = Keyset("products", "pk", of=int)
UNITS = Keyset("units", "ordinal", descending=False, of=int)


class UnitRow(NamedTuple):
    """What `Unit` is read from."""

    name: str
    price: Money
    pk: int
    ordinal: int
    parent: int


@strawberry.type(description="A unit of measure that a product is sold by.")
class Unit:
    name: str = strawberry.field(description="Its name: each, case of 12, kg.")
    price: Money = strawberry.field(description="What one costs before any price list; may have parts of a cent.")


class ProductRow(NamedTuple):
    """What `Product` is read from."""

    id: str
    sku: str
    name: str
    category: str | None
    active: bool
    external_id: str | None
    image_url: str | None
    pk: int
    siblings: Siblings


@type_needs(Permission.PRODUCTS_READ)
@strawberry.type(description="Something that is sold.")
class Product(Node):
    sku: str = strawberry.field(description="Its stock-keeping unit, unique in the workspace whatever its case.")
    name: str = strawberry.field(description="Its name.")
    category: str | None = strawberry.field(description="The category it stands in; null for none.")
    active: bool = strawberry.field(description="Whether it can be ordered.")
    external_id: str | None = strawberry.field(description="What another system calls it; null for none.")
    image_url: str | None = strawberry.field(
        description="Where its image lies on the store's domain, as a path to a WebP of at most 1200 pixels a side; "
        "another image has another path. Null for none."
    )
    pk: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(description="What it is sold by, the usual unit first. `first` is at most 100.")
    def units(self, info: Info, first: First, after: After = None) -> Connection[Unit]:
        page = self.siblings.load(("units", first, after), "pk", self.pk, lambda keys: _units_of(keys, first, after))
        return cast(Connection[Unit], page)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, ProductRow)


def read_products(products: QuerySet[ProductModel]) -> list[ProductRow]:
    """Products as rows; they share what they load."""
    siblings = Siblings()
    rows = [
        ProductRow(
            gid, sku, name, category, active, external_id, default_storage.url(image) if image else None, pk, siblings
        )
        for gid, sku, name, category, active, external_id, image, pk in products.values_list(
            global_id("product"), "sku", "name", "category__name", "active", "external_id", "image", "pk"
        )
    ]
    siblings.share(rows, "pk")
    return rows


def product_by_key(viewer: Viewer, pk: int | None) -> Product | None:
    """The product with this primary key, if the viewer sees it."""
    rows = read_products(visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(Product, rows[0]) if rows else None


def _read_units(units: QuerySet[UnitModel]) -> list[UnitRow]:
    rows: list[tuple[str, Decimal, str, int, int, int]] = list(
        units.values_list("name", "price", "currency", "pk", "ordinal", "product_id")
    )
    return [UnitRow(name, money(price, currency), pk, at, product) for name, price, currency, pk, at, product in rows]


def _units_of(products: Sequence[int], first: int, after: str | None) -> dict[int, Connection[Any]]:
    # Whoever sees a product sees what it is sold by.
    return UNITS.cut_each(
        UnitModel.objects.all(), _read_units, parent="product_id", parents=products, first=first, after=after
    )
