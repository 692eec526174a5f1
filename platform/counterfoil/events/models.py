"""The log of what happened, and how far each reader has read it."""

from django.db import models
from django.db.models import Q

from counterfoil.access.tenancy import TenantModel


class Event(TenantModel):
    """A past-tense fact (`message.sent`), written in the transaction of the action that made it true.

    `topic` is the global id of what it is about (`order_12`), `customer_id` whose story it is a part of, if anybody's;
    it never changes. `internal` facts concern staff only. `data` holds ids
    and small immutable facts, never personal text. `position` is null until the relay has given the event its place;
    positions count 1, 2, 3 … without gaps and are the only cursor that readers may use, since rows commit out of
    order.
    """

    kind = models.CharField(max_length=60)
    topic = models.CharField(max_length=80)
    customer_id = models.BigIntegerField(null=True)  # no foreign key: customers stand above the log
    internal = models.BooleanField(default=False)
    actor = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    position = models.BigIntegerField(null=True, unique=True)

    class Meta(TenantModel.Meta):
        indexes = (
            models.Index(fields=["id"], name="events_waiting", condition=Q(position__isnull=True)),
            models.Index(fields=["topic", "position"], name="events_by_topic"),
            models.Index(
                fields=["customer_id", "-created_at", "-id"],
                name="events_of_customer",
                condition=Q(customer_id__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.topic} @{self.position}"


class Reader(models.Model):
    """Something that reads the log once, in order: its name, and the last position that it is done with."""

    name = models.CharField(max_length=60, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} @{self.position}"
