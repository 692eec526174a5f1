"""The products that rows name, and what one costs lately."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Max
from django.db.models.functions import Upper

from counterfoil.catalog.models import Product, Unit
from counterfoil.imports.rows import Row
from counterfoil.imports.target import Outcome, Target, external_id
from counterfoil.orders.models import OrderLine

UNIT = "each"


class Catalog:
    """Finds and makes products by SKU, upper-case: codes that differ by case alone are one.

    Only products that an import made are changed by one. `_priced` holds when each was last sold, so that rows from
    earlier days, imported late, leave its price alone.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._priced: dict[int, datetime] = {}

    def products_of(self, rows: Sequence[Row], outcome: Outcome) -> dict[str, Product]:
        """The product of each SKU in `rows`, with its name and latest price. Charges have none."""
        rows = [row for row in rows if not row.charge]
        first = {row.sku: row for row in reversed(rows)}
        names = {row.sku: row.name for row in reversed(rows) if row.name}
        workspace_id = self._target.workspace_id
        found = Product.objects.filter(workspace_id=workspace_id).alias(upper=Upper("sku")).filter(upper__in=first)
        products: dict[str, Product] = {product.sku.upper(): product for product in found}
        made = [
            Product(
                workspace_id=workspace_id,
                sku=sku,
                name=names.get(sku, sku),
                external_id=external_id(sku),
                created_at=row.at,
            )
            for sku, row in first.items()
            if sku not in products
        ]
        outcome.made["products"] += len(made)
        named = [product for sku, product in products.items() if product.name == sku in names and _ours(product)]
        for product in named:
            product.name = names[product.sku]
        Product.objects.bulk_update(named, ["name"])
        self._recall([product.pk for product in products.values() if product.pk not in self._priced])
        products |= {product.sku: product for product in Product.objects.bulk_create(made)}
        self._price(rows, products)
        return products

    def _recall(self, products: list[int]) -> None:
        sold = OrderLine.objects.filter(product__in=products, unit_price__gt=0).order_by()
        self._priced |= dict(sold.values_list("product").annotate(last=Max("order__placed_at")))

    def _price(self, rows: Sequence[Row], products: dict[str, Product]) -> None:
        latest: dict[int, Row] = {}
        for row in rows:
            product = products[row.sku]
            last = self._priced.get(product.pk)
            if _ours(product) and row.price > 0 and (last is None or row.at >= last):
                self._priced[product.pk] = row.at
                latest[product.pk] = row
        Unit.objects.bulk_create(
            [
                Unit(
                    workspace_id=self._target.workspace_id,
                    product_id=product_id,
                    ordinal=1,
                    name=UNIT,
                    price=row.price,
                    currency=self._target.currency,
                )
                for product_id, row in latest.items()
            ],
            update_conflicts=True,
            unique_fields=["product", "name", "currency"],
            update_fields=["price"],
        )


def _ours(product: Product) -> bool:
    return product.external_id == external_id(product.sku)
