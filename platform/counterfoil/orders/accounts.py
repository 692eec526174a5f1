"""What becomes of a contact's orders when they sign in for the first time (CN-6)."""

from counterfoil.customers.models import Contact
from counterfoil.orders.models import Order


def open_account(contact: Contact) -> None:
    """Give a contact their account. From now on one choice decides about mails on all their orders: it begins as that
    of the newest order, so nobody who turned them off gets them again.
    """
    if contact.has_account:
        return
    newest = Order.objects.filter(contact=contact).order_by("-placed_at", "-pk").values_list("wants_mail", flat=True)
    chosen = newest.first()
    contact.has_account = True
    contact.wants_mail = contact.wants_mail if chosen is None else chosen
    contact.save(update_fields=["has_account", "wants_mail"])
