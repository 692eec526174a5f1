"""The Django app of this feature."""

from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.activity"
    label = "activity"
