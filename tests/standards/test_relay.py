"""Relay's compiler takes the schema: connections, refetchable pages, a mutation and a subscription (GQ-2)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.standards.node import INSTALLED

pytestmark = [pytest.mark.once, pytest.mark.feature("GQ-2")]

HERE = Path(__file__).parent
COMPILED = [
    "OrderMessageAddedSubscription",
    "OrderMessagesPaginationQuery",
    "OrderQuery",
    "OrderSendMessageMutation",
    "Order_messages",
    "OrdersPaginationQuery",
    "OrdersQuery",
    "Orders_list",
    "Orders_row",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(HERE / "relay", tmp_path / "src")
    shutil.copy(HERE.parents[1] / "schema.graphql", tmp_path)
    settings = {
        "src": "src",
        "schema": "schema.graphql",
        "language": "javascript",
        "artifactDirectory": "artifacts",
        "eagerEsModules": True,
    }
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "relay.json").write_text(json.dumps(settings))
    return tmp_path


def compiled(project: Path) -> subprocess.CompletedProcess[str]:
    command = ["node", str(INSTALLED / "relay-compiler/cli.js"), "relay.json"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def test_relay_compiles_what_a_program_would_ask(project: Path) -> None:
    ran = compiled(project)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert sorted(path.name.removesuffix(".graphql.js") for path in (project / "artifacts").iterdir()) == COMPILED
    page = (project / "artifacts/OrderMessagesPaginationQuery.graphql.js").read_text()
    assert "node(id: $id)" in page  # the next page is asked of the node


def test_the_compiler_would_say_what_the_schema_lacks(project: Path) -> None:
    source = project / "src/Order.js"
    source.write_text(source.read_text().replace("messages(first: $count, after: $after)", "messages(after: $after)"))

    ran = compiled(project)

    assert ran.returncode != 0
    assert "first" in ran.stdout + ran.stderr
