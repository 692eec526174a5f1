"""The list of orders as a CSV file, narrowed as the page is; never what staff wrote for themselves (CN-2)."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from admin_ui.csv_files import csv_file, moment, rows_of, text
from admin_ui.orders.narrowing import narrowing_of
from admin_ui.orders.views import OPERATIONS
from admin_ui.staff.access import HtmxRequest, staff_required
from admin_ui.staff.permissions import needs
from admin_ui.staff.step_up import step_up
from schema import client

COLUMNS = (
    *("Order", "Placed (UTC)", "State", "Fulfilment", "Payment", "Total", "Paid", "Refunded", "Currency", "Store"),
)
OF_CUSTOMER = ("Customer", "Customer’s external id", "Contact", "E-mail")


@require_POST
@staff_required
@needs("orders:read")
@step_up
def export(request: HtmxRequest, viewer: client.Viewer) -> HttpResponse:
    """Every order that the list would show, page after page."""
    narrowing, _ = narrowing_of(request.POST).read()
    sees_customers = "customers:read" in client.allowed(viewer)
    rows = rows_of(viewer, OPERATIONS["OrdersExport"], "orders", narrowing.filter())
    columns = (*COLUMNS, *OF_CUSTOMER) if sees_customers else COLUMNS
    return csv_file("orders", columns, rows, lambda row: (*_own(row), *(_of_customer(row) if sees_customers else ())))


def _own(row: dict[str, Any]) -> tuple[str, ...]:
    states = (row[axis].lower() for axis in ("status", "fulfilment", "payment"))
    amounts = (row[amount]["amount"] for amount in ("total", "paid", "refunded"))
    return (
        text(row["number"]),
        moment(row["placedAt"]),
        *states,
        *amounts,
        row["total"]["currency"],
        text(row["store"]["name"]),
    )


def _of_customer(row: dict[str, Any]) -> tuple[str, ...]:
    customer, contact = row["customer"] or {}, row["contact"] or {}
    facts = (customer.get("name"), customer.get("externalId"), contact.get("name"), contact.get("email"))
    return tuple(text(fact) for fact in facts)
