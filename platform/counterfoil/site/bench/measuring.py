"""The process that answers requests to one shop and says what they cost: CPU and wall milliseconds.

Requests go through Django's own WSGI handler, every middleware included, in this one thread.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count, cycle, islice
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from strawberry.types.graphql import OperationType

from counterfoil.access.models import StaffMember, User
from counterfoil.access.policy import GRANTABLE, Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.orders.models import Order
from counterfoil.partners.actions import issue_token, register_client, revoke_token
from counterfoil.site.bench.asking import Cost, Site, cost
from counterfoil.site.bench.children import answer
from counterfoil.site.bench.contenders import requests as lists
from counterfoil.site.bench.hostile import HOSTILE
from counterfoil.site.bench.run import COUNTERFOIL
from counterfoil.site.bench.shop import make_shop
from counterfoil.workspaces.models import Workspace
from schema import buyers
from schema.admission import admit
from schema.identity import bearer_context
from schema.orders.types import NEWEST_ORDERS
from schema.requests import read_post
from schema.root import schema

_ORDER_PAGES = 10
_PAGE = 1000
_NONE: Mapping[str, str] = {}
_PAGED = """query Page($first: Int!, $after: String) { orders(first: $first, after: $after) {
  pageInfo { hasNextPage endCursor } edges { cursor node { id number status placedAt customer { name } } }
} }"""


def main() -> None:
    """Answer the benchmark's tasks."""
    with override_settings(ROOT_URLCONF="counterfoil.site.bench.contenders"):
        shop = Shop()
        answer(
            {
                "make": shop.make,
                "check": shop.check,
                "list": shop.newest,
                "page": shop.pages,
                "access": shop.access,
                "admission": shop.admission,
                "deep": shop.deep,
                "hostile": shop.hostile,
                "issue": shop.issue,
                "revoke": shop.revoke,
                "streams": shop.streams,
            }
        )


class _Partner(NamedTuple):
    """A partner's program: how it asks for a token, and who it is then."""

    facts: dict[str, Any]
    viewer: Viewer

    @property
    def authorization(self) -> str:
        """The header of its requests for tokens."""
        return "Basic " + b64encode(f"{self.facts['client_id']}:{self.facts['secret']}".encode()).decode()


