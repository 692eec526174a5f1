"""Orders and their lines."""

from decimal import Decimal
from urllib.parse import quote

from django.db import models
from django.db.models import F, Q

from counterfoil.access.links import order_keys
from counterfoil.access.money import DIGITS, PLACES
from counterfoil.access.search import SearchWord
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.catalog.models import Product
from counterfoil.customers.models import Contact, Customer
from counterfoil.workspaces.models import Store


class OrderStatus(models.TextChoices):
    """The order axis: draft → confirmed → invoiced; confirmed → draft; draft, confirmed → cancelled (OR-6)."""

    DRAFT = "draft", "Draft"
    CONFIRMED = "confirmed", "Confirmed"
    INVOICED = "invoiced", "Invoiced"
    CANCELLED = "cancelled", "Cancelled"


class FulfilmentState(models.TextChoices):
    """The fulfilment axis of an order, derived from its lines (OR-2)."""

    UNFULFILLED = "unfulfilled", "Unfulfilled"
    PARTIALLY_FULFILLED = "partially_fulfilled", "Partially fulfilled"
    FULFILLED = "fulfilled", "Fulfilled"
    ON_HOLD = "on_hold", "On hold"
    CANCELLED = "cancelled", "Cancelled"
    REFUNDED = "refunded", "Refunded"


class PaymentState(models.TextChoices):
    """The payment axis of an order, derived from what was taken and given back (OR-2)."""

    NOT_CHARGED = "not_charged", "Not charged"
    PARTIALLY_PAID = "partially_paid", "Partially paid"
    PAID = "paid", "Paid"
    PARTIALLY_REFUNDED = "partially_refunded", "Partially refunded"
    REFUNDED = "refunded", "Refunded"


class Order(TenantModel):
    """What a customer ordered, on three axes that know nothing of each other: order, payment, fulfilment.

    `number` is what people call it, unique in its workspace; `external_id` is what the system calls it that it came
    from. `key_version` counts the regenerations of the customer's link; raising it ends every link and session from
    before. `wants_mail` counts while the contact has no account. `fulfilment` is kept by what changes the lines, so
    that lists can ask for it. `note` is what the customer asks of the shop about the order. `browser_contact` is whom
    the first order of the same browser was of (AC-5): a hint for staff, which lets nobody read anything.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200, null=True)
    status = models.CharField(max_length=12, choices=OrderStatus.choices, default=OrderStatus.DRAFT)
    fulfilment = models.CharField(max_length=20, choices=FulfilmentState.choices, default=FulfilmentState.UNFULFILLED)
    on_hold = models.BooleanField(default=False)
    paid = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, default=Decimal(0))
    refunded = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES, default=Decimal(0))
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    placed_at = models.DateTimeField()
    key_version = models.PositiveIntegerField(default=1)
    wants_mail = models.BooleanField(default=True)
    note = models.TextField(blank=True)
    browser_contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("store"),
            same_workspace("customer"),
            same_workspace("contact"),
            same_workspace("browser_contact"),
            models.UniqueConstraint(fields=["workspace", "number"], name="orders_one_number"),
            models.UniqueConstraint(fields=["workspace", "external_id"], name="orders_one_external"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="orders_known_status"),
            models.CheckConstraint(condition=Q(fulfilment__in=FulfilmentState.values), name="orders_known_fulfilment"),
        )
        indexes = (
            models.Index(fields=["workspace", "-placed_at", "-id"], name="orders_newest"),
            models.Index(fields=["customer", "-placed_at", "-id"], name="orders_newest_of_customer"),
            models.Index(fields=["contact", "-placed_at", "-id"], name="orders_newest_of_contact"),
            models.Index(fields=["workspace", "-placed_at", "-id"], name="orders_drafts", condition=Q(status="draft")),
            models.Index(fields=["customer", "-placed_at", "-id"], name="orders_held", condition=Q(on_hold=True)),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def topic(self) -> str:
        """The order's name in the event log: its global id."""
        return f"order_{self.pk}"

    @property
    def payment(self) -> PaymentState:
        """Where the order stands on the payment axis."""
        return payment_state(self.total, self.paid, self.refunded)

    @property
    def mail_wanted(self) -> bool:
        """Whether new messages are mailed: the contact's choice once they have an account, else this order's."""
        return self.contact.wants_mail if self.contact.has_account else self.wants_mail

    @property
    def guest_url(self) -> str:
        """The customer's link to this order, with its current key (AC-2)."""
        return guest_url(self.store.base_url, self.number, self.pk, self.key_version)


