"""Writing whole orders, some hundred at once: a fixed number of statements for any number of rows."""

from collections.abc import Sequence

from counterfoil.imports.catalog import Catalog
from counterfoil.imports.groups import order_groups, return_groups
from counterfoil.imports.orders import write_orders
from counterfoil.imports.returns import write_returns
from counterfoil.imports.rows import Row
from counterfoil.imports.target import Outcome, Target, contacts_of
from counterfoil.workspaces.models import Workspace


def write(target: Target, catalog: Catalog, rows: Sequence[Row]) -> Outcome:
    """Import rows, each in its order's place; for a transaction of the caller.

    Other imports into the workspace wait meanwhile, so two of one file make each row once. `rows` may hold a part of
    an order: what comes later is appended to it.
    """
    list(Workspace.objects.select_for_update(no_key=True).filter(pk=target.workspace_id))
    outcome = Outcome()
    orders = order_groups(target, [row for row in rows if not row.returned], outcome)
    returns = return_groups(target, [row for row in rows if row.returned], outcome)
    new = [row for order in orders for row in order.rows] + [row for note in returns for row in note.rows]
    if new:
        contacts = contacts_of(target, new, outcome)
        write_orders(target, catalog, orders, contacts, outcome)
        write_returns(target, returns, contacts, outcome)
    outcome.imported = len(new)
    return outcome
