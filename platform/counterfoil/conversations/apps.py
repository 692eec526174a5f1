"""The Django app of this feature."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.conversations"
    label = "conversations"
