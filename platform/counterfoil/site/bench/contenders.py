"""What the list of orders is measured against: a plain JSON view over the ORM, and graphene-django.

Both are written as their users write them: one query for the orders with their customers, one each for lines and
parcels. Both ask for the same bearer token as `/graphql`, by the same function. graphene-django gives plain lists,
which cost it less than its connections do; those stand beside it under a name of their own.
"""

import json
from collections.abc import Callable
from typing import Any

import graphene
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from graphene_django import DjangoConnectionField, DjangoObjectType
from graphene_django.registry import Registry
from graphene_django.views import GraphQLView

from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer
from counterfoil.orders.models import Fulfilment, Order, OrderLine
from counterfoil.orders.queries import visible_to
from counterfoil.site.bench.run import CONNECTIONS, COUNTERFOIL, GRAPHENE, PLAIN
from counterfoil.site.urls import urlpatterns as site
from schema.identity import bearer_context, store_of_request

OURS = """query List($first: Int!) { orders(first: $first) { nodes {
  id number status placedAt total { amount currency } customer { name }
  lines(first: 20) { nodes { name sku quantity unitPrice { amount currency } total { amount currency } } }
  fulfilments(first: 10) { nodes { number status carrier trackingNumber } }
} } }"""
_GRAPHENE = """query List($first: Int!) { orders(first: $first) {
  id number status placedAt amount { amount currency } customer { name }
  lines { name sku quantity price { amount currency } sum { amount currency } }
  fulfilments { ordinal status carrier trackingNumber }
} }"""
_CONNECTIONS = """query List($first: Int!) { orders(first: $first) { edges { node {
  id number status placedAt amount { amount currency } customer { name }
  lines(first: 20) { edges { node { name sku quantity price { amount currency } sum { amount currency } } } }
  fulfilments(first: 10) { edges { node { ordinal status carrier trackingNumber } } }
} } } }"""


def requests(first: int) -> dict[str, tuple[str, bytes]]:
    """Address and body of the list of `first` orders, by contender."""

    def asked(text: str) -> bytes:
        return json.dumps({"query": text, "variables": {"first": first}, "operationName": "List"}).encode()

    return {
        COUNTERFOIL: ("/graphql", asked(OURS)),
        PLAIN: ("/bench/plain", json.dumps({"first": first}).encode()),
        GRAPHENE: ("/bench/graphene", asked(_GRAPHENE)),
        CONNECTIONS: ("/bench/graphene-connections", asked(_CONNECTIONS)),
    }


def _orders(viewer: Viewer) -> QuerySet[Order]:
    newest = visible_to(viewer).order_by("-placed_at", "-pk")
    return newest.select_related("customer").prefetch_related(
        Prefetch("lines", OrderLine.objects.order_by("ordinal")),
        Prefetch("fulfilments", Fulfilment.objects.order_by("ordinal")),
    )


