"""Doing a thing once, however often it is asked for (GQ-3)."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.idempotency import forget_old, once
from counterfoil.access.models import MutationRecord
from counterfoil.access.problems import Invalid, NotFound, Problem, ProblemCode
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer
from tests.factories import Shop
from tests.together import overlapping, together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def name_customer(viewer: Viewer, name: str) -> int:
    """Something that leaves a row."""
    return Customer.objects.create(workspace_id=viewer.workspace_id, name=name, created_at=NOON).pk


def add(
    viewer: Viewer,
    name: str,
    *,
    key: str = "k1",
    mutation: str = "addCustomer",
    given: Mapping[str, object] | None = None,
) -> int:
    """Make a customer of this name, once per key."""
    return once(
        viewer=viewer,
        key=key,
        mutation=mutation,
        given=given or {"name": name},
        act=partial(name_customer, viewer, name),
    )


def names() -> list[str]:
    return list(Customer.objects.order_by("pk").values_list("name", flat=True))


@pytest.mark.feature("GQ-3")
def test_the_same_key_and_input_gives_the_first_result_and_does_nothing_twice(shop: Shop) -> None:
    first = add(shop.staff, "Harbour Café")

    assert [add(shop.staff, "Harbour Café"), add(shop.staff, "Harbour Café")] == [first, first]
    assert names() == ["Harbour Café"]
    assert MutationRecord.objects.count() == 1


@pytest.mark.feature("GQ-3")
def test_the_order_of_the_inputs_names_does_not_matter(shop: Shop) -> None:
    first = add(shop.staff, "Harbour Café", given={"name": "Harbour Café", "note": None})

    assert add(shop.staff, "Harbour Café", given={"note": None, "name": "Harbour Café"}) == first
    assert names() == ["Harbour Café"]


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize(
    ("mutation", "given"),
    [
        ("addCustomer", {"name": "Quill"}),
        ("addCustomer", {"name": "Harbour Café "}),
        ("addCustomer", {"name": "Harbour Café", "note": None}),
        ("addCustomer", {"title": "Harbour Café"}),
        ("addContact", {"name": "Harbour Café"}),
    ],
    ids=str,
)
def test_the_same_key_with_another_input_is_refused(shop: Shop, mutation: str, given: dict[str, object]) -> None:
    first = add(shop.staff, "Harbour Café")

    with pytest.raises(Problem) as refusal:
        add(shop.staff, "Harbour Café", mutation=mutation, given=given)

    assert (refusal.value.code, refusal.value.field) == (ProblemCode.KEY_REUSED, "clientMutationKey")
    assert names() == ["Harbour Café"]
    assert add(shop.staff, "Harbour Café") == first


@pytest.mark.feature("GQ-3")
def test_another_key_does_the_same_thing_again(shop: Shop) -> None:
    assert add(shop.staff, "Harbour Café", key="k1") != add(shop.staff, "Harbour Café", key="k2")
    assert names() == ["Harbour Café", "Harbour Café"]


@pytest.mark.feature("GQ-3")
def test_a_refused_action_leaves_nothing_behind_and_its_key_free(shop: Shop) -> None:
    def refuse() -> int:
        name_customer(shop.staff, "half done")
        raise NotFound("There is no such order.")

    with pytest.raises(NotFound, match="There is no such order"):
        once(viewer=shop.staff, key="k1", mutation="addCustomer", given={"name": "wrong"}, act=refuse)
    assert (names(), MutationRecord.objects.count()) == ([], 0)

    add(shop.staff, "Harbour Café", key="k1")
    assert names() == ["Harbour Café"]


@pytest.mark.feature("GQ-3")
def test_a_key_is_remembered_for_24_hours_and_then_free(shop: Shop) -> None:
    with clock.at(NOON):
        first = add(shop.staff, "Harbour Café")
    with clock.at(NOON + timedelta(hours=24)):
        assert add(shop.staff, "Harbour Café") == first
        with pytest.raises(Problem):
            add(shop.staff, "Quill")
    with clock.at(NOON + timedelta(hours=24, seconds=1)):
        second = add(shop.staff, "Quill")
        assert add(shop.staff, "Quill") == second

    assert first != second
    assert names() == ["Harbour Café", "Quill"]


@pytest.mark.feature("GQ-3")
def test_the_keys_of_two_actors_do_not_collide(shop: Shop, other_shop: Shop) -> None:
    order, other_order = shop.order(), shop.order()
    Customer.objects.exclude(orders__in=[order, other_order]).delete()
    actors = [shop.staff, shop.hire("Tom"), shop.guest(order), shop.guest(other_order), other_shop.staff]

    results = [add(actor, f"customer of {actor.reference} at {actor.workspace_id}") for actor in actors]

    assert len(set(results)) == 5
    assert len(names()) == 2 + 5


def test_actors_of_two_workspaces_may_share_a_name_and_a_key(shop: Shop, other_shop: Shop) -> None:
    here, there = (Viewer(kind=s.staff.kind, workspace_id=s.workspace.pk, staff_id=7) for s in (shop, other_shop))

    add(here, "Harbour Café")
    add(there, "Quill")

    assert here.reference == there.reference == "staff:7"
    assert names() == ["Harbour Café", "Quill"]


@pytest.mark.feature("GQ-3")
@pytest.mark.parametrize("key", ["", "k" * 101, "k" * 100_000, "k\0", "\ud800"], ids=lambda key: ascii(key[:5]))
def test_a_key_that_can_not_be_kept_is_refused_before_anything_is_done(shop: Shop, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(shop.staff, "Harbour Café", key=key)

    assert refusal.value.field == "clientMutationKey"
    assert (names(), MutationRecord.objects.count()) == ([], 0)


@pytest.mark.parametrize("key", ["k", "k" * 100, "🔑" * 100, " ", "'; --"])
def test_every_other_key_will_do(shop: Shop, key: str) -> None:
    first = add(shop.staff, "Harbour Café", key=key)

    assert add(shop.staff, "Harbour Café", key=key) == first
    assert names() == ["Harbour Café"]


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_several_at_the_same_moment_run_once_and_all_get_its_result(shop: Shop) -> None:
    runs: list[str] = []

    def slowly() -> int:
        runs.append("ran")
        time.sleep(0.1)  # long enough for the others to arrive
        return name_customer(shop.staff, "Harbour Café")

    results = together(
        *4 * [partial(once, viewer=shop.staff, key="k1", mutation="addCustomer", given={"name": "x"}, act=slowly)]
    )

    assert runs == ["ran"]
    assert names() == ["Harbour Café"]
    assert results == 4 * [Customer.objects.get().pk]


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_of_two_inputs_under_one_key_at_the_same_moment_one_is_refused(shop: Shop) -> None:
    done, refused = overlapping(partial(add, shop.staff, "Harbour Café"), partial(add, shop.staff, "Quill"))

    assert isinstance(refused, Problem)
    assert refused.code is ProblemCode.KEY_REUSED
    assert names() == ["Harbour Café"]
    assert Customer.objects.get().pk == done


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_a_resend_before_the_first_has_committed_waits_for_its_result(shop: Shop) -> None:
    first, second = overlapping(*2 * [partial(add, shop.staff, "Harbour Café")])

    assert first == second == Customer.objects.get().pk


@pytest.mark.feature("GQ-3")
@pytest.mark.django_db(transaction=True)
def test_an_old_key_that_two_use_again_at_the_same_moment_is_used_once(shop: Shop) -> None:
    with clock.at(NOON):
        add(shop.staff, "long ago")

    first, second = overlapping(*2 * [partial(add, shop.staff, "Harbour Café")])

    assert first == second == Customer.objects.get(name="Harbour Café").pk


@pytest.mark.django_db(transaction=True)
def test_when_the_first_is_refused_the_one_that_waited_for_it_acts(shop: Shop) -> None:
    runs: list[str] = []

    def refused_at_first() -> int:
        runs.append("ran")
        time.sleep(0.1)
        if len(runs) == 1:
            raise Invalid("Not yet.")
        return name_customer(shop.staff, "Harbour Café")

    results = together(
        *2 * [partial(once, viewer=shop.staff, key="k1", mutation="add", given={}, act=refused_at_first)]
    )

    assert sorted(type(result).__name__ for result in results) == ["Invalid", "int"]
    assert names() == ["Harbour Café"]


# Forgetting.


def kept() -> list[str]:
    return list(MutationRecord.objects.order_by("created_at").values_list("key", flat=True))


@pytest.mark.feature("GQ-3")
def test_what_is_long_past_its_24_hours_is_forgotten_and_nothing_else(shop: Shop) -> None:
    for hours in (0, 1, 2, 24, 25):
        with clock.at(NOON + timedelta(hours=hours)):
            add(shop.staff, "Harbour Café", key=f"at {hours}")

    with clock.at(NOON + timedelta(hours=26)):
        assert forget_old() == 1
        assert kept() == ["at 1", "at 2", "at 24", "at 25"]
    with clock.at(NOON + timedelta(hours=49, seconds=1)):
        assert [forget_old(), forget_old()] == [3, 0]

    assert kept() == ["at 25"]
    assert len(names()) == 5


def test_the_oldest_are_forgotten_first_and_not_all_at_once(shop: Shop) -> None:
    for minutes in (3, 1, 2):
        with clock.at(NOON + timedelta(minutes=minutes)):
            add(shop.staff, "Harbour Café", key=f"at {minutes}")

    assert forget_old(limit=2) == 2

    assert kept() == ["at 3"]


def test_where_nothing_is_old_forgetting_takes_one_read_of_an_index(shop: Shop) -> None:
    add(shop.staff, "Harbour Café")

    with CaptureQueriesContext(connection) as taken:
        assert forget_old() == 0

    [statement] = [query["sql"] for query in taken]
    assert statement.startswith("SELECT ")
    if connection.vendor == "sqlite":  # PostgreSQL reads so small a table as it is
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            assert "access_mutation_age" in str(cursor.fetchall())