class OrderWord(SearchWord):
    """A word that an order is found by: its own, or `of_customer`, which who sees no customers does not search."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+", db_index=False)
    of_customer = models.BooleanField(default=False)

    class Meta(SearchWord.Meta):
        constraints = (
            *SearchWord.Meta.constraints,
            same_workspace("order"),
            models.UniqueConstraint(fields=["order", "word"], name="orders_word_once"),
        )
        indexes = (
            models.Index(fields=["workspace", "word", "-order"], name="orders_by_word"),
            models.Index(
                fields=["workspace", "word", "-order"], name="orders_by_own_word", condition=Q(of_customer=False)
            ),
        )


def guest_url(base_url: str, number: str, order_id: int, key_version: int) -> str:
    """The customer's link to an order at a key version."""
    return f"{base_url}/order/{quote(number, safe='')}?key={order_keys.derive(order_id, key_version)}"


def payment_state(total: Decimal, paid: Decimal, refunded: Decimal) -> PaymentState:
    """Where amounts taken and given back put an order of this total. What costs nothing is paid."""
    if refunded > 0:
        return PaymentState.REFUNDED if refunded >= paid else PaymentState.PARTIALLY_REFUNDED
    if paid >= total:
        return PaymentState.PAID
    return PaymentState.PARTIALLY_PAID if paid > 0 else PaymentState.NOT_CHARGED


class OrderLine(TenantModel):
    """A snapshot of what was ordered: name, SKU, unit of measure, price and quantity at that time.

    `fulfilled` of its units have left in parcels, and `returned` came back. `external_id` names the line within its
    order where another system knows it.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="+")
    ordinal = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    sku = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    fulfilled = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=200, null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("order"),
            same_workspace("product"),
            models.UniqueConstraint(fields=["order", "ordinal"], name="orders_line_ordinal"),
            models.UniqueConstraint(fields=["order", "external_id"], name="orders_line_external"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orders_line_quantity"),
            models.CheckConstraint(condition=Q(fulfilled__lte=F("quantity")), name="orders_line_fulfilled"),
            models.CheckConstraint(condition=Q(returned__lte=F("fulfilled")), name="orders_line_returned"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"


class AddressUse(models.TextChoices):
    """What an address of an order is for."""

    DELIVERY = "delivery", "Delivery"
    BILLING = "billing", "Billing"


class OrderAddress(TenantModel):
    """Where an order goes, or who is billed, as it was written then. `country` is an ISO 3166-1 alpha-2 code."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="addresses")
    use = models.CharField(max_length=10, choices=AddressUse.choices)
    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    street = models.CharField(max_length=200)
    street_2 = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=120)
    region = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2)
    phone = models.CharField(max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("order"),
            models.UniqueConstraint(fields=["order", "use"], name="orders_one_address_a_use"),
            models.CheckConstraint(condition=Q(use__in=AddressUse.values), name="orders_known_use"),
        )

    def __str__(self) -> str:
        return f"{self.use} address of order {self.order_id}"


class FulfilmentStatus(models.TextChoices):
    """A parcel's way: pending → shipped → delivered; → cancelled, returned."""

    PENDING = "pending", "Pending"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"
    RETURNED = "returned", "Returned"


class Fulfilment(TenantModel):
    """A parcel: quantities of an order's lines that leave together. `ordinal` counts the parcels of its order.

    `tracking_url` is an address of http or https, or empty: it becomes a link on the customer's page (OR-3).
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fulfilments")
    ordinal = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=FulfilmentStatus.choices, default=FulfilmentStatus.SHIPPED)
    carrier = models.CharField(max_length=80, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    tracking_url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("order"),
            models.UniqueConstraint(fields=["order", "ordinal"], name="orders_fulfilment_ordinal"),
            models.CheckConstraint(condition=Q(status__in=FulfilmentStatus.values), name="orders_known_parcel"),
        )

    def __str__(self) -> str:
        return f"Parcel {self.ordinal}"


class FulfilmentLine(TenantModel):
    """How much of a line is in a parcel."""

    fulfilment = models.ForeignKey(Fulfilment, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("fulfilment"),
            same_workspace("line"),
            models.UniqueConstraint(fields=["fulfilment", "line"], name="orders_line_once_a_parcel"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orders_parcel_quantity"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.line_id}"


class Return(TenantModel):
    """Goods that a customer gave back, and were credited for. `number` is the credit note's."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="returns")
    number = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200, null=True)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    returned_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("customer"),
            models.UniqueConstraint(fields=["workspace", "number"], name="orders_return_one_number"),
            models.UniqueConstraint(fields=["workspace", "external_id"], name="orders_return_external"),
        )
        indexes = (models.Index(fields=["customer", "-returned_at", "-id"], name="returns_of_customer"),)

    def __str__(self) -> str:
        return self.number


class ReturnLine(TenantModel):
    """What was given back: of a line of an order, or, where none is known here, by its name and SKU alone."""

    returned = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, null=True, on_delete=models.SET_NULL, related_name="returns")
    name = models.CharField(max_length=300)
    sku = models.CharField(max_length=80, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    external_id = models.CharField(max_length=200, null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("returned"),
            same_workspace("line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orders_return_quantity"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"
