"""Who holds an order's key and has proved its mailbox puts it into their account, and nobody else does (AC-2)."""

from dataclasses import replace
from typing import Any

import pytest

from counterfoil.access.problems import Forbidden, Invalid, NotFound, Problem
from counterfoil.access.viewer import Viewer
from counterfoil.customers.actions import create_customer
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.orders.actions import rotate_order_key
from counterfoil.orders.claims import ANOTHER_ADDRESS, NOT_ACTIVE, claim_order
from counterfoil.orders.models import Order
from counterfoil.orders.queries import visible_to
from tests.conftest import Ask
from tests.factories import Shop
from tests.posting import key_of, post, token_of
from tests.together import overlapping, together

pytestmark = pytest.mark.feature("AC-2")

CLAIM = """mutation ($input: ClaimOrderInput!) { claimOrder(input: $input) {
    ... on ClaimOrderSuccess { order { number } } ... on Problem { code field message } } }"""


@pytest.fixture
def order(shop: Shop) -> Order:
    """A guest's, placed with ana@harbour.example."""
    return shop.order(number="INV-7", email="ana@harbour.example")


def account(shop: Shop, email: str = "Ana@HARBOUR.example") -> Viewer:
    """Somebody of another customer who signed in with this address."""
    made = create_customer(viewer=shop.staff, name="Ana at home", contact_name="Ana R.", email=email)
    return signed_in(made)


def told() -> list[tuple[str, str, dict[str, Any]]]:
    found = Event.objects.filter(kind__in=("order.claimed", "customer.ordered")).order_by("pk")
    return list(found.values_list("kind", "topic", "data"))


def refusal(viewer: Viewer, key: str) -> Problem:
    """Why claiming is refused; nothing is changed by it."""
    before = list(Order.objects.order_by("pk").values()), told()
    with pytest.raises(Problem) as refused:
        claim_order(viewer=viewer, key=key)
    assert (list(Order.objects.order_by("pk").values()), told()) == before
    return refused.value


def test_an_order_of_the_same_mailbox_becomes_ones_own_and_its_customer_stays(shop: Shop, order: Order) -> None:
    ana, already = account(shop), told()
    claim_order(viewer=ana, key=key_of(order))

    claimed = Order.objects.get(pk=order.pk)
    assert (claimed.contact_id, claimed.customer_id) == (ana.contact_id, order.customer_id)
    assert list(visible_to(ana)) == [order]
    assert told()[len(already) :] == [
        ("customer.ordered", f"customer_{ana.customer_id}", {}),
        ("order.claimed", order.topic, {"from": order.contact_id, "to": ana.contact_id}),
    ]


def test_theirs_already_or_claimed_before_is_done_and_no_event(shop: Shop, order: Order) -> None:
    ana, key = account(shop), key_of(order)
    claim_order(viewer=ana, key=key)
    after = told()

    claim_order(viewer=ana, key=key)

    assert told() == after
    assert Order.objects.get(pk=order.pk).contact_id == ana.contact_id


@pytest.mark.parametrize("email", ["ben@harbour.example", "ana+shop@harbour.example", "ana@harbour.example.org", ""])
def test_another_mailbox_is_told_to_sign_in_with_that_one_and_nothing_of_it(
    shop: Shop, order: Order, email: str
) -> None:
    refused = refusal(account(shop, email), key_of(order))

    assert isinstance(refused, Forbidden)
    assert refused.message == ANOTHER_ADDRESS
    assert "harbour" not in refused.message


def test_two_that_have_no_address_are_not_of_one_mailbox(shop: Shop) -> None:
    order = shop.order(email="")

    assert refusal(account(shop, ""), key_of(order)).message == ANOTHER_ADDRESS


@pytest.mark.parametrize("key", ["x", "AAAAAAAAAAA", "ключ", "order_1", "=" * 38, "A" * 38])
def test_what_is_no_key_opens_nothing(shop: Shop, order: Order, key: str) -> None:
    refused = refusal(account(shop), key)

    assert isinstance(refused, NotFound)
    assert refused.field == "orderKey"


@pytest.mark.parametrize("key", ["", "  ", "\0", "\ud800", "a\nb", "A" * 5000])
def test_what_is_no_text_of_a_key_is_refused_before_it_is_looked_for(shop: Shop, order: Order, key: str) -> None:
    refused = refusal(account(shop), key)

    assert (type(refused), refused.field) == (Invalid, "orderKey")


def test_a_rotated_key_and_one_of_another_workspace_answer_as_one_that_never_was(
    shop: Shop, other_shop: Shop, order: Order
) -> None:
    old, ana = key_of(order), account(shop)
    theirs = other_shop.order(email="ana@harbour.example")
    rotate_order_key(viewer=shop.staff, order=order)

    told_of_each = {refusal(ana, key).message for key in (old, key_of(theirs), "x")}

    assert len(told_of_each) == 1


