"""Partners' clients: their secrets, scopes and tokens (AC-11)."""

from datetime import timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, ClientSecret, PartnerClient
from counterfoil.access.policy import GRANTABLE, Permission
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import ViewerKind
from counterfoil.events.models import Event
from counterfoil.partners.actions import (
    BadClient,
    BadScope,
    Issued,
    issue_token,
    register_client,
    revoke_client,
    revoke_token,
    rotate_secret,
    set_scopes,
)
from schema.identity import BadToken, bearer_context
from tests.factories import Shop

pytestmark = pytest.mark.feature("AC-11")
READS = ["messages:read", "orders:read"]


def issue(shop: Shop, client: PartnerClient, secret: str, *scopes: str) -> Issued:
    return issue_token(workspace_id=shop.workspace.pk, client_id=client.client_id, secret=secret, scopes=scopes)


def opens(shop: Shop, token: str) -> bool:
    try:
        return bearer_context(f"Bearer {token}", shop.workspace.pk).viewer.kind is ViewerKind.PARTNER
    except BadToken:
        return False


def test_a_client_gets_a_token_for_an_hour_and_acts_by_its_scopes(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name=" Till system ", scopes=reversed(READS))
    issued = issue(shop, client, secret)

    viewer = bearer_context(f"Bearer {issued.token}", shop.workspace.pk).viewer

    assert (issued.seconds, issued.scopes) == (3600, tuple(READS))
    assert (viewer.kind, viewer.name, viewer.permissions) == (ViewerKind.PARTNER, "Till system", frozenset(READS))
    assert viewer.reference == f"partner:{client.pk}"
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        assert not opens(shop, issued.token)


def test_it_may_ask_for_less_and_never_for_more(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)

    assert issue(shop, client, secret, "orders:read").scopes == ("orders:read",)
    assert issue(shop, client, secret, "orders:read", "orders:read").scopes == ("orders:read",)
    for more in ("orders:write", "partners:write", "nonsense", ""):
        with pytest.raises(BadScope):
            issue(shop, client, secret, "orders:read", more)


def test_the_database_holds_neither_the_secret_nor_the_token(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)
    token = issue(shop, client, secret).token

    stored = str([list(model.objects.values()) for model in (PartnerClient, ClientSecret, AccessToken)])

    assert secret not in stored
    assert token not in stored


@pytest.mark.parametrize("wrong", ["", "cfs_nonsense", "of another", "of another workspace", "\0", "\ud800"])
def test_a_wrong_secret_gets_nothing(shop: Shop, other_shop: Shop, wrong: str) -> None:
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=READS)
    _, of_another = register_client(viewer=shop.staff, name="Stock", scopes=READS)
    _, elsewhere = register_client(viewer=other_shop.staff, name="Till", scopes=READS)
    given = {"of another": of_another, "of another workspace": elsewhere}.get(wrong, wrong)

    with pytest.raises(BadClient):
        issue(shop, client, given)
    assert not AccessToken.objects.exists()


def test_a_client_of_another_workspace_is_unknown_here(shop: Shop, other_shop: Shop) -> None:
    client, secret = register_client(viewer=other_shop.staff, name="Till", scopes=READS)
    token = issue(other_shop, client, secret).token

    with pytest.raises(BadClient):
        issue(shop, client, secret)
    assert opens(other_shop, token)
    assert not opens(shop, token)


def test_a_rotated_secret_is_good_for_another_day(shop: Shop) -> None:
    client, first = register_client(viewer=shop.staff, name="Till", scopes=READS)
    second = rotate_secret(viewer=shop.staff, client=client)
    third = rotate_secret(viewer=shop.staff, client=client, overlap=timedelta(0))

    assert [issue(shop, client, third).seconds] == [3600]
    for ended in (first, second):
        with pytest.raises(BadClient):
            issue(shop, client, ended)

    fourth = rotate_secret(viewer=shop.staff, client=client)
    assert issue(shop, client, third).scopes == issue(shop, client, fourth).scopes
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert issue(shop, client, fourth).scopes
        with pytest.raises(BadClient):
            issue(shop, client, third)


