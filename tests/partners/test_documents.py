"""Documents that were registered, by their hash, and programs that keep to them (GQ-7)."""

import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.access import clock
from counterfoil.access.models import PartnerClient, TrustedDocument
from counterfoil.access.problems import Forbidden
from counterfoil.events.models import Event
from counterfoil.partners.actions import issue_token, register_client, set_scopes
from counterfoil.partners.documents import digest_of, forget, register, registered, text_of
from schema.identity import bearer_context
from tests.factories import Shop
from tests.together import together

pytestmark = pytest.mark.feature("GQ-7")
TEXT = "query Tins {\r\n  position # für Zinn\n}\n"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_document_is_registered_by_the_hash_of_its_bytes_and_found_by_it(shop: Shop) -> None:
    document = register(workspace_id=shop.workspace.pk, text=TEXT, operations="Tins")

    assert (document.digest, digest_of(TEXT)) == (DIGEST, DIGEST)
    with CaptureQueriesContext(connection) as asked:
        assert text_of(shop.workspace.pk, DIGEST) == TEXT
    assert len(asked) == 1


def test_twice_changes_nothing(shop: Shop) -> None:
    register(workspace_id=shop.workspace.pk, text=TEXT, operations="Tins")
    before = TrustedDocument.objects.values().get()

    with clock.at(clock.now().replace(year=2030)):
        register(workspace_id=shop.workspace.pk, text=TEXT, operations="Other")

    assert TrustedDocument.objects.values().get() == before


@pytest.mark.django_db(transaction=True)
def test_two_at_once_register_one(shop: Shop) -> None:
    def act() -> int:
        return register(workspace_id=shop.workspace.pk, text=TEXT).pk

    assert together(act, act) == [TrustedDocument.objects.get().pk] * 2


@pytest.mark.parametrize(
    "digest", ["", DIGEST[:-1], DIGEST + "0", DIGEST.upper(), f"sha256:{DIGEST}", "\0" * 64, "é" * 64]
)
def test_what_is_no_hash_finds_nothing_and_asks_nothing(shop: Shop, digest: str) -> None:
    register(workspace_id=shop.workspace.pk, text=TEXT)

    with CaptureQueriesContext(connection) as asked:
        assert text_of(shop.workspace.pk, digest) is None
    assert len(asked) == 0


def test_a_document_is_of_one_workspace(shop: Shop, other_shop: Shop) -> None:
    register(workspace_id=shop.workspace.pk, text=TEXT, operations="Tins")

    assert text_of(other_shop.workspace.pk, DIGEST) is None
    assert registered(other_shop.workspace.pk) == []
    assert not forget(workspace_id=other_shop.workspace.pk, digest=DIGEST)

    register(workspace_id=other_shop.workspace.pk, text=TEXT)
    assert forget(workspace_id=shop.workspace.pk, digest=DIGEST)
    assert text_of(other_shop.workspace.pk, DIGEST) == TEXT


def test_the_newest_is_listed_first_and_a_forgotten_one_is_gone(shop: Shop) -> None:
    for name in ("Tins", "Mugs"):
        register(workspace_id=shop.workspace.pk, text=f"query {name} {{ position }}", operations=name)

    assert [one.operations for one in registered(shop.workspace.pk)] == ["Mugs", "Tins"]
    assert forget(workspace_id=shop.workspace.pk, digest=registered(shop.workspace.pk)[0].digest)
    assert not forget(workspace_id=shop.workspace.pk, digest=DIGEST)
    assert [one.operations for one in registered(shop.workspace.pk)] == ["Tins"]


def test_many_names_are_cut(shop: Shop) -> None:
    names = ", ".join(f"Tins{number}" for number in range(100))

    kept = register(workspace_id=shop.workspace.pk, text=TEXT, operations=names).operations

    assert (len(kept), kept[:10], kept[-1]) == (200, "Tins0, Tin", "…")


def test_a_program_keeps_to_trusted_documents_at_once_when_it_is_told_to(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"])
    token = issue_token(workspace_id=shop.workspace.pk, client_id=client.client_id, secret=secret).token
    stream = bearer_context(f"Bearer {token}", shop.workspace.pk)
    assert stream.viewer.trusted_only is False

    set_scopes(viewer=shop.staff, client=client, scopes=["orders:read"])
    assert stream.still_valid()
    set_scopes(viewer=shop.staff, client=client, scopes=["orders:read"], trusted_only=True)

    assert bearer_context(f"Bearer {token}", shop.workspace.pk).viewer.trusted_only is True
    assert not stream.still_valid()
    assert Event.objects.filter(kind="credential.revoked").count() == 2
    set_scopes(viewer=shop.staff, client=client, scopes=["notes:read"])
    assert PartnerClient.objects.get().trusted_only is True
    set_scopes(viewer=shop.staff, client=client, scopes=["notes:read"], trusted_only=False)
    assert PartnerClient.objects.get().trusted_only is False


def test_only_who_runs_the_workspace_says_whether_a_program_keeps_to_them(shop: Shop) -> None:
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=["orders:read"], trusted_only=True)

    for viewer in (shop.hire("Tom"), client.acting(client.scopes)):
        with pytest.raises(Forbidden):
            set_scopes(viewer=viewer, client=client, scopes=["orders:read"], trusted_only=False)

    assert PartnerClient.objects.get().trusted_only is True
