"""The sticky contact: whose the first order of a browser was (AC-5). It is a hint for staff, and opens nothing."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from counterfoil.access import clock
from counterfoil.access.text import one_line
from counterfoil.customers.models import BrowserContact, Contact
from counterfoil.workspaces.models import Store

LONGEST_NAME = 200
_SALT = "counterfoil.browser"


def contact_of_browser(*, store: Store, browser: str, contact: Contact) -> int | None:
    """The contact of the first order of a browser in this store: `contact`, if this is it. None for no name of a
    browser, and while the store does not keep browsers: then nothing is written.

    `browser` is what the shop calls it; only a keyed hash of that is kept. Raises `Invalid` for a name that is too long
    or no line of text.
    """
    name = one_line(browser, "browser", LONGEST_NAME, required=False)
    if not name or not store.sticky_contact:
        return None
    # Of two first orders at once the second waits at the unique constraint, and finds the first one's.
    kept, _ = BrowserContact.objects.get_or_create(
        workspace_id=store.workspace_id,
        store=store,
        digest=_digest(store, name),
        defaults={"contact": contact, "created_at": clock.now()},
    )
    return kept.contact_id


def _digest(store: Store, name: str) -> str:
    """Of each store another one, so that nothing joins the orders of one browser in two stores."""
    return salted_hmac(_SALT, f"{store.pk} {name}", secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
