"""CSV files to import, and what the database holds afterwards."""

from pathlib import Path
from typing import Any

from django.db import connection

from counterfoil.catalog.models import Product, Unit
from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event
from counterfoil.imports.actions import import_csv
from counterfoil.imports.columns import PRESETS
from counterfoil.imports.summary import Summary
from counterfoil.mail.models import Mail
from counterfoil.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine, Return, ReturnLine
from tests.factories import Shop
from tests.services import need

RETAIL = Path(__file__).parents[2].parent / "shared" / "data" / "retail"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
TABLES = (Customer, Contact, Product, Unit, Order, OrderLine, Fulfilment, FulfilmentLine, Return, ReturnLine)


def retail(name: str) -> Path:
    """A real file; the test is skipped where there is none."""
    need((RETAIL / name).exists(), f"There is no Online Retail data at {RETAIL / name}.")
    return RETAIL / name


def written(folder: Path, *rows: str, name: str = "history.csv") -> Path:
    """A file with the Online Retail header and these rows."""
    path = folder / name
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def load(shop: Shop, path: Path, folder: Path, **options: Any) -> Summary:
    """Import a file with the preset; its counts add up."""
    options = {"columns": PRESETS["online-retail"], "rejects": folder / "rejects.csv"} | options
    summary = import_csv(viewer=shop.staff, store=shop.store, path=path, **options)
    assert summary.read == summary.imported + summary.unchanged + summary.skipped.total() + summary.rejected
    return summary


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row that an import can touch, and the log and the mails."""
    found = {}
    with connection.cursor() as cursor:
        for model in (*TABLES, Event, Mail):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)} ORDER BY id")
            found[model.__name__] = cursor.fetchall()
    return found
