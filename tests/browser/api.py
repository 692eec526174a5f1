"""The demo's GraphQL endpoint, with a staff member's token: another program that writes and reads meanwhile."""

from typing import Any, Self
from uuid import uuid4

import httpx

from tests.demo import Demo

_SEND = """mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { __typename ... on Problem { message } }
}"""
_TEXTS = """query ($number: String!) {
  orderByNumber(number: $number) { messages(first: 100) { nodes { text } } }
}"""

_ID = """query ($number: String!) { orderByNumber(number: $number) { id } }"""
_BUYER = """query ($number: String!) {
  orderByNumber(number: $number) { customer { id } contact { id } }
}"""
_FLAGS = """mutation ($input: SetCustomerFlagsInput!) {
  result: setCustomerFlags(input: $input) { __typename ... on Problem { message } }
}"""
_PORTAL = """query ($number: String!) {
  orderByNumber(number: $number) { customer { portalUrl } }
}"""
_PLACE = """mutation ($input: PlaceOrderInput!) {
  result: placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { id number guest_url: guestUrl } } ... on Problem { message }
  }
}"""
_STRICT = """mutation ($input: SetPortalSettingsInput!) {
  result: setPortalSettings(input: $input) { __typename ... on Problem { message } }
}"""
_LOG = """mutation ($input: LogInteractionInput!) {
  result: logInteraction(input: $input) { __typename ... on Problem { message } }
}"""
_MOVE = """mutation ($input: ChangeOrderStatusInput!) {
  result: changeOrderStatus(input: $input) { __typename ... on Problem { message } }
}"""


class Api:
    """Requests as one of the demo's staff."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._client = httpx.Client(timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, order: dict[str, str], *texts: str) -> None:
        """Write to the customer."""
        for text in texts:
            given = {"clientMutationKey": str(uuid4()), "orderId": order["id"], "text": text}
            result = self._ask(_SEND, input=given)["sendMessage"]
            assert result == {"__typename": "SendMessageSuccess"}

    def log(self, customer: str, *texts: str) -> None:
        """Log notes about the customer of this global id."""
        for text in texts:
            given = {"clientMutationKey": str(uuid4()), "customerId": customer, "type": "NOTE", "text": text}
            result = self._ask(_LOG, input=given)["result"]
            assert result == {"__typename": "LogInteractionSuccess"}

    def texts(self, order: dict[str, str]) -> list[str]:
        """The newest hundred messages of an order, oldest first."""
        nodes = self._ask(_TEXTS, number=order["number"])["orderByNumber"]["messages"]["nodes"]
        return [node["text"] for node in reversed(nodes)]

    def place_like(
        self, order: dict[str, str], *products: str, quantity: int = 1, address: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Another order of the same contact, of these products, with its link."""
        buyer = self._ask(_BUYER, number=order["number"])["orderByNumber"]
        given = {
            "clientMutationKey": str(uuid4()),
            "customerId": buyer["customer"]["id"],
            "contactId": buyer["contact"]["id"],
            "currency": "GBP",
            "lines": [{"name": product, "quantity": quantity, "unitPrice": "2.50"} for product in products],
            "deliveryAddress": address,
        }
        placed: dict[str, str] = self._ask(_PLACE, input=given)["result"]["order"]
        return placed

    def log_about(self, order: dict[str, str], text: str, *, points: bool = True, waits: bool = False) -> str:
        """Log a mail of an order's customer, which `points` at it and `waits` for acknowledgement; gives its text."""
        given = {
            "clientMutationKey": str(uuid4()),
            "customerId": self._ask(_BUYER, number=order["number"])["orderByNumber"]["customer"]["id"],
            "type": "EMAIL",
            "text": text,
            "orderId": order["id"] if points else None,
            "needsAcknowledgement": waits,
        }
        assert self._ask(_LOG, input=given)["result"] == {"__typename": "LogInteractionSuccess"}
        return text

    def move(self, order: dict[str, str], status: str) -> None:
        """Confirm an order, or cancel it."""
        given = {"clientMutationKey": str(uuid4()), "orderId": order["id"], "status": status}
        result = self._ask(_MOVE, input=given)["result"]
        assert result == {"__typename": "ChangeOrderStatusSuccess"}

    def confirm_number(self, number: str) -> None:
        """Confirm the order of this number."""
        self.move({"id": self._ask(_ID, number=number)["orderByNumber"]["id"]}, "CONFIRMED")

    def set_active(self, order: dict[str, str], *, active: bool) -> None:
        """Close the account of an order's customer, or open it again."""
        buyer = self._ask(_BUYER, number=order["number"])["orderByNumber"]["customer"]["id"]
        given = {"clientMutationKey": str(uuid4()), "customerId": buyer, "isActive": active}
        result = self._ask(_FLAGS, input=given)["result"]
        assert result == {"__typename": "SetCustomerFlagsSuccess"}

    def set_strict(self, *, strict: bool) -> None:
        """Turn strict security on or off, which an admin may."""
        given = {"clientMutationKey": str(uuid4()), "strictSecurity": strict}
        result = self._ask(_STRICT, staff=0, input=given)["result"]
        assert result == {"__typename": "SetPortalSettingsSuccess"}

    def portal_link(self, order: dict[str, str]) -> str:
        """The link of an order's customer."""
        return str(self._ask(_PORTAL, number=order["number"])["orderByNumber"]["customer"]["portalUrl"])

    def _ask(self, text: str, *, staff: int = 1, **variables: object) -> dict[str, Any]:
        token = self._demo.world["staff"][staff]["token"]
        answer = self._client.post(
            self._demo.world["graphql"],
            json={"query": text, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data
