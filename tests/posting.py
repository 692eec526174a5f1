"""GraphQL over HTTP, as a program of somebody else sends it: `POST /graphql` with a bearer token, or without."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from counterfoil.access import clock, order_keys
from counterfoil.access.models import AccessToken, StaffMember
from counterfoil.orders.models import Order


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The data of a request that met no error."""
        assert (self.status, self.body.get("errors")) == (200, None), self
        data = self.body["data"]
        assert isinstance(data, dict)
        return data

    @property
    def codes(self) -> list[str | None]:
        """The codes of its errors."""
        return [error.get("extensions", {}).get("code") for error in self.body.get("errors") or []]


def post(text: str, /, *, token: str | None = None, host: str = "fennel.test", **variables: Any) -> Reply:
    """Run an operation: `post("{ viewer { kind } }", token=token_of(member))`."""
    response = Client(headers={"host": host} | ({"authorization": f"Bearer {token}"} if token else {})).post(
        "/graphql", json.dumps({"query": text, "variables": variables}), content_type="application/json"
    )
    return Reply(response.status_code, json.loads(response.content))


def token_of(member: StaffMember, *, expires_at: datetime | None = None) -> str:
    """A new access token of a staff member, for an hour."""
    secret = AccessToken.new_secret()
    AccessToken.objects.create(
        workspace_id=member.workspace_id,
        staff=member,
        digest=AccessToken.digest_of(secret),
        expires_at=expires_at or clock.now() + timedelta(hours=1),
    )
    return secret


def key_of(order: Order) -> str:
    """The order's present key."""
    return order_keys.derive(order.pk, Order.objects.values_list("key_version", flat=True).get(pk=order.pk))
