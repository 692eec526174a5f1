"""A second opinion: the reporting schema gives each viewer the rows that the main schema gives them (GQ-10)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from counterfoil.access.viewer import Viewer
from counterfoil.orders.models import FulfilmentState, OrderStatus, PaymentState
from schema.context import Context
from schema.root import schema
from tests.factories import Shop
from tests.schema.reporting.world import World, make_world, report

pytestmark = [pytest.mark.feature("GQ-10"), pytest.mark.django_db]

type Row = dict[str, Any]

_MONEY = "{ amount currency }"
_PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
_LINE = f"id name sku unit quantity fulfilled returned unitPrice {_MONEY} total {_MONEY}"
_PARCEL = "id number status carrier trackingNumber trackingUrl createdAt"
_CUSTOMER = "id name externalId"
_PRODUCT = "id sku name category active externalId"
_AXES = f"id number status fulfilment payment placedAt total {_MONEY} paid {_MONEY} refunded {_MONEY}"
_ORDER = f"""{_AXES}
    customer {{ {_CUSTOMER} }}
    lines(first: 3) {{ nodes {{ {_LINE} }} edges {{ cursor node {{ id }} }} {_PAGE} }}
    fulfilments(first: 1) {{ nodes {{ {_PARCEL} }} edges {{ cursor node {{ id }} }} {_PAGE} }}"""
# What both schemas are asked, word for word.
ASKED = {
    "orders": f"nodes {{ {_ORDER} }} edges {{ cursor node {{ number }} }} {_PAGE}",
    "customers": f"nodes {{ {_CUSTOMER} }} edges {{ cursor node {{ name }} }} {_PAGE}",
    "products": f"nodes {{ {_PRODUCT} }} edges {{ cursor node {{ sku }} }} {_PAGE}",
}
# What the main schema has beneath its orders alone.
BENEATH = {"orderLines": ("lines", _LINE), "fulfilments": ("fulfilments", _PARCEL)}


class Question(NamedTuple):
    """A list, the arguments that narrow it, and which rows of the whole list are left."""

    of: str
    arguments: str
    left: Callable[[Row], bool]


def amount(row: Row, name: str) -> Decimal:
    return Decimal(row[name]["amount"])


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def states() -> list[Question]:
    asked = []
    for column, kind in (("status", OrderStatus), ("fulfilment", FulfilmentState), ("payment", PaymentState)):
        for state in kind:
            asked.append(
                Question("orders", f"{column}: {state.name}", lambda row, c=column, s=state.name: row[c] == s)  # type: ignore[misc]
            )
    return asked


QUESTIONS = [
    *states(),
    Question("orders", "payment: [PAID, REFUNDED]", lambda row: row["payment"] in {"PAID", "REFUNDED"}),
    Question("orders", 'number: "A-5"', lambda row: row["number"] == "A-5"),
    Question("orders", 'number: ["A-5", "A-7", "nothing"]', lambda row: row["number"] in {"A-5", "A-7"}),
    Question("orders", "number: []", lambda row: False),
    Question("orders", 'number: " A-5"', lambda row: False),
    Question("orders", "status: null, totalFrom: null, number: null", lambda row: True),
    Question(
        "orders",
        'placedAtFrom: "2026-03-02T14:00:00Z", placedAtBefore: "2026-03-02T18:00:00+01:00"',
        lambda row: moment("2026-03-02T14:00Z") <= moment(row["placedAt"]) < moment("2026-03-02T17:00Z"),
    ),
    Question(
        "orders",
        'totalFrom: "100.5", totalTo: "351.18"',
        lambda row: 100.5 <= amount(row, "total") <= Decimal("351.18"),
    ),
    Question("orders", 'totalCurrency: ["EUR", "JPY"]', lambda row: row["total"]["currency"] in {"EUR", "JPY"}),
    Question("orders", 'paidFrom: "0.01", paidTo: 4', lambda row: Decimal("0.01") <= amount(row, "paid") <= 4),
    Question("orders", 'refundedFrom: "1.5"', lambda row: amount(row, "refunded") >= Decimal("1.5")),
    Question("orders", 'refundedTo: "1.5"', lambda row: amount(row, "refunded") <= Decimal("1.5")),
    Question(
        "orders",
        'status: [CONFIRMED, INVOICED], fulfilment: FULFILLED, paidTo: "4"',
        lambda row: row["status"] != "DRAFT" and row["fulfilment"] == "FULFILLED" and amount(row, "paid") <= 4,
    ),
    Question("orderLines", "", lambda row: True),
    Question("orderLines", 'name: "Tin 1"', lambda row: row["name"] == "Tin 1"),
    Question("orderLines", 'sku: ["T-0", "T-2", "t-1"]', lambda row: row["sku"] in {"T-0", "T-2"}),
    Question("orderLines", 'unit: ""', lambda row: row["unit"] == ""),
    Question("orderLines", "quantityFrom: 5, quantityTo: 9", lambda row: 5 <= row["quantity"] <= 9),
    Question("orderLines", "fulfilledFrom: 1, fulfilledTo: 4", lambda row: 1 <= row["fulfilled"] <= 4),
    Question("orderLines", "returnedTo: 0", lambda row: row["returned"] == 0),
    Question("orderLines", 'unitPriceFrom: "5.8525"', lambda row: amount(row, "unitPrice") >= Decimal("5.8525")),
    Question("orderLines", 'unitPriceTo: "5.8524"', lambda row: amount(row, "unitPrice") <= Decimal("5.8524")),
    Question("orderLines", "totalFrom: 40, totalTo: 60", lambda row: 40 <= amount(row, "total") <= 60),
    Question("orderLines", 'totalCurrency: "JPY"', lambda row: row["total"]["currency"] == "JPY"),
    Question("fulfilments", "", lambda row: True),
    Question("fulfilments", "number: 2", lambda row: row["number"] == 2),
    Question("fulfilments", "status: [DELIVERED, PENDING]", lambda row: row["status"] == "DELIVERED"),
    Question("fulfilments", 'carrier: "DPD"', lambda row: row["carrier"] == "DPD"),
    Question("fulfilments", 'trackingNumber: ["N-3", "N-9"]', lambda row: row["trackingNumber"] in {"N-3", "N-9"}),
    Question("fulfilments", 'trackingUrl: "https://t.example/1"', lambda row: row["trackingUrl"] is not None),
    Question("fulfilments", 'trackingUrl: ""', lambda row: row["trackingUrl"] is None),
    Question(
        "fulfilments",
        'createdAtFrom: "2026-03-02T13:00:00Z", createdAtBefore: "2026-03-02T16:00:00Z"',
        lambda row: moment("2026-03-02T13:00Z") <= moment(row["createdAt"]) < moment("2026-03-02T16:00Z"),
    ),
    Question("customers", 'name: "Harbour Café"', lambda row: row["name"] == "Harbour Café"),
    Question("customers", 'nameContains: "HARBOUR"', lambda row: "arbour" in row["name"]),
    Question("customers", 'nameContains: "%"', lambda row: "%" in row["name"]),
    Question("customers", 'nameContains: "_"', lambda row: "_" in row["name"]),
    Question("customers", 'nameContains: ""', lambda row: True),
    Question("customers", 'externalId: ["C-1", "C-4"]', lambda row: row["externalId"] in {"C-1", "C-4"}),
    Question("products", 'sku: ["tt-22", "BC-07 "]', lambda row: row["sku"] in {"TT-22", "BC-07"}),
    Question("products", 'sku: "TT-2"', lambda row: False),
    Question("products", "active: true", lambda row: row["active"]),
    Question("products", "active: false", lambda row: not row["active"]),
    Question("products", 'name: "Tea tin"', lambda row: row["name"] == "Tea tin"),
    Question("products", 'nameContains: "TEA"', lambda row: "ea tin" in row["name"]),
    Question("products", 'category: "Tins"', lambda row: row["category"] == "Tins"),
    Question("products", 'externalId: "P-3"', lambda row: row["externalId"] == "P-3"),
]
# Questions that the main schema's own filters answer too.
BOTH = [
    *(("orders", f"filter: {{status: {state.name}}}", f"status: {state.name}") for state in OrderStatus),
    *(("orders", f"filter: {{fulfilment: {state.name}}}", f"fulfilment: {state.name}") for state in FulfilmentState),
    ("orders", "", ""),
    ("orders", "filter: {customerId: $customer}", "customerId: [$customer]"),
    ("orders", "filter: {customerId: $foreign}", "customerId: [$foreign]"),
    ("orders", 'filter: {customerId: "nonsense"}', 'customerId: ["nonsense"]'),
    ("customers", "", ""),
    ("products", "", ""),
    ("products", "filter: {active: true}", "active: true"),
    ("products", 'filter: {skus: ["tt-23", "bc-07", "no"]}', 'sku: ["tt-23", "bc-07", "no"]'),
    ("products", "filter: {skus: []}", "sku: []"),
    ("products", 'filter: {skus: ["\\u0000"]}', 'sku: ["\\u0000"]'),
]


@pytest.fixture
def world(shop: Shop, other_shop: Shop) -> World:
    return make_world(shop, other_shop)


def main(viewer: Viewer, text: str, **variables: Any) -> dict[str, Any]:
    result = schema.execute_sync(text, variable_values=variables, context_value=Context(viewer=viewer))
    assert not result.errors, result.errors
    assert result.data is not None
    return result.data


def whole_lists(viewer: Viewer) -> dict[str, list[Row]]:
    """Every row that the main schema gives, a list each; what it has beneath orders in the reporting lists' order."""
    asked = " ".join(f"{name}(first: 100) {{ nodes {{ {COLUMNS[name]} }} }}" for name in ASKED)
    data = main(viewer, f"{{ {asked} }}")
    lists = {name: data[name]["nodes"] for name in ASKED}
    beneath = " ".join(
        f"{name}: {field}(first: 100) {{ nodes {{ {asked} }} }}" for name, (field, asked) in BENEATH.items()
    )
    orders = main(viewer, f"{{ orders(first: 100) {{ nodes {{ id number {beneath} }} }} }}")["orders"]["nodes"]
    for name in BENEATH:
        rows = [
            row | {"order": {"id": order["id"], "number": order["number"]}}
            for order in orders
            for row in order[name]["nodes"]
        ]
        lists[name] = sorted(rows, key=lambda row: int(row["id"].partition("_")[2]), reverse=True)
    return lists


