"""Orders and their lines."""

from urllib.parse import quote

from django.db import models
from django.db.models import Q

from counterfoil.access import order_keys
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.customers.models import Contact, Customer
from counterfoil.orders.money import DIGITS, PLACES
from counterfoil.workspaces.models import Store


class OrderStatus(models.TextChoices):
    """The order axis: draft → confirmed → invoiced; confirmed → draft; draft, confirmed → cancelled (OR-6)."""

    DRAFT = "draft", "Draft"
    CONFIRMED = "confirmed", "Confirmed"
    INVOICED = "invoiced", "Invoiced"
    CANCELLED = "cancelled", "Cancelled"


class Order(TenantModel):
    """What a customer ordered.

    `number` is what people call it, unique in its workspace. `key_version` counts the regenerations of the customer's
    link; raising it ends every link and session from before. `wants_mail` counts while the contact has no account.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="orders")
    number = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=OrderStatus.choices, default=OrderStatus.DRAFT)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    placed_at = models.DateTimeField()
    key_version = models.PositiveIntegerField(default=1)
    wants_mail = models.BooleanField(default=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("store"),
            same_workspace("customer"),
            same_workspace("contact"),
            models.UniqueConstraint(fields=["workspace", "number"], name="orders_one_number"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="orders_known_status"),
        )
        indexes = (models.Index(fields=["workspace", "-placed_at", "-id"], name="orders_newest"),)

    def __str__(self) -> str:
        return self.number

    @property
    def topic(self) -> str:
        """The order's name in the event log: its global id."""
        return f"order_{self.pk}"

    @property
    def mail_wanted(self) -> bool:
        """Whether new messages are mailed: the contact's choice once they have an account, else this order's."""
        return self.contact.wants_mail if self.contact.has_account else self.wants_mail

    @property
    def guest_url(self) -> str:
        """The customer's link to this order, with its current key (AC-2)."""
        return guest_url(self.store.base_url, self.number, self.pk, self.key_version)


def guest_url(base_url: str, number: str, order_id: int, key_version: int) -> str:
    """The customer's link to an order at a key version."""
    return f"{base_url}/order/{quote(number, safe='')}?key={order_keys.derive(order_id, key_version)}"


class OrderLine(TenantModel):
    """A snapshot of what was ordered: name, SKU, unit of measure, price and quantity at that time."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    ordinal = models.PositiveIntegerField()
    name = models.CharField(max_length=300)
    sku = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)
    total = models.DecimalField(max_digits=DIGITS, decimal_places=PLACES)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("order"),
            models.UniqueConstraint(fields=["order", "ordinal"], name="orders_line_ordinal"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="orders_line_quantity"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"
