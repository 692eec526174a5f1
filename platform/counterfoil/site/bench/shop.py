"""The data that is measured on: one shop with as many orders as asked, the same each time.

Sizes are those of a small wholesaler: a customer for every ten orders, three lines an order, one parcel or two, a
conversation of six messages on every tenth order, orders spread over two years.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from counterfoil.access.models import AccessToken, StaffMember, User
from counterfoil.access.viewer import Role
from counterfoil.catalog.models import Product
from counterfoil.conversations.models import Conversation, Message, Side, Visibility
from counterfoil.customers.models import Contact, Customer
from counterfoil.orders.models import (
    Fulfilment,
    FulfilmentLine,
    FulfilmentState,
    FulfilmentStatus,
    Order,
    OrderLine,
    OrderStatus,
)
from counterfoil.site.bench.streams import HOST
from counterfoil.workspaces.models import Store, Workspace

LINES = 3
_SEED = 4137
_NEWEST = datetime(2026, 6, 1, 12, tzinfo=UTC)
_SPREAD = timedelta(days=730)
_AT_ONCE = 2000
_TALKS_EVERY = 10
_TALK = 6
_PRODUCTS = 120
_TRADES = ("Bakery", "Bookshop", "Café", "Deli", "Florist", "Gallery", "Grocer", "Hotel", "Pharmacy", "Stationer")
_NAMES = ("Ash", "Birch", "Cove", "Dale", "Elm", "Fern", "Glen", "Heath", "Isle", "Juniper", "Kestrel", "Larch")
_GOODS = ("Tea tin", "Biscuit cutters", "Linen cloth", "Enamel mug", "Beeswax candle", "Storage jar", "Oak board")


def make_shop(orders: int) -> str:
    """A shop at 127.0.0.1 in an empty, migrated database; gives a staff member's access token."""
    chance = random.Random(_SEED)  # noqa: S311  (the same shop each time, no secret)
    workspace = Workspace.objects.create(name="Bench & Sons", last_order_number=1000 + orders)
    store = Store.objects.create(
        workspace=workspace,
        name="Bench & Sons",
        host=HOST,
        base_url=f"http://{HOST}",
        time_zone="Europe/London",
        mail_from="orders@bench.example",
    )
    user = User.objects.create_user("mara@bench.example", AccessToken.new_secret())
    staff = StaffMember.objects.create(workspace=workspace, user=user, name="Mara", role=Role.ADMIN)
    token = AccessToken.new_secret()
    AccessToken.objects.create(
        workspace=workspace,
        staff=staff,
        digest=AccessToken.digest_of(token),
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )
    Product.objects.bulk_create(
        Product(
            workspace=workspace,
            sku=f"SKU-{number:04}",
            name=f"{chance.choice(_GOODS)}, no. {number}",
            created_at=_NEWEST - _SPREAD,
        )
        for number in range(_PRODUCTS)
    )
    addresses = [f"contact{number}@customers.example" for number in range(max(1, orders // 10))]
    contacts = _people(workspace, addresses, chance)
    _place(store, contacts, range(orders), chance)
    tidy_up()
    return token


def make_contacts(addresses: Sequence[str]) -> list[Contact]:
    """A customer with one contact for each of these mail addresses."""
    return _people(Workspace.objects.get(), addresses, random.Random(_SEED))  # noqa: S311


def give_orders(contact: Contact, count: int) -> None:
    """So many more orders of one contact, the shop's newest."""
    first = Order.objects.count()
    _place(Store.objects.get(), [contact], range(first, first + count), random.Random(_SEED))  # noqa: S311
    Workspace.objects.update(last_order_number=1000 + first + count)


def tidy_up() -> None:
    """Do what autovacuum does for an installation that lives."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _place(store: Store, contacts: list[Contact], numbers: range, chance: random.Random) -> None:
    products, staff = list(Product.objects.order_by("pk")), StaffMember.objects.get()
    for first in range(numbers.start, numbers.stop, _AT_ONCE):
        some = range(first, min(first + _AT_ONCE, numbers.stop))
        placed = _orders(store, contacts, some, numbers.stop, chance)
        _ship(placed, _lines(placed, products, chance), chance)
        _talk([order for order in placed if int(order.number) % _TALKS_EVERY == 0], staff)


def _people(workspace: Workspace, addresses: Sequence[str], chance: random.Random) -> list[Contact]:
    customers = Customer.objects.bulk_create(
        Customer(
            workspace=workspace,
            name=f"{chance.choice(_NAMES)} {chance.choice(_TRADES)} {number}",
            created_at=_NEWEST - _SPREAD,
        )
        for number in range(len(addresses))
    )
    return Contact.objects.bulk_create(
        Contact(
            workspace=workspace,
            customer=customer,
            name=f"{chance.choice(_NAMES)} Miller",
            email=address,
            mailbox=address,
            created_at=customer.created_at,
        )
        for customer, address in zip(customers, addresses, strict=True)
    )


def _orders(store: Store, contacts: list[Contact], numbers: range, of: int, chance: random.Random) -> list[Order]:
    """The orders of these numbers, without the lines' total."""
    orders = []
    for number in numbers:
        contact = chance.choice(contacts)
        orders.append(
            Order(
                workspace_id=store.workspace_id,
                store=store,
                customer_id=contact.customer_id,
                contact=contact,
                number=str(1001 + number),
                status=chance.choice([OrderStatus.CONFIRMED, OrderStatus.CONFIRMED, OrderStatus.INVOICED]),
                fulfilment=FulfilmentState.PARTIALLY_FULFILLED if number % 2 else FulfilmentState.FULFILLED,
                currency="GBP",
                total=Decimal(0),
                placed_at=_NEWEST - _SPREAD + _SPREAD * (number + 1) / of,
            )
        )
    return orders


def _lines(orders: list[Order], products: list[Product], chance: random.Random) -> list[OrderLine]:
    """Save the orders with their totals, and their lines; the last line of every second order is not sent yet."""
    lines = []
    for order in orders:
        for ordinal, product in enumerate(chance.sample(products, LINES), 1):
            quantity, price = chance.randint(1, 24), Decimal(chance.randint(150, 9900)) / 100
            order.total += quantity * price
            waits = ordinal == LINES and order.fulfilment == FulfilmentState.PARTIALLY_FULFILLED
            lines.append(
                OrderLine(
                    workspace_id=order.workspace_id,
                    order=order,
                    product=product,
                    ordinal=ordinal,
                    name=product.name,
                    sku=product.sku,
                    quantity=quantity,
                    unit_price=price,
                    total=quantity * price,
                    fulfilled=0 if waits else quantity,
                )
            )
    Order.objects.bulk_create(orders)
    return OrderLine.objects.bulk_create(lines)


def _ship(orders: list[Order], lines: list[OrderLine], chance: random.Random) -> None:
    """A parcel with the first two lines, and for every second order one with the third."""
    parcels, contents = [], []
    for place, order in enumerate(orders):
        sent = [line for line in lines[place * LINES : place * LINES + LINES] if line.fulfilled]
        for ordinal, inside in enumerate((sent[: LINES - 1], sent[LINES - 1 :]), 1):
            if not inside:
                continue
            parcel = Fulfilment(
                workspace_id=order.workspace_id,
                order=order,
                ordinal=ordinal,
                status=chance.choice([FulfilmentStatus.SHIPPED, FulfilmentStatus.DELIVERED]),
                carrier="Royal Mail",
                tracking_number=f"RM{chance.randrange(10**9):09}GB",
                tracking_url=f"https://tracking.example/{order.number}-{ordinal}",
                created_at=order.placed_at + timedelta(days=ordinal),
            )
            parcels.append(parcel)
            contents += [
                FulfilmentLine(workspace_id=order.workspace_id, fulfilment=parcel, line=line, quantity=line.quantity)
                for line in inside
            ]
    Fulfilment.objects.bulk_create(parcels)
    FulfilmentLine.objects.bulk_create(contents)


def _talk(orders: list[Order], staff: StaffMember) -> None:
    talks = Conversation.objects.bulk_create(
        Conversation(workspace_id=order.workspace_id, order=order) for order in orders
    )
    Message.objects.bulk_create(
        Message(
            workspace_id=talk.workspace_id,
            conversation=talk,
            visibility=Visibility.CUSTOMER,
            author=Side.CUSTOMER if number % 2 else Side.STAFF,
            staff=None if number % 2 else staff,
            author_name=talk.order.contact.name if number % 2 else staff.name,
            text="The blue ones may come later, the rest we need by Friday. Would that work for you?",
            sent_at=talk.order.placed_at + timedelta(hours=number + 1),
            delivered_at=talk.order.placed_at + timedelta(hours=number + 2),
        )
        for talk in talks
        for number in range(_TALK)
    )
