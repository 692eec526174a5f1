"""The tasks' examples: each fits the schema, and each runs in the demo's world as it is printed (GQ-11)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import NoDeprecatedCustomRule, parse, specified_rules, validate
from pytest_django import Settings

from counterfoil.conversations.actions import send_message
from counterfoil.orders.actions import set_mail_preference
from counterfoil.orders.models import Order
from counterfoil.orders.queries import guest
from counterfoil.site.demo.world import world_at
from schema.docs.examples.task import Step, Task
from schema.docs.tasks import TASKS, at, filled, sources, streams
from schema.root import schema
from tests.serving import Served, serving, subscribed

pytestmark = pytest.mark.feature("GQ-11")

ANSWERED_TWICE = "retry-safely"


@pytest.mark.once
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.slug)
def test_each_operation_fits_the_schema_is_named_and_takes_the_variables_that_stand_beside_it(task: Task) -> None:
    for step in task.steps:
        document = parse(step.operation)
        (operation,) = (node for node in document.definitions if node.kind == "operation_definition")

        assert validate(schema._schema, document, (*specified_rules, NoDeprecatedCustomRule)) == []
        assert operation.name is not None  # type: ignore[attr-defined]
        named = {variable.variable.name.value for variable in operation.variable_definitions or ()}  # type: ignore[attr-defined]
        assert named == set(step.variables)


@pytest.mark.once
def test_there_is_no_task_twice_and_each_takes_only_from_steps_before() -> None:
    slugs = [task.slug for task in TASKS]

    assert len(slugs) == len(set(slugs)) >= 14
    for task in TASKS:
        for number, step in enumerate(task.steps, 1):
            assert all(source.step < number for source in sources(step)), task.slug
            assert all(f'"{word}"' in str(step.variables).replace("'", '"') for word in step.takes), task.slug


@pytest.fixture
def served(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[tuple[Served, dict[str, Any]]]:
    """A server of the demo's world, as it is on the day on which it was made."""
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    world = world_at("http://127.0.0.1", host="127.0.0.1", logins=tmp_path / "demo.json")
    with serving() as running:
        running.host = "127.0.0.1"
        yield running, world


@pytest.mark.slow_on_postgresql
def test_every_step_of_every_task_runs_in_the_demo_and_shows_what_it_says(
    served: tuple[Served, dict[str, Any]],
) -> None:
    server, world = served
    token = world["staff"][0]["token"]
    for task in TASKS:
        answers: list[Any] = []
        for step in task.steps:
            values = {source.word: at(answers[source.step - 1], source.path) for source in sources(step)}
            variables = filled(step.variables, values)
            if streams(step.operation):
                something_happens(world, "Harbour Café")
                with subscribed(server, step.operation, variables, token=token) as stream:
                    (frame,) = stream.take(1)
                answers.append(data_of(task, step, frame.data))
            else:
                with server.client() as client:
                    asked = {"query": step.operation, "variables": variables}
                    reply = client.post("/graphql", json=asked, headers={"Authorization": f"Bearer {token}"})
                assert reply.status_code == 200, (task.slug, reply.text)
                answers.append(data_of(task, step, reply.json()))
        if task.slug == ANSWERED_TWICE:
            assert answers[0] == answers[1]


def data_of(task: Task, step: Step, body: dict[str, Any]) -> Any:
    """The data, which holds something, and a problem only where the step says so."""
    assert "errors" not in body, (task.slug, body)
    data = body["data"]
    problems = [field["code"] for field in data.values() if isinstance(field, dict) and "code" in field]
    assert problems == ([step.problem] if step.problem else []), (task.slug, data)
    for name, field in data.items():
        assert field is not None, (task.slug, name)
        if isinstance(field, dict) and "nodes" in field:
            assert field["nodes"], (task.slug, name)
    return data


def something_happens(world: dict[str, Any], customer: str) -> None:
    """The customer writes on their newest order, and turns the mails about it off or on."""
    number = next(order["number"] for order in world["orders"] if order["customer"] == customer)
    order = Order.objects.select_related("contact").get(number=number)
    send_message(viewer=guest(order), order=order, text="One more thing.")
    set_mail_preference(viewer=guest(order), order=order, enabled=not order.wants_mail)
