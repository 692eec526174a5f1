"""The thread on an order."""

from django.db import models
from django.db.models import Q

from counterfoil.access.models import PartnerClient, StaffMember
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.orders.models import Order


class Side(models.TextChoices):
    """Who wrote: someone of the shop, or someone of the customer."""

    STAFF = "staff", "Staff"
    CUSTOMER = "customer", "Customer"


class Visibility(models.TextChoices):
    """Who may read: both sides, or staff alone."""

    CUSTOMER = "customer", "Customer"
    INTERNAL = "internal", "Internal"


class Conversation(TenantModel):
    """One thread an order. It begins with the first message. `waiting_since` is when the customer wrote what nobody of
    the shop has answered yet.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="conversation")
    waiting_since = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (*TenantModel.Meta.constraints, same_workspace("order"))
        indexes = (
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                name="conversations_waiting",
                condition=Q(waiting_since__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"conversation on order {self.order_id}"


class Message(TenantModel):
    """An entry of a thread: a message that both sides read, or an internal note.

    `sent_at` is when it was saved. `delivered_at` is when a visible page of the other side had it; `read_at` when it
    stood in view there. Internal notes have neither, and are never a customer's: the database says so.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    visibility = models.CharField(max_length=10, choices=Visibility.choices)
    author = models.CharField(max_length=10, choices=Side.choices)
    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(PartnerClient, on_delete=models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(max_length=200)
    text = models.TextField()
    sent_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("conversation"),
            same_workspace("staff"),
            same_workspace("client"),
            models.CheckConstraint(
                condition=Q(visibility="customer")
                | Q(visibility="internal", author="staff", delivered_at=None, read_at=None),
                name="conversations_notes_are_staff",
            ),
            models.CheckConstraint(
                condition=Q(author="staff", staff__isnull=False, client=None)
                | Q(author="staff", staff=None, client__isnull=False)
                | Q(author="customer", staff=None, client=None),
                name="conversations_author",
            ),
        )
        indexes = (models.Index(fields=["conversation", "visibility", "-sent_at", "-id"], name="messages_newest"),)

    def __str__(self) -> str:
        return f"{self.visibility} message {self.pk}"
