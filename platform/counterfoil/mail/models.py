"""Mails to customers and staff: the database is the queue of record, Celery only the hands."""

from django.db import models

from counterfoil.access.models import Invitation, User
from counterfoil.access.tenancy import TenantModel, same_workspace
from counterfoil.conversations.models import Message
from counterfoil.customers.models import OneTimeCode
from counterfoil.events.models import Event
from counterfoil.orders.models import Fulfilment, Order


class MailState(models.TextChoices):
    """queued → sent; failed when it was given up; suppressed when it was never meant to be sent."""

    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed"


class MailKind(models.TextChoices):
    """What a mail is about."""

    MESSAGE = "message", "A message to a customer"
    INVITATION = "invitation", "An invitation to the staff"
    RESET = "reset", "A new password"
    CONFIRMATION = "confirmation", "A confirmation of an order"
    PARCEL = "parcel", "A parcel that has left"
    CODE = "code", "A code to sign in with"


_THINGS = ("message", "invitation", "user", "order", "fulfilment", "code")


def _about(kind: MailKind, *things: str, maybe: str = "") -> models.Q:
    """A mail of this kind is about these things, about `maybe` as long as that is there, and about nothing else."""
    there = {f"{thing}__isnull": False for thing in things}
    return models.Q(kind=kind, **there, **dict.fromkeys(thing for thing in _THINGS if thing not in (*things, maybe)))


class Mail(TenantModel):
    """One mail to one address, once per event: about a message, an order, a parcel, an invitation, a user's password,
    or with a code. A link or code in it is made when it is sent, and stands in no row. `invitation` is null once that
    was withdrawn, `user` where an address that asked for a new password is nobody's, `code` once that was forgotten.

    `due_at` is when it may next be tried: a worker that takes the mail moves it into the near future and keeps
    moving it while it works, so nobody else takes it, and when the worker is killed it falls due again by itself. Of
    one that is finished it is when it was tried last.
    `dismissed_at` is when staff said that a failed one needs no more looking after.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=MailKind.choices, default=MailKind.MESSAGE)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, related_name="mails")
    invitation = models.ForeignKey(Invitation, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, null=True, related_name="+")
    fulfilment = models.ForeignKey(Fulfilment, on_delete=models.CASCADE, null=True, related_name="+")
    code = models.ForeignKey(OneTimeCode, on_delete=models.SET_NULL, null=True, related_name="+")
    to = models.EmailField(blank=True)
    state = models.CharField(max_length=12, choices=MailState.choices)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    dismissed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("event"),
            same_workspace("message"),
            same_workspace("invitation"),
            same_workspace("order"),
            same_workspace("fulfilment"),
            same_workspace("code"),
            models.CheckConstraint(
                condition=_about(MailKind.MESSAGE, "message")
                | _about(MailKind.INVITATION, maybe="invitation")
                | _about(MailKind.RESET, maybe="user")
                | _about(MailKind.CONFIRMATION, "order")
                | _about(MailKind.PARCEL, "order", "fulfilment")
                | _about(MailKind.CODE, maybe="code"),
                name="mail_about_one_thing",
            ),
            models.UniqueConstraint(fields=["event", "to"], name="mail_once_per_event"),
        )
        indexes = (
            models.Index(fields=["due_at"], name="mail_due", condition=models.Q(state="queued")),
            models.Index(
                fields=["workspace", "-id"],
                name="mail_failed",
                condition=models.Q(state="failed", dismissed_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} mail {self.pk}"
