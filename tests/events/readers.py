"""Readers of the event log for tests. What they do is a row, so it commits or vanishes with their position."""

from counterfoil.customers.models import Contact, Customer
from counterfoil.events.models import Event

BROKEN = "this makes the picky reader fail"


def note(event: Event) -> None:
    """Read every event: a customer named after its position and kind."""
    Customer.objects.create(
        workspace_id=event.workspace_id, name=f"{event.position} {event.kind}", created_at=event.created_at
    )


def note_unless_broken(event: Event) -> None:
    """Read every event, but fail at one whose kind is `poison` while a contact named BROKEN is about."""
    if event.kind == "poison" and Contact.objects.filter(name=BROKEN).exists():
        raise RuntimeError("The picky reader does not like this")
    Customer.objects.create(
        workspace_id=event.workspace_id, name=f"picky {event.position} {event.kind}", created_at=event.created_at
    )


def fail(event: Event) -> None:
    """Never read anything."""
    raise RuntimeError("The reader is broken")


def notes() -> list[str]:
    """What `note` read, in the order in which it did."""
    names = Customer.objects.exclude(name__startswith="picky ").order_by("pk").values_list("name", flat=True)
    return [name for name in names if name[0].isdigit()]


def picky_notes() -> list[str]:
    """What `note_unless_broken` read, in the order in which it did."""
    names = Customer.objects.filter(name__startswith="picky ").order_by("pk").values_list("name", flat=True)
    return [name.removeprefix("picky ") for name in names]
