"""Writing an event, inside the action's own transaction."""

from collections.abc import Mapping

from django.db import transaction

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from counterfoil.events import relay
from counterfoil.events.models import Event


def record(
    viewer: Viewer,
    kind: str,
    *,
    topic: str,
    customer: int | None = None,
    internal: bool = False,
    data: Mapping[str, object] | None = None,
) -> Event:
    """Note that something happened, in the story of the customer with this key; once the transaction commits, the relay
    passes it on.
    """
    event = Event.objects.create(
        workspace_id=viewer.workspace_id,
        kind=kind,
        topic=topic,
        customer_id=customer,
        internal=internal,
        actor=viewer.reference,
        data=dict(data or {}),
        created_at=clock.now(),
    )
    transaction.on_commit(relay.drain, robust=True)
    return event
