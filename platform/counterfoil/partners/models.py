"""How much each partner's program asks."""

from django.db import models

from counterfoil.access.models import PartnerClient
from counterfoil.access.tenancy import TenantModel, same_workspace

LONGEST_OPERATION = 100


class ClientUsage(TenantModel):
    """What a program asked on one day (UTC) by operations of one name: how many calls, and what they cost."""

    client = models.ForeignKey(PartnerClient, on_delete=models.CASCADE, related_name="usage")
    day = models.DateField()
    operation = models.CharField(max_length=LONGEST_OPERATION)
    calls = models.BigIntegerField()
    cost = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            same_workspace("client"),
            models.UniqueConstraint(fields=["client", "day", "operation"], name="partners_usage_once"),
        )
        indexes = (models.Index(fields=["day"], name="partners_usage_age"),)

    def __str__(self) -> str:
        return f"usage {self.pk}"
