"""Writing an entry into the log of a customer."""

from datetime import UTC, datetime

import pytest

from counterfoil.access import clock
from counterfoil.access.models import CustomRole
from counterfoil.access.policy import Permission
from counterfoil.access.problems import Forbidden, Invalid, NotFound
from counterfoil.access.viewer import Viewer, anonymous
from counterfoil.customers.links import by_link
from counterfoil.customers.queries import signed_in
from counterfoil.events.models import Event
from counterfoil.interactions.actions import log_interaction, switch_type
from counterfoil.interactions.models import Interaction, InteractionType
from counterfoil.orders.models import Order
from tests.factories import Shop

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 22, 12, 0, tzinfo=UTC)
HOLD = "Hold order 4137 until July 12 per their email; family trip; unusual circumstance."
SCRIPTS = [
    "دفعة ثانية يوم الأحد",
    "下周二之前不要发货",
    "来週の火曜日まで発送しないでください",
    "Не отправлять до вторника",
    "מחר לא, מחרתיים כן",
    "👩\u200d👩\u200d👧\u200d👦 prefers mornings",
    "e\u0301 is not é",
    "\u202eright to left\u202c",
    "first line\n\n  second, indented\tand tabbed",
    "  spaces around  ",
    "<script>alert(1)</script> {{ 7 * 7 }} {% now %}",
]


@pytest.fixture
def order(shop: Shop) -> Order:
    return shop.order(number="4137")


def told() -> list[Event]:
    return list(Event.objects.filter(kind__startswith="interaction").order_by("pk"))


def role_of(shop: Shop, *permissions: Permission) -> Viewer:
    made = CustomRole.objects.create(
        workspace=shop.workspace, name=f"Role {CustomRole.objects.count()}", permissions=sorted(permissions)
    )
    return shop.hire("Robin", made)


@pytest.mark.feature("IN-2")
def test_an_entry_has_text_type_author_time_and_the_order_it_is_about(shop: Shop, order: Order) -> None:
    jo = shop.hire("Jo")

    with clock.at(NOON):
        entry = log_interaction(
            viewer=jo,
            customer=order.customer,
            type=InteractionType.EMAIL,
            text=HOLD,
            order=order,
            needs_acknowledgement=True,
        )

    entry.refresh_from_db()
    assert (entry.text, entry.type, entry.author_name, entry.staff_id) == (HOLD, "email", "Jo", jo.staff_id)
    assert (entry.logged_at, entry.customer_id, entry.order_id) == (NOON, order.customer_id, order.pk)
    assert (entry.needs_acknowledgement, entry.acknowledged_at, entry.acknowledged_name) == (True, None, "")


@pytest.mark.feature("IN-1")
@pytest.mark.parametrize("type", InteractionType)
def test_each_of_the_nine_types_is_taken(shop: Shop, order: Order, type: InteractionType) -> None:
    assert len(InteractionType) == 9

    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=type, text="What happened.")

    assert Interaction.objects.get().pk == entry.pk
    assert (Interaction.objects.get().type, Interaction.objects.get().order_id) == (type.value, None)


@pytest.mark.feature("IN-7")
@pytest.mark.parametrize("type", [InteractionType.REFUND_REQUEST, InteractionType.RETURN])
def test_a_refund_request_and_a_return_start_nothing(shop: Shop, order: Order, type: InteractionType) -> None:
    before = Order.objects.values().get()
    events = Event.objects.count()

    log_interaction(viewer=shop.staff, customer=order.customer, type=type, text="Two tins broken.", order=order)

    assert Order.objects.values().get() == before
    assert (Event.objects.count(), len(told())) == (events + 1, 1)


@pytest.mark.feature("IN-10")
def test_an_entry_is_told_to_staff_who_look_at_the_customer_and_to_nobody_else(shop: Shop, order: Order) -> None:
    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="A.")
    about = log_interaction(
        viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="B.", order=order
    )

    customer = order.customer_id
    assert [(event.kind, event.topic, event.customer_id, event.internal, event.data) for event in told()] == [
        ("interaction.logged", f"customer_{customer}", customer, True, {"interaction": entry.pk}),
        ("interaction.logged", f"customer_{customer}", customer, True, {"interaction": about.pk, "order": order.pk}),
    ]


