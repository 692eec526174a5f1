"""No row points into another workspace: every foreign key between tenants' rows has its constraint, and it holds."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from counterfoil.access import clock
from counterfoil.access.models import AccessToken, CustomRole, MutationRecord, PartnerClient
from counterfoil.access.tenancy import SameWorkspace, TenantModel
from counterfoil.activity.models import DayOfActivity
from counterfoil.catalog.models import Category, Product, Unit
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.customers.models import (
    AccountSession,
    BrowserContact,
    Customer,
    CustomerWord,
    LinkedAccount,
    OneTimeCode,
)
from counterfoil.events.record import record
from counterfoil.interactions.models import Interaction, InteractionType, SwitchedOffType
from counterfoil.mail.models import Mail, MailKind, MailState
from counterfoil.orders.actions import NewLine, change_status
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import (
    AddressUse,
    Fulfilment,
    Order,
    OrderAddress,
    OrderLine,
    OrderStatus,
    OrderWord,
    Return,
    ReturnLine,
)
from counterfoil.partners.actions import issue_token, register_client
from counterfoil.partners.documents import register
from counterfoil.partners.models import ClientUsage
from counterfoil.staff.invitations import invite
from counterfoil.workspaces.models import Workspace
from tests.factories import Shop

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
LINKS = [
    (model, field)
    for model in TENANT_MODELS
    for field in model._meta.get_fields()
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


def furnish(shop: Shop) -> None:
    """At least one row of every tenant model, each foreign key set; and a bare order, which nothing points at."""
    _sell(shop)
    _partner(shop)
    _hire(shop)
    order = shop.order(email=f"ana@{shop.store.host}")
    send_message(viewer=shop.staff, order=order, text="Your tins leave today.")
    write_internal_note(viewer=shop.staff, order=order, text="Pays late.")
    _let_in(shop, order)
    _know(shop, order)
    _mails(shop, order)
    DayOfActivity.objects.get_or_create(workspace=shop.workspace, day=clock.now().date(), currency="EUR")
    bare = shop.order(email=f"ben@{shop.store.host}")
    bare.lines.all().delete()
    OrderWord.objects.filter(order=bare).delete()
    CustomerWord.objects.filter(customer=Customer.objects.filter(workspace=shop.workspace).last()).delete()
    AccessToken.objects.create(
        workspace=shop.workspace,
        staff=shop.member,
        digest=AccessToken.digest_of(shop.store.host),
        expires_at=clock.now() + timedelta(hours=1),
    )
    MutationRecord.objects.create(
        workspace=shop.workspace,
        actor="staff:1",
        key="k",
        mutation="m",
        fingerprint="f",
        result=1,
        created_at=clock.now(),
    )


def _know(shop: Shop, order: Order) -> None:
    """An entry on the customer about an order, acknowledged by a program; a linked account; a type that is off."""
    now, rows = clock.now(), {"workspace": shop.workspace}
    other = Customer.objects.create(name="Pier 2", created_at=now, **rows)
    for one, another in ((order.customer, other), (other, order.customer)):
        LinkedAccount.objects.create(customer=one, other=another, created_at=now, **rows)
    SwitchedOffType.objects.create(type=InteractionType.OTHER, **rows)
    client = PartnerClient.objects.filter(workspace=shop.workspace).first()
    by = {"staff": {"staff": shop.member}, "client": {"client": client}}
    taken = {"staff": {"acknowledged_staff": shop.member}, "client": {"acknowledged_client": client}}
    for author, noted in (("staff", "client"), ("client", "staff")):
        Interaction.objects.create(
            customer=order.customer,
            order=order,
            type=InteractionType.NOTE,
            text="Hold it.",
            logged_at=now,
            needs_acknowledgement=True,
            acknowledged_at=now,
            **by[author],
            **taken[noted],
            **rows,
        )


def _let_in(shop: Shop, order: Order) -> None:
    """The contact of an order, signed in by a code, on a browser that is known."""
    now, rows = clock.now(), {"workspace": shop.workspace, "contact": order.contact}
    OneTimeCode.objects.create(mailbox="m", browser="b", seed="s", digest="d", issued_at=now, expires_at=now, **rows)
    AccountSession.objects.create(digest=shop.store.host, began_at=now, **rows)
    BrowserContact.objects.create(store=shop.store, digest=shop.store.host, created_at=now, **rows)
    Order.objects.filter(pk=order.pk).update(browser_contact=order.contact)
    OrderAddress.objects.create(
        workspace=shop.workspace, order=order, use=AddressUse.DELIVERY, name="Ana", street="Quay 1", city="Cork"
    )


def _mails(shop: Shop, order: Order) -> None:
    """A mail of each kind that customers get besides messages."""
    rows = {"workspace": shop.workspace, "state": MailState.QUEUED, "due_at": clock.now()}
    parcel = Fulfilment.objects.filter(workspace=shop.workspace).get()
    for kind, about in (
        (MailKind.CONFIRMATION, {"order": order}),
        (MailKind.PARCEL, {"order": parcel.order, "fulfilment": parcel}),
        (MailKind.CODE, {"code": OneTimeCode.objects.get(contact=order.contact)}),
    ):
        Mail.objects.create(event=record(shop.staff, "test.mailed", topic=order.topic), kind=kind, **about, **rows)


def _hire(shop: Shop) -> None:
    """Somebody in a role of the shop's own, and an invitation to it."""
    role = CustomRole.objects.create(workspace=shop.workspace, name="Packer", permissions=["orders:read"])
    shop.hire("Pia", role)
    invite(viewer=shop.staff, email="new@staff.example", name="Nina", role=role)


