"""The Django app of the composition root: shared templates, template filters, static files, system checks."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Holds no models."""

    name = "counterfoil.site"
    label = "site"

    def ready(self) -> None:
        """Make the Celery app the current one, so that tasks find their broker."""
        from counterfoil.site import celery  # noqa: F401  (importing is what sets it)
