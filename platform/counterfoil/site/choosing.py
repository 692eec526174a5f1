"""Which workspace a command is about."""

from counterfoil.site.command import Stop
from counterfoil.workspaces.models import Workspace


def workspace_named(named: str | None) -> Workspace:
    """The workspace of this id or name; None names the only one. Raises `Stop` where that leaves none or several."""
    every = list(Workspace.objects.order_by("pk"))
    if not every:
        raise Stop("there is no workspace yet. Make one with: counterfoil init")
    chosen = [workspace for workspace in every if named in (None, str(workspace.pk), workspace.name)]
    if len(chosen) != 1:
        names = ", ".join(f"{workspace.pk} ({workspace.name})" for workspace in every[:20])
        raise Stop(f"name a workspace with --workspace ID. There are: {names}.")
    return chosen[0]
