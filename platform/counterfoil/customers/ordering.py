"""Whether a customer may order now (AC-9)."""

from counterfoil.access.problems import Invalid
from counterfoil.customers.models import Customer


def check_may_order(customer_id: int) -> None:
    """Raise `Invalid` for a customer who may order nothing now. Until the transaction ends nobody changes that."""
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    if not customer.is_active:
        raise Invalid(
            f"{customer.name}’s account is not currently active, so nothing can be ordered for them. Make it active "
            "on the customer’s page, then send again.",
            field="customerId",
        )
    if customer.ordering_blocked:
        raise Invalid(
            f"Ordering is temporarily unavailable for {customer.name}. Allow it again on the customer’s page, then "
            "send again.",
            field="customerId",
        )
