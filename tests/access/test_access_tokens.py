"""Access tokens are kept as hashes (AC-1)."""

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from counterfoil.access import clock
from counterfoil.access.models import AccessToken
from tests.factories import Shop


def issue(shop: Shop, secret: str) -> AccessToken:
    return AccessToken.objects.create(
        workspace=shop.workspace,
        staff=shop.member,
        digest=AccessToken.digest_of(secret),
        expires_at=clock.now() + timedelta(hours=1),
    )


@pytest.mark.once
@pytest.mark.feature("AC-1")
def test_a_new_token_has_256_random_bits_and_says_what_it_is() -> None:
    secrets = {AccessToken.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert all(secret.startswith("cft_") and len(secret) == len("cft_") + 43 for secret in secrets)


@pytest.mark.feature("AC-1")
def test_the_database_holds_the_hash_of_a_token_and_nothing_else_of_it(shop: Shop) -> None:
    secret = AccessToken.new_secret()
    issue(shop, secret)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM access_accesstoken")
        [row] = cursor.fetchall()

    assert hashlib.sha256(secret.encode()).hexdigest() in row
    assert not any(secret[4:20] in str(value) for value in row)


def test_two_tokens_never_share_a_hash(shop: Shop) -> None:
    issue(shop, "cft_same")

    with pytest.raises(IntegrityError), transaction.atomic():
        issue(shop, "cft_same")
    assert AccessToken.objects.count() == 1
