"""Which texts no database can hold."""

import pytest

from counterfoil.access.text import storable


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
