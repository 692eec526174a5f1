"""Whatever one workspace's people ask, with whatever ids: they learn nothing of the other one, and change nothing in
it (AC-12). The two are as alike as they can be: the same order numbers, addresses, SKUs, names and external ids.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from counterfoil.access.models import User
from counterfoil.access.tenancy import TenantModel
from counterfoil.access.viewer import Viewer
from counterfoil.catalog.models import Product
from counterfoil.workspaces.models import Workspace
from schema.context import Context
from schema.root import schema
from tests.two_workspaces import MARKERS, PEOPLE, SKUS, Side, two_workspaces

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
NOBODYS = "999999"  # an id that no row has
NOBODYS_SKU = "ONLY-9"

type Given = dict[str, Any]
type AnId = Callable[..., str]  # any global id of these kinds, of either side
type Pick = Callable[[Sequence[Any]], Any]


@dataclass(frozen=True)
class Asked:
    """An operation: its text, and what to fill in."""

    text: str
    variables: Given


MONEY = "{ amount currency }"
CUSTOMER = "id name externalId isActive orderingBlocked contacts(first: 9) { nodes { id name email } }"
PRODUCT = "id sku name category externalId imageUrl units(first: 9) { nodes { name price { amount } } }"
LINE = f"id name sku unit quantity unitPrice {MONEY}"
MESSAGE = "id authorName text mail { state reason }"
PARCEL = f"id carrier trackingNumber trackingUrl lines(first: 9) {{ nodes {{ quantity line {{ {LINE} }} }} }}"
ORDER = f"""
    id number status total {MONEY} paid {MONEY} store {{ id name }} lines(first: 9) {{ nodes {{ {LINE} }} }}
    fulfilments(first: 9) {{ nodes {{ {PARCEL} }} }} messages(first: 9) {{ nodes {{ {MESSAGE} }} }}
    customer {{ {CUSTOMER} }} contact {{ id name email }} history(first: 30) {{ nodes {{ kind }} }}
    internalNotes(first: 9) {{ nodes {{ id authorName text }} }} guestUrl
"""
MEMBER = "id name email active role { id name }"
NODE = f"""
    __typename id ... on Order {{ {ORDER} }} ... on Customer {{ {CUSTOMER} }} ... on Product {{ {PRODUCT} }}
    ... on OrderLine {{ {LINE} }} ... on Fulfilment {{ {PARCEL} }} ... on Message {{ {MESSAGE} }}
    ... on InternalNote {{ authorName text }} ... on Contact {{ name email }} ... on Store {{ name }}
    ... on StaffMember {{ {MEMBER} }} ... on Role {{ name }}
