"""The big list of naughty strings: each is stored and given back exactly, or refused and not stored."""

import json
from pathlib import Path

import pytest

from counterfoil.conversations.models import Message
from counterfoil.events.models import Event
from tests.factories import Shop
from tests.posting import key_of, post, token_of
from tests.services import need

STRINGS = Path(__file__).parents[2].parent / "shared" / "data" / "hostile" / "blns.json"
# Not in that list: what JSON can carry and databases can't, and what editors, browsers and terminals trip over.
MORE = [
    "\0",
    "before\0after",
    "\ud800",
    "\udc00 \ud83d",
    "\x01\x02\x1b[2J",
    "\r\n\r\n",
    "\u2028\u2029",
    "\ufeffbyte order mark",
    "\u202eright to left\u202c",
    "e\u0301 is not é",
    "👩\u200d👩\u200d👧\u200d👦",
    "\U0010ffff",
]
SEND = """mutation ($order: ID!, $key: String!, $text: String!) {
    sendMessage(input: {clientMutationKey: $key, orderId: $order, text: $text}) {
        ... on SendMessageSuccess { sent { text } }
        ... on Problem { code field message }
    }
}"""
READ = """query ($order: ID!, $after: String) { order(id: $order) { messages(first: 100, after: $after) {
    nodes { text } pageInfo { hasNextPage endCursor }
} } }"""


def read_back(shop: Shop, token: str, order: str) -> list[str]:
    """Every text of the thread, oldest first, page by page."""
    texts: list[str] = []
    after = None
    while True:
        page = post(READ, token=token, order=order, after=after).data["order"]["messages"]
        texts += [node["text"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return texts[::-1]
        after = page["pageInfo"]["endCursor"]


def check(shop: Shop, strings: list[str]) -> list[str]:
    """Send each as a guest; those that were taken are kept and come back exactly. Gives those that were refused."""
    order = shop.order()
    token, order_id = key_of(order), f"order_{order.pk}"
    taken, refused = [], []
    for number, text in enumerate(strings):
        result = post(SEND, token=token, order=order_id, key=f"k{number}", text=text).data["sendMessage"]
        if "sent" in result:
            assert result["sent"]["text"] == text
            taken.append(text)
        else:
            assert (result["code"], result["field"]) == ("INVALID", "text")
            assert result["message"]
            refused.append(text)

    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == taken
    assert Event.objects.filter(kind="message.sent").count() == len(taken)
    assert read_back(shop, token, order_id) == taken
    assert read_back(shop, token_of(shop.member), order_id) == taken
    return refused


@pytest.mark.slow_on_postgresql
def test_every_naughty_string_comes_back_exactly_or_is_refused(shop: Shop) -> None:
    need(STRINGS.exists(), f"There are no naughty strings at {STRINGS}.")
    strings = json.loads(STRINGS.read_text(encoding="utf-8"))
    assert len(strings) > 500

    refused = check(shop, strings)

    assert refused == [text for text in strings if not text.strip()]


def test_so_does_what_the_list_lacks(shop: Shop) -> None:
    refused = check(shop, MORE)

    assert refused == ["\0", "before\0after", "\ud800", "\udc00 \ud83d", "\r\n\r\n", "\u2028\u2029"]