def _partner(shop: Shop) -> None:
    """A program with a token, which writes a message, and what it has asked."""
    client, secret = register_client(viewer=shop.staff, name="Till", scopes=["orders:read", "messages:write"])
    issue_token(workspace_id=shop.workspace.pk, client_id=client.client_id, secret=secret)
    ClientUsage.objects.create(
        workspace=shop.workspace, client=client, day=clock.now().date(), operation=shop.store.host, calls=1, cost=1
    )
    register(workspace_id=shop.workspace.pk, text="{ position }")
    order = shop.order(email=f"dora@{shop.store.host}")
    send_message(viewer=client.acting(client.scopes), order=order, text="Sent by itself.")


def _sell(shop: Shop) -> None:
    """A product on a shelf, in an order that was sent and came back."""
    rows, now = {"workspace": shop.workspace}, clock.now()
    category = Category.objects.create(name="Kitchen", **rows)
    product = Product.objects.create(sku="TT-22", name="Tea tin", category=category, created_at=now, **rows)
    Unit.objects.create(product=product, ordinal=1, name=f"box of {shop.store.host}", price=2, currency="GBP", **rows)
    order = shop.order(
        email=f"cleo@{shop.store.host}", lines=(NewLine("Tea tin", 1, Decimal(2), product_id=product.pk),)
    )
    change_status(viewer=shop.staff, order=order, status=OrderStatus.CONFIRMED)
    fulfil(viewer=shop.staff, order=order)
    returned = Return.objects.create(
        customer=order.customer, number="C1", currency="GBP", total=2, returned_at=now, **rows
    )
    line = order.lines.get()
    ReturnLine.objects.create(returned=returned, line=line, name="Tea tin", quantity=1, unit_price=2, total=2, **rows)


@pytest.mark.once
def test_every_model_that_has_a_workspace_is_a_tenant_model() -> None:
    with_workspace = [
        model
        for model in apps.get_models()
        if any(isinstance(f, models.ForeignKey) and f.related_model is Workspace for f in model._meta.get_fields())
    ]

    assert len(TENANT_MODELS) >= 11
    assert with_workspace == TENANT_MODELS
    assert all(not model._meta.get_field("workspace").null for model in TENANT_MODELS)