"""
# What each mutation answers when it is done.
MUTATIONS = {
    "sendMessage": f"sent {{ {MESSAGE} }}",
    "writeInternalNote": "note { id authorName text }",
    "placeOrder": f"order {{ {ORDER} }}",
    "reviseOrder": f"order {{ {ORDER} }}",
    "recordPayment": f"order {{ {ORDER} }}",
    "rotateOrderKey": "order { id }",  # its guestUrl holds a key, which is not told of a marker
    "rotateAllOrderKeys": "rotated",
    "changeOrderStatus": f"order {{ {ORDER} }}",
    "setOrderHold": f"order {{ {ORDER} }}",
    "setMailPreference": f"order {{ {ORDER} }}",
    "reportDelivered": f"order {{ {ORDER} }}",
    "reportRead": f"order {{ {ORDER} }}",
    "fulfilOrder": f"order {{ {ORDER} }} fulfilment {{ {PARCEL} }}",
    "correctFulfilment": f"fulfilment {{ {PARCEL} }}",
    "changeFulfilmentStatus": f"fulfilment {{ {PARCEL} }}",
    "saveProduct": f"product {{ {PRODUCT} }}",
    "setProductImage": f"product {{ {PRODUCT} }}",
    "saveCustomer": f"customer {{ {CUSTOMER} }}",
    "saveRole": "role { id name }",
    "deleteRole": "__typename",
    "setStaffRole": f"member {{ {MEMBER} }}",
    "deactivateStaff": f"member {{ {MEMBER} }}",
    "activateStaff": f"member {{ {MEMBER} }}",
    "setSecondFactorRequired": "required",
    "rotateCustomerLink": f"customer {{ {CUSTOMER} }}",
    "rotatePublicLink": "workspace { name strictSecurity }",
    "setCustomerFlags": f"customer {{ {CUSTOMER} }}",
    "endAccountSessions": "contact { id name email }",
    "setPortalSettings": "workspace { name strictSecurity }",
    "setOrderEditing": "workspace { name orderEditing { minutes } }",
    "editOrder": f"order {{ {ORDER} note editable {{ until reason }} }}",
    "cancelOwnOrder": f"order {{ {ORDER} }}",
    "checkStore": "store { id name health { checks { finding seen } } }",
    "setStoreSettings": "store { id name confirmsOrders stickyContact }",
}
OPERATIONS = (
    "order",
    "orderByNumber",
    "orders",
    "products",
    "customers",
    "staffMembers",
    "roles",
    "stores",
    "node",
    *MUTATIONS,
)


@pytest.fixture
def sides(db: None) -> tuple[Side, Side]:
    return two_workspaces()


# What they ask.


def asked(random: Random, name: str, sides: tuple[Side, Side], marker: str) -> Asked:
    """This operation, with ids of either side; what it writes holds the marker of who asks."""

    def an_id(*kinds: str) -> str:
        return random.choice([one for side in sides for kind in kinds for one in side.ids[kind]])

    if name in MUTATIONS:
        kind = "ReportReceipt" if name.startswith("report") else name[0].upper() + name[1:]
        text = f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ __typename ... on {kind}Success "
        text += f"{{ {MUTATIONS[name]} }} ... on Problem {{ code field message }} }} }}"
        more = _INPUTS[name](random.choice, an_id, marker)
        return Asked(text, {"input": {"clientMutationKey": random.choice([name, name, name, "1"]), **more}})
    if name in ("order", "node"):
        given = an_id("order") if name == "order" else an_id(*sides[0].ids)
        return Asked(
            f"query ($id: ID!) {{ {name}(id: $id) {{ {ORDER if name == 'order' else NODE} }} }}", {"id": given}
        )
    if name == "orderByNumber":
        number = random.choice(["INV-7", "INV-8", "1001"])
        return Asked(f"query ($number: String!) {{ orderByNumber(number: $number) {{ {ORDER} }} }}", {"number": number})
    return _lists(random, name, sides, an_id)


def _lists(random: Random, name: str, sides: tuple[Side, Side], an_id: AnId) -> Asked:
    kind, fields = {
        "orders": ("Order", ORDER), "products": ("Product", PRODUCT), "customers": ("Customer", CUSTOMER),
        "staffMembers": ("", MEMBER), "roles": ("", "id name"), "stores": ("", "id name"),
    }[name]  # fmt: skip
    words = ["", "Harbour", "INV", "Tea", "Bunting", "ana@", *MARKERS]
    filters: Given = {"search": random.choice(words)}
    if name == "orders" and random.choice([True, False]):
        filters["customerId"] = an_id("customer")
    if name == "products" and random.choice([True, False]):
        filters["skus"] = ["tt-22", *SKUS, NOBODYS_SKU]
    after = random.choice([None, None, *sides[0].cursors, *sides[1].cursors])
    if not kind:
        rows = f"nodes {{ {fields} }} edges {{ cursor }}"
        return Asked(f"query ($after: String) {{ {name}(first: 9, after: $after) {{ {rows} }} }}", {"after": after})
    return Asked(
        f"query ($after: String, $filter: {kind}Filter) {{ {name}(first: 9, after: $after, filter: $filter) "
        f"{{ nodes {{ {fields} }} edges {{ cursor }} }} }}",
        {"after": after, "filter": filters},
    )


def _lines(pick: Pick, an_id: AnId, marker: str) -> list[Given]:
    by_name = {"name": f"Tin {marker}", "quantity": 1, "unitPrice": "1.00", "sku": "TT-22"}
    return pick([[by_name], [{"productId": an_id("product"), "quantity": 2}]])


_EXTERNAL = [None, "7", "8", "9"]
_UNITS = [{"name": "each", "price": "1.00", "currency": "GBP"}]
# What each mutation is given, besides its key.
_INPUTS: dict[str, Callable[[Pick, AnId, str], Given]] = {
    "sendMessage": lambda pick, an_id, marker: {"orderId": an_id("order"), "text": f"Hello {marker}"},
    "writeInternalNote": lambda pick, an_id, marker: {"orderId": an_id("order"), "text": f"Note {marker}"},
    "placeOrder": lambda pick, an_id, marker: {
        "customerId": an_id("customer"),
        "contactId": pick([None, None, an_id("contact")]),
        "externalId": pick(_EXTERNAL),
        "number": pick([None, "INV-7", "INV-9"]),
        "currency": "GBP",
        "lines": _lines(pick, an_id, marker),
    },
    "reviseOrder": lambda pick, an_id, marker: {"orderId": an_id("order"), "lines": _lines(pick, an_id, marker)},
    "recordPayment": lambda pick, an_id, _: {"orderId": an_id("order"), "amount": "1.00"},
    "rotateOrderKey": lambda pick, an_id, _: {"orderId": an_id("order")},
    "rotateAllOrderKeys": lambda *_: {},
    "changeOrderStatus": lambda pick, an_id, _: {"orderId": an_id("order"), "status": pick(["CONFIRMED", "CANCELLED"])},
    "setOrderHold": lambda pick, an_id, _: {"orderId": an_id("order"), "onHold": pick([True, False])},
    "setMailPreference": lambda pick, an_id, _: {"orderId": an_id("order"), "enabled": pick([True, False])},
    "reportDelivered": lambda pick, an_id, _: {"orderId": an_id("order"), "upTo": an_id("message")},
    "reportRead": lambda pick, an_id, _: {"orderId": an_id("order"), "upTo": an_id("message")},
    "fulfilOrder": lambda pick, an_id, marker: {
        "orderId": an_id("order"),
        "lines": pick([None, [{"lineId": an_id("line"), "quantity": 1}]]),
        "carrier": f"Carrier {marker}",
    },
    "correctFulfilment": lambda pick, an_id, marker: {
        "fulfilmentId": an_id("fulfilment"),
        "carrier": f"Carrier {marker}",
        "trackingNumber": "7",
        "trackingUrl": "",
    },
    "changeFulfilmentStatus": lambda pick, an_id, _: {"fulfilmentId": an_id("fulfilment"), "status": "DELIVERED"},
    "saveProduct": lambda pick, an_id, marker: {
        "productId": pick([None, an_id("product")]),
        "externalId": pick(_EXTERNAL),
        "sku": pick(["TT-22", *SKUS, NOBODYS_SKU]),
        "name": f"Tin {marker}",
        "category": pick(["", f"Kitchen {marker}"]),
        "units": _UNITS,
    },
    "setProductImage": lambda pick, an_id, _: {"productId": an_id("product"), "image": None},
    "saveCustomer": lambda pick, an_id, marker: {
        "customerId": pick([None, an_id("customer")]),
        "externalId": pick(_EXTERNAL),
        "name": "Harbour Café",
        "contactName": f"Ana {marker}",
        "email": "ana@harbour.example",
    },
    "saveRole": lambda pick, an_id, marker: {
        "roleId": pick([None, an_id("role")]),
        "name": pick(["Packer", f"Reader {marker}"]),
        "permissions": pick([["orders:read"], ["notes:write"]]),
    },
    "deleteRole": lambda pick, an_id, _: {"roleId": an_id("role")},
    "setStaffRole": lambda pick, an_id, _: {
        "staffId": an_id("staff"),
        "roleId": pick(["role_admin", "role_shop-manager", an_id("role")]),
    },
    "deactivateStaff": lambda pick, an_id, _: {"staffId": an_id("staff")},
    "activateStaff": lambda pick, an_id, _: {"staffId": an_id("staff")},
    "setSecondFactorRequired": lambda pick, an_id, _: {"required": pick([True, False])},
    "rotateCustomerLink": lambda pick, an_id, _: {"customerId": an_id("customer")},
    "rotatePublicLink": lambda *_: {},
    "setCustomerFlags": lambda pick, an_id, _: {
        "customerId": an_id("customer"),
        "isActive": pick([None, True, False]),
        "orderingBlocked": pick([None, True, False]),
    },
    "endAccountSessions": lambda pick, an_id, _: {"contactId": an_id("contact")},
    "setPortalSettings": lambda pick, an_id, _: {"strictSecurity": pick([True, False])},
    "setOrderEditing": lambda pick, an_id, _: {
        "note": pick([None, True, False]),
        "quantities": True,
        "cancel": pick([None, True]),
        "minutes": pick([None, 60]),
    },
    "editOrder": lambda pick, an_id, marker: {
        "orderId": an_id("order"),
        "note": pick([None, f"Ring {marker}"]),
        "lines": pick([None, [{"lineId": an_id("line"), "quantity": 2}]]),
    },
    "cancelOwnOrder": lambda pick, an_id, _: {"orderId": an_id("order")},
    "checkStore": lambda pick, an_id, _: {"storeId": an_id("store")},
    "setStoreSettings": lambda pick, an_id, _: {
        "storeId": an_id("store"),
        "confirmsOrders": pick([True, False]),
        "stickyContact": pick([True, False]),
    },
}


# What they get.


def _answer(viewer: Viewer, one: Asked) -> str:
    """All that the viewer is told."""
    result = schema.execute_sync(one.text, variable_values=one.variables, context_value=Context(viewer=viewer))
    errors = [(error.message, error.extensions) for error in result.errors or []]
    assert not [code for _, extra in errors if (code := (extra or {}).get("code")) == "INTERNAL"], errors
    return json.dumps({"data": result.data, "errors": errors}, default=str, ensure_ascii=False)


def _rows(workspace_id: int) -> dict[str, list[Given]]:
    """Every row of the workspace, its own row, and the users, who belong to no workspace."""
    rows = {
        model.__name__: list(model._default_manager.filter(workspace_id=workspace_id).order_by("pk").values())
        for model in TENANT_MODELS
    }
    itself = list(Workspace.objects.filter(pk=workspace_id).values())
    return rows | {"Workspace": itself, "User": list(User.objects.order_by("pk").values())}


def _as_of_nobody(one: Asked, mine: Side, other: Side) -> Asked:
    """The same, with an id or SKU that does not exist wherever it names one that the other workspace alone has."""
    text = json.dumps(one.variables)
    for known in (each for ids in other.ids.values() for each in ids):
        text = text.replace(f'"{known}"', f'"{known.partition("_")[0]}_{NOBODYS}"')
    if not Product.objects.filter(workspace_id=mine.workspace_id, sku__in=(other.sku, NOBODYS_SKU)).exists():
        text = text.replace(f'"{other.sku}"', f'"{NOBODYS_SKU}"')
    return Asked(one.text, json.loads(text))


def _outcome(viewer: Viewer, one: Asked) -> str:
    """What the viewer would be told; nothing of it stays done."""
    with transaction.atomic():
        answer = _answer(viewer, one)
        transaction.set_rollback(True)
    return answer


@pytest.mark.once
@pytest.mark.feature("AC-12")
# There is nothing to shrink: an example is the seed of everything that is asked in it.
@examples(
    database=None, max_examples=15, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)
@given(seed=st.integers(0, 2**32 - 1), which=st.sampled_from((0, 1)))
def test_no_operation_tells_of_the_other_workspace_or_changes_it(
    sides: tuple[Side, Side], seed: int, which: int
) -> None:
    random = Random(seed)
    mine, other = sides[which], sides[1 - which]
    foreign = {each for ids in other.ids.values() for each in ids}
    with transaction.atomic():
        before = _rows(other.workspace_id)
        for name in random.sample(OPERATIONS, len(OPERATIONS)):
            viewer = mine.viewers[random.choice(("admin", "manager", "admin", *PEOPLE))]
            one = asked(random, name, sides, mine.marker)
            as_of_nobody = _outcome(viewer, _as_of_nobody(one, mine, other))
            answer = _answer(viewer, one)

            assert other.marker not in answer
            assert foreign.isdisjoint(re.findall(r"[a-z]+_\d+", answer))
            as_of_nobody = as_of_nobody.replace(NOBODYS_SKU, other.sku)
            assert answer.replace(NOBODYS_SKU, other.sku) == as_of_nobody, "It tells that the other workspace has this."
        assert _rows(other.workspace_id) == before
        connection.check_constraints()  # nothing of ours points at theirs
        transaction.set_rollback(True)


@pytest.mark.once
@pytest.mark.feature("AC-12")
def test_each_workspace_finds_what_is_its_own(sides: tuple[Side, Side]) -> None:
    # Without this, the test above could be content with workspaces that show nothing to anybody.
    everything = (
        f"{{ orders(first: 9) {{ nodes {{ {ORDER} }} }} products(first: 9) {{ nodes {{ {PRODUCT} }} }} "
        f"customers(first: 9) {{ nodes {{ {CUSTOMER} }} }} staffMembers(first: 9) {{ nodes {{ {MEMBER} }} }} "
        "roles(first: 9) { nodes { id name } } }"
    )
    for side, other in (sides, sides[::-1]):
        told = {who: _answer(viewer, Asked(everything, {})) for who, viewer in side.viewers.items()}
        kinds = ("order", "line", "fulfilment", "message", "note", "customer", "contact", "product", "store")
        kinds += ("staff", "role")

        assert [told["admin"].count(f'"INV-{number}"') for number in (7, 8)] == [1, 1]
        assert all(side.ids[kind] and len(side.ids[kind]) == len(other.ids[kind]) for kind in kinds)
        assert {who for who in told if side.marker in told[who]} == {"admin", "manager", "guest", "guest of the draft"}
        assert not [who for who in told if other.marker in told[who]]