def _authenticated(view: Callable[..., HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    def authenticated(request: HttpRequest) -> HttpResponseBase:
        store = store_of_request(request)
        workspace_id = store.workspace_id if store else 0
        context = bearer_context(request.headers.get("Authorization", ""), workspace_id)
        request.viewer = context.viewer  # type: ignore[attr-defined]
        return view(request)

    return csrf_exempt(authenticated)


# A plain view.


def _plain(request: Any) -> JsonResponse:
    orders = _orders(request.viewer)[: json.loads(request.body)["first"]]
    return JsonResponse({"orders": [_order(order) for order in orders]})


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.topic,
        "number": order.number,
        "status": order.status,
        "placedAt": order.placed_at,
        "total": {"amount": order.total, "currency": order.currency},
        "customer": {"name": order.customer.name},
        "lines": [
            {
                "name": line.name,
                "sku": line.sku,
                "quantity": line.quantity,
                "unitPrice": {"amount": line.unit_price, "currency": order.currency},
                "total": {"amount": line.total, "currency": order.currency},
            }
            for line in order.lines.all()
        ],
        "fulfilments": [
            {
                "number": parcel.ordinal,
                "status": parcel.status,
                "carrier": parcel.carrier,
                "trackingNumber": parcel.tracking_number,
            }
            for parcel in order.fulfilments.all()
        ],
    }


# graphene-django.


class Money(graphene.ObjectType):  # type: ignore[misc]
    """An amount in a currency; read from a dictionary."""

    amount = graphene.Decimal(required=True)
    currency = graphene.String(required=True)


def _meta(registry: Registry, model: type[Model], fields: tuple[str, ...], interfaces: tuple[type, ...] = ()) -> type:
    about = {"model": model, "fields": fields, "interfaces": interfaces, "registry": registry}
    return type("Meta", (), {**about, "convert_choices_to_enum": False})


class Priced:
    """The amounts of a line."""

    price = graphene.Field(Money, required=True)
    sum = graphene.Field(Money, required=True)

    @staticmethod
    def resolve_price(line: OrderLine, info: object) -> dict[str, object]:
        """What one costs."""
        return {"amount": line.unit_price, "currency": line.order.currency}

    @staticmethod
    def resolve_sum(line: OrderLine, info: object) -> dict[str, object]:
        """What all cost."""
        return {"amount": line.total, "currency": line.order.currency}


class Summed:
    """The amount of an order."""

    amount = graphene.Field(Money, required=True)

    @staticmethod
    def resolve_amount(order: Order, info: object) -> dict[str, object]:
        """What it comes to."""
        return {"amount": order.total, "currency": order.currency}


_ORDER = ("id", "number", "status", "placed_at", "customer")
_LINE = ("name", "sku", "quantity")
_PARCEL = ("ordinal", "status", "carrier", "tracking_number")


def _lists() -> graphene.Schema:
    """Orders, their lines and parcels as plain lists; graphql-core 3.3 takes a bare queryset for asynchronous."""
    registry = Registry()

    class CustomerType(DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Customer, ("name",))

    class LineType(Priced, DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, OrderLine, _LINE)

    class ParcelType(DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Fulfilment, _PARCEL)

    class OrderType(Summed, DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Order, _ORDER)
        lines = graphene.List(graphene.NonNull(LineType), required=True)
        fulfilments = graphene.List(graphene.NonNull(ParcelType), required=True)

        @staticmethod
        def resolve_lines(order: Order, info: object) -> list[OrderLine]:
            return list(order.lines.all())

        @staticmethod
        def resolve_fulfilments(order: Order, info: object) -> list[Fulfilment]:
            return list(order.fulfilments.all())

    class Query(graphene.ObjectType):  # type: ignore[misc]
        orders = graphene.List(graphene.NonNull(OrderType), first=graphene.Int(required=True))

        @staticmethod
        def resolve_orders(root: object, info: Any, first: int) -> list[Order]:
            return list(_orders(info.context.viewer)[:first])

    return graphene.Schema(query=Query)


def _connections() -> graphene.Schema:
    """The same as Relay connections."""
    registry, node = Registry(), (graphene.relay.Node,)

    class CustomerType(DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Customer, ("name",))

    class LineType(Priced, DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, OrderLine, _LINE, node)

    class ParcelType(DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Fulfilment, _PARCEL, node)

    class OrderType(Summed, DjangoObjectType):  # type: ignore[misc]
        Meta = _meta(registry, Order, (*_ORDER, "lines", "fulfilments"), node)

    class Query(graphene.ObjectType):  # type: ignore[misc]
        orders = DjangoConnectionField(OrderType)

        @staticmethod
        def resolve_orders(root: object, info: Any, **given: object) -> QuerySet[Order]:
            return _orders(info.context.viewer)

    return graphene.Schema(query=Query)


urlpatterns = [
    path("bench/plain", _authenticated(_plain)),
    path("bench/graphene", _authenticated(GraphQLView.as_view(schema=_lists()))),
    path("bench/graphene-connections", _authenticated(GraphQLView.as_view(schema=_connections()))),
    *site,
]
