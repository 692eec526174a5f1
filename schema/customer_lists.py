"""The list of customers: searched, narrowed, and a search of which the spelling is put right."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from django.db.models import Q, QuerySet

from counterfoil.access.policy import Permission
from counterfoil.access.text import LONGEST_SEARCH, MOST_WORDS
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Customer as CustomerModel
from counterfoil.customers.queries import customers_visible_to, matching, sees_customers
from counterfoil.customers.search import customer_finder
from counterfoil.customers.spelling import corrected
from counterfoil.interactions.queries import WAITING, interactions_visible_to, reads_interactions
from schema.context import Info
from schema.customers import CUSTOMERS, Customer, read_customers
from schema.relay import After, Connection, First
from schema.scopes import needs
from schema.searching import found_by


@strawberry.input(description="Which customers to list; what is left out does not narrow the list.")
class CustomerFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Words, each the beginning of a word of the name, of a contact's name or mail address, or of the "
        "external id. Case and accents count for nothing; a word also begins behind a sign such as a hyphen. What is "
        "found comes in the order of the words by which it is found, an exact match first, of equal words the newest "
        "first. A page that is narrowed by more than one word, or by another filter, may hold fewer customers than "
        "asked for and yet not be the last: go on at `endCursor`. "
        f"The first {MOST_WORDS} words count; more than {LONGEST_SEARCH} characters find nothing.",
    )
    is_active: bool | None = strawberry.field(
        default=None, description="Only customers whose account is active, or only those whose account is not."
    )
    ordering_blocked: bool | None = strawberry.field(
        default=None, description="Only customers who may not order, or only those who may."
    )
    has_unacknowledged: bool | None = strawberry.field(
        default=None,
        description="Only customers of whom entries of the log wait to be acknowledged, or only those without. Needs "
        "interactions:read; narrows nothing without it.",
    )


@strawberry.type
class CustomerQueries:
    @strawberry.field(
        description="The customers that the viewer may see, newest first, or as a search finds them. `first` is at "
        "most 100.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def customers(
        self,
        info: Info,
        first: First,
        after: After = None,
        filter: Annotated[
            CustomerFilter | None, strawberry.argument(description="Which customers to give; null gives all.")
        ] = None,
    ) -> Connection[Customer]:
        viewer, wanted = info.context.viewer, filter or CustomerFilter()
        found, narrows = _narrowed(viewer, wanted)
        search = (wanted.search or "").strip()
        if search and sees_customers(viewer):
            finder = customer_finder(viewer, found if narrows else None)
            return found_by(search, finder, _read_keys, name="customers found", first=first, after=after)
        return CUSTOMERS.cut(found, read_customers, first=first, after=after)

    @strawberry.field(
        description="A search for names in which the words that nothing begins with are put right: each is replaced by "
        "the nearest name that there is. Null where nothing is to be put right, and without the scope.",
        metadata=needs(Permission.CUSTOMERS_READ),
    )
    def search_correction(
        self,
        info: Info,
        search: Annotated[str, strawberry.argument(description="The words, as for the filter of a list.")],
    ) -> str | None:
        viewer = info.context.viewer
        return corrected(viewer=viewer, search=search) if sees_customers(viewer) else None


def _narrowed(viewer: Viewer, filter: CustomerFilter) -> tuple[QuerySet[CustomerModel], bool]:
    """The visible customers that a filter, besides its words, leaves; and whether it leaves out any."""
    found = customers_visible_to(viewer)
    flags = {"is_active": filter.is_active, "ordering_blocked": filter.ordering_blocked}
    narrows = any(flag is not None for flag in flags.values())
    found = matching(found, **flags)
    if filter.has_unacknowledged is not None and reads_interactions(viewer):
        waits = Q(pk__in=interactions_visible_to(viewer).filter(WAITING).values("customer_id"))
        return found.filter(waits if filter.has_unacknowledged else ~waits), True
    return found, narrows


def _read_keys(keys: Sequence[int]) -> Sequence[Any]:
    # The words of a workspace stand on its own customers, all of which are seen by who sees any.
    return read_customers(CustomerModel.objects.filter(pk__in=keys))
