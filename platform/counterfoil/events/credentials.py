"""The topics on which open streams hear that a credential may have ended."""

from counterfoil.access.viewer import Viewer
from counterfoil.events.record import record

CREDENTIALS = "credentials"
CREDENTIAL_REVOKED = "credential.revoked"
# What customers' streams hear: that what let them in was ended or changed.
CUSTOMER_LINK_ROTATED = "customer_link.rotated"
PUBLIC_LINK_ROTATED = "public_link.rotated"
FLAGS_CHANGED = "customer.flags_changed"
STRICT_CHANGED = "strict_security.changed"
ACCOUNT_SESSION_ENDED = "account_session.ended"
PUBLIC_LINK, PORTAL_SETTINGS = "public_link", "portal_settings"  # topics
# What guests' streams hear too.
ORDER_KEYS = "order_keys"
ORDER_KEYS_ROTATED = "order_keys.rotated"


def tell_streams(viewer: Viewer) -> None:
    """Make every open stream of the viewer's workspace look at its credential again, once the transaction commits."""
    record(viewer, CREDENTIAL_REVOKED, topic=CREDENTIALS, internal=True)
