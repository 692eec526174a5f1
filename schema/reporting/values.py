"""Numbers, moments, amounts and states in the reporting schema: the same words as in the main one."""

from datetime import UTC, datetime
from decimal import Decimal as Number
from decimal import InvalidOperation
from enum import Enum
from typing import Any, cast

import graphene
from dateutil.parser import isoparse
from graphql import GraphQLError, IntValueNode, StringValueNode

import schema.orders.fulfilments  # noqa: F401  (describes FulfilmentStatus)
from counterfoil.access.money import LARGEST, PLACES, SMALLEST
from counterfoil.orders.models import FulfilmentStatus as ParcelStatus
from schema.orders import states

__all__ = ["DateTime", "Decimal", "FulfilmentState", "FulfilmentStatus", "Money", "OrderStatus", "PaymentState"]


class Decimal(graphene.Scalar):
    """Decimal (fixed-point), as a string. What is asked for has at most four decimals."""

    @staticmethod
    def serialize(value: Number) -> str:
        """The number as an answer tells it."""
        return str(value)

    @staticmethod
    def parse_value(value: object) -> Number:
        """A number that an amount can be compared with."""
        try:
            number = Number(value) if isinstance(value, str) or type(value) is int else Number("NaN")
        except InvalidOperation:
            number = Number("NaN")
        if not number.is_finite() or abs(number) > LARGEST or number.quantize(SMALLEST) != number:
            raise GraphQLError(
                f'This is no amount to compare with: write it as a string such as "184.20", with at most {PLACES} '
                "decimals."
            )
        return number

    @classmethod
    def parse_literal(cls, node: Any, _variables: object = None) -> Number:
        """The same, written in the operation itself."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode | IntValueNode) else None)


class DateTime(graphene.Scalar):
    """Date with time (ISO 8601). What is asked for says its offset: 2026-03-02T09:00:00Z."""

    @staticmethod
    def serialize(value: datetime) -> str:
        """The moment as an answer tells it."""
        return value.isoformat()

    @staticmethod
    def parse_value(value: object) -> datetime:
        """A moment, whose offset is known."""
        try:
            moment: datetime = isoparse(value if isinstance(value, str) else "")
            if moment.tzinfo is None:
                raise ValueError(value)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise GraphQLError("This is no moment: write it with its offset, as 2026-03-02T09:00:00Z.") from None

    @classmethod
    def parse_literal(cls, node: Any, _variables: object = None) -> datetime:
        """The same, written in the operation itself."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Money(graphene.ObjectType):
    """An exact amount in a currency."""

    amount = Decimal(
        required=True,
        description="The amount in the currency's main unit, as a decimal string; prices may have parts of a cent.",
    )
    currency = graphene.String(required=True, description="The currency, as three letters of ISO 4217.")


def _described(kind: type[Enum]) -> Any:
    """An enum of the main schema, with the same descriptions."""
    definition = cast(Any, kind).__strawberry_definition__
    told = {value.name: value.description for value in definition.values}
    return graphene.Enum.from_enum(
        kind,
        name=definition.name,
        description=lambda value: definition.description if value is None else told[value.name],
    )


OrderStatus = _described(states.OrderStatus)
FulfilmentState = _described(states.FulfilmentState)
PaymentState = _described(states.PaymentState)
FulfilmentStatus = _described(ParcelStatus)
