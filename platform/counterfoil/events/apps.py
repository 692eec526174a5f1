"""The Django app of this feature."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.events"
    label = "events"
