"""The Django app of this feature."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """The feature has no rows of its own."""

    name = "counterfoil.imports"
    label = "imports"
