"""Customers and the people who speak for them."""

from django.db import models

from counterfoil.access.tenancy import TenantModel, same_workspace


class Customer(TenantModel):
    """The buying business or person. `external_id` is what the system calls it that it came from."""

    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=200, null=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=["workspace", "external_id"], name="customers_one_external"),
        )
        indexes = (models.Index(fields=["workspace", "name"], name="customers_by_name"),)

    def __str__(self) -> str:
        return self.name


class Contact(TenantModel):
    """A person of a customer, with a mail address. The preference counts once the contact has an account (CN-6)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    has_account = models.BooleanField(default=False)
    wants_mail = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = (*TenantModel.Meta.constraints, same_workspace("customer"))
        indexes = (models.Index(fields=["workspace", "email"], name="contacts_by_email"),)

    def __str__(self) -> str:
        return self.name
