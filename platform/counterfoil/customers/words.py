"""The words that customers are found by, kept with whatever changes them."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Manager
from django.utils.module_loading import import_string

from counterfoil.access.search import words_of_address, words_to_find
from counterfoil.customers.models import Contact, Customer, CustomerWord, NameWord
from counterfoil.customers.spelling import names_in

_AT_ONCE = 1000
_OF_CUSTOMER = ("workspace_id", "pk", "name", "external_id")
_OF_CONTACT = ("workspace_id", "customer_id", "name", "email")


@transaction.atomic
def keep_words(customers: Collection[int]) -> None:
    """Make the words of these customers those that stand on them now, and let follow who holds them too."""
    keys = list(customers)
    for begin in range(0, len(keys), _AT_ONCE):
        _keep(keys[begin : begin + _AT_ONCE])


def _keep(customers: Collection[int]) -> None:
    wanted, names = words_on(customers)
    there = set(CustomerWord.objects.filter(customer__in=customers).values_list("customer", "word"))
    gone, new = there - wanted.keys(), wanted.keys() - there
    if gone:
        by_word = defaultdict[str, list[int]](list)
        for customer, word in gone:
            by_word[word].append(customer)
        for word, keys in by_word.items():
            CustomerWord.objects.filter(customer__in=keys, word=word).delete()
    CustomerWord.objects.bulk_create(
        CustomerWord(workspace_id=wanted[pair], customer_id=pair[0], word=pair[1]) for pair in new
    )
    NameWord.objects.bulk_create(
        (NameWord(workspace_id=workspace, word=word) for workspace, word in names), ignore_conflicts=True
    )
    for path in settings.FOLLOWERS_OF_CUSTOMERS_WORDS:
        import_string(path)(gone=gone, new=new)


def words_on(
    customers: Collection[int], *, rows: Manager[Any] = Customer.objects, people: Manager[Any] = Contact.objects
) -> tuple[dict[tuple[int, str], int], set[tuple[int, str]]]:
    """The words that stand on customers, each pair of customer and word with its workspace, and the words of names in
    each workspace. `rows` and `people` are where they are read.
    """
    words: dict[tuple[int, str], int] = {}
    names: set[tuple[int, str]] = set()
    for workspace, pk, name, external_id in rows.filter(pk__in=customers).values_list(*_OF_CUSTOMER):
        found = words_to_find(name) | words_to_find((external_id or "").removeprefix("csv:"))
        words |= dict.fromkeys(((pk, word) for word in found), workspace)
        names |= {(workspace, word) for word in names_in(name)}
    for workspace, pk, name, email in people.filter(customer__in=customers).values_list(*_OF_CONTACT):
        found = words_to_find(name) | words_of_address(email)
        words |= dict.fromkeys(((pk, word) for word in found), workspace)
        names |= {(workspace, word) for word in names_in(name)}
    return words, names
