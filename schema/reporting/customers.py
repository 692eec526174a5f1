"""Customers in the reporting schema."""

from typing import Any

import graphene
from django.db.models import QuerySet
from django_filters import FilterSet

from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import customers_visible_to
from schema.reporting.connections import Row
from schema.reporting.filters import Contains, OneOf, OneOfIds


class CustomerFilters(FilterSet):
    """What customers can be narrowed by."""

    id = OneOfIds("pk", "customer", "Their global ids.")
    name = OneOf("name", graphene.String, "Their whole names.")
    name_contains = Contains("name", "A part of their names.")
    external_id = OneOf("external_id", graphene.String, "What another system calls them.")

    class Meta:
        model = CustomerModel
        fields: tuple[str, ...] = ()


class Customer(Row):
    """The buying business or person. Needs the scope customers:read."""

    prefix = "customer"

    name = graphene.String(required=True, description="The customer's name.")
    external_id = graphene.String(description="What another system calls it; null for none.")

    class Meta:
        model = CustomerModel
        filterset_class = CustomerFilters

    @classmethod
    def get_queryset(cls, _queryset: object, info: Any) -> QuerySet[CustomerModel]:
        """The customers that the viewer sees."""
        return customers_visible_to(info.context.viewer)
