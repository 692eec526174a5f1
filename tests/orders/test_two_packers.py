"""Two packers on the last unit at the same instant: one sends it, the other is told what happened (OR-3)."""

import json
from collections import Counter
from functools import partial
from typing import Any

import pytest

from counterfoil.events.models import Event
from counterfoil.orders.actions import NewLine, change_status
from counterfoil.orders.models import Fulfilment, FulfilmentLine, FulfilmentState, Order, OrderLine, OrderStatus
from tests.factories import LINES, Shop
from tests.posting import post, token_of
from tests.together import together

pytestmark = [pytest.mark.feature("OR-3"), pytest.mark.django_db(transaction=True)]

SEND = """mutation ($input: FulfilOrderInput!) { fulfilOrder(input: $input) { __typename
    ... on FulfilOrderSuccess { fulfilment { number lines(first: 9) { nodes { quantity } } } }
    ... on Problem { code field message } } }"""
ROUNDS = [20, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
TIN = (NewLine("Tea tin", 1, LINES[0].unit_price),)


def confirmed(shop: Shop, lines: tuple[NewLine, ...]) -> Order:
    order = shop.order(lines=lines)
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    return order


def sending(token: str, order: Order, key: str, quantities: dict[int, int] | None) -> dict[str, Any]:
    """What a packer is answered who sends this, with a key of their own."""
    lines = None
    if quantities is not None:
        lines = [{"lineId": f"line_{pk}", "quantity": quantity} for pk, quantity in quantities.items()]
    given = {"clientMutationKey": key, "orderId": f"order_{order.pk}", "lines": lines}
    answer = post(SEND, token=token, input=given).data["fulfilOrder"]
    assert isinstance(answer, dict)
    return answer


def at_once(tokens: list[str], order: Order, turn: int, *quantities: dict[int, int] | None) -> list[dict[str, Any]]:
    """What both are answered who send these at the same moment; they take turns at being first in line."""
    both = list(zip(tokens, quantities, strict=True))
    acts = [partial(sending, token, order, f"{turn} {token[-6:]}", chosen) for token, chosen in both]
    answers = together(*(acts if turn % 2 else reversed(acts)))
    for answer in answers:
        assert isinstance(answer, dict), answer
    return [answer for answer in answers if isinstance(answer, dict)]


@pytest.fixture
def tokens(shop: Shop) -> list[str]:
    """Those of two members of the staff."""
    jo = shop.hire("Jo")
    return [token_of(shop.member), token_of(type(shop.member).objects.get(pk=jo.staff_id))]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_one_sends_the_last_unit_and_the_other_is_told_that_it_has_left(
    shop: Shop, tokens: list[str], rounds: int
) -> None:
    won: Counter[str] = Counter()
    for turn in range(rounds):
        order = confirmed(shop, TIN)
        tin = OrderLine.objects.get(order=order)

        answers = at_once(tokens, order, turn, {tin.pk: 1}, {tin.pk: 1})

        [sent] = [answer for answer in answers if answer["__typename"] == "FulfilOrderSuccess"]
        [refused] = [answer for answer in answers if answer["__typename"] == "Problem"]
        assert sent["fulfilment"] == {"number": 1, "lines": {"nodes": [{"quantity": 1}]}}
        assert refused == {
            "__typename": "Problem",
            "code": "INVALID",
            "field": "lines",
            "message": "Nothing is left to send of Tea tin: all 1 have left.",
        }
        tin.refresh_from_db()
        assert (tin.fulfilled, Order.objects.get(pk=order.pk).fulfilment) == (1, FulfilmentState.FULFILLED)
        assert list(FulfilmentLine.objects.filter(line=tin).values_list("quantity", flat=True)) == [1]
        event = Event.objects.get(topic=order.topic, kind="order.parcel_sent")
        won[event.actor] += 1
    assert sum(won.values()) == Fulfilment.objects.count() == rounds


@pytest.mark.parametrize("rounds", ROUNDS)
def test_who_asks_for_more_than_the_other_has_left_over_is_told_how_much_that_is(
    shop: Shop, tokens: list[str], rounds: int
) -> None:
    for turn in range(rounds):
        order = confirmed(shop, (NewLine("Tea tin", 5, LINES[0].unit_price),))
        tin = OrderLine.objects.get(order=order)

        answers = at_once(tokens, order, turn, {tin.pk: 3}, {tin.pk: 4})

        [refused] = [answer for answer in answers if answer["__typename"] == "Problem"]
        [sent] = [answer["fulfilment"] for answer in answers if answer["__typename"] == "FulfilOrderSuccess"]
        [packed] = sent["lines"]["nodes"]
        left = 5 - packed["quantity"]
        assert refused["message"] == (f"Of Tea tin {left} of 5 are left to send: choose a whole number up to that."), (
            json.dumps(answers)
        )
        tin.refresh_from_db()
        assert tin.fulfilled == packed["quantity"]


def test_who_sends_all_that_is_left_while_the_other_does_is_told_that_there_is_nothing(
    shop: Shop, tokens: list[str]
) -> None:
    for turn in range(20):
        order = confirmed(shop, LINES)

        answers = at_once(tokens, order, turn, None, None)

        [refused] = [answer for answer in answers if answer["__typename"] == "Problem"]
        assert refused["message"] == "Nothing is left to send of this order: everything has left."
        lines = OrderLine.objects.filter(order=order).order_by("ordinal")
        assert list(lines.values_list("fulfilled", flat=True)) == [4, 12]
        assert Fulfilment.objects.filter(order=order).count() == 1
