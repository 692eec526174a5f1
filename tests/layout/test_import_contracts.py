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
REPORTING = "Only reporting stands on graphene"
ORDER = (
    "access",
    "events",
    "partners",
    "workspaces",
    "staff",
    "customers",
    "catalog",
    "orders",
    "conversations",
    "interactions",
    "mail",
    "activity",
    "imports",
)

# Where a new file stands, what it imports, and the contracts that this breaks.
FORBIDDEN = [
    ("schema", "admin_ui", {DIRECTION}),
    ("schema/orders", "portal_ui.urls", {DIRECTION}),
    ("schema", "counterfoil.site.settings", {DIRECTION}),
    ("admin_ui", "portal_ui.urls", {DIRECTION}),
    ("portal_ui/orders", "admin_ui.forms", {DIRECTION}),
    ("admin_ui", "counterfoil.site.views", {DIRECTION, CLIENT}),
    ("platform/counterfoil/orders", "strawberry", {DOMAIN}),
    ("platform/counterfoil/access", "graphql", {DOMAIN}),
    ("platform/counterfoil/mail", "counterfoil.site.settings", {DOMAIN}),
    ("platform/counterfoil/events", "schema.limits", {DOMAIN}),
    ("platform/counterfoil/customers", "admin_ui.forms", {DOMAIN}),
    *((f"platform/counterfoil/{lower}", f"counterfoil.{higher}", {FEATURES}) for lower, higher in pairwise(ORDER)),
    ("platform/counterfoil/access", "counterfoil.mail.models", {FEATURES}),
    ("admin_ui/orders", "counterfoil.orders.models", {CLIENT}),
    ("portal_ui", "counterfoil.access.links", {CLIENT}),
    ("portal_ui", "schema.root", {CLIENT}),
    ("admin_ui", "schema.orders.types", {CLIENT}),
    ("admin_ui", "schema.identity", {CLIENT}),
    ("schema", "graphene", {REPORTING}),
    ("schema/orders", "graphene_django", {REPORTING}),
    ("platform/counterfoil/orders", "django_filters", {REPORTING}),
]
ALLOWED = [
    ("admin_ui/orders", "schema.client"),
    ("portal_ui", "schema.client"),
    ("schema", "counterfoil.mail.models"),
    ("schema/reporting", "graphene_django.filter"),
    ("platform/counterfoil/site", "admin_ui.urls"),
    ("platform/counterfoil/mail", "counterfoil.access.clock"),
]

pytestmark = pytest.mark.once


def configuration() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]  # type: ignore[no-any-return]


def contracts(project: Path) -> dict[str, set[str]]:
    """What breaks each contract in a project: the name of a contract -> its imports, as `importer -> imported`."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": f"{project / 'platform'}{os.pathsep}{project}", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    summary, _, details = done.stdout.partition("Broken contracts\n")
    names = [contract["name"] for contract in configuration()["contracts"]]
    found: dict[str, set[str]] = {name: set() for name in names}
    current = set[str]()
    for line in details.splitlines():
        if line in found:
            current = found[line]
        elif line.startswith("- "):
            current.add(line.removeprefix("- ").partition(" (l.")[0].strip())
    for name, imports in found.items():
        assert f"{name} {'BROKEN' if imports else 'KEPT'}" in summary, done.stdout + done.stderr
    assert done.returncode == (1 if any(found.values()) else 0)
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
    assert contracts(ROOT) == {DIRECTION: set(), DOMAIN: set(), FEATURES: set(), CLIENT: set(), REPORTING: set()}


def test_the_copy_keeps_every_contract_and_what_is_allowed_breaks_none(copied: Path) -> None:
    for number, (package, imported) in enumerate(ALLOWED):
        (copied / package / f"right_{number}.py").write_text(f"import {imported}\n", encoding="utf-8")

    assert contracts(copied) == {DIRECTION: set(), DOMAIN: set(), FEATURES: set(), CLIENT: set(), REPORTING: set()}


def test_each_forbidden_import_breaks_its_contracts_and_no_other(copied: Path) -> None:
    expected: dict[str, set[str]] = {DIRECTION: set(), DOMAIN: set(), FEATURES: set(), CLIENT: set(), REPORTING: set()}
    for number, (package, imported, broken) in enumerate(FORBIDDEN):
        (copied / package / f"wrong_{number}.py").write_text(f"import {imported}\n", encoding="utf-8")
        module = package.removeprefix("platform/").replace("/", ".")
        for name in broken:
            expected[name].add(f"{module}.wrong_{number} -> {imported}")

    assert contracts(copied) == expected


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
