"""Many orders or customers changed by one mutation: each by itself, once for a key, and none of another workspace."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.db.models import Model

from counterfoil.access.models import CustomRole
from counterfoil.access.viewer import Viewer
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Customer
from counterfoil.events.models import Event
from counterfoil.orders.actions import change_status
from counterfoil.orders.models import Order, OrderStatus
from schema.context import Context
from schema.root import schema
from tests.conftest import Ask
from tests.factories import Shop
from tests.together import overlapping, together


class Kind(NamedTuple):
    """One of the mutations: its name, its rows, what it asks of each, and the field that shows what was done."""

    mutation: str
    rows: str
    model: type[Model]
    asked: dict[str, Any]
    field: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """The operation."""
        one, name = self.rows, self.mutation[0].upper() + self.mutation[1:]
        outcome = f"outcomes {{ {one}Id {one} {{ id }} problem {{ code message }} }}"
        return f"""mutation ($input: {name}Input!) {{
            result: {self.mutation}(input: $input) {{
                ... on {name}Success {{ {outcome} }} ... on Problem {{ code field message }}
            }}
        }}"""

    def make(self, shop: Shop, many: int) -> list[str]:
        """The global ids of new rows."""
        if self.rows == "order":
            return [shop.order().topic for _ in range(many)]
        made = [create_customer(viewer=shop.staff, name=f"Pier {n}", contact_name="", email="") for n in range(many)]
        return [f"customer_{contact.customer_id}" for contact in made]

    def given(self, gids: Sequence[str], key: str = "k") -> dict[str, Any]:
        """The input."""
        return {"clientMutationKey": key, f"{self.rows}Ids": list(gids), **self.asked}

    def state(self, gids: Sequence[str] = ()) -> list[Any]:
        """What the rows are like now, all or these, in the order of their keys."""
        found = self.model._default_manager.order_by("pk")
        keys = [int(gid.split("_")[1]) for gid in gids]
        return list((found.filter(pk__in=keys) if gids else found).values_list(self.field, flat=True))


KINDS = [
    Kind("changeOrders", "order", Order, {"status": "CONFIRMED"}, "status", "draft", "confirmed"),
    Kind("setOrdersHold", "order", Order, {"onHold": True}, "fulfilment", "unfulfilled", "on_hold"),
    Kind("changeCustomers", "customer", Customer, {"isActive": False}, "is_active", True, False),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.mutation)


def sent(viewer: Viewer, kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """The result, also from a thread of its own."""
    answer = schema.execute_sync(kind.text, variable_values={"input": given}, context_value=Context(viewer=viewer))
    assert not answer.errors, answer.errors
    assert answer.data is not None
    result: dict[str, Any] = answer.data["result"]
    return result


@each_kind
def test_every_row_is_changed_and_answered_in_the_order_of_the_ids(shop: Shop, ask: Ask, kind: Kind) -> None:
    one, two, three = kind.make(shop, 3)

    result = ask(shop.staff, kind.text, input=kind.given([three, one, two, one]))["result"]

    assert result == {
        "outcomes": [{f"{kind.rows}Id": gid, kind.rows: {"id": gid}, "problem": None} for gid in (three, one, two)]
    }
    assert kind.state() == [kind.after] * 3


@each_kind
def test_sent_twice_it_is_done_once(shop: Shop, ask: Ask, kind: Kind) -> None:
    gids = kind.make(shop, 2)
    first = ask(shop.staff, kind.text, input=kind.given(gids))
    events = Event.objects.count()
    kind.model._default_manager.update(**{kind.field: kind.before})  # somebody took it back meanwhile

    assert ask(shop.staff, kind.text, input=kind.given(gids)) == first

    assert Event.objects.count() == events
    assert kind.state() == [kind.before] * 2


@each_kind
def test_a_key_that_came_with_other_rows_changes_nothing(shop: Shop, ask: Ask, kind: Kind) -> None:
    one, two = kind.make(shop, 2)
    ask(shop.staff, kind.text, input=kind.given([one]))

    assert ask(shop.staff, kind.text, input=kind.given([one, two]))["result"]["code"] == "KEY_REUSED"

    assert kind.state([two]) == [kind.before]


@each_kind
@pytest.mark.slow_on_postgresql
def test_a_hundred_may_be_named_and_not_one_more(shop: Shop, ask: Ask, kind: Kind) -> None:
    gids = kind.make(shop, 101)

    for named in ([], gids):
        refused = ask(shop.staff, kind.text, input=kind.given(named))["result"]
        assert refused == {
            "code": "INVALID",
            "field": f"{kind.rows}Ids",
            "message": "Name 1 to 100 at a time.",
        }
    assert kind.state() == [kind.before] * 101

    done = ask(shop.staff, kind.text, input=kind.given(gids[:100]))["result"]["outcomes"]
    assert [outcome["problem"] for outcome in done] == [None] * 100
    assert kind.state() == [*[kind.after] * 100, kind.before]


@each_kind
def test_rows_of_another_workspace_are_as_none(shop: Shop, other_shop: Shop, ask: Ask, kind: Kind) -> None:
    [own], [foreign] = kind.make(shop, 1), kind.make(other_shop, 1)

    alone = ask(shop.staff, kind.text, input=kind.given([foreign], "a"))["result"]
    both = ask(shop.staff, kind.text, input=kind.given([foreign, own, f"{kind.rows}_999999", "x"], "b"))["result"]

    assert (alone["code"], alone["field"]) == ("NOT_FOUND", f"{kind.rows}Ids")
    assert [(outcome[kind.rows], (outcome["problem"] or {}).get("code")) for outcome in both["outcomes"]] == [
        (None, "NOT_FOUND"),
        ({"id": own}, None),
        (None, "NOT_FOUND"),
        (None, "NOT_FOUND"),
    ]
    assert kind.state([foreign]) == [kind.before]
    assert kind.state([own]) == [kind.after]


@each_kind
def test_who_may_not_change_one_changes_none(shop: Shop, ask: Ask, kind: Kind) -> None:
    gids = kind.make(shop, 2)
    reader = CustomRole.objects.create(
        workspace=shop.workspace, name="Reader", permissions=["orders:read", "customers:read"]
    )

    assert ask(shop.hire("Pia", reader), kind.text, input=kind.given(gids))["result"]["code"] == "FORBIDDEN"

    assert kind.state() == [kind.before] * 2


def test_one_that_is_refused_stops_none_of_the_others_and_is_tried_again(shop: Shop, ask: Ask) -> None:
    kind = KINDS[0]
    gids = kind.make(shop, 3)
    cancelled = Order.objects.get(pk=int(gids[1].split("_")[1]))
    change_status(viewer=shop.staff, order=cancelled, status=OrderStatus.CANCELLED)

    outcomes = ask(shop.staff, kind.text, input=kind.given(gids))["result"]["outcomes"]

    assert [outcome["problem"] and outcome["problem"]["code"] for outcome in outcomes] == [None, "INVALID", None]
    assert outcomes[1]["order"] == {"id": gids[1]}
    assert kind.state() == ["confirmed", "cancelled", "confirmed"]

    Order.objects.filter(pk=cancelled.pk).update(status="draft")
    again = ask(shop.staff, kind.text, input=kind.given(gids))["result"]["outcomes"]
    assert [outcome["problem"] for outcome in again] == [None] * 3
    assert kind.state() == ["confirmed"] * 3
    assert Event.objects.filter(kind="order.status_changed").count() == 4


@each_kind
@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_one_moment_wait_for_one_another(shop: Shop, kind: Kind) -> None:
    """Named in opposite orders the rows are locked in one: neither stops the other for ever."""
    gids = kind.make(shop, 6)
    sam = shop.hire("Sam")

    results = together(
        partial(sent, shop.staff, kind, kind.given(gids, "a")),
        partial(sent, sam, kind, kind.given(gids[::-1], "b")),
    )

    for result in results:
        assert isinstance(result, dict), result
        assert [outcome["problem"] for outcome in result["outcomes"]] == [None] * 6
    assert kind.state() == [kind.after] * 6


@pytest.mark.django_db(transaction=True)
def test_a_colleague_who_cancels_one_first_is_told_of_by_that_one(shop: Shop) -> None:
    kind = KINDS[0]
    gids = kind.make(shop, 3)
    sam, second = shop.hire("Sam"), Order.objects.get(pk=int(gids[1].split("_")[1]))

    cancelled, result = overlapping(
        partial(change_status, viewer=sam, order=second, status=OrderStatus.CANCELLED),
        partial(sent, shop.staff, kind, kind.given(gids)),
    )

    assert not isinstance(cancelled, Exception), cancelled
    assert isinstance(result, dict), result
    assert [outcome["problem"] and outcome["problem"]["code"] for outcome in result["outcomes"]] == [
        None,
        "INVALID",
        None,
    ]
    assert kind.state() == ["confirmed", "cancelled", "confirmed"]
