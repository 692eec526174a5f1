"""The Django app of this feature."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.orders"
    label = "orders"
