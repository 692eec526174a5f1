"""However rows come and go between two pages: what was there all the time is shown once, in order, and nothing is shown
twice; with equal moments too (GQ-2). No list is sorted by what can be null.
"""

import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from django.db import connection, models, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

import schema as schema_package
from counterfoil.access.models import ClientSecret, CustomRole, Invitation, PartnerClient, StaffMember
from counterfoil.catalog.models import Product, Unit
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.conversations.models import Conversation, Message
from counterfoil.conversations.queries import waiting_visible_to
from counterfoil.customers.models import Contact, Customer, LinkedAccount
from counterfoil.events.models import Event
from counterfoil.interactions.models import Interaction
from counterfoil.mail.models import Mail
from counterfoil.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from counterfoil.workspaces.models import Store
from schema.relay import LARGEST_PAGE, Keyset
from tests.factories import Shop
from tests.schema.test_paging import page, texts

pytestmark = pytest.mark.feature("GQ-2")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TABLES: dict[str, type[models.Model]] = {
    "contacts": Contact,
    "customers": Customer,
    "failedMails": Mail,
    "fulfilments": Fulfilment,
    "history": Event,
    "interactions": Interaction,
    "invitations": Invitation,
    "lines": OrderLine,
    "linked accounts": LinkedAccount,
    "order_lines": OrderLine,
    "messages": Message,
    "notes": Message,
    "orders": Order,
    "packing notices": Interaction,
    "packed": FulfilmentLine,
    "parcels": Fulfilment,
    "partnerClients": PartnerClient,
    "products": Product,
    "roles": CustomRole,
    "secrets": ClientSecret,
    "staff": StaffMember,
    "stores": Store,
    "unacknowledged interactions": Interaction,
    "units": Unit,
    "waitingConversations": Conversation,
}
# Sorted by what is null in other rows of the table: of these, what gives the rows of the list.
ONLY_WITH = {"waitingConversations": waiting_visible_to}


def keysets() -> dict[str, Keyset]:
    """Every ordering of the schema, by its name."""
    found: dict[str, Keyset] = {}
    for module in pkgutil.walk_packages(schema_package.__path__, "schema."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Keyset):
                assert found.setdefault(value.name, value) is value, f"Two lists are called {value.name}."
    return found


@pytest.mark.once
def test_every_list_has_its_table() -> None:
    assert set(keysets()) == set(TABLES)


@pytest.mark.parametrize("name", sorted({*TABLES} - {*ONLY_WITH}))
def test_no_list_is_sorted_by_what_can_be_null(db: None, name: str) -> None:
    keyset, table = keysets()[name], TABLES[name]._meta
    column = table.pk.column if keyset.field == "pk" else table.get_field(keyset.field).column

    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table.db_table)

    assert {found.name: bool(found.null_ok) for found in described}[column] is False


@pytest.mark.parametrize("name", sorted(ONLY_WITH))
def test_a_list_that_is_sorted_by_what_can_be_null_has_only_rows_where_it_is_not(shop: Shop, name: str) -> None:
    waits, answered = shop.order(), shop.order()
    for order in (waits, answered):
        send_message(viewer=shop.guest(order), order=order, text="Where is it?")
    send_message(viewer=shop.staff, order=answered, text="On its way.")
    moment = keysets()[name].field

    assert TABLES[name]._default_manager.count() == 2
    listed = ONLY_WITH[name](shop.staff)
    assert [getattr(one, moment) is None for one in listed] == [False]


class Step(NamedTuple):
    """What happens between two pages: rows come at these moments, and one that there is goes."""

    come: list[int]
    goes: int | None


class Walk(NamedTuple):
    """The moments of the rows that there are, the size of a page, and what happens meanwhile."""

    there: list[int]
    size: int
    steps: list[Step]


MOMENTS = st.integers(0, 4)  # few, so that most are of several rows
WALKS = st.builds(
    Walk,
    there=st.lists(MOMENTS, max_size=25),
    size=st.one_of(st.integers(1, 5), st.integers(1, LARGEST_PAGE)),
    steps=st.lists(st.builds(Step, st.lists(MOMENTS, max_size=3), st.none() | st.integers(0, 40)), max_size=12),
)


@pytest.fixture
def template(shop: Shop, name: str) -> models.Model:
    """A row of the list, which its others are copies of."""
    order = shop.order(number="INV-7")
    if name == "orders":
        return order
    write = send_message if name == "messages" else write_internal_note
    return write(viewer=shop.staff, order=order, text="first")


def copies(template: models.Model, moments: list[int], made: Callable[[], int]) -> list[str]:
    """Rows like this one at these moments; gives what each is called."""
    names = [f"r{made()}" for _ in moments]
    moment, called = ("placed_at", "number") if isinstance(template, Order) else ("sent_at", "text")
    rows = []
    for name, at in zip(names, moments, strict=True):
        kept = {field.attname: getattr(template, field.attname) for field in template._meta.concrete_fields}
        kept |= {"id": None, moment: NOON + timedelta(minutes=at), called: name}
        rows.append(type(template)(**kept))
    type(template)._default_manager.bulk_create(rows)
    return names


@pytest.mark.parametrize("name", ["orders", "messages", "internalNotes"])
def test_whatever_comes_and_goes_nothing_is_shown_twice_and_nothing_that_stays_is_left_out(
    shop: Shop, template: Any, name: str
) -> None:
    called = "number" if name == "orders" else "text"
    rows = type(template)._default_manager

    @examples(
        derandomize=True,
        max_examples=60,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(walk=WALKS)
    def run(walk: Walk) -> None:
        made = iter(range(10_000)).__next__
        with transaction.atomic():
            staying = {*copies(template, walk.there, made), getattr(template, called)}
            seen: list[str] = []
            steps, after = list(walk.steps), None
            for _ in range(200):  # more than enough pages; a cursor that stands still would go on for ever
                found = page(shop.staff, name, walk.size, after)
                seen += texts(name, found)
                after = found["pageInfo"]["endCursor"] or after
                if not found["pageInfo"]["hasNextPage"]:
                    break
                if steps:
                    step = steps.pop(0)
                    copies(template, step.come, made)
                    present = rows.exclude(pk=template.pk).order_by("pk").values_list("pk", called)
                    if step.goes is not None and step.goes < len(present):
                        pk, gone = present[step.goes]
                        rows.filter(pk=pk).delete()
                        staying.discard(gone)
            moment = "placed_at" if name == "orders" else "sent_at"
            order = list(rows.order_by(f"-{moment}", "-pk").values_list(called, flat=True))
            assert len(seen) == len(set(seen))
            assert staying <= set(seen)
            still = [one for one in seen if one in set(order)]
            assert still == [one for one in order if one in set(still)]
            transaction.set_rollback(True)

    run()
