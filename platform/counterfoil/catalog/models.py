"""Products, what they are sold by, and the categories they stand in."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from counterfoil.access.money import DIGITS, PLACES
from counterfoil.access.tenancy import TenantModel, same_workspace


class Category(TenantModel):
    """A shelf of the catalogue."""

    name = models.CharField(max_length=120)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "name"], name="catalog_one_category"),
        )

    def __str__(self) -> str:
        return self.name


class Product(TenantModel):
    """Something that is sold. One that is not active is kept for the orders that hold it, and can't be ordered.

    SKUs that differ by case alone are one: people write them both ways. `external_id` is a partner's name for it.
    `image` is the name of its picture in the default storage, empty for none.
    """

    sku = models.CharField(max_length=80)
    name = models.CharField(max_length=300)
    category = models.ForeignKey(Category, null=True, on_delete=models.SET_NULL, related_name="products")
    active = models.BooleanField(default=True)
    external_id = models.CharField(max_length=200, null=True)
    image = models.CharField(max_length=100, default="")
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("category"),
            models.UniqueConstraint("workspace", Upper("sku"), name="catalog_one_sku"),
            models.UniqueConstraint(fields=["workspace", "external_id"], name="catalog_product_external"),
        )
        indexes = (models.Index(fields=["workspace", "name", "id"], name="catalog_by_name"),)

    def __str__(self) -> str:
        return self.name


class Unit(TenantModel):
    """A unit of measure that a product is sold by, and what one costs: each, case of 12, kg. The first leads."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="units")
    ordinal = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    currency = models.CharField(max_length=3)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("product"),
            models.UniqueConstraint(fields=["product", "name", "currency"], name="catalog_one_unit"),
            models.CheckConstraint(condition=Q(price__gte=0), name="catalog_unit_price"),
        )

    def __str__(self) -> str:
        return self.name
