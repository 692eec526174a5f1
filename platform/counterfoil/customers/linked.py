"""Customers who have to do with each other (IN-9): pointers both ways, made and removed together; nothing is merged.

Who is linked with whom gives nobody a right: each customer keeps their own orders, prices, people and links. Links
follow no further either, so a circle of them is as good as a line.
"""

from collections.abc import Mapping

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import one_line
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer, LinkedAccount
from counterfoil.customers.queries import customers_visible_to
from counterfoil.events.record import record

LINKED, UNLINKED = "customer.linked", "customer.unlinked"
LONGEST_REASON = 200


@transaction.atomic
def link_customers(*, viewer: Viewer, customer: Customer, other: Customer, reason: str = "") -> LinkedAccount:
    """Let two customers point at each other; gives the pointer of `customer`. `reason` says in a line what they have
    to do with each other: on a link that stands already a new one replaces the old, and none leaves it.

    Raises `Invalid` for a customer with itself, and for a reason that is too long or no line.
    """
    require(viewer, Permission.CUSTOMERS_WRITE)
    pair = _locked(viewer, customer, other)
    if customer.pk == other.pk:
        raise Invalid(
            f"{pair[customer.pk].name} can’t be linked with itself: choose another customer.", field="otherId"
        )
    line = one_line(reason, "reason", LONGEST_REASON, required=False)
    standing = LinkedAccount.objects.filter(customer_id=customer.pk, other_id=other.pk).first()
    if standing is not None and line in ("", standing.reason):
        return standing
    now = clock.now()
    for one, another in ((customer, other), (other, customer)):
        LinkedAccount.objects.update_or_create(
            workspace_id=viewer.workspace_id,
            customer_id=one.pk,
            other_id=another.pk,
            defaults={"reason": line},
            create_defaults={"reason": line, "created_at": now},
        )
    _tell(viewer, LINKED, customer, other)
    return LinkedAccount.objects.get(customer_id=customer.pk, other_id=other.pk)


@transaction.atomic
def unlink_customers(*, viewer: Viewer, customer: Customer, other: Customer) -> None:
    """Remove the pointers of two customers at each other; where there are none, nothing happens."""
    require(viewer, Permission.CUSTOMERS_WRITE)
    _locked(viewer, customer, other)
    pair = [customer.pk, other.pk]
    if LinkedAccount.objects.filter(customer_id__in=pair, other_id__in=pair).delete()[0]:
        _tell(viewer, UNLINKED, customer, other)


def _locked(viewer: Viewer, customer: Customer, other: Customer) -> Mapping[int, Customer]:
    """Both, as the viewer sees them, locked in one order: whoever links or unlinks them meanwhile waits."""
    mine = customers_visible_to(viewer).select_for_update(no_key=True).filter(pk__in=(customer.pk, other.pk))
    found = {one.pk: one for one in mine.order_by("pk")}
    if customer.pk not in found:
        raise NotFound("There is no such customer.", field="customerId")
    if other.pk not in found:
        raise NotFound("There is no such customer.", field="otherId")
    return found


def _tell(viewer: Viewer, kind: str, customer: Customer, other: Customer) -> None:
    """Each of the two hears of it, for each shows the other on their page."""
    for one, another in ((customer, other), (other, customer)):
        pointed = {"other": another.pk}
        record(viewer, kind, topic=f"customer_{one.pk}", customer=one.pk, internal=True, data=pointed)
