"""Making and changing products."""

import hashlib
from decimal import Decimal
from typing import Annotated

import strawberry
from strawberry.scalars import Base64

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.catalog import actions
from counterfoil.catalog.models import Product as ProductModel
from counterfoil.catalog.queries import visible_to
from schema.catalog.types import Product, product_by_key
from schema.context import Info
from schema.orders.mutations import ABOUT, KEY
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs

EXTERNAL_ID = "What your system calls it, at most 200 characters: sent again, it names the same one. Null for none."


@strawberry.input(description="A unit of measure to sell by.")
class UnitInput:
    name: str = strawberry.field(description="Its name, at most 60 characters: each, case of 12, kg.")
    price: Decimal = strawberry.field(description="What one costs, in the currency's main unit, to 4 decimals.")
    currency: str = strawberry.field(description="The currency, as three letters of ISO 4217.")


@strawberry.input(description="A product as it should be.")
class SaveProductInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product's global id; null changes the one of `externalId`, or makes a new one."
    )
    external_id: str | None = strawberry.field(default=None, description=EXTERNAL_ID)
    sku: str = strawberry.field(description="Its stock-keeping unit, at most 80 characters.")
    name: str = strawberry.field(description="Its name, at most 300 characters.")
    category: str = strawberry.field(default="", description="The category it stands in; empty for none.")
    active: bool = strawberry.field(default=True, description="Whether it can be ordered.")
    units: list[UnitInput] = strawberry.field(description="What it is sold by, the usual unit first; at least one.")


@strawberry.type(description="The product is as asked.")
class SaveProductSuccess:
    product: Product = strawberry.field(description="The product.")


SaveProductResult = Annotated[
    SaveProductSuccess | Problem, strawberry.union("SaveProductResult", description="Done, or why not.")
]


@strawberry.input(description="Which image a product has.")
class SetProductImageInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    product_id: strawberry.ID = strawberry.field(description="The product's global id.")
    image: Base64 | None = strawberry.field(
        description="The content of a JPEG, PNG, WebP or GIF, of at most 8 MB and 40 megapixels; over HTTP the whole "
        "request has at most 2.5 MB. Its first frame is kept, without metadata, at most 1200 pixels a side. "
        "Null takes the image away."
    )


@strawberry.type(description="The product has the image, or none, as asked.")
class SetProductImageSuccess:
    product: Product = strawberry.field(description="The product.")


SetProductImageResult = Annotated[
    SetProductImageSuccess | Problem, strawberry.union("SetProductImageResult", description="Done, or why not.")
]


def _find_product(viewer: Viewer, gid: str) -> ProductModel:
    """The product that a mutation names. Raises `NotFound` also for one that the viewer may not see."""
    product = visible_to(viewer).filter(pk=pk_of(gid, "product") or 0).first()
    if product is None:
        raise NotFound("There is no such product.", field="productId")
    return product


def _changed_product(viewer: Viewer, pk: int) -> Product:
    """The product after a change. Raises `NotFound` when it is not to be seen any more."""
    product = product_by_key(viewer, pk)
    if product is None:
        raise NotFound("There is no such product.", field="productId")
    return product


@strawberry.type
class CatalogMutations:
    @strawberry.mutation(
        description="Make a product, or change the one that `productId` or `externalId` names.",
        metadata=needs(Permission.PRODUCTS_WRITE),
    )
    def save_product(self, info: Info, input: Annotated[SaveProductInput, ABOUT]) -> SaveProductResult:
        viewer = info.context.viewer

        def act() -> SaveProductSuccess:
            product = None if input.product_id is None else _find_product(viewer, input.product_id)
            facts = {"sku": input.sku, "name": input.name, "category": input.category, "external_id": input.external_id}
            units = [actions.NewUnit(unit.name, unit.price, unit.currency) for unit in input.units]

            def save() -> int:
                return actions.save_product(
                    viewer=viewer,
                    sku=input.sku,
                    name=input.name,
                    units=units,
                    category=input.category,
                    active=input.active,
                    external_id=input.external_id,
                    product=product,
                ).pk

            given = {"product": product and product.pk, "active": input.active, "units": units, **facts}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="saveProduct", given=given, act=save)
            return SaveProductSuccess(product=_changed_product(viewer, pk))

        return or_problem(act)

    @strawberry.mutation(
        description="Give a product an image instead of the one it has, or take it away.",
        metadata=needs(Permission.PRODUCTS_WRITE),
    )
    def set_product_image(self, info: Info, input: Annotated[SetProductImageInput, ABOUT]) -> SetProductImageResult:
        viewer = info.context.viewer

        def act() -> SetProductImageSuccess:
            product = _find_product(viewer, input.product_id)

            def change() -> int:
                return actions.set_product_image(viewer=viewer, product=product, data=input.image).pk

            given = {"product": product.pk, "image": input.image and hashlib.sha256(input.image).hexdigest()}
            pk = once(viewer=viewer, key=input.client_mutation_key, mutation="setProductImage", given=given, act=change)
            return SetProductImageSuccess(product=_changed_product(viewer, pk))

        return or_problem(act)
