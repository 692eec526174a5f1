"""Every mutation of the schema takes a key and is safe to repeat (GQ-3)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice
from graphql import GraphQLInputObjectType, get_named_type

from counterfoil.access import clock
from counterfoil.access.models import StaffMember
from counterfoil.access.viewer import Role
from schema.root import schema
from tests.posting import post, token_of
from tests.schema import test_access_matrix as measured
from tests.schema.test_access_matrix import Change, World, change, everything

pytestmark = pytest.mark.feature("GQ-3")
world = measured.world
MUTATIONS = schema._schema.mutation_type.fields if schema._schema.mutation_type else {}


def admin(world: World, name: str) -> Callable[..., Any]:
    """How another admin asks, for a month."""
    hired = StaffMember.objects.get(pk=world.shop.hire(name, Role.ADMIN).staff_id)
    TOTPDevice.objects.create(user=hired.user, name="Phone", confirmed=True)
    return partial(post, token=token_of(hired, expires_at=clock.now() + timedelta(days=30)))


def asker(world: World, mutation: str) -> Callable[..., Any]:
    """How somebody asks who may do this."""
    if mutation in measured.BUYERS_ALONE:
        return world.ask["contact"]
    return world.ask["other contact"] if mutation in measured.CONTACTS_ALONE else admin(world, "Ada")


def another(world: World, mutation: str) -> Change:
    """Something else that could be asked for under the same key."""
    buyers = {*measured.CONTACTS_ALONE, *measured.BUYERS_ALONE}
    return change(world, "sendMessage" if mutation in {"writeInternalNote", *buyers} else "writeInternalNote")


@pytest.mark.once
def test_every_mutation_asks_for_a_key() -> None:
    assert len(MUTATIONS) >= 31
    for name, field in MUTATIONS.items():
        given = get_named_type(field.args["input"].type)
        assert isinstance(given, GraphQLInputObjectType), name
        assert str(given.fields["clientMutationKey"].type) == "String!", name


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_sent_again_it_is_answered_alike_and_done_once(world: World, mutation: str) -> None:
    sent, ask = change(world, mutation), asker(world, mutation)

    first = sent.send(ask)
    after = everything()
    again = [sent.send(ask) for _ in range(3)]

    assert first == {"__typename": f"{sent.kind}Success"}
    assert again == [first] * 3
    assert everything() == after


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_its_key_is_its_own_for_a_day_and_of_nobody_else(world: World, mutation: str) -> None:
    sent, other, ask = change(world, mutation), another(world, mutation), asker(world, mutation)
    somebody_else = admin(world, "Bea")
    sent.send(ask)
    after = everything()

    refused = other.send(ask)
    assert (refused["code"], refused["field"]) == ("KEY_REUSED", "clientMutationKey")
    assert everything() == after

    assert other.send(somebody_else) == {"__typename": f"{other.kind}Success"}
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert other.send(ask) == {"__typename": f"{other.kind}Success"}
