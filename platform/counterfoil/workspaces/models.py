"""The tenant and its stores."""

from django.db import models

from counterfoil.access.tenancy import TenantModel

LONGEST_EDIT_MINUTES = 90 * 24 * 60


class Workspace(models.Model):
    """One supplier: its staff, settings and data.

    `strict_security`: whoever opens a customer's link proves a mailbox first (AC-7). `public_link_version` counts the
    public link's rotations, each of which ends the links of before. `customers_…` is what customers may change of an
    order of theirs (OR-7), for `edit_minutes` after they placed it.
    """

    name = models.CharField(max_length=120)
    last_order_number = models.PositiveBigIntegerField(default=1000)
    second_factor_required = models.BooleanField(default=False)
    strict_security = models.BooleanField(default=False)
    public_link_version = models.PositiveIntegerField(default=1)
    customers_edit_address = models.BooleanField(default=False)
    customers_edit_note = models.BooleanField(default=False)
    customers_edit_quantities = models.BooleanField(default=False)
    customers_cancel = models.BooleanField(default=False)
    edit_minutes = models.PositiveIntegerField(default=24 * 60)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(edit_minutes__range=(1, LONGEST_EDIT_MINUTES)), name="workspaces_edit_minutes"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Store(TenantModel):
    """A domain and brand of a workspace.

    `base_url` is where customers reach it, without a trailing slash (`https://shop.example`): links in mails start
    with it. `host` is the request's host name that finds this store. `confirms_orders`: each order is confirmed by a
    mail (OR-1). `announces_parcels`: each parcel is told of by one mail. `sticky_contact`: orders of one browser are
    noted as one contact's (AC-5).
    """

    name = models.CharField(max_length=120)
    host = models.CharField(max_length=253, unique=True)
    base_url = models.URLField(max_length=300)
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    mail_from = models.EmailField()
    confirms_orders = models.BooleanField(default=False)
    announces_parcels = models.BooleanField(default=True)
    sticky_contact = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name
