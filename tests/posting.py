"""GraphQL over HTTP, as a program of somebody else sends it: `POST /graphql` with a bearer token, or without."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from counterfoil.access import clock
from counterfoil.access.links import order_keys
from counterfoil.access.models import AccessToken, PartnerClient, StaffMember
from counterfoil.access.policy import GRANTABLE
from counterfoil.orders.models import Order
from counterfoil.partners.actions import issue_token, register_client
from tests.factories import Shop


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

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
    return send({"query": text, "variables": variables}, token=token, host=host)


def send(
    body: object, *, token: str | None = None, host: str = "fennel.test", accept: str = "", path: str = "/graphql"
) -> Reply:
    """Post any body."""
    headers = {"host": host} | ({"authorization": f"Bearer {token}"} if token else {})
    response = Client(headers=headers | ({"accept": accept} if accept else {})).post(
        path, body if isinstance(body, bytes) else json.dumps(body), content_type="application/json"
    )
    return Reply(response.status_code, json.loads(response.content), dict(response.headers))


def partner_token(shop: Shop, *scopes: str, trusted_only: bool = False) -> str:
    """A token of a new program with these scopes, or with all."""
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=scopes or GRANTABLE)
    PartnerClient.objects.filter(pk=client.pk).update(trusted_only=trusted_only)
    return issue_token(workspace_id=client.workspace_id, client_id=client.client_id, secret=secret).token


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
