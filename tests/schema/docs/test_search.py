"""Search in the documentation: the best first, and no query breaks it (GQ-11)."""

import html
import re

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.docs.search import MOST_FOUND, search

pytestmark = [pytest.mark.feature("GQ-11"), pytest.mark.once]


def names(query: str) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.name, entry.inside) for entry in search(query).entries]


def test_exact_names_come_before_beginnings_words_of_names_and_descriptions() -> None:
    found = names("order")

    kinds = [name.casefold() for _, name, _ in found]
    exact = [name == "order" for name in kinds]
    begins = [name.startswith("order") for name in kinds]
    assert found[:2] == [("query", "order", ""), ("object", "Order", "")]
    assert names("Order")[0] == ("object", "Order", "")
    assert exact == sorted(exact, reverse=True)
    assert begins == sorted(begins, reverse=True)
    assert search("order").total > len(found) == MOST_FOUND


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("fulfilOrder", ("mutation", "fulfilOrder", "")),
        ("FULFILORDER", ("mutation", "fulfilOrder", "")),
        ("KEY_REUSED", ("value", "KEY_REUSED", "ProblemCode")),
        ("retry", ("mutation", "retryMail", "")),
        ("retry without", ("task", "Retry without doing it twice", "")),
        ("parcel leave together", ("object", "Fulfilment", "")),
        ("messageAdded", ("subscription", "messageAdded", "")),
    ],
)
def test_the_best_stands_first(query: str, first: tuple[str, str, str]) -> None:
    assert names(query)[0] == first


def test_arguments_are_found_with_the_field_that_they_belong_to() -> None:
    assert ("argument", "days", "PartnerClient.usageByDay") in names("days")
    assert ("argument", "after", "orders") in names("after orders")


def test_every_word_has_to_stand_somewhere() -> None:
    assert names("order zebra") == []
    assert search("order") != search("order number")
    assert search("zebra").total == 0


@pytest.mark.parametrize("query", ["", "   ", "\t\n"])
def test_an_empty_query_finds_nothing(query: str) -> None:
    assert search(query) == ([], 0, False)


@pytest.mark.django_db
def test_more_than_300_characters_are_refused_in_words() -> None:
    assert not search("a" * 300).too_long
    assert search("a" * 301) == ([], 0, True)
    text = Client().get("/graphql/docs/search", {"q": "a" * 5000}).content.decode()
    assert "That is too long to look for: 300 characters at most." in text
    assert "a" * 400 not in text


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=320))
def test_no_query_breaks_it(query: str) -> None:
    found = search(query)

    assert len(found.entries) <= MOST_FOUND
    assert found.total >= len(found.entries)


@pytest.mark.parametrize(
    "query", ['"><script>alert(1)</script>', "%", "_", "\\", "(", "[a-", "*", "مرحبا", "\x00", "{{ 7 }}", "' OR 1=1 --"]
)
@pytest.mark.django_db
def test_a_hostile_query_is_shown_as_text(query: str) -> None:
    text = Client().get("/graphql/docs/search", {"q": query}).content.decode()

    assert "<script>alert" not in text
    assert html.escape(query.replace("\x00", "")) in text
    assert re.search(r'role="status"', text)
