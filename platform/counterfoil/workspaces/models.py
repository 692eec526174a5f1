"""The tenant and its stores."""

from django.db import models

from counterfoil.access.tenancy import TenantModel


class Workspace(models.Model):
    """One supplier: its staff, settings and data."""

    name = models.CharField(max_length=120)
    last_order_number = models.PositiveBigIntegerField(default=1000)
    second_factor_required = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Store(TenantModel):
    """A domain and brand of a workspace.

    `base_url` is where customers reach it, without a trailing slash (`https://shop.example`): links in mails start
    with it. `host` is the request's host name that finds this store.
    """

    name = models.CharField(max_length=120)
    host = models.CharField(max_length=253, unique=True)
    base_url = models.URLField(max_length=300)
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=60, default="UTC")
    mail_from = models.EmailField()

    def __str__(self) -> str:
        return self.name