@pytest.mark.parametrize("whose", ["theirs", "the order's"])
def test_an_account_that_is_not_active_claims_nothing_and_nothing_of_it_is_claimed(
    shop: Shop, order: Order, whose: str
) -> None:
    ana = account(shop)
    customer = ana.customer_id if whose == "theirs" else order.customer_id
    Customer.objects.filter(pk=customer).update(is_active=False)

    refused = refusal(ana, key_of(order))

    assert (type(refused), refused.message) == (Forbidden, NOT_ACTIVE)


def test_a_stranger_learns_nothing_of_whether_an_account_is_active(shop: Shop, order: Order) -> None:
    Customer.objects.filter(pk=order.customer_id).update(is_active=False)

    assert refusal(account(shop, "ben@harbour.example"), key_of(order)).message == ANOTHER_ADDRESS


def test_nobody_but_a_contact_who_signed_in_claims(shop: Shop, order: Order) -> None:
    for viewer in (shop.staff, shop.guest(order)):
        assert isinstance(refusal(viewer, key_of(order)), Forbidden)


def test_a_contact_of_another_workspace_in_name_only_claims_nothing(shop: Shop, other_shop: Shop, order: Order) -> None:
    """As if a session were carried over: the contact is looked for in the workspace that is asked."""
    foreign = replace(account(other_shop), workspace_id=shop.workspace.pk)

    assert refusal(foreign, key_of(order)).message == ANOTHER_ADDRESS


def test_the_guests_link_still_opens_it(shop: Shop, order: Order) -> None:
    claim_order(viewer=account(shop), key=key_of(order))

    assert list(visible_to(shop.guest(order))) == [order]
    assert not visible_to(signed_in(order.contact)).exists()


@pytest.mark.django_db(transaction=True)
def test_claimed_by_two_at_the_same_moment_it_is_one_ones_and_each_change_is_told(shop: Shop, order: Order) -> None:
    key, people = key_of(order), [account(shop), account(shop)]

    together(*[lambda ana=ana: claim_order(viewer=ana, key=key) for ana in people])

    [first, second] = [data for kind, _, data in told() if kind == "order.claimed"]
    assert (first["from"], second["from"]) == (order.contact_id, first["to"])
    assert Order.objects.get(pk=order.pk).contact_id == second["to"]


@pytest.mark.django_db(transaction=True)
def test_claimed_twice_at_the_same_moment_it_is_told_once(shop: Shop, order: Order) -> None:
    key, ana = key_of(order), account(shop)

    together(*[lambda: claim_order(viewer=ana, key=key)] * 4)

    assert [kind for kind, _, _ in told()].count("order.claimed") == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_rotated_at_this_moment_claims_nothing_any_more(shop: Shop, order: Order) -> None:
    key, ana = key_of(order), account(shop)

    _, refused = overlapping(
        lambda: rotate_order_key(viewer=shop.staff, order=order), lambda: claim_order(viewer=ana, key=key)
    )

    assert isinstance(refused, NotFound)
    assert Order.objects.get(pk=order.pk).contact_id == order.contact_id


@pytest.mark.feature("GQ-3")
def test_the_mutation_gives_the_order_or_says_why_not(shop: Shop, order: Order, ask: Ask) -> None:
    key = key_of(order)

    def claim(viewer: Viewer, mutation_key: str, **given: str) -> Any:
        return ask(viewer, CLAIM, input={"clientMutationKey": mutation_key, "orderKey": key, **given})["claimOrder"]

    ana = account(shop)
    assert claim(ana, "1") == claim(ana, "1") == {"order": {"number": "INV-7"}}
    assert claim(ana, "1", orderKey="x")["code"] == "KEY_REUSED"
    assert claim(ana, "2", orderKey="x")["code"] == "NOT_FOUND"
    assert claim(account(shop, "ben@harbour.example"), "1") == {
        "code": "FORBIDDEN",
        "field": None,
        "message": ANOTHER_ADDRESS,
    }


@pytest.mark.feature("OR-6")
def test_an_orders_history_shows_that_it_was_claimed(shop: Shop, order: Order) -> None:
    claim_order(viewer=account(shop), key=key_of(order))
    text = '{ orderByNumber(number: "INV-7") { contact { name } history(first: 1) { nodes { kind actorName } } } }'

    seen = post(text, token=token_of(shop.member)).data["orderByNumber"]

    assert seen == {"contact": {"name": "Ana R."}, "history": {"nodes": [{"kind": "order.claimed", "actorName": None}]}}
