"""Which entries a viewer sees, and what a search finds."""

from datetime import UTC, datetime, timedelta

import pytest

from counterfoil.access import clock
from counterfoil.access.policy import Permission
from counterfoil.access.viewer import anonymous
from counterfoil.customers.links import by_link
from counterfoil.customers.queries import signed_in
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.interactions.queries import about_to_leave, interactions_visible_to, matching, reads_interactions
from counterfoil.orders.actions import place_order
from counterfoil.orders.models import Order
from tests.factories import LINES, Shop
from tests.interactions.test_log_interaction import role_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="4137")


def found(shop: Shop, search: str = "", type: InteractionType | None = None) -> list[str]:
    entries = matching(interactions_visible_to(shop.staff), type=type, search=search)
    return list(entries.order_by("pk").values_list("text", flat=True))


@pytest.mark.feature("IN-5")
def test_who_reads_customers_and_interactions_sees_the_entries_of_their_workspace(
    shop: Shop, other_shop: Shop, order: Order
) -> None:
    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Ours.")
    both = role_of(shop, Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ)
    for viewer in (shop.staff, shop.hire("Tom"), both):
        assert reads_interactions(viewer)
        assert list(interactions_visible_to(viewer)) == [entry]
    blind = [
        role_of(shop, Permission.CUSTOMERS_READ),
        role_of(shop, Permission.INTERACTIONS_READ),
        anonymous(shop.workspace.pk),
        shop.guest(order),
        by_link(order.customer),
        signed_in(order.contact),
    ]
    for viewer in (*blind, other_shop.staff):
        assert list(interactions_visible_to(viewer)) == []
    assert not any(reads_interactions(viewer) for viewer in blind)


@pytest.mark.feature("IN-3")
def test_a_search_finds_each_word_anywhere_whatever_its_case_and_accents(shop: Shop, order: Order) -> None:
    texts = ["Crème brûlée tins arrived DENTED", "Prefers card over bubble wrap", "要发票", "Straße 9, ΑΘΉΝΑ"]
    for text in texts:
        log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text=text)

    for search, expected in {
        "creme": [texts[0]],
        "DENTED crème": [texts[0]],
        "ubble": [texts[1]],
        "发票": [texts[2]],
        "STRASSE": [texts[3]],
        "αθηνα": [texts[3]],
        "card dented": [],
        "100%": [],
        "_": [],
        "": texts,
        "\0": [],
        "x" * 301: [],
    }.items():
        assert found(shop, search) == expected, search


@pytest.mark.feature("IN-3")
def test_a_type_narrows_what_is_found(shop: Shop, order: Order) -> None:
    for each in InteractionType:
        log_interaction(viewer=shop.staff, customer=order.customer, type=each, text=f"A {each.label} entry")

    assert found(shop, type=InteractionType.PHONE_CALL) == ["A Phone call entry"]
    assert found(shop, "entry", InteractionType.RETURN) == ["A Return entry"]
    assert found(shop, "note", InteractionType.RETURN) == []


@pytest.mark.feature("IN-8")
def test_before_an_order_leaves_one_reads_all_about_it_and_what_waits_of_its_customer(shop: Shop, order: Order) -> None:
    another = shop.order(customer="Pier 9")
    later = place_order(viewer=shop.staff, store=shop.store, contact=order.contact, currency="GBP", lines=LINES)

    def log(text: str, minute: int, about: Order | None = None, *, waits: bool = False) -> Interaction:
        with clock.at(NOON + timedelta(minutes=minute)):
            return log_interaction(
                viewer=shop.staff,
                customer=another.customer if text.startswith("Theirs") else order.customer,
                type=InteractionType.NOTE,
                text=text,
                order=about,
                needs_acknowledgement=waits,
            )

    log("About it", 1, order)
    done = log("About it, acknowledged", 2, order, waits=True)
    acknowledge_interaction(viewer=shop.staff, interaction=done)
    log("Waits", 3, waits=True)
    log("Waits, about another order", 4, later, waits=True)
    log("Just so", 5)
    log("About another order", 6, later)
    log("Theirs, waits", 7, waits=True)

    assert [entry.text for entry in about_to_leave(order)] == [
        "Waits, about another order",
        "Waits",
        "About it, acknowledged",
        "About it",
    ]