def test_a_revoked_client_ends_with_its_tokens(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)
    another, others = register_client(viewer=shop.staff, name="Stock", scopes=READS)
    token, other = issue(shop, client, secret).token, issue(shop, another, others).token

    revoke_client(viewer=shop.staff, client=client)
    revoke_client(viewer=shop.staff, client=client)

    assert not opens(shop, token)
    assert opens(shop, other)
    with pytest.raises(BadClient):
        issue(shop, client, secret)
    assert Event.objects.filter(kind="credential.revoked").count() == 1


def test_what_a_client_loses_its_tokens_lose_at_once(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)
    token = issue(shop, client, secret).token

    set_scopes(viewer=shop.staff, client=client, scopes=["orders:write"])

    assert PartnerClient.objects.get().scopes == ["orders:read", "orders:write"]  # who changes something reads it
    assert bearer_context(f"Bearer {token}", shop.workspace.pk).viewer.permissions == {"orders:read"}


def test_a_client_ends_its_own_token_and_no_other(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)
    another, others = register_client(viewer=shop.staff, name="Stock", scopes=READS)
    mine, other = issue(shop, client, secret).token, issue(shop, another, others).token
    asked = {"workspace_id": shop.workspace.pk, "client_id": client.client_id, "secret": secret}

    for token in (mine, mine, other, "nonsense", "\0"):
        revoke_token(**asked, token=token)

    assert not opens(shop, mine)
    assert opens(shop, other)
    assert Event.objects.filter(kind="credential.revoked").count() == 1
    with pytest.raises(BadClient):
        revoke_token(**asked | {"secret": others}, token=mine)


def test_tokens_that_ended_a_day_ago_are_forgotten(shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=READS)
    with clock.at(clock.now() - timedelta(hours=26)):
        issue(shop, client, secret)
    with clock.at(clock.now() - timedelta(hours=2)):
        issue(shop, client, secret)

    issue(shop, client, secret)

    assert AccessToken.objects.filter(client=client).count() == 2


@pytest.mark.parametrize("scopes", [[], ["orders:reed"], ["partners:write"], ["orders:read", ""]])
def test_a_scope_that_does_not_exist_is_refused(shop: Shop, scopes: list[str]) -> None:
    client, _ = register_client(viewer=shop.staff, name="Till", scopes=READS)

    with pytest.raises(Invalid) as refused:
        register_client(viewer=shop.staff, name="Till", scopes=scopes)
    with pytest.raises(Invalid):
        set_scopes(viewer=shop.staff, client=client, scopes=scopes)

    assert refused.value.field == "scopes"
    assert PartnerClient.objects.get().scopes == READS


def test_only_who_runs_the_workspace_manages_clients(shop: Shop, other_shop: Shop) -> None:
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=sorted(GRANTABLE))
    itself = bearer_context(f"Bearer {issue(shop, client, secret).token}", shop.workspace.pk).viewer
    for viewer in (shop.hire("Tom"), shop.guest(shop.order()), itself):
        for act in (
            lambda viewer=viewer: register_client(viewer=viewer, name="Mine", scopes=READS),
            lambda viewer=viewer: rotate_secret(viewer=viewer, client=client),
            lambda viewer=viewer: revoke_client(viewer=viewer, client=client),
            lambda viewer=viewer: set_scopes(viewer=viewer, client=client, scopes=READS),
        ):
            with pytest.raises(Forbidden):
                act()
    for act in (rotate_secret, revoke_client):
        with pytest.raises(NotFound):
            act(viewer=other_shop.staff, client=client)
    assert ClientSecret.objects.count() == 1
    assert Permission.PARTNERS_WRITE not in GRANTABLE
