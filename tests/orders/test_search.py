"""What orders and customers are found by, in which order, and that nothing is lost between pages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock, finding
from counterfoil.access.finding import Finder, Hits, Place
from counterfoil.access.search import words_to_look_for
from counterfoil.access.viewer import Viewer, ViewerKind
from counterfoil.customers.actions import create_customer, save_customer
from counterfoil.customers.models import Contact, Customer, CustomerWord, NameWord
from counterfoil.customers.search import customer_finder
from counterfoil.customers.words import keep_words
from counterfoil.orders.actions import NewLine, revise_order
from counterfoil.orders.models import Order, OrderWord
from counterfoil.orders.queries import matching, visible_to
from counterfoil.orders.search import order_finder
from counterfoil.orders.words import keep_words as keep_words_of_orders
from tests.factories import Shop
from tests.together import overlapping

ONE = (NewLine("Tea tin", 1, Decimal("184.20")),)


def hits(finder: Finder, search: str, *, size: int = 50, after: Place | None = None) -> Hits:
    words = words_to_look_for(search)
    return finder.find(words, size=size, after=after) if words else Hits([], None)


def numbers(finder: Finder, search: str) -> list[str]:
    """The numbers of the orders that are found, in their order."""
    keys = [place.pk for place in hits(finder, search).places]
    by_key = dict(Order.objects.filter(pk__in=keys).values_list("pk", "number"))
    return [by_key[pk] for pk in keys]


def names(finder: Finder, search: str) -> list[str]:
    """The names of the customers that are found, in their order."""
    keys = [place.pk for place in hits(finder, search).places]
    by_key = dict(Customer.objects.filter(pk__in=keys).values_list("pk", "name"))
    return [by_key[pk] for pk in keys]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("A-1", ["A-100"]),
        ("a-", ["A-100", "A-200"]),
        ("100", ["B_100", "A-100"]),
        ("harbour", ["B_100", "A-100"]),
        ("HARBOUR", ["B_100", "A-100"]),
        ("cafe", ["A-100"]),
        ("Café", ["A-100"]),
        ("arbo", []),
        ("A- harbour", ["A-100"]),
        ("harbour a-", ["A-100"]),
        ("b_", ["B_100"]),
        ("quill & co", ["A-200"]),
        ("ana@quay.example", ["C100", "B_100", "A-200", "A-100"]),
        ("reis", ["C100", "B_100", "A-200", "A-100"]),
        ("184.20", ["C100", "B_100", "A-200", "A-100"]),
        ("184.2", ["C100", "B_100", "A-200", "A-100"]),
        ("%", []),
        ("_", []),
        ("B-", []),
        ("nobody", []),
        ("'; DROP TABLE orders_order; --", []),
        ("\0", []),
        ("harbour \ud800", []),
    ],
    ids=ascii,
)
def test_a_search_finds_the_beginnings_of_words_on_the_order(shop: Shop, search: str, found: list[str]) -> None:
    for number, customer in (
        ("A-100", "Harbour Café"),
        ("A-200", "Quill & Co"),
        ("B_100", "Old Harbour"),
        ("C100", "Pure% Wool"),
    ):
        shop.order(number=number, customer=customer, email="ana@quay.example", lines=ONE)

    assert numbers(order_finder(shop.staff), search) == found


def test_an_order_is_found_by_the_day_it_was_placed_its_external_id_and_its_customers(shop: Shop) -> None:
    order = shop.order(number="A-1")
    Order.objects.filter(pk=order.pk).update(external_id="woo:77-x", placed_at="2026-06-14T10:00:00Z")
    keep_words_of_orders([order.pk])

    for search in ("2026-06-14", "2026-06", "woo:77", "77-x", "x"):
        assert numbers(order_finder(shop.staff), search) == ["A-1"], search
    assert numbers(order_finder(shop.staff), "06-14") == []


def test_the_day_of_an_order_is_the_one_on_the_clock_of_its_store(shop: Shop) -> None:
    with clock.at(datetime(2026, 6, 14, 23, 30, tzinfo=UTC)):
        order = shop.order(number="A-1", lines=ONE)  # half past midnight in London

    for _ in ("placed", "revised"):
        assert numbers(order_finder(shop.staff), "2026-06-15") == ["A-1"]
        assert numbers(order_finder(shop.staff), "2026-06-14") == []
        revise_order(viewer=shop.staff, order=order, lines=[*ONE, *ONE])


def test_an_exact_word_comes_before_longer_ones_and_of_one_word_the_newest_first(shop: Shop) -> None:
    for number, customer in (("1", "Harbourside"), ("2", "Harbour"), ("3", "Harbour"), ("4", "Harbourmaster")):
        shop.order(number=number, customer=customer, contact="Jo", email="")

    assert numbers(order_finder(shop.staff), "harbour") == ["3", "2", "4", "1"]


def test_each_row_is_found_once_however_many_of_its_words_match(shop: Shop) -> None:
    shop.order(number="1", customer="Harbour Harbourside Harbours", contact="Harb Harbo")

    assert numbers(order_finder(shop.staff), "harb") == ["1"]
    assert numbers(order_finder(shop.staff), "harb harbo") == ["1"]


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("東京商店", ["東京", "京商", "店"]),
        ("ร้านกาแฟ", ["ร้าน", "กาแฟ"]),
        ("हिन्दी दुकान", ["हिन्दी", "दुकान", "हि"]),
        ("مكتبة الياسمين", ["الياس", "مكتبة"]),
        ("Ångström ﬁne", ["angstrom", "fine", "ÅNG"]),
        ("O’Brien’s", ["obrien", "o'brien", "O’Brien"]),
        ("Müller-Lüdenscheidt", ["lüden", "muller-lud"]),
        ("x" * 200, ["x" * 200, "x" * 41, "x"]),
    ],
    ids=ascii,
)
def test_names_of_every_script_are_found(shop: Shop, name: str, searches: list[str]) -> None:
    create_customer(viewer=shop.staff, name=name, contact_name="", email="")

    for search in searches:
        assert names(customer_finder(shop.staff), search) == [name], search


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("harb", ["Harbour Café"]),
        ("caf HARBOUR", ["Harbour Café"]),
        ("arbour", []),
        ("reis", ["Harbour Café"]),
        ("eis", []),
        ("@quay.example", ["Harbour Café"]),
        ("harbour reis @quay", ["Harbour Café"]),
        ("harbour karl", []),
        ("%", []),
        ("'", []),
        ("a\0", []),
        ("\ud800", []),
        ("co " * 100, ["Müller & Co"]),
        ("co " * 300, []),
    ],
    ids=ascii,
)
def test_customers_are_found_by_their_names_and_contacts(shop: Shop, search: str, found: list[str]) -> None:
    create_customer(viewer=shop.staff, name="Harbour Café", contact_name="Ana Reis", email="ana@quay.example")
    create_customer(viewer=shop.staff, name="Müller & Co", contact_name="Karl", email="karl@mueller.example")

    assert names(customer_finder(shop.staff), search) == found


def test_a_second_contact_finds_the_customer_too(shop: Shop) -> None:
    first = create_customer(viewer=shop.staff, name="Quill", contact_name="Ana", email="ana@quill.example")
    Contact.objects.create(
        workspace_id=shop.workspace.pk, customer=first.customer, name="Anabel", created_at=first.created_at
    )
    keep_words([first.customer_id])

    assert names(customer_finder(shop.staff), "anab") == ["Quill"]
    assert names(customer_finder(shop.staff), "ana") == ["Quill"]


def test_nothing_of_another_workspace_is_found(shop: Shop, other_shop: Shop) -> None:
    shop.order(number="A-1")
    other_shop.order(number="A-2")

    assert numbers(order_finder(shop.staff), "a-") == ["A-1"]
    assert names(customer_finder(other_shop.staff), "harbour") == ["Harbour Café"]


def test_who_sees_no_customers_finds_orders_by_their_own_words_alone(shop: Shop) -> None:
    shop.order(number="A-1", customer="Ash 184.20")
    packer = Viewer(
        kind=ViewerKind.PARTNER, workspace_id=shop.workspace.pk, client_id=1, permissions=frozenset({"orders:read"})
    )

    assert numbers(order_finder(packer), "a-1") == ["A-1"]
    assert numbers(order_finder(packer), "ash") == []
    assert numbers(order_finder(packer), "ana") == []
    assert numbers(order_finder(packer), "a- ash") == []
    assert numbers(order_finder(shop.staff), "a- ash") == ["A-1"]


def test_a_customer_of_another_name_is_found_by_that_and_so_are_their_orders(shop: Shop) -> None:
    order = shop.order(number="Quill-1", customer="Harbour Quill")
    shop.order(number="2", customer="Harbour")

    save_customer(
        viewer=shop.staff, customer=order.customer, name="Pier Two", contact_name="Ben", email="ben@pier.example"
    )

    assert names(customer_finder(shop.staff), "pier") == ["Pier Two"]
    assert names(customer_finder(shop.staff), "harbour") == ["Harbour"]
    assert numbers(order_finder(shop.staff), "pier") == ["Quill-1"]
    assert numbers(order_finder(shop.staff), "ben@") == ["Quill-1"]
    assert numbers(order_finder(shop.staff), "harbour") == ["2"]
    assert numbers(order_finder(shop.staff), "quill") == ["Quill-1"]  # its own word stays


def test_an_order_with_other_lines_is_found_by_its_new_total(shop: Shop) -> None:
    order = shop.order(number="1", lines=ONE)

    revise_order(viewer=shop.staff, order=order, lines=[NewLine("Tea tin", 2, Decimal("100.00"))])

    assert numbers(order_finder(shop.staff), "200.00") == ["1"]
    assert numbers(order_finder(shop.staff), "184.20") == []
    assert numbers(order_finder(shop.staff), "harbour") == ["1"]


def walked(finder: Finder, search: str, *, size: int) -> list[int]:
    """Every row that a search finds, page by page."""
    found: list[int] = []
    after: Place | None = None
    for _ in range(100):
        page = hits(finder, search, size=size, after=after)
        assert len(page.places) <= size
        found += [place.pk for place in page.places]
        after = page.behind
        if after is None:
            return found
    raise AssertionError("It has no end.")


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("examined", [1, 2, 5, 1000])
@pytest.mark.parametrize("search", ["h", "harb", "h 1", "1 ana", "jo h"])
def test_pages_lose_nothing_and_repeat_nothing_however_few_rows_are_examined(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *, size: int, examined: int, search: str
) -> None:
    monkeypatch.setattr(finding, "MOST_EXAMINED", examined)
    monkeypatch.setattr(finding, "_COUNTED", examined)
    for number in range(1, 10):
        name = "Harbour" if number % 2 else f"Hill {number} Harb"
        shop.order(number=str(number), customer=name, contact="Jo" if number % 3 else "Ana Hart", email="")
    narrowed = matching(visible_to(shop.staff), placed_from=Order.objects.get(number="4").placed_at)
    words = words_to_look_for(search) or []

    for among in (None, narrowed):
        finder = order_finder(shop.staff, among)
        expected = {order.pk for order in (among or visible_to(shop.staff)) if _has(order, words)}

        found = walked(finder, search, size=size)

        assert len(found) == len(set(found))
        assert set(found) == expected


def _has(order: Order, words: Sequence[str]) -> bool:
    held = list(OrderWord.objects.filter(order=order).values_list("word", flat=True))
    return all(any(one.startswith(word) for one in held) for word in words)


def test_rows_that_come_between_two_pages_are_not_repeated(shop: Shop) -> None:
    for number in range(1, 5):
        shop.order(number=str(number), customer="Harbour", contact="", email="")
    finder = order_finder(shop.staff)
    first = hits(finder, "harb", size=2)

    shop.order(number="9", customer="Harbour", contact="", email="")
    second = hits(finder, "harb", size=2, after=first.behind)

    assert [*numbers_of(first), *numbers_of(second)] == ["4", "3", "2", "1"]


def numbers_of(page: Hits) -> list[str]:
    return [Order.objects.get(pk=place.pk).number for place in page.places]


@pytest.mark.parametrize("place", [Place(0, "quill", 5), Place(7, "harbour", 1), Place(-1, "harbour", 1)])
def test_a_place_of_another_search_begins_this_one(shop: Shop, place: Place) -> None:
    shop.order(number="1", customer="Harbour", contact="", email="")

    assert numbers_of(hits(order_finder(shop.staff), "harb", after=place)) == ["1"]


@pytest.mark.parametrize(("search", "statements"), [("harb", 1), ("harb reis", 3)])
def test_a_search_takes_the_same_statements_for_two_orders_and_for_forty(
    shop: Shop, search: str, statements: int
) -> None:
    for many in (2, 38):
        for _ in range(many):
            shop.order(customer="Harbour")
        with CaptureQueriesContext(connection) as taken:
            assert hits(order_finder(shop.staff), search, size=20).places
        assert len(taken) == statements


def test_words_of_which_nobody_has_one_are_not_looked_for_together(shop: Shop) -> None:
    shop.order(customer="Harbour")

    with CaptureQueriesContext(connection) as taken:
        assert not hits(order_finder(shop.staff), "harb quillon", size=20).places

    assert len(taken) == 2  # how many begin so, of each


def test_the_words_of_two_new_customers_take_as_many_statements_as_those_of_twenty(shop: Shop) -> None:
    taken = []
    for many in (2, 20):
        new = Customer.objects.bulk_create(
            Customer(workspace=shop.workspace, name=f"Harbour {many} {number}", created_at=clock.now())
            for number in range(many)
        )
        with CaptureQueriesContext(connection) as statements:
            keep_words([customer.pk for customer in new])
        taken.append(len(statements))

    assert taken[0] == taken[1]
    assert CustomerWord.objects.filter(word="harbour").count() == 22


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("renamed_first", [True, False])
def test_an_order_that_is_revised_while_its_customer_is_renamed_is_found_by_the_new_name(
    shop: Shop, renamed_first: bool
) -> None:
    order = shop.order(number="A-1", customer="Harbour", contact="", email="")
    rename = partial(save_customer, viewer=shop.staff, customer=order.customer, name="Quill", contact_name="", email="")
    revise = partial(revise_order, viewer=shop.staff, order=order, lines=ONE)

    results = overlapping(*((rename, revise) if renamed_first else (revise, rename)))

    assert not [result for result in results if isinstance(result, Exception)]
    finder = order_finder(shop.staff)
    assert [numbers(finder, word) for word in ("quill", "harbour", "184.20")] == [["A-1"], [], ["A-1"]]


def test_the_search_walks_the_index_of_words_in_its_order(shop: Shop) -> None:
    shop.order()
    found = OrderWord.objects.filter(workspace_id=shop.workspace.pk, word__gte="h", word__lt="i")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
    plan = found.order_by("word", "-order_id")[:31].explain()

    assert "orders_by_word" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_words_are_sorted_by_their_bytes(shop: Shop) -> None:
    """So that a range of the index holds what begins alike, whatever language the database speaks."""
    for word in ("b", "B", "ä", "a-b", "ab", "\U0010fffd"):
        NameWord.objects.create(workspace=shop.workspace, word=word)

    kept: list[Any] = list(NameWord.objects.order_by("word").values_list("word", flat=True))

    assert kept == sorted(kept, key=lambda word: word.encode())


def test_a_deleted_customer_leaves_no_words(shop: Shop) -> None:
    contact = create_customer(viewer=shop.staff, name="Harbour", contact_name="", email="")

    Customer.objects.get(pk=contact.customer_id).delete()

    assert not CustomerWord.objects.exists()
