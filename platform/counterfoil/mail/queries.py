"""What a viewer may know of mails: the shop sees how those to customers fare, nobody else sees any."""

from django.db.models import QuerySet

from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.mail.models import Mail, MailKind


def visible_to(viewer: Viewer) -> QuerySet[Mail]:
    """The mails to customers of the viewer's workspace, for who reads messages on the shop's side."""
    if viewer.is_shop and allows(viewer, Permission.MESSAGES_READ):
        return Mail.objects.filter(workspace_id=viewer.workspace_id, kind=MailKind.MESSAGE)
    return Mail.objects.none()


def to_customers(viewer: Viewer) -> QuerySet[Mail]:
    """The mails of the viewer's workspace about its orders, for who reads them and messages on the shop's side."""
    reads = allows(viewer, Permission.MESSAGES_READ) and allows(viewer, Permission.ORDERS_READ)
    if not (viewer.is_shop and reads):
        return Mail.objects.none()
    about_orders = (MailKind.MESSAGE, MailKind.CONFIRMATION, MailKind.PARCEL)
    return Mail.objects.filter(workspace_id=viewer.workspace_id, kind__in=about_orders)
