"""The Django app of this feature."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.catalog"
    label = "catalog"
