"""Operations that schemathesis makes from the schema, with values that mean something.

Made blindly, hardly any operation would get beyond "there is no such order". So most of the texts and ids that
are generated stand for "one that fits here", and are put in by the name of their argument: ids of either side, names
that are in use, currencies, cursors. The others stay as wild as they were made.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import schemathesis
from graphql import (
    ArgumentNode,
    DocumentNode,
    NullValueNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.graphql import nodes

from counterfoil.access.policy import GRANTABLE
from schema.root import print_schema, schema
from tests.pictures import picture
from tests.two_workspaces import NAMED, SKUS, Side

CORE = schema._schema
QUERIES = sorted(CORE.query_type.fields) if CORE.query_type else []
MUTATIONS = sorted(CORE.mutation_type.fields) if CORE.mutation_type else []
ROLES = ["role_admin", "role_shop-manager"]

type Strategy = st.SearchStrategy[Any]

_FITTING = st.integers(0, 999).map(lambda number: nodes.String(f"@{number}"))
_WILD_IDS = st.sampled_from(
    ["", "order_", "order_0", "order_-1", "_1", "order_" + "9" * 30, "order_١", "role_nobody", "order_1_2", "\0", "7"]
).map(nodes.String)
_AMOUNTS = [
    *map(
        nodes.String,
        ["0", "-1.00", "0.001", "1e5", "1E+400", "NaN", "sNaN", "-Infinity", "", "one", "1" * 40, "٣", "\0"],
    ),
    nodes.Int(2),
    nodes.Float(1.5),
]
_IMAGE = b64encode(picture()).decode()
_MOMENTS = ["2026-03-02T12:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "12:00", "", "\0"]
_WILD_INTEGERS = [0, -1, 101, 2**31 - 1, -(2**31)]


def _mostly(usual: Strategy, wild: Strategy) -> Strategy:
    """Seven times of eight the usual."""
    return st.integers(0, 7).flatmap(lambda number: usual if number else wild)


def _register() -> Any:
    """What schemathesis knows of our scalars, and of the built-in ones more than it does by itself."""
    scalars = {
        "ID": _mostly(_FITTING, _WILD_IDS | st.text(max_size=9).map(nodes.String) | st.just(nodes.Int(1))),
        "String": _mostly(_FITTING, st.text(st.characters(codec="utf-8"), max_size=30).map(nodes.String)),
        "Int": _mostly(st.sampled_from([1, 2, 9, 100]), st.sampled_from(_WILD_INTEGERS)).map(nodes.Int),
        "Decimal": _mostly(st.just(nodes.String("1.00")), st.sampled_from(_AMOUNTS)),
        "DateTime": _mostly(st.just("2026-03-02T12:00:00Z"), st.sampled_from(_MOMENTS)).map(nodes.String),
        "Date": st.sampled_from(["2026-03-02", "9999-12-31", "2026-02-30", ""]).map(nodes.String),
        "Base64": st.sampled_from([_IMAGE, _IMAGE[:60], "", "AAAA", "!"]).map(nodes.String),
        "Position": st.sampled_from(["0", "1", "9" * 18, "-1", ""]).map(nodes.String),
    }
    for name, strategy in scalars.items():
        schemathesis.graphql.scalar(name, strategy)
    return schemathesis.graphql.from_file(print_schema())


SHOP_API = _register()


def each_generated(field: str, count: int, tell: Callable[[DocumentNode, Callable[[Any], Any]], None]) -> None:
    """Call `tell` with so many operations that ask for this root field, and a way to choose; always the same ones.

    One of eight is wrong in some place: schemathesis knows how to break a schema's rules.
    """
    operation = SHOP_API["Mutation" if field in MUTATIONS else "Query"][field]
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    # There is nothing to shrink: the operation that failed stands in the failure.
    @examples(
        derandomize=True,
        max_examples=count,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_mostly(right, wrong), data=st.data())
    def run(case: Any, data: Any) -> None:
        tell(parse(case.body), lambda choices: choices[data.draw(st.integers(0, len(choices) - 1))])

    run()


_INSTEAD_OF_NULL = {"unitPrice": "1.00", "name": "Tin"}
# What a token's holder may hardly ever give: a guest no address, and only the lines of the one order.
_LEFT_OUT = {"editOrder": {"deliveryAddress", "billingAddress", "lines"}}


def filled(document: DocumentNode, mine: Side, other: Side, *, tame: bool) -> str:
    """The operation with values that fit, mostly of `mine`; each object says of which type it is.

    In a tame one all values fit: else nobody would ever place an order, which takes a dozen of them.
    """
    [operation] = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    roots = [getattr(selection, "name", None) for selection in operation.selection_set.selections]
    root = next((name.value for name in roots if name), "")
    return print_ast(visit(document, _Filling(root, mine, other, tame)))


class _Filling(Visitor):
    def __init__(self, root: str, mine: Side, other: Side, tame: bool) -> None:
        super().__init__()
        self._root = root
        self._sides = (mine, other)
        self._tame = tame

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        name = node.name.value
        if self._tame and name in _LEFT_OUT.get(self._root, ()):
            return replace(node, value=NullValueNode())
        if self._tame and name in _INSTEAD_OF_NULL and isinstance(node.value, NullValueNode):
            return replace(node, value=nodes.String(_INSTEAD_OF_NULL[name]))
        return None

    def enter_string_value(self, node: StringValueNode, _key: Any, parent: Any, _path: Any, above: Any) -> Any:
        stands_for = node.value[1:] if node.value.startswith("@") else ""
        if not stands_for.isdecimal() and not self._tame:
            return None
        number = int(stands_for) if stands_for.isdecimal() else 1
        around = (one for one in (parent, *reversed(above)) if isinstance(one, ArgumentNode | ObjectFieldNode))
        name = next(around).name.value
        if name == "after" and number % 4:
            return NullValueNode()
        named = name in NAMED or name in {"id", "after"}  # texts are quoted in answers, so they are always one's own
        choices = fitting(name, self._sides[named and not self._tame and number % 8 == 0])
        return StringValueNode(value=choices[number // 8 % len(choices)])

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> Any:
        more = _ABOUT_A_CHANGE if node.operation.value == "mutation" else _ABOUT_ANYTHING
        return _selecting(node, tuple(_with(one, more) for one in node.selection_set.selections))


_ABOUT_ANYTHING: Any = parse("{ __typename }").definitions[0]
_ABOUT_A_CHANGE: Any = parse("{ __typename ... on Problem { code field message } }").definitions[0]


def _with(field: Any, more: Any) -> Any:
    if not field.selection_set:
        return field
    return _selecting(field, (*field.selection_set.selections, *more.selection_set.selections))


def _selecting(node: Any, selections: tuple[Any, ...]) -> Any:
    return replace(node, selection_set=replace(node.selection_set, selections=selections))


def fitting(name: str, side: Side) -> list[str]:
    """What can be given under this name, of one side."""
    marker = side.marker
    if name in {"customerId", "contactId", "productId"}:  # a contact of that customer, a product with a price
        return side.ids[NAMED[name]][:1]
    if name in NAMED:
        return side.ids[NAMED[name]] + (ROLES if name == "roleId" else [])
    every_id = [one for ids in side.ids.values() for one in ids]
    return {
        "id": every_id + ROLES,
        "after": side.cursors,
        "number": ["INV-7", "INV-8", "INV-9", "INV-10"],
        "unitPrice": ["1.00"],
        "price": ["1.00"],
        "amount": ["1.00"],
        "placedAt": ["2026-03-02T12:00:00Z"],
        "image": [_IMAGE],
        "currency": ["GBP", "GBP", "GBP", "JPY"],
        "country": ["GB", "pt"],
        "sku": ["TT-22", *SKUS],
        "skus": ["tt-22", *SKUS],
        "search": ["Harbour", "Harbuor", "INV", "Tea", "ana@", marker],
        "email": ["ana@harbour.example", f"new@{marker}.example"],
        "scopes": sorted(GRANTABLE),
        "permissions": sorted(GRANTABLE),
        "externalId": ["7", "8", "9"],
        "trackingUrl": ["https://parcels.example/7", "javascript:alert(1)"],
        "clientMutationKey": ["k1", "k2"],
    }.get(name, [f"Tin {marker}", "Packer", "each"])
