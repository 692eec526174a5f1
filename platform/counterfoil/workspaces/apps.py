"""The Django app of this feature."""

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """Registers the feature's models."""

    name = "counterfoil.workspaces"
    label = "workspaces"
