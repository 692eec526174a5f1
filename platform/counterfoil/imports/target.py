"""Where rows go, and the customers that they name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.words import keep_words
from counterfoil.imports.rows import Row
from counterfoil.workspaces.models import Store


@dataclass(frozen=True, slots=True)
class Target:
    """A store, and the currency of the file. Orders from `open_from` on have not left yet; None for a mere history."""

    store: Store
    currency: str
    open_from: datetime | None = None

    @property
    def workspace_id(self) -> int:
        """The workspace that gets the rows."""
        return self.store.workspace_id


@dataclass(slots=True)
class Outcome:
    """What became of a batch; `rejected` are rows with their reasons, the others counts as in a summary."""

    imported: int = 0
    unchanged: int = 0
    rejected: list[tuple[Row, str]] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    unmatched: int = 0

    def plus(self, other: "Outcome") -> "Outcome":
        """Both together."""
        return Outcome(
            imported=self.imported + other.imported,
            unchanged=self.unchanged + other.unchanged,
            rejected=self.rejected + other.rejected,
            made=self.made + other.made,
            matched=self.matched + other.matched,
            unmatched=self.unmatched + other.unmatched,
        )


def external_id(text: str) -> str:
    """What is kept as the external id of something that a CSV file calls `text`."""
    return f"csv:{text}"


def contacts_of(target: Target, rows: Sequence[Row], outcome: Outcome) -> dict[str, Contact]:
    """The first contact of each customer in `rows`, by the file's name for them; made where there is none.

    Such a contact has no mail address: nobody is written to before somebody adds one.
    """
    first = {row.customer: row for row in reversed(rows)}
    wanted = [external_id(name) for name in first]
    customers = {
        str(customer.external_id): customer
        for customer in Customer.objects.filter(workspace_id=target.workspace_id, external_id__in=wanted)
    }
    made = [
        Customer(
            workspace_id=target.workspace_id,
            name=", ".join(filter(None, (f"Customer {name}", row.country))),
            external_id=external_id(name),
            created_at=row.at,
        )
        for name, row in first.items()
        if external_id(name) not in customers
    ]
    outcome.made["customers"] += len(made)
    customers |= {str(customer.external_id): customer for customer in Customer.objects.bulk_create(made)}
    contacts: dict[int, Contact] = {}
    found = Contact.objects.filter(customer__in=customers.values()).select_related("customer")
    for contact in found.order_by("pk"):
        contacts.setdefault(contact.customer_id, contact)
    lonely = [
        Contact(workspace_id=target.workspace_id, customer=customer, name=f"Customer {name}", created_at=row.at)
        for name, row in first.items()
        if (customer := customers[external_id(name)]).pk not in contacts
    ]
    contacts |= {contact.customer_id: contact for contact in Contact.objects.bulk_create(lonely)}
    if lonely:
        keep_words([contact.customer_id for contact in lonely])
    return {name: contacts[customers[external_id(name)].pk] for name in first}