@pytest.mark.feature("IN-2")
@pytest.mark.parametrize("text", SCRIPTS)
def test_a_text_is_kept_exactly_as_it_was_given(shop: Shop, order: Order, text: str) -> None:
    entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text=text)

    entry.refresh_from_db()
    assert entry.text == text


def test_a_text_of_5000_and_of_10000_characters_is_kept_whole(shop: Shop, order: Order) -> None:
    for length in (5_000, 10_000):
        text = ("Long story, 長い話. " * 1_000)[: length - 1] + "!"

        entry = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text=text)

        entry.refresh_from_db()
        assert (len(entry.text), entry.text) == (length, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Write what happened first"),
        (" \n\t ", "Write what happened first"),
        ("x" * 10_001, "has 10,001 characters; 10,000 is the most"),
        ("before\0after", "NUL"),
        ("half \ud800", "half a pair"),
    ],
)
def test_a_text_that_says_nothing_is_too_long_or_cannot_be_kept_is_refused(
    shop: Shop, order: Order, text: str, reason: str
) -> None:
    with pytest.raises(Invalid, match=reason) as refusal:
        log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text=text)

    assert (refusal.value.field, Interaction.objects.count(), told()) == ("text", 0, [])


@pytest.mark.feature("IN-6")
def test_a_type_that_is_switched_off_takes_no_entry_and_its_old_ones_stay(shop: Shop, order: Order) -> None:
    kept = log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.COMPLIMENT, text="Loved.")
    switch_type(viewer=shop.staff, type=InteractionType.COMPLIMENT, on=False)
    before = len(told())

    with pytest.raises(Invalid, match="“Compliment” has been switched off in the settings") as refusal:
        log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.COMPLIMENT, text="Again.")

    assert (refusal.value.field, [entry.pk for entry in Interaction.objects.all()]) == ("type", [kept.pk])
    assert len(told()) == before
    log_interaction(viewer=shop.staff, customer=order.customer, type=InteractionType.COMPLAINT, text="Others go on.")


def test_an_entry_points_at_no_order_of_another_customer(shop: Shop, order: Order) -> None:
    other = shop.order(customer="Pier 9", number="4200")

    with pytest.raises(Invalid, match="Order 4200 is another customer’s") as refusal:
        log_interaction(
            viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Hold it.", order=other
        )

    assert (refusal.value.field, Interaction.objects.count(), told()) == ("orderId", 0, [])


def test_neither_customers_nor_orders_of_another_workspace_are_there(
    shop: Shop, other_shop: Shop, order: Order
) -> None:
    foreign = other_shop.order()

    with pytest.raises(NotFound, match="no such customer"):
        log_interaction(viewer=shop.staff, customer=foreign.customer, type=InteractionType.NOTE, text="Hello.")
    with pytest.raises(NotFound, match="no such order") as refusal:
        log_interaction(
            viewer=shop.staff, customer=order.customer, type=InteractionType.NOTE, text="Hello.", order=foreign
        )

    assert (refusal.value.field, Interaction.objects.count(), told()) == ("orderId", 0, [])


@pytest.mark.feature("IN-5")
def test_admins_and_shop_managers_log_by_default_and_a_role_that_may(shop: Shop, order: Order) -> None:
    writers = [
        shop.staff,
        shop.hire("Tom"),
        role_of(shop, Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ, Permission.INTERACTIONS_WRITE),
    ]

    for viewer in writers:
        log_interaction(viewer=viewer, customer=order.customer, type=InteractionType.NOTE, text="Written.")

    assert list(Interaction.objects.order_by("pk").values_list("author_name", flat=True)) == ["Mara", "Tom", "Robin"]


@pytest.mark.feature("IN-5")
def test_who_only_reads_or_acknowledges_and_who_is_no_staff_logs_nothing(shop: Shop, order: Order) -> None:
    reads = (Permission.CUSTOMERS_READ, Permission.INTERACTIONS_READ)
    others = [
        role_of(shop, *reads),
        role_of(shop, *reads, Permission.INTERACTIONS_ACKNOWLEDGE),
        anonymous(shop.workspace.pk),
        shop.guest(order),
        by_link(order.customer),
        signed_in(order.contact),
    ]

    for viewer in others:
        with pytest.raises(Forbidden, match="interactions:write"):
            log_interaction(viewer=viewer, customer=order.customer, type=InteractionType.NOTE, text="Hello.")

    assert (Interaction.objects.count(), told()) == (0, [])
