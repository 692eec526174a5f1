"""The Django app of this feature."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.customers"
    label = "customers"
