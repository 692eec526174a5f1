"""The Django app of this feature."""

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.partners"
    label = "partners"
