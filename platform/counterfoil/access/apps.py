"""The Django app of this feature."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.access"
    label = "access"
