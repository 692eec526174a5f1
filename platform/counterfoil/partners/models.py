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


class TokenBucket(models.Model):
    """What a program or an address may spend yet, as it was at `at` (seconds of the Unix epoch). `given` is what the
    last one who asked got. Of no workspace: an address is one whatever it asks for.
    """

    key = models.CharField(max_length=100, unique=True)
    points = models.FloatField()
    given = models.FloatField()
    at = models.FloatField()

    class Meta:
        indexes = (models.Index(fields=["at"], name="partners_bucket_age"),)

    def __str__(self) -> str:
        return f"token bucket {self.pk}"