COLUMNS = {
    "orders": _AXES,
    "customers": _CUSTOMER,
    "products": _PRODUCT,
    "orderLines": f"{_LINE} order {{ id number }}",
    "fulfilments": f"{_PARCEL} order {{ id number }}",
}


def test_each_question_leaves_each_viewer_the_rows_that_they_see_in_the_main_schema(world: World) -> None:
    asked = " ".join(
        f"q{at}: {of}(first: 100 {arguments}) {{ nodes {{ {COLUMNS[of]} }} }}"
        for at, (of, arguments, _) in enumerate(QUESTIONS)
    )
    different = []
    for who, viewer in world.viewers.items():
        whole, told = whole_lists(viewer), report(viewer, f"{{ {asked} }}")
        for at, (of, arguments, left) in enumerate(QUESTIONS):
            if told[f"q{at}"]["nodes"] != [row for row in whole[of] if left(row)]:
                different.append((who, of, arguments, told[f"q{at}"]))

    assert different == []


def test_the_questions_tell_rows_apart(world: World) -> None:
    whole = whole_lists(world.viewers["admin"])
    sizes = {name: len(rows) for name, rows in whole.items()}
    assert sizes == {"orders": 15, "customers": 4, "products": 3, "orderLines": 36, "fulfilments": 12}

    everything = {arguments for of, arguments, left in QUESTIONS if all(left(row) for row in whole[of])}
    nothing = {arguments for of, arguments, left in QUESTIONS if not any(left(row) for row in whole[of])}

    assert everything == {
        "",
        "status: null, totalFrom: null, number: null",
        'nameContains: ""',
        "returnedTo: 0",
        'unitPriceFrom: "5.8525"',
    }
    assert nothing == {
        "number: []",
        'number: " A-5"',
        'sku: "TT-2"',
        'unitPriceTo: "5.8524"',
        "status: CANCELLED",
        "fulfilment: CANCELLED",
        "fulfilment: REFUNDED",
    }


