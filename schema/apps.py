"""The Django app of the schema: registers the check of the UIs' operations."""

from django.apps import AppConfig


class SchemaConfig(AppConfig):
    """Holds no models."""

    name = "schema"

    def ready(self) -> None:
        """Register the system checks."""
        from schema import checks  # noqa: F401  (registers itself)
