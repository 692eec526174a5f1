"""What Fennel & Twine noted about a good customer over the months, and whom that customer has to do with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from counterfoil.access import clock
from counterfoil.access.viewer import Viewer
from counterfoil.customers.linked import link_customers
from counterfoil.customers.models import Customer
from counterfoil.interactions.actions import acknowledge_interaction, log_interaction
from counterfoil.interactions.models import InteractionType
from counterfoil.orders.models import Order

CUSTOMER = "Harbour Café"


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry. `order` is the number that it points at; `waits` asks for an acknowledgement, which `noted_by` gave
    two hours later.
    """

    days_ago: int
    minute: int
    by: str
    type: InteractionType
    text: str
    order: str = ""
    waits: bool = False
    noted_by: str = ""


LOG = (
    Logged(
        236, 625, "Jo", InteractionType.NOTE, "Ana opens at seven and is in the kitchen until eleven: ring after that."
    ),
    Logged(
        208,
        700,
        "Mara",
        InteractionType.COMPLAINT,
        "Two mugs of the last parcel chipped. The box was too large for what was in it, and padded on one side only.",
        "4091",
        waits=True,
        noted_by="Jo",
    ),
    Logged(207, 560, "Jo", InteractionType.REFUND_REQUEST, "Asks for the two mugs back as money, not as mugs.", "4091"),
    Logged(
        160,
        640,
        "Jo",
        InteractionType.RETURN,
        "Sends one lantern back, wrong colour. Their own driver brings it.",
        "4096",
    ),
    Logged(
        121, 910, "Mara", InteractionType.COMPLIMENT, "Loved the handwritten note. The girls at Pier 2 want one too."
    ),
    Logged(
        96, 575, "Jo", InteractionType.PREFERENCE_UPDATE, "Prefers card over bubble wrap.", waits=True, noted_by="Mara"
    ),
    Logged(
        41,
        845,
        "Mara",
        InteractionType.OTHER,
        "Met Ana at the trade fair in Harrogate. They take over the kiosk on the second pier next spring and will need "
        "about twice the tins then.",
    ),
    Logged(
        12,
        690,
        "Mara",
        InteractionType.PHONE_CALL,
        "Asked whether the retro tins come in a larger size. Told: in autumn.\nWants to hear as soon as they are here.",
        waits=True,
    ),
    Logged(
        2,
        870,
        "Jo",
        InteractionType.EMAIL,
        "Hold order 4137 until July 12 per their email; family trip; unusual circumstance.",
        "4137",
        waits=True,
    ),
)
LINKED = (("Harbour Café Pier 2", "Same owner"), ("Maple & Rye", "Ana and Hannah order together at Christmas"))


def tell_log(viewers: dict[str, Viewer], today: datetime) -> None:
    """Log it, acknowledge what was acknowledged, and link the accounts, each at its time."""
    customer = Customer.objects.get(name=CUSTOMER)
    with clock.at(today - timedelta(days=24)):
        for name, reason in LINKED:
            other = Customer.objects.get(name=name)
            link_customers(viewer=viewers["Mara"], customer=customer, other=other, reason=reason)
    for logged in LOG:
        at = min(today - timedelta(days=logged.days_ago) + timedelta(minutes=logged.minute), clock.now())
        with clock.at(at):
            entry = log_interaction(
                viewer=viewers[logged.by],
                customer=customer,
                type=logged.type,
                text=logged.text,
                order=Order.objects.get(number=logged.order) if logged.order else None,
                needs_acknowledgement=logged.waits,
            )
        if logged.noted_by:
            with clock.at(at + timedelta(hours=2)):
                acknowledge_interaction(viewer=viewers[logged.noted_by], interaction=entry)
