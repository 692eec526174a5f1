"""Money that was taken for an order or given back, noted by people (OR-2)."""

from decimal import Decimal

from django.db import transaction

from counterfoil.access import money
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record
from counterfoil.orders.models import Order
from counterfoil.orders.queries import visible_to


@transaction.atomic
def record_payment(*, viewer: Viewer, order: Order, amount: Decimal) -> None:
    """Note that `amount`, in the order's currency, was taken; a negative one was given back.

    Raises `Invalid` for nothing, parts of the smallest coin, and for giving back more than there is.
    """
    require(viewer, Permission.PAYMENTS_WRITE)
    found = visible_to(viewer).select_for_update().filter(pk=order.pk).first()
    if found is None:
        raise NotFound("There is no such order.")
    coin = money.smallest_coin(found.currency)
    money.check_price(amount, "amount")
    if amount == 0 or amount != amount.quantize(coin):
        raise Invalid(f"{amount} is no amount in {found.currency}: use whole steps of {coin}.", field="amount")
    paid, refunded = found.paid + max(amount, Decimal(0)), found.refunded - min(amount, Decimal(0))
    if paid > money.LARGEST:
        raise Invalid(f"An order takes at most {money.LARGEST:,} {found.currency}.", field="amount")
    if refunded > paid:
        left = found.paid - found.refunded
        raise Invalid(f"Only {left.quantize(coin):f} {found.currency} can be given back.", field="amount")
    Order.objects.filter(pk=found.pk).update(paid=paid, refunded=refunded)
    kind = "order.payment_taken" if amount > 0 else "order.payment_returned"
    moved = {"amount": str(abs(amount)), "currency": found.currency}
    record(viewer, kind, topic=found.topic, customer=found.customer_id, data=moved)