@pytest.mark.once
def test_only_tenant_models_point_at_tenants_rows() -> None:
    pointing = {
        model
        for model in apps.get_models()
        for field in model._meta.get_fields(include_hidden=True)
        if field.concrete
        and (field.many_to_one or field.one_to_one)
        and field.related_model is not None
        and issubclass(field.related_model, TenantModel)
    }

    assert len(LINKS) >= 11
    assert pointing == {model for model, _ in LINKS}


@pytest.mark.once
@pytest.mark.parametrize(("model", "field"), LINKS, ids=[f"{m.__name__}.{f.name}" for m, f in LINKS])
def test_every_foreign_key_between_tenants_rows_has_its_constraint(
    model: type[TenantModel], field: "models.ForeignKey[TenantModel, TenantModel]"
) -> None:
    covered = [constraint.field for constraint in model._meta.constraints if isinstance(constraint, SameWorkspace)]

    assert covered.count(field.name) == 1


@pytest.mark.once
@pytest.mark.parametrize("model", TENANT_MODELS, ids=[model.__name__ for model in TENANT_MODELS])
def test_every_tenant_model_has_the_pair_that_such_a_constraint_refers_to(model: type[TenantModel]) -> None:
    unique = [set(c.fields) for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]

    assert {"workspace", "id"} in unique


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_point_any_foreign_key_into_another_workspace(shop: Shop, other_shop: Shop) -> None:
    furnish(shop)
    furnish(other_shop)
    refusals = {}

    for model, field in LINKS:
        row = model._default_manager.filter(workspace=shop.workspace).exclude(**{field.name: None}).first()
        foreign = field.related_model._default_manager.filter(workspace=other_shop.workspace).last()
        assert row is not None, f"furnish() makes no {model.__name__} with a {field.name}"
        assert foreign is not None, f"furnish() makes no {field.related_model.__name__}"

        before = model._default_manager.filter(pk=row.pk).values().get()
        refusals[model, field] = refusal_of(model, row.pk, **{field.name: foreign})
        assert model._default_manager.filter(pk=row.pk).values().get() == before

    for (model, field), refusal in refusals.items():
        assert refusal is not None, f"{model.__name__}.{field.name} was pointed into another workspace"
        assert "foreign key" in refusal.lower()
        if connection.vendor == "postgresql":  # which says the constraint's name
            assert f'"{model._meta.db_table}_{field.name}_tenant"' in refusal


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_move_a_row_away_from_what_it_points_at(shop: Shop, other_shop: Shop) -> None:
    furnish(shop)

    for model in {model for model, _ in LINKS}:
        row = model._default_manager.filter(workspace=shop.workspace).last()
        assert row is not None

        refusal = refusal_of(model, row.pk, workspace=other_shop.workspace)

        assert refusal is not None, f"a {model.__name__} was moved into another workspace"
        assert "foreign key" in refusal.lower()
        assert model._default_manager.get(pk=row.pk).workspace_id == shop.workspace.pk


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_a_new_row_that_points_across(shop: Shop, other_shop: Shop) -> None:
    order = shop.order()
    lines = OrderLine.objects.count()

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderLine.objects.create(
            workspace=other_shop.workspace, order=order, ordinal=9, name="Tin", quantity=1, unit_price=1, total=1
        )

    assert OrderLine.objects.count() == lines


@pytest.mark.django_db(transaction=True)
def test_a_row_may_point_across_while_its_transaction_runs(shop: Shop, other_shop: Shop) -> None:
    line = shop.order().lines.get(ordinal=1)

    with transaction.atomic():
        OrderLine.objects.filter(pk=line.pk).update(workspace=other_shop.workspace)
        OrderLine.objects.filter(pk=line.pk).update(workspace=shop.workspace)

    assert OrderLine.objects.get(pk=line.pk).workspace_id == shop.workspace.pk


def refusal_of(model: type[models.Model], pk: int, **changes: object) -> str | None:
    """How the database refused, at the end of the transaction, to change a row; None when it did not."""
    try:
        with transaction.atomic():
            assert model._default_manager.filter(pk=pk).update(**changes) == 1
    except IntegrityError as error:
        return str(error)
    return None
