"""Finding the store that a request is for."""

from django.db.models import QuerySet

from counterfoil.workspaces.models import Store


def store_for_host(host: str) -> Store | None:
    """The store of a host name (without port); on a server with one store alone, that one answers any host."""
    found = next(iter(Store.objects.filter(host=host.lower())), None)  # a host leads to one store
    if found is None:
        stores = list(Store.objects.all()[:2])
        found = stores[0] if len(stores) == 1 else None
    return found


def stores_of(workspace_id: int) -> QuerySet[Store]:
    """The stores of a workspace: their names and addresses are public."""
    return Store.objects.filter(workspace_id=workspace_id)


def portal_address(workspace_id: int) -> str | None:
    """Where the workspace's portal is: the address of its first store, without a trailing slash."""
    return stores_of(workspace_id).order_by("pk").values_list("base_url", flat=True).first()
