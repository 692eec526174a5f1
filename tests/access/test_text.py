"""Which texts no database can hold, and what is looked for in one."""

import pytest

from counterfoil.access.text import LONGEST_SEARCH, mailbox_of, storable, words_of


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "can_be_stored"),
    [
        ("", True),
        ("Tea tin", True),
        ("مرحبا 👋🏽 \u202e\u200b\ufeff\t\r\n\x01\x7f", True),
        ("\U0010ffff\ufffe\ud7ff\ue000", True),
        ("Tea\0tin", False),
        ("\ud800", False),
        ("tin \udfff", False),
        ("\ud83d\udc4b", False),
    ],
    ids=ascii,
)
def test_all_but_nul_and_halves_of_pairs_can_be_stored(text: str, can_be_stored: bool) -> None:
    assert storable(text) is can_be_stored


@pytest.mark.once
@pytest.mark.feature("AC-3")
@pytest.mark.parametrize(
    "written",
    ["ana@bücher.example", " ANA@BÜCHER.Example ", "ana@xn--bcher-kva.example", "Ana@bu\u0308cher.example"],
    ids=ascii,
)
def test_a_mailbox_is_one_however_it_is_written(written: str) -> None:
    assert mailbox_of(written) == "ana@xn--bcher-kva.example"


@pytest.mark.once
@pytest.mark.feature("AC-3")
def test_other_addresses_are_other_mailboxes_and_no_text_is_refused() -> None:
    strange = [
        "ana+tin@x.example",
        "ana@x.example",
        "an.a@x.example",
        "ana@y.example",
        "ana",
        "",
        "@",
        "@@",
        "a@\0",
        "\ud800@x",
    ]
    strange += ["a@" + "x" * 300, "ana@x..example", "ana@-x.example", "ana@faß.example", "ana@fass.example"]

    assert len({mailbox_of(one) for one in strange}) == len(strange)


@pytest.mark.once
@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("", []),
        (" tea  tin\t", ["tea", "tin"]),
        ("e " * (LONGEST_SEARCH // 2), ["e"]),
        ("tin Tin tea tin", ["tin", "Tin", "tea"]),
        ("a b c d e f g h i j k l a", list("abcdefghij")),
        ("e" * (LONGEST_SEARCH + 1), None),
        ("te\0a", None),
    ],
)
def test_each_word_is_looked_for_once(search: str, words: list[str] | None) -> None:
    assert words_of(search) == words
