"""The Django app of this feature."""

from django.apps import AppConfig


class InteractionsConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.interactions"
    label = "interactions"
