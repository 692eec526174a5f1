"""The Django app of this feature."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.mail"
    label = "mail"
