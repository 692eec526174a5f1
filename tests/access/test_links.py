"""Order keys: derived, versioned, unguessable, and nowhere in the database (AC-1, CN-8)."""

import base64
import hashlib
import hmac
import struct

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from counterfoil.access.links import order_keys
from counterfoil.conversations.actions import send_message
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.queries import opened_by
from tests.factories import Shop

KEY = order_keys.derive(4137, 1)
STRANGE = (
    "",
    "=",
    "A",
    "====",
    "kurz",
    KEY[:-1],
    KEY + "A",
    KEY + "=",
    KEY + "==",
    KEY + "\n",
    " " + KEY,
    KEY.swapcase(),
    KEY.replace("A", "А"),  # a Cyrillic А
    "ключ",
    "🔑" * 38,
    "\ud800",
    "\0" * 38,
    "%00",
    "../../etc/passwd",
    "A" * 1_000_000,
    "_" * 38,
    "-" * 37 + "8",
)


def ascii_start(key: str) -> str:
    """A name for a test: the beginning of a key, in letters that every terminal has."""
    return ascii(key[:12])


@pytest.mark.once
@pytest.mark.feature("AC-1")
def test_a_key_is_the_orders_number_and_160_bits_of_a_keyed_hash(settings: Settings) -> None:
    settings.ORDER_KEY_SECRET = "server secret"

    raw = base64.urlsafe_b64decode(order_keys.derive(4137, 3) + "==")

    salted = hashlib.sha256(b"counterfoil.order-key" + b"server secret").digest()
    assert raw[:8] == struct.pack(">Q", 4137)
    assert raw[8:] == hmac.digest(salted, b"4137:3", "sha256")[:20]
    assert len(raw[8:]) * 8 == 160


@pytest.mark.once
def test_a_key_can_stand_in_an_address_as_it_is() -> None:
    keys = [order_keys.derive(number, 1) for number in (1, 4137, 2**62)]

    assert all(len(key) == 38 for key in keys)
    assert all(key.isascii() and key.replace("-", "").replace("_", "").isalnum() for key in keys)


@pytest.mark.once
@pytest.mark.feature("AC-1")
def test_each_order_version_and_server_secret_has_a_key_of_its_own(settings: Settings) -> None:
    keys = {order_keys.derive(order, version) for order in (1, 2, 11) for version in (1, 2, 11)}
    settings.ORDER_KEY_SECRET = "another server"

    assert len(keys | {order_keys.derive(1, 1)}) == 10


@pytest.mark.once
@pytest.mark.feature("CN-8")
def test_a_key_opens_its_own_order_at_its_own_version_alone() -> None:
    assert order_keys.opens(KEY, 4137, 1)
    assert not order_keys.opens(KEY, 4137, 2)
    assert not order_keys.opens(KEY, 4138, 1)
    assert order_keys.subject_of(KEY) == 4137


@pytest.mark.once
def test_a_key_of_another_server_secret_opens_nothing(settings: Settings) -> None:
    settings.ORDER_KEY_SECRET = "another server"

    assert not order_keys.opens(KEY, 4137, 1)


@pytest.mark.once
def test_changing_any_one_character_of_a_key_closes_it() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = [KEY[:at] + letter + KEY[at + 1 :] for at in range(38) for letter in alphabet if letter != KEY[at]]

    assert len(changed) == 38 * 63
    assert not any(order_keys.opens(key, 4137, 1) for key in changed)


@pytest.mark.once
@pytest.mark.parametrize("key", STRANGE, ids=ascii_start)
def test_a_strange_key_opens_nothing_and_raises_nothing(key: str) -> None:
    claimed = order_keys.subject_of(key)

    assert claimed is None or 0 <= claimed < 2**63
    assert not order_keys.opens(key, 4137, 1)


@pytest.mark.once
@examples(database=None, max_examples=200)
@given(st.text())
@example("\udfff")
def test_no_text_at_all_makes_the_keys_raise(key: str) -> None:
    claimed = order_keys.subject_of(key)

    assert claimed is None or 0 <= claimed < 2**63
    assert not order_keys.opens(key, 4137, 1)


@pytest.mark.feature("CN-8")
def test_a_key_finds_its_order_in_its_workspace_alone(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    key = order_keys.derive(order.pk, 1)

    assert opened_by(key, workspace_id=shop.workspace.pk) == order
    assert opened_by(key, workspace_id=other_shop.workspace.pk) is None


@pytest.mark.feature("CN-8")
def test_raising_the_version_ends_every_key_from_before_at_once(shop: Shop) -> None:
    order, other = shop.order(), shop.order()
    old = order_keys.derive(order.pk, 1)

    rotate_order_key(viewer=shop.staff, order=order)

    assert opened_by(old, workspace_id=shop.workspace.pk) is None
    assert opened_by(order_keys.derive(order.pk, 2), workspace_id=shop.workspace.pk) == order
    assert opened_by(order_keys.derive(other.pk, 1), workspace_id=shop.workspace.pk) == other


@pytest.mark.parametrize(
    "key", [*STRANGE, order_keys.derive(2**63 + 5, 1), order_keys.derive(2**64 - 1, 1)], ids=ascii_start
)
def test_a_strange_key_finds_no_order(shop: Shop, key: str) -> None:
    shop.order()

    assert opened_by(key, workspace_id=shop.workspace.pk) is None


@pytest.mark.feature("AC-1")
@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_key_or_its_secret_lies_in_the_database(shop: Shop) -> None:
    order = shop.order()
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    send_message(viewer=shop.guest(order), order=order, text="Thank you!")

    stored = everything_stored()

    key = order_keys.derive(order.pk, order.key_version)
    secret_part = base64.urlsafe_b64decode(key + "==")[8:]
    assert "Your tins leave today." in stored
    assert key not in stored
    assert key[11:] not in stored
    assert secret_part.hex() not in stored
    assert repr(secret_part)[2:-1] not in stored
    assert django_settings.ORDER_KEY_SECRET not in stored


def everything_stored() -> str:
    """Every value of every row of every table."""
    with connection.cursor() as cursor:
        values: list[str] = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            values += [
                repr(bytes(value) if isinstance(value, memoryview) else value) for row in cursor for value in row
            ]
    return "\n".join(values)
