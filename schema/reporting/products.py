"""Products in the reporting schema."""

from typing import Any

import graphene
from django.db.models import F, QuerySet
from django_filters import FilterSet

from counterfoil.catalog.models import Product as ProductModel
from counterfoil.catalog.queries import matching, visible_to
from schema.reporting.connections import Row
from schema.reporting.filters import Contains, Is, OneOf, OneOfIds


class OneOfSkus(OneOf):
    """The SKU is one of these, in whatever case."""

    def filter(self, rows: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        """The products that are left."""
        super().filter(rows, value)  # refuses too many
        return matching(rows, skus=value)


class ProductFilters(FilterSet):
    """What products can be narrowed by."""

    id = OneOfIds("pk", "product", "Their global ids.")
    sku = OneOfSkus("sku", graphene.String, "Their SKUs, in whatever case.")
    name = OneOf("name", graphene.String, "Their whole names.")
    name_contains = Contains("name", "A part of their names.")
    category = OneOf("category__name", graphene.String, "The categories that they stand in.")
    active = Is("active", "Only those that can be ordered, or that can't.")
    external_id = OneOf("external_id", graphene.String, "What another system calls them.")

    class Meta:
        model = ProductModel
        fields: tuple[str, ...] = ()


class Product(Row):
    """Something that is sold. Needs the scope products:read."""

    prefix = "product"

    sku = graphene.String(required=True, description="Its stock-keeping unit, unique whatever its case.")
    name = graphene.String(required=True, description="Its name.")
    category = graphene.String(description="The category it stands in; null for none.")
    active = graphene.Boolean(required=True, description="Whether it can be ordered.")
    external_id = graphene.String(description="What another system calls it; null for none.")

    class Meta:
        model = ProductModel
        filterset_class = ProductFilters

    def resolve_category(row: Any, _info: Any) -> str | None:  # noqa: N805
        """The category's name."""
        name: str | None = row.category_name
        return name

    @classmethod
    def get_queryset(cls, _queryset: object, info: Any) -> QuerySet[Any]:
        """The products that the viewer sees."""
        return cls.told(visible_to(info.context.viewer))

    @classmethod
    def told(cls, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Products with their categories' names."""
        told: QuerySet[Any] = rows.annotate(category_name=F("category__name"))
        return told
