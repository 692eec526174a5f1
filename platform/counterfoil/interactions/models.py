"""The staff notebook on a customer: what happened with them, what they asked for, what was promised."""

from django.db import models
from django.db.models import Q

from counterfoil.access.models import PartnerClient, StaffMember
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.customers.models import Customer
from counterfoil.orders.models import Order


class InteractionType(models.TextChoices):
    """The nine types of entry (IN-1). None of them starts anything (IN-7)."""

    NOTE = "note", "Note"
    PHONE_CALL = "phone_call", "Phone call"
    EMAIL = "email", "Email"
    COMPLAINT = "complaint", "Complaint"
    COMPLIMENT = "compliment", "Compliment"
    REFUND_REQUEST = "refund_request", "Refund request"
    RETURN = "return", "Return"
    PREFERENCE_UPDATE = "preference_update", "Preference update"
    OTHER = "other", "Other"


_ACKNOWLEDGED = Q(acknowledged_at__isnull=False)
_BY_STAFF = Q(acknowledged_staff__isnull=False, acknowledged_client=None)
_BY_PROGRAM = Q(acknowledged_staff=None, acknowledged_client__isnull=False)


class Interaction(TenantModel):
    """An entry of the log on a customer, which may point at one of their orders. Staff alone see it.

    `folded` is its text as searches compare it. One that `needs_acknowledgement` waits until somebody has acknowledged
    it, once: who and when stand in `acknowledged_…`. `author_name` and `acknowledged_name` are the names of then.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="interactions")
    order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, related_name="interactions")
    type = models.CharField(max_length=20, choices=InteractionType.choices)
    text = models.TextField()
    folded = models.TextField()
    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(PartnerClient, on_delete=models.PROTECT, null=True, related_name="+")
    author_name = models.CharField(max_length=200)
    logged_at = models.DateTimeField()
    needs_acknowledgement = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_client = models.ForeignKey(PartnerClient, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_name = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("customer"),
            same_workspace("order"),
            same_workspace("staff"),
            same_workspace("client"),
            same_workspace("acknowledged_staff"),
            same_workspace("acknowledged_client"),
            models.CheckConstraint(condition=Q(type__in=InteractionType.values), name="interactions_known_type"),
            models.CheckConstraint(
                condition=Q(staff__isnull=False, client=None) | Q(staff=None, client__isnull=False),
                name="interactions_author",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_staff=None, acknowledged_client=None)
                | Q(needs_acknowledgement=True) & _ACKNOWLEDGED & (_BY_STAFF | _BY_PROGRAM),
                name="interactions_acknowledged",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-logged_at", "-id"], name="interactions_newest"),
            models.Index(fields=["customer", "type", "-logged_at", "-id"], name="interactions_newest_of_type"),
            models.Index(
                fields=["order", "-logged_at", "-id"],
                name="interactions_of_order",
                condition=Q(order__isnull=False),
            ),
            models.Index(
                fields=["customer", "-logged_at", "-id"],
                name="interactions_waiting",
                condition=Q(needs_acknowledgement=True, acknowledged_at=None),
            ),
            models.Index(
                fields=["workspace", "-logged_at", "-id"],
                name="interactions_all_waiting",
                condition=Q(needs_acknowledgement=True, acknowledged_at=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"


class SwitchedOffType(TenantModel):
    """A type of which the workspace takes no new entries (IN-6): a row is there while it is switched off."""

    type = models.CharField(max_length=20, choices=InteractionType.choices)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.CheckConstraint(condition=Q(type__in=InteractionType.values), name="interactions_known_switch"),
            models.UniqueConstraint(fields=["workspace", "type"], name="interactions_switched_off_once"),
        )

    def __str__(self) -> str:
        return f"no {self.type}"
