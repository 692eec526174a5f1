"""What a viewer may know of mails: the shop sees how those to its customers fare, nobody else sees any."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.mail.models import Mail, MailKind, MailState

# Those about an order. Who looks after orders has no business with a colleague's password or a customer's code.
TO_CUSTOMERS = (MailKind.MESSAGE, MailKind.CONFIRMATION, MailKind.PARCEL)


def visible_to(viewer: Viewer) -> QuerySet[Mail]:
    """The mails about orders of the viewer's workspace, for who reads orders and messages on the shop's side."""
    if not (viewer.is_shop and allows(viewer, Permission.ORDERS_READ) and allows(viewer, Permission.MESSAGES_READ)):
        return Mail.objects.none()
    return Mail.objects.filter(workspace_id=viewer.workspace_id, kind__in=TO_CUSTOMERS)


def failed_visible_to(viewer: Viewer) -> QuerySet[Mail]:
    """Those of them that were given up, and that nobody has put aside since."""
    return visible_to(viewer).filter(state=MailState.FAILED, dismissed_at__isnull=True)
