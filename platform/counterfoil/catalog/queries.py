"""The products that a viewer may see."""

from collections.abc import Collection

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import storable, words_of
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Product


def visible_to(viewer: Viewer) -> QuerySet[Product]:
    """The shop sees every product of its workspace; nobody else sees any yet."""
    if not allows(viewer, Permission.PRODUCTS_READ):
        return Product.objects.none()
    return Product.objects.filter(workspace_id=viewer.workspace_id)


def matching(
    products: QuerySet[Product], *, search: str = "", active: bool | None = None, skus: Collection[str] | None = None
) -> QuerySet[Product]:
    """Those whose SKU begins with, or whose name contains, each word of `search`; `skus` are whole, in any case."""
    words = words_of(search)
    if words is None:
        return products.none()
    if skus is not None:
        wanted = [Upper(Value(sku.strip())) for sku in skus if storable(sku)]
        products = products.alias(upper_sku=Upper("sku")).filter(upper_sku__in=wanted)
    for word in words:
        products = products.filter(Q(sku__istartswith=word) | Q(name__icontains=word))
    return products if active is None else products.filter(active=active)
