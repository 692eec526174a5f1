"""What a workspace and its stores decide about their portal."""

from django.db import transaction
from django.db.models import F

from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.events.credentials import (
    PORTAL_SETTINGS,
    PUBLIC_LINK,
    PUBLIC_LINK_ROTATED,
    STRICT_CHANGED,
)
from counterfoil.events.record import record
from counterfoil.workspaces.models import LONGEST_EDIT_MINUTES, Store, Workspace
from counterfoil.workspaces.queries import stores_of


@transaction.atomic
def rotate_public_link(*, viewer: Viewer) -> None:
    """End the workspace's public link as it was given out before, for everybody who came by it (AC-6)."""
    require(viewer, Permission.CUSTOMER_LINKS_ROTATE)
    Workspace.objects.filter(pk=viewer.workspace_id).update(public_link_version=F("public_link_version") + 1)
    record(viewer, PUBLIC_LINK_ROTATED, topic=PUBLIC_LINK)


@transaction.atomic
def set_portal_settings(*, viewer: Viewer, strict_security: bool) -> None:
    """Say whether buyers who come by a customer's link prove their mailbox first (AC-7)."""
    require(viewer, Permission.SETTINGS_WRITE)
    others = Workspace.objects.filter(pk=viewer.workspace_id).exclude(strict_security=strict_security)
    if others.update(strict_security=strict_security):
        record(viewer, STRICT_CHANGED, topic=PORTAL_SETTINGS, data={"strict_security": strict_security})


@transaction.atomic
def set_order_editing(
    *,
    viewer: Viewer,
    address: bool | None = None,
    note: bool | None = None,
    quantities: bool | None = None,
    cancel: bool | None = None,
    minutes: int | None = None,
) -> None:
    """Say what customers may change of an order of theirs, each on its own, and for how many minutes after they placed
    it (OR-7); what is None stays as it is, so that two admins who turn different switches do not undo each other.

    Raises `Invalid` about `minutes` for a time below a minute or above 90 days.
    """
    require(viewer, Permission.SETTINGS_WRITE)
    if minutes is not None and not 1 <= minutes <= LONGEST_EDIT_MINUTES:
        raise Invalid("Give a time from 1 minute to 90 days.", field="minutes")
    wanted = {
        "customers_edit_address": address,
        "customers_edit_note": note,
        "customers_edit_quantities": quantities,
        "customers_cancel": cancel,
        "edit_minutes": minutes,
    }
    given = {column: value for column, value in wanted.items() if value is not None}
    others = Workspace.objects.filter(pk=viewer.workspace_id).exclude(**given)
    if given and others.update(**given):
        record(viewer, "order_editing.changed", topic=PORTAL_SETTINGS, internal=True, data=given)


@transaction.atomic
def save_store_settings(
    *,
    viewer: Viewer,
    store: Store,
    confirms_orders: bool,
    sticky_contact: bool,
    announces_parcels: bool | None = None,
) -> None:
    """Say whether a store confirms orders by mail (OR-1), joins the orders of one browser to one contact (AC-5), and
    tells customers of each parcel by mail; None leaves that as it is.
    """
    require(viewer, Permission.SETTINGS_WRITE)
    found = stores_of(viewer.workspace_id).select_for_update().filter(pk=store.pk).first()
    if found is None:
        raise NotFound("There is no such store.")
    settings = {"confirms_orders": confirms_orders, "sticky_contact": sticky_contact}
    if announces_parcels is not None:
        settings["announces_parcels"] = announces_parcels
    if Store.objects.filter(pk=found.pk).exclude(**settings).update(**settings):
        record(viewer, "store.changed", topic=f"store_{found.pk}", internal=True, data=settings)
