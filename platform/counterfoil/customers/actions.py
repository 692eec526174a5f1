"""Making and changing customers (OR-8)."""

from django.db import IntegrityError, transaction

from counterfoil.access import clock
from counterfoil.access.policy import Permission, require
from counterfoil.access.problems import Invalid, NotFound
from counterfoil.access.text import mail_address, mailbox_of, one_line
from counterfoil.access.viewer import Viewer
from counterfoil.customers.models import Contact, Customer
from counterfoil.customers.queries import customers_visible_to
from counterfoil.customers.sessions import end_all
from counterfoil.customers.words import keep_words
from counterfoil.events.record import record


@transaction.atomic
def create_customer(
    *, viewer: Viewer, name: str, contact_name: str, email: str, external_id: str | None = None
) -> Contact:
    """A customer with its first contact; gives the contact.

    Raises `Invalid` for what is empty or too long, and an address that is none.
    """
    require(viewer, Permission.CUSTOMERS_WRITE)
    facts = {"name": one_line(name, "name", 200), **_external(external_id)}
    person = _person(contact_name, email)
    try:
        with transaction.atomic():
            customer = Customer.objects.create(workspace_id=viewer.workspace_id, created_at=clock.now(), **facts)
    except IntegrityError as error:
        raise Invalid("Another customer has this external id.", field="externalId") from error
    contact = Contact.objects.create(
        workspace_id=viewer.workspace_id, customer=customer, created_at=clock.now(), **person
    )
    keep_words([customer.pk])
    record(viewer, "customer.created", topic=f"customer_{customer.pk}", customer=customer.pk, internal=True)
    return contact


@transaction.atomic
def save_customer(
    *,
    viewer: Viewer,
    name: str,
    contact_name: str,
    email: str,
    external_id: str | None = None,
    customer: Customer | None = None,
) -> Customer:
    """Change `customer` and its first contact, or those that `external_id` names; without either, make new ones.

    A contact who gets another address is signed out everywhere: nobody has proved that mailbox yet.
    """
    require(viewer, Permission.CUSTOMERS_WRITE)
    external = _external(external_id)
    mine = customers_visible_to(viewer).select_for_update()
    found = None
    if customer is not None:
        found = mine.filter(pk=customer.pk).first()
        if found is None:
            raise NotFound("There is no such customer.")
    elif external:
        found = mine.filter(**external).first()
    if found is None:
        return create_customer(
            viewer=viewer, name=name, contact_name=contact_name, email=email, external_id=external_id
        ).customer
    facts = {"name": one_line(name, "name", 200), **external}
    person = _person(contact_name, email)
    first = found.contacts.order_by("pk").first()
    try:
        with transaction.atomic():
            changed = Customer.objects.filter(pk=found.pk).exclude(**facts).update(**facts)
    except IntegrityError as error:
        raise Invalid("Another customer has this external id.", field="externalId") from error
    if first is not None:
        changed += Contact.objects.filter(pk=first.pk).exclude(**person).update(**person)
        if first.mailbox != person["mailbox"]:
            end_all(viewer=viewer, contact=first)
    if changed:
        keep_words([found.pk])
        record(viewer, "customer.changed", topic=f"customer_{found.pk}", customer=found.pk, internal=True)
    return Customer.objects.get(pk=found.pk)


def _person(name: str, email: str) -> dict[str, str]:
    address = mail_address(email, "email", required=False)
    return {
        "name": one_line(name, "contactName", 200, required=False),
        "email": address,
        "mailbox": mailbox_of(address),
    }


def _external(external_id: str | None) -> dict[str, str]:
    return {} if external_id is None else {"external_id": one_line(external_id, "externalId", 200)}
