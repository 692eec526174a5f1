"""The products that a viewer may see."""

from django.db.models import Q, QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.text import storable
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Product


def visible_to(viewer: Viewer) -> QuerySet[Product]:
    """Staff see every product of their workspace; nobody else sees any yet."""
    if not allows(viewer, Permission.PRODUCTS_READ):
        return Product.objects.none()
    return Product.objects.filter(workspace_id=viewer.workspace_id)


def matching(products: QuerySet[Product], *, search: str = "", active: bool | None = None) -> QuerySet[Product]:
    """Those whose SKU begins with, or whose name contains, each word of `search`."""
    if not storable(search):
        return products.none()
    for word in search.split():
        products = products.filter(Q(sku__istartswith=word) | Q(name__icontains=word))
    return products if active is None else products.filter(active=active)
