"""Who may import whom. Each contract holds, and each of them can fail."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("platform/counterfoil", "schema", "admin_ui", "portal_ui")

DIRECTION = "UIs stand on the schema, the schema on the domain"
DOMAIN = "The schema stands on the domain"
FEATURES = "Features of the domain form one order"
CLIENT = "UIs know one module of ours: schema.client"
ORDER = ("access", "events", "workspaces", "customers", "orders", "conversations", "mail")

# A file that does not exist yet, what it imports, and the contracts that this breaks.
FORBIDDEN = [
    ("schema/wrong.py", "admin_ui", {DIRECTION}),
    ("schema/orders/wrong.py", "portal_ui.urls", {DIRECTION}),
    ("schema/wrong.py", "counterfoil.site.settings", {DIRECTION}),
    ("admin_ui/wrong.py", "portal_ui.urls", {DIRECTION}),
    ("portal_ui/orders/wrong.py", "admin_ui.forms", {DIRECTION}),
    ("admin_ui/wrong.py", "counterfoil.site.views", {DIRECTION, CLIENT}),
    ("platform/counterfoil/orders/wrong.py", "strawberry", {DOMAIN}),
    ("platform/counterfoil/access/wrong.py", "graphql", {DOMAIN}),
    ("platform/counterfoil/mail/wrong.py", "counterfoil.site.settings", {DOMAIN}),
    ("platform/counterfoil/events/wrong.py", "schema.context", {DOMAIN}),
    ("platform/counterfoil/customers/wrong.py", "admin_ui.forms", {DOMAIN}),
    *(
        (f"platform/counterfoil/{lower}/wrong.py", f"counterfoil.{higher}.models", {FEATURES})
        for lower, higher in pairwise(ORDER)
    ),
    ("platform/counterfoil/access/wrong.py", "counterfoil.mail.models", {FEATURES}),
    ("admin_ui/orders/wrong.py", "counterfoil.orders.models", {CLIENT}),
    ("portal_ui/wrong.py", "counterfoil.access.order_keys", {CLIENT}),
    ("portal_ui/wrong.py", "schema.root", {CLIENT}),
    ("admin_ui/wrong.py", "schema.orders.types", {CLIENT}),
    ("admin_ui/wrong.py", "schema.identity", {CLIENT}),
]
ALLOWED = [
    ("admin_ui/orders/wrong.py", "schema.client"),
    ("portal_ui/wrong.py", "schema.client"),
    ("schema/wrong.py", "counterfoil.mail.models"),
    ("platform/counterfoil/site/wrong.py", "admin_ui.urls"),
    ("platform/counterfoil/mail/wrong.py", "counterfoil.access.clock"),
]

pytestmark = pytest.mark.once


def configuration() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]  # type: ignore[no-any-return]


def contracts(project: Path) -> dict[str, bool]:
    """Whether each contract holds in a project."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": f"{project / 'platform'}{os.pathsep}{project}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found = {
        contract["name"]: f"{contract['name']} KEPT" in done.stdout
        for contract in configuration()["contracts"]
        if f"{contract['name']} KEPT" in done.stdout or f"{contract['name']} BROKEN" in done.stdout
    }
    assert done.returncode == (0 if all(found.values()) else 1), done.stdout + done.stderr
    return found


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, in which imports may be broken."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "pyproject.toml", project)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            project / package,
            ignore=lambda folder, names: [
                name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()
            ],
        )
    return project


def test_every_contract_holds() -> None:
    assert contracts(ROOT) == {DIRECTION: True, DOMAIN: True, FEATURES: True, CLIENT: True}


def test_the_copy_keeps_every_contract(copied: Path) -> None:
    assert contracts(copied) == {DIRECTION: True, DOMAIN: True, FEATURES: True, CLIENT: True}


@pytest.mark.parametrize(("file", "imported", "broken"), FORBIDDEN, ids=[f"{f} imports {i}" for f, i, _ in FORBIDDEN])
def test_a_forbidden_import_breaks_its_contract(copied: Path, file: str, imported: str, broken: set[str]) -> None:
    (copied / file).write_text(f"import {imported}\n", encoding="utf-8")
    try:
        found = contracts(copied)
    finally:
        (copied / file).unlink()

    assert {name for name, holds in found.items() if not holds} == broken
    assert len(found) == 4


def test_what_is_allowed_breaks_none(copied: Path) -> None:
    for file, imported in ALLOWED:
        (copied / file).write_text(f"import {imported}\n", encoding="utf-8")
    try:
        found = contracts(copied)
    finally:
        for file, _ in ALLOWED:
            (copied / file).unlink()

    assert found == {DIRECTION: True, DOMAIN: True, FEATURES: True, CLIENT: True}


def test_every_feature_of_the_domain_stands_in_the_contracts() -> None:
    features = {path.parent.name for path in (ROOT / "platform" / "counterfoil").glob("*/__init__.py")} - {"site"}
    domain, order = (
        next(contract for contract in configuration()["contracts"] if contract["name"] == name)
        for name in (DOMAIN, FEATURES)
    )

    assert features == set(ORDER)
    assert set(domain["source_modules"]) == {f"counterfoil.{feature}" for feature in features}
    assert order["layers"] == [f"counterfoil.{feature}" for feature in reversed(ORDER)]


def test_the_product_imports_no_test() -> None:
    importing = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests")
        or (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "tests" for name in node.names))
    ]

    assert importing == []