class Shop:
    """One shop, and requests to it."""

    def __init__(self) -> None:
        self._site = Site()
        self._token = ""
        self._partner: _Partner | None = None
        self._pages: dict[str, list[tuple[str, str]]] = {}
        self._numbers = count(1)

    def make(self, *, orders: int) -> None:
        """Migrate an empty database, fill it, and collect the static files that pages name."""
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        make_shop(orders)
        self._token = self.issue()
        self._pages = self._order_pages()

    def check(self) -> None:
        """See that every contender tells the same, and every page is there."""
        told = {name: self._ask(*request) for name, request in lists(5).items()}
        texts = {name: _texts(json.loads(body)) for name, body in told.items()}
        first = next(iter(texts.values()))
        if not first or any(found != first for found in texts.values()):
            raise ValueError(f"The contenders tell different things: {told}")
        for pages in self._pages.values():
            for address, cookie in pages:
                self._ask(address, more={"HTTP_COOKIE": cookie})

    def newest(self, *, first: int, requests: int, turn: int, only: str = "") -> dict[str, Cost]:
        """What a request for the list costs each contender, and the look at the token alone; `turn` says who begins."""
        asks: list[tuple[str, Callable[[], object]]] = [
            (name, lambda address=address, body=body: self._ask(address, body))  # type: ignore[misc]
            for name, (address, body) in lists(first).items()
            if only in {"", name}
        ]
        workspace = self._workspace()
        if not only:
            asks.append(("authentication", lambda: bearer_context(f"Bearer {self._token}", workspace)))
        begin = turn % len(asks)
        return {name: cost(ask, requests) for name, ask in (*asks[begin:], *asks[:begin])}

    def pages(self, *, requests: int, turn: int) -> dict[str, Cost]:
        """What an order's page costs in each UI; each request is for another order."""
        costs = {}
        for name in sorted(self._pages, reverse=bool(turn % 2)):
            pages = self._pages[name]
            numbers = iter(range(turn, turn + requests))

            def ask(pages: Any = pages, numbers: Any = numbers) -> None:
                address, cookie = pages[next(numbers) % len(pages)]
                self._ask(address, more={"HTTP_COOKIE": cookie})

            costs[name] = cost(ask, requests)
        return costs

    def access(self, *, requests: int) -> dict[str, Cost]:
        """What a request for a token costs, and what it costs to ask the policy a thousand times."""
        partner = self._partner or self._register()
        form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "HTTP_AUTHORIZATION": partner.authorization}

        def check() -> None:
            for permission in islice(cycle(Permission), 1000):
                allows(partner.viewer, permission)

        return {
            "token": cost(lambda: self._ask("/oauth/token", b"grant_type=client_credentials", more=form), requests),
            "policy": cost(check, requests),
        }

    def admission(self, *, requests: int, turn: int) -> dict[str, Cost]:
        """What is done about a list's request before it runs, and for the policy and attribution while it does: reading
        it, its limits, its cost, the budget it is paid from, its count, and the questions to the policy.
        """
        _, body = lists(20)[COUNTERFOIL]
        context = bearer_context(f"Bearer {self._token}", self._workspace())

        def ask() -> None:
            asked = read_post(body, "application/json")
            execution = schema._create_execution_context(
                asked.text, (OperationType.QUERY,), asked.variables, context, None, asked.operation_name
            )
            admit(schema.documents, execution)
            for permission in (Permission.ORDERS_READ, Permission.CUSTOMERS_READ):
                allows(context.viewer, permission)

        return {"admission": cost(ask, requests)}

    def deep(self, *, requests: int, turn: int) -> dict[str, Cost]:
        """What the first and the thousandth page of all orders cost."""
        last = Order.objects.order_by(*NEWEST_ORDERS.order)[20 * (_PAGE - 1) - 1]
        asks = {}
        for name, after in (("first", None), ("thousandth", NEWEST_ORDERS.encode(last))):
            variables = {"first": 20, "after": after}
            body = json.dumps({"query": _PAGED, "variables": variables}).encode()
            asks[name] = partial(self._ask, "/graphql", body)
        order = sorted(asks, reverse=bool(turn % 2))
        return {name: cost(asks[name], requests) for name in order}

    def hostile(self) -> dict[str, Cost]:
        """What it costs to refuse each hostile request."""
        costs = {}
        for name, make in HOSTILE.items():
            body = make(next(self._numbers))
            costs[name] = cost(partial(self._ask, "/graphql", body, refused=True), 1)
        return costs

    def streams(self, *, streams: int) -> dict[str, Any]:
        """What clients need for so many streams: of each of so many orders its id and a guest's cookie, and a token."""
        orders = Order.objects.order_by("-placed_at")[:streams]
        return {"token": self._token, "orders": [{"id": order.topic, "cookie": _guest(order)} for order in orders]}

    def issue(self) -> str:
        """A token of the partner's program."""
        return issue_token(**(self._partner or self._register()).facts).token

    def revoke(self, *, token: str) -> None:
        """End it."""
        revoke_token(**(self._partner or self._register()).facts, token=token)

    def _register(self) -> "_Partner":
        client, secret = register_client(viewer=StaffMember.objects.get().viewer, name="Till", scopes=GRANTABLE)
        facts = {"workspace_id": client.workspace_id, "client_id": client.client_id, "secret": secret}
        self._partner = _Partner(facts, client.acting(client.scopes))
        return self._partner

    def _workspace(self) -> int:
        return Workspace.objects.get().pk

    def _order_pages(self) -> dict[str, list[tuple[str, str]]]:
        client = Client()
        client.force_login(User.objects.get())
        staff = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        orders = Order.objects.exclude(conversation=None).order_by("-placed_at")[:_ORDER_PAGES]
        return {
            "admin": [(f"/admin/orders/{order.number}", staff) for order in orders],
            "portal": [(f"/order/{order.number}", _guest(order)) for order in orders],
        }

    def _ask(self, address: str, body: bytes = b"", *, refused: bool = False, more: Mapping[str, str] = _NONE) -> bytes:
        """Answer one request, with the token unless `more` of its environment is given.

        Raises `ValueError` unless the answer is as expected: 200 and no errors, or a refusal.
        """
        status, told = self._site.ask(address, body, **(more or {"HTTP_AUTHORIZATION": f"Bearer {self._token}"}))
        if refused:
            as_expected = status in {200, 400, 413} and b'"data"' not in told and b"INTERNAL" not in told
        else:
            as_expected = status == 200 and b'"errors"' not in told
        if not as_expected:
            raise ValueError(f"{address} answered {status}: {told[:2000]!r}")
        return told


def _guest(order: Any) -> str:
    """The cookie of a browser that followed this order's link."""
    response = HttpResponse()
    buyers.grant(HttpRequest(), response, order)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def _texts(told: Any) -> list[str]:
    """The names, article numbers, carriers and tracking numbers in an answer, in a row."""
    if isinstance(told, dict):
        own = [str(told[key]) for key in ("name", "sku", "trackingNumber") if key in told]
        return own + [text for value in told.values() for text in _texts(value)]
    return [text for value in told for text in _texts(value)] if isinstance(told, list) else []
