"""Workspaces with staff, customers and orders, made through the real actions."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from counterfoil.access.models import CustomRole, StaffMember, User
from counterfoil.access.viewer import Role, Viewer
from counterfoil.conversations.models import Message
from counterfoil.customers.actions import create_customer
from counterfoil.events.models import Event
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.actions import NewLine, place_order
from counterfoil.orders.addresses import Addresses, NewAddress
from counterfoil.orders.models import AddressUse, Order
from counterfoil.orders.queries import guest
from counterfoil.workspaces.models import Store, Workspace

PASSWORD = "correct-horse-battery"
_serial = count(1)
LINES = (
    NewLine("Tea tin, retro spot", 4, Decimal("24.00"), sku="TT-22", unit="case of 12"),
    NewLine("Biscuit cutters, set of 3", 12, Decimal("5.85"), sku="BC-07"),
)
ADDRESSES = {
    AddressUse.DELIVERY: NewAddress("Ana Reis", "4 Pier Road", "Whitby", "GB", "Harbour Café", postal_code="YO21 3PU"),
    AddressUse.BILLING: NewAddress("Harbour Café Ltd", "PO Box 9", "Leeds", "GB", postal_code="LS1 1AA"),
}


@dataclass(frozen=True)
class Shop:
    """A workspace with one store and one admin."""

    workspace: Workspace
    store: Store
    user: User
    member: StaffMember
    staff: Viewer

    def order(
        self,
        *,
        customer: str = "Harbour Café",
        contact: str = "Ana Reis",
        email: str = "ana@harbour.example",
        lines: tuple[NewLine, ...] = LINES,
        number: str | None = None,
        currency: str = "GBP",
        browser: str = "",
        addresses: Addresses | None = None,
    ) -> Order:
        """A new customer's order."""
        person = create_customer(viewer=self.staff, name=customer, contact_name=contact, email=email)
        order = place_order(
            viewer=self.staff,
            store=self.store,
            contact=person,
            currency=currency,
            lines=lines,
            number=number,
            browser=browser,
            addresses=addresses or {},
        )
        return Order.objects.select_related("store", "contact", "customer").get(pk=order.pk)

    def guest(self, order: Order) -> Viewer:
        """The viewer that the order's present key makes."""
        return guest(Order.objects.select_related("contact").get(pk=order.pk))

    def hire(self, name: str, role: Role | CustomRole = Role.SHOP_MANAGER) -> Viewer:
        """Another staff member."""
        user = User.objects.create_user(f"{name.lower()}{next(_serial)}@staff.example", PASSWORD)
        given = {"custom_role": role} if isinstance(role, CustomRole) else {"role": role}
        return StaffMember.objects.create(workspace=self.workspace, user=user, name=name, **given).viewer


def make_shop(name: str = "Fennel & Twine", host: str = "fennel.test") -> Shop:
    """A workspace with a store at `host` and its admin, Mara."""
    workspace = Workspace.objects.create(name=name)
    store = Store.objects.create(
        workspace=workspace,
        name=name,
        host=host,
        base_url=f"http://{host}",
        time_zone="Europe/London",
        mail_from=f"orders@{host}",
    )
    user = User.objects.create_user(f"mara{next(_serial)}@{host}", PASSWORD)
    member = StaffMember.objects.create(workspace=workspace, user=user, name="Mara", role=Role.ADMIN)
    return Shop(workspace, store, user, member, member.viewer)


def failed_mail(message: Message, to: str = "ana@harbour.example") -> Mail:
    """A mail that was to tell the customer of this message, and was given up."""
    return Mail.objects.create(
        workspace_id=message.workspace_id,
        event=Event.objects.filter(workspace_id=message.workspace_id, kind="message.sent").latest("pk"),
        message=message,
        to=to,
        state=MailState.FAILED,
        due_at=message.sent_at,
    )
