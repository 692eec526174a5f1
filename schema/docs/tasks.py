"""The tasks of the documentation: what the examples say, ready to be shown, filled in and run."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from graphql import OperationType, get_operation_ast, parse

from schema.docs.examples.catalogue import CATALOGUE, SAFETY
from schema.docs.examples.messages import CONVERSATIONS
from schema.docs.examples.orders import ORDERS
from schema.docs.examples.reading import READING
from schema.docs.examples.task import Step, Task
from schema.docs.reference import paragraphs, prose

# The tasks under their headings.
SHELVES: Mapping[str, Sequence[Task]] = {
    "Read": READING,
    "Orders": ORDERS,
    "Messages, live": CONVERSATIONS,
    "Catalogue": CATALOGUE,
    "Safety": SAFETY,
}
TASKS: tuple[Task, ...] = tuple(task for shelf in SHELVES.values() for task in shelf)
BY_SLUG: Mapping[str, Task] = {task.slug: task for task in TASKS}


class Source(NamedTuple):
    """Where a word in capitals comes from: a path in the data of an earlier step."""

    word: str
    step: int
    path: str


class Shown(NamedTuple):
    """A step as the pages show it."""

    number: int
    about: SafeString
    operation: str
    variables: str  # JSON; empty for none
    sources: tuple[Source, ...]
    streams: bool
    curl: str


def steps_of(task: Task, endpoint: str) -> list[Shown]:
    """A task's steps, with their commands for this endpoint."""
    return [
        Shown(
            number=number,
            about=prose(step.about),
            operation=step.operation,
            variables=json.dumps(step.variables, indent=2, ensure_ascii=False) if step.variables else "",
            sources=sources(step),
            streams=streams(step.operation),
            curl=curl(endpoint, step.operation, step.variables),
        )
        for number, step in enumerate(task.steps, 1)
    ]


def more(task: Task) -> SafeString:
    """What there is to say after the steps."""
    return paragraphs(task.more)


def sources(step: Step) -> tuple[Source, ...]:
    """What the step takes from those before it."""
    return tuple(
        Source(word, int(number), path)
        for word, (number, path) in ((word, source.split(" ")) for word, source in step.takes.items())
    )


def filled(variables: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The variables with each word in capitals replaced by its value."""

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: fill(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [fill(inner) for inner in value]
        return values.get(value, value) if isinstance(value, str) else value

    return {name: fill(value) for name, value in variables.items()}


def at(data: Any, path: str) -> Any:
    """What stands at a path such as `orders.nodes.0.id`."""
    for part in path.split("."):
        data = data[int(part)] if part.isdigit() else data[part]
    return data


def streams(operation: str) -> bool:
    """Whether it is a subscription. Raises `GraphQLError` for what is no operation."""
    found = get_operation_ast(parse(operation, no_location=True, max_tokens=5000))
    return found is not None and found.operation is OperationType.SUBSCRIPTION


def curl(endpoint: str, operation: str, variables: Mapping[str, Any]) -> str:
    """A command that sends the operation; for a subscription one that stays and shows what comes."""
    # Outside of quoted text, GraphQL takes a space for a new line.
    asked: dict[str, Any] = {"query": re.sub(r"\s+", " ", operation)}
    if variables:
        asked["variables"] = variables
    streaming = streams(operation)
    lines = [
        f"curl -{'N' if streaming else ''}s {endpoint}",
        '-H "Authorization: Bearer $TOKEN"',
        '-H "Content-Type: application/json"',
        *(['-H "Accept: text/event-stream"'] if streaming else []),
        "-d '" + json.dumps(asked, ensure_ascii=False).replace("'", "'\\''") + "'",
    ]
    return " \\\n  ".join(lines)
