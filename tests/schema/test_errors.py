"""What nobody expected is told by a reference alone, and logged in full under it."""

import logging
import re

import pytest

from counterfoil.access.viewer import Role, Viewer, ViewerKind
from counterfoil.workspaces.models import Workspace
from schema.context import Context
from schema.root import schema
from tests.factories import Shop
from tests.posting import post, token_of

# A workspace that is not there: no request gets so far, so the schema does not expect it.
NOWHERE = Context(viewer=Viewer(kind=ViewerKind.STAFF, workspace_id=0, staff_id=1, role=Role.ADMIN))
WORDS = r"Something went wrong on our side; nothing was half done\. The reference is ([0-9a-f]{8})\."


@pytest.mark.django_db
def test_an_unexpected_error_says_a_reference_and_nothing_of_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    result = schema.execute_sync("{ here: workspace { name } viewer { kind } }", context_value=NOWHERE)

    assert result.data is None
    assert result.errors
    [error] = result.errors
    found = re.fullmatch(WORDS, error.message)
    assert found is not None
    assert error.extensions == {"code": "INTERNAL", "reference": found[1]}
    assert error.path == ["here"]
    assert "Workspace" not in str(error.formatted)


@pytest.mark.django_db
def test_the_log_has_the_whole_error_under_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    result = schema.execute_sync("{ workspace { name } }", context_value=NOWHERE)

    assert result.errors
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert f"Unexpected error {(result.errors[0].extensions or {})['reference']} at ['workspace']" in record.message
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], Workspace.DoesNotExist)


@pytest.mark.django_db
def test_each_error_has_a_reference_of_its_own() -> None:
    result = schema.execute_sync("{ a: workspace { name } b: workspace { name } }", context_value=NOWHERE)

    assert result.errors
    assert len({(error.extensions or {})["reference"] for error in result.errors}) == len(result.errors)


@pytest.mark.parametrize(
    "text",
    [
        "{ orders(first: 0) { nodes { id } } }",
        '{ orders(first: 1, after: "x") { nodes { id } } }',
        "{ nothing }",
        "{",
        "",
    ],
)
def test_an_expected_error_is_told_and_not_logged(shop: Shop, caplog: pytest.LogCaptureFixture, text: str) -> None:
    reply = post(text, token=token_of(shop.member))

    assert reply.body["errors"]
    assert "INTERNAL" not in reply.codes
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_problem_is_an_answer_and_no_error(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order = shop.order()

    reply = post(
        'mutation ($id: ID!) { sendMessage(input: {clientMutationKey: "1", orderId: $id, text: ""}) '
        "{ ... on Problem { code field message } } }",
        token=token_of(shop.member),
        id=f"order_{order.pk}",
    )

    assert reply.data["sendMessage"] == {
        "code": "INVALID",
        "field": "text",
        "message": "Write something first: the message is empty.",
    }
    assert not caplog.records
