"""The list of customers as a CSV file, narrowed as the page is."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from admin_ui.csv_files import csv_file, rows_of, text
from admin_ui.customers.listing import narrowing_of
from admin_ui.customers.views import OPERATIONS
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.step_up import step_up
from schema import client

COLUMNS = ("Id", "Name", "External id", "Account", "Ordering", "Contact", "E-mail")


@require_POST
@staff_required
@needs("customers:read")
@step_up
def export(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Every customer that the list would show, page after page."""
    narrowed = narrowing_of(request.POST).filter()
    rows = rows_of(viewer, OPERATIONS["CustomersExport"], "customers", narrowed)
    return csv_file("customers", COLUMNS, rows, _cells)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    contact = next(iter(row["contacts"]["nodes"]), {"name": "", "email": ""})
    return (
        row["id"],
        text(row["name"]),
        text(row["externalId"]),
        "active" if row["isActive"] else "not active",
        "blocked" if row["orderingBlocked"] else "allowed",
        text(contact["name"]),
        text(contact["email"]),
    )
