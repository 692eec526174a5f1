"""Mails to customers: the database is the queue of record, Celery only the hands."""

from django.db import models

from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.conversations.models import Message
from counterfoil.events.models import Event


class MailState(models.TextChoices):
    """queued → sent; failed when it was given up; suppressed when it was never meant to be sent."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed"


class Mail(TenantModel):
    """One mail about one message to one address, once per event.

    `due_at` is when it may next be tried: a worker that takes the mail moves it into the near future and keeps
    moving it while it works, so nobody else takes it, and when the worker is killed it falls due again by itself.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mails")
    to = models.EmailField(blank=True)
    state = models.CharField(max_length=12, choices=MailState.choices)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("event"),
            same_workspace("message"),
            models.UniqueConstraint(fields=["event", "to"], name="mail_once_per_event"),
        )
        indexes = (models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state="queued")),)

    def __str__(self) -> str:
        return f"{self.state} mail {self.pk}"
