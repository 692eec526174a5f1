"""The programs that a viewer may see, and what they asked."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from counterfoil.access import clock
from counterfoil.access.models import PartnerClient
from counterfoil.access.policy import Permission, allows
from counterfoil.access.viewer import Viewer
from counterfoil.partners.models import ClientUsage


class DayOfUse(NamedTuple):
    """What a program asked on one day (UTC)."""

    day: date
    calls: int
    cost: int


class OperationInUse(NamedTuple):
    """What a program asked by operations of one name; without a name: by all the rest."""

    name: str | None
    calls: int
    cost: int


def visible_to(viewer: Viewer) -> QuerySet[PartnerClient]:
    """The programs of the viewer's workspace, for who manages them; nobody else sees any."""
    if not allows(viewer, Permission.PARTNERS_WRITE):
        return PartnerClient.objects.none()
    return PartnerClient.objects.filter(workspace_id=viewer.workspace_id)


def last_used() -> Subquery:
    """The newest day (UTC) on which a program asked something, for the clients of a query."""
    used = ClientUsage.objects.filter(client_id=OuterRef("pk")).order_by("-day")
    return Subquery(used.values("day")[:1])


def use_by_day(clients: Collection[int], days: int) -> dict[int, list[DayOfUse]]:
    """Of each client the last so many days, the oldest first and today last, with those on which nothing was asked."""
    today = clock.now().date()
    first = today - timedelta(days=days - 1)
    counted = (
        ClientUsage.objects.filter(client_id__in=clients, day__gte=first, day__lte=today)
        .values("client_id", "day")
        .annotate(all_calls=Sum("calls"), whole_cost=Sum("cost"))
    )
    found = {
        (client, day): (calls, cost)
        for client, day, calls, cost in counted.values_list("client_id", "day", "all_calls", "whole_cost")
    }
    span = [first + timedelta(days=number) for number in range(days)]
    return {client: [DayOfUse(day, *found.get((client, day), (0, 0))) for day in span] for client in clients}


def use_by_operation(clients: Collection[int], days: int, most: int) -> dict[int, list[OperationInUse]]:
    """Of each client the operations that it called most in the last so many days, then the rest as one."""
    today = clock.now().date()
    first = today - timedelta(days=days - 1)
    counted = (
        ClientUsage.objects.filter(client_id__in=clients, day__gte=first, day__lte=today)
        .values("client_id", "operation")
        .annotate(all_calls=Sum("calls"), whole_cost=Sum("cost"))
        .order_by("client_id", "-all_calls", "-whole_cost", "operation")
    )
    by_client: dict[int, list[OperationInUse]] = defaultdict(list)
    for client, *operation in counted.values_list("client_id", "operation", "all_calls", "whole_cost"):
        by_client[client].append(OperationInUse(*operation))
    return {client: _cut(by_client[client], most) for client in clients}


def _cut(operations: list[OperationInUse], most: int) -> list[OperationInUse]:
    rest = operations[most:]
    if not rest:
        return operations
    return [*operations[:most], OperationInUse(None, sum(one.calls for one in rest), sum(one.cost for one in rest))]