def test_both_schemas_answer_the_same_question_alike_cursors_and_pages_included(world: World) -> None:
    customers = main(world.here.staff, "{ customers(first: 100) { nodes { id } } }")["customers"]["nodes"]
    foreign = main(world.there.staff, "{ customers(first: 1) { nodes { id } } }")["customers"]["nodes"]
    given = {"customer": customers[1]["id"], "foreign": foreign[0]["id"]}
    declared = "query ($customer: ID!, $foreign: ID!)"
    pairs = [(of, ours, theirs, first) for of, ours, theirs in BOTH for first in (100, 2)]
    ours_asked, theirs_asked = (
        " ".join(
            f"q{at}: {pair[0]}(first: {pair[3]} {pair[side]}) {{ {ASKED[pair[0]]} }}" for at, pair in enumerate(pairs)
        )
        for side in (1, 2)
    )
    for who, viewer in world.viewers.items():
        expected = main(viewer, f"{declared} {{ {ours_asked} }}", **given)
        told = report(viewer, f"{declared} {{ {theirs_asked} }}", **given)
        for at, pair in enumerate(pairs):
            assert told[f"q{at}"] == expected[f"q{at}"], (who, pair)


def test_who_sees_nothing_is_told_nothing_and_who_sees_something_is_told_that(world: World) -> None:
    told = {}
    for who, viewer in world.viewers.items():
        lists = {"orders": "customer { id }", "customers": "", "products": "", "orderLines": "", "fulfilments": ""}
        asked = " ".join(f"{name}(first: 100) {{ nodes {{ id {more} }} }}" for name, more in lists.items())
        data = report(viewer, f"{{ {asked} }}")
        told[who] = [
            len(data["orders"]["nodes"]),
            sum(row["customer"] is not None for row in data["orders"]["nodes"]),
            *(len(data[name]["nodes"]) for name in ("customers", "products", "orderLines", "fulfilments")),
        ]

    assert told == {
        "anonymous": [0, 0, 0, 0, 0, 0],
        "guest": [1, 0, 0, 0, 2, 0],
        "contact": [4, 0, 0, 0, 8, 5],
        "shop manager": [15, 15, 4, 3, 36, 12],
        "admin": [15, 15, 4, 3, 36, 12],
        "role without customers": [15, 0, 0, 0, 36, 12],
        "role of the catalogue": [0, 0, 0, 3, 0, 0],
        "role of the customers": [0, 0, 4, 0, 0, 0],
        "partner": [15, 15, 4, 3, 36, 12],
        "partner of orders": [15, 0, 0, 0, 36, 12],
        "partner without orders": [0, 0, 4, 3, 0, 0],
        "staff of another workspace": [15, 15, 4, 3, 36, 12],
    }


def test_every_object_is_found_by_its_global_id_by_who_sees_it_and_by_nobody_else(world: World) -> None:
    whole = {who: whole_lists(viewer) for who, viewer in world.viewers.items()}
    ids = {row["id"] for lists in whole.values() for rows in lists.values() for row in rows}
    asked = " ".join(f'{gid}: node(id: "{gid}") {{ id }}' for gid in sorted(ids))
    for who, viewer in world.viewers.items():
        told = {gid for gid, found in report(viewer, f"{{ {asked} }}").items() if found}

        mine = {row["id"] for rows in whole[who].values() for row in rows}
        assert told == mine, who
    assert len(ids) == 2 * (15 + 4 + 3 + 36 + 12)
