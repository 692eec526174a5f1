"""Enums of the domain in the schema, each value with its description."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

import strawberry


def describe[E: Enum](kind: type[E], description: str, values: Mapping[E, str], *, name: str | None = None) -> None:
    """Make an enum of the domain part of the schema, by its own name or this one; `values` describes every member."""
    strawberry.enum(kind, name=name, description=description)
    for value in cast(Any, kind).__strawberry_definition__.values:
        value.description = values[kind[value.name]]
