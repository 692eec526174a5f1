"""Each permission has a sentence for who gives it, and a heading to stand under."""

import pytest

from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.words import SENTENCES, SUBJECTS, in_order, subject_of

pytestmark = [pytest.mark.once, pytest.mark.feature("AC-12")]


def test_every_permission_has_words_of_its_own() -> None:
    assert set(SENTENCES) == set(Permission)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for permission, words in SENTENCES.items():
        assert words[0].isupper(), permission
        assert words.endswith("."), permission
        assert ":" not in words, permission


def test_every_subject_has_a_heading_and_none_is_left_over() -> None:
    assert {permission.partition(":")[0] for permission in map(str, Permission)} == set(SUBJECTS)
    assert subject_of(Permission.ORDER_KEYS_READ) == "Customers’ links"


def test_permissions_stand_by_their_headings_and_what_reads_comes_first() -> None:
    ordered = in_order(GRANTABLE)

    assert set(ordered) == GRANTABLE
    assert ordered[:3] == [Permission.ORDERS_READ, Permission.ORDERS_WRITE, Permission.ADDRESSES_READ]
    assert [subject_of(one) for one in ordered] == sorted(
        map(subject_of, ordered), key=lambda heading: list(SUBJECTS.values()).index(heading)
    )
