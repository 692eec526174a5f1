"""Everything that the product records is told in a story, or is said to be no part of any (IN-11)."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import counterfoil.events.record as recording
from schema.timeline.kinds import OF_EVENTS, OF_ROWS, UNTOLD

pytestmark = [pytest.mark.feature("IN-11"), pytest.mark.once]

PRODUCT = Path(recording.__file__).parents[1]
KIND = re.compile(r"[a-z_]+\.[a-z_]+")
# What is no customer's: what happens to the shop itself, its staff, its programs and its shelves.
OF_THE_SHOP = {
    *("account.", "code.", "credential.", "import.", "interaction_types.", "order_editing.", "password.", "product."),
    *("public_link.", "role.", "staff.", "store.", "strict_security.", "workspace.", "partner."),
}
# Names with a dot that are no kinds: of modules, what signatures are salted with, and domains that nobody can have.
NO_KINDS = re.compile(r"counterfoil\.|example\.(com|net|org)")


def modules() -> Iterator[Path]:
    """Where something is recorded: all modules that call `record`, but for what measures and shows the product."""
    for path in sorted(PRODUCT.rglob("*.py")):
        inside = path.relative_to(PRODUCT).parts
        if inside[:2] not in {("site", "bench"), ("site", "demo")} and re.search(r"\brecord\(", path.read_text()):
            yield path


def recorded() -> set[str]:
    """The kinds of events that these modules write: their texts that read like one, and those that they import."""
    found: set[str] = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
                found.add(node.value)
        name = ".".join((*path.relative_to(PRODUCT.parent).with_suffix("").parts,))
        found |= {
            value for value in vars(import_module(name)).values() if isinstance(value, str) and KIND.fullmatch(value)
        }
    # The one whose name is put together: what became of a mail.
    return {kind for kind in found if not NO_KINDS.match(kind)} | {"mail.sent", "mail.failed", "mail.suppressed"}


def test_the_walk_finds_what_is_recorded() -> None:
    found = recorded()

    assert {"order.placed", "order.held", "message.sent", "customer.linked", "role.made", "code.asked"} <= found
    assert len(list(modules())) > 15


def test_each_kind_that_is_recorded_is_told_or_is_said_not_to_be() -> None:
    told = {*OF_EVENTS, *OF_ROWS, *UNTOLD}

    missing = {kind for kind in recorded() - told if not kind.startswith(tuple(OF_THE_SHOP))}

    assert missing == set(), (
        "Give each a row in schema/timeline/kinds.py, an icon in admin_ui/timeline/prose.py and words in its "
        "prose.html, or say in UNTOLD why it stands in no story."
    )


def test_each_kind_that_is_told_is_recorded_by_somebody() -> None:
    assert {*OF_EVENTS, *UNTOLD} - recorded() == set()


def test_no_kind_is_told_and_said_not_to_be() -> None:
    assert OF_EVENTS.keys() & UNTOLD == set()
    assert OF_ROWS.keys() & OF_EVENTS.keys() == {
        "interaction.logged"
    }  # of a customer by its event, of an order by its row
