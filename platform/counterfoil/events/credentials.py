"""The topics on which open streams hear that a credential may have ended."""

from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record

CREDENTIALS = "credentials"
CREDENTIAL_REVOKED = "credential.revoked"
# What guests' streams hear too.
ORDER_KEYS = "order_keys"
ORDER_KEYS_ROTATED = "order_keys.rotated"


def tell_streams(viewer: Viewer) -> None:
    """Make every open stream of the viewer's workspace look at its credential again, once the transaction commits."""
    record(viewer, CREDENTIAL_REVOKED, topic=CREDENTIALS, internal=True)
