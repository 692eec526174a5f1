"""Reading products."""

from typing import Annotated

import strawberry

from counterfoil.access.policy import Permission
from counterfoil.catalog.queries import matching, visible_to
from schema.catalog.types import PRODUCTS, Product, read_products
from schema.context import Info
from schema.relay import After, Connection, First
from schema.scopes import needs


@strawberry.input(description="Which products to list; what is left out does not narrow the list.")
class ProductFilter:
    search: str | None = strawberry.field(
        default=None, description="Words, each the beginning of the SKU or a part of the name."
    )
    skus: list[str] | None = strawberry.field(
        default=None, description="Only those with one of these SKUs, in whatever case."
    )
    active: bool | None = strawberry.field(default=None, description="Only those that can be ordered, or that can't.")


@strawberry.type
class CatalogQueries:
    @strawberry.field(
        description="The products that the viewer may see, the newest first. `first` is at most 100.",
        metadata=needs(Permission.PRODUCTS_READ),
    )
    def products(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            ProductFilter | None, strawberry.argument(description="Which products to give; null gives all.")
        ] = None,
    ) -> Connection[Product]:
        found = visible_to(info.context.viewer)
        if filter is not None:
            found = matching(found, search=filter.search or "", active=filter.active, skus=filter.skus)
        return PRODUCTS.cut(found, read_products, first=first, after=after)
