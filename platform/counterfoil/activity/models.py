"""How busy the days were: sums that are kept, so that looking at a month costs the same however much happened in it."""

from django.db import models
from django.db.models import Q

from counterfoil.access.money import PLACES
from counterfoil.access.tenancy import TenantModel

NO_CURRENCY = ""


class DayOfActivity(TenantModel):
    """What happened on one day of the workspace's first store's calendar, as it was when it was counted.

    In the row of a currency: how many orders were placed in it, and what they come to. In the row of none: how many
    messages customers wrote, and how many parcels left.
    """

    day = models.DateField()
    currency = models.CharField(max_length=3, blank=True)
    orders = models.BigIntegerField(default=0)
    # A day's orders together come to more than one of them may.
    ordered = models.DecimalField(max_digits=28, decimal_places=PLACES, default=0)
    messages = models.BigIntegerField(default=0)
    parcels = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "day", "currency"], name="activity_one_row_a_day"),
            models.CheckConstraint(
                condition=Q(currency=NO_CURRENCY, orders=0, ordered=0)
                | ~Q(currency=NO_CURRENCY) & Q(messages=0, parcels=0),
                name="activity_money_has_a_currency",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.currency}".strip()
