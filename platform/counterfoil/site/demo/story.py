"""What happened at Fennel & Twine lately. Times are minutes after the order was placed."""

from dataclasses import dataclass
from decimal import Decimal

from counterfoil.access.viewer import Role
from counterfoil.orders.actions import NewLine
from counterfoil.orders.models import OrderStatus

STAFF = (
    ("Mara", "mara@fennel.example", Role.ADMIN),
    ("Jo", "jo@fennel.example", Role.SHOP_MANAGER),
)
# Somebody whose role is one of the shop's own, and who signs in with a second factor.
PACKER = ("Pia", "pia@fennel.example", "Packer")
PACKS = ("fulfilments:write", "messages:read", "notes:write", "products:read")
PARTNER_SCOPES = ("fulfilments:write", "messages:read", "orders:read", "products:read")
CONFIRMED, INVOICED = OrderStatus.CONFIRMED, OrderStatus.INVOICED
CANCELLED = OrderStatus.CANCELLED


@dataclass(frozen=True, slots=True)
class Said:
    """Something written on an order. `by` is a name of STAFF, or "customer"."""

    by: str
    after: int
    text: str
    internal: bool = False
    delivered_after: int | None = 1
    read_after: int | None = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel that left; `quantities` are units of each line, or None for all that was left."""

    after: int
    carrier: str
    number: str
    url: str = ""
    quantities: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class OrderStory:
    """An order and what became of it."""

    days_ago: int
    minute: int
    customer: str
    contact: str
    email: str
    lines: tuple[NewLine, ...]
    statuses: tuple[tuple[int, OrderStatus], ...] = ((40, CONFIRMED),)
    conversation: tuple[Said, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    currency: str = "GBP"
    wants_mail: bool = True
    paid_after: int | None = None
    note: str = ""


def _line(name: str, sku: str, quantity: int, price: str, unit: str = "") -> NewLine:
    return NewLine(name=name, sku=sku, quantity=quantity, unit_price=Decimal(price), unit=unit)


TINS = _line("Tea tin, retro spot", "TT-22", 4, "24.00", "case of 12")
CUTTERS = _line("Biscuit cutters, set of 3", "BC-07", 12, "5.85")
BUNTING = _line("Bunting, ivory", "BU-01", 3, "6.00")
CANDLES = _line("Beeswax candle, hand-dipped", "CA-14", 24, "2.15")
MUGS = _line("Enamel mug, forest green", "MU-31", 36, "3.40")
PAPER = _line("Wrapping paper, botanical", "WP-09", 50, "0.845", "sheet")
TWINE = _line("Jute twine, 100 m", "TW-02", 20, "1.95")
LANTERN = _line("Hanging heart lantern, white", "LA-85", 6, "2.55")
APRON = _line("Linen apron, undyed", "AP-03", 8, "11.20")
DOORSTOP = _line("Doorstop, tweed hound", "DS-44", 5, "9.75")

# What the shop sells, by category: a line's unit and price are the product's first.
CATALOGUE: dict[str, tuple[NewLine, ...]] = {
    "Kitchen and table": (TINS, CUTTERS, MUGS, APRON),
    "Candles and light": (CANDLES, LANTERN),
    "Paper and twine": (PAPER, TWINE, BUNTING),
    "House": (DOORSTOP,),
}
ALSO_SOLD_BY = {
    "TT-22": (("each", "2.25"),),
    "CA-14": (("box of 24", "49.00"),),
    "MU-31": (("case of 36", "115.00"),),
    "WP-09": (("roll of 50 sheets", "39.50"),),
}

ORDERS: tuple[OrderStory, ...] = (
    OrderStory(
        34,
        560,
        "Maple & Rye",
        "Hannah Okafor",
        "hannah@maplerye.example",
        (MUGS, APRON),
        ((25, CONFIRMED), (4300, INVOICED)),
        parcels=(Parcel(3900, "Royal Mail", "AB 1290 4417 3GB", "https://tracking.example/AB129044173GB"),),
    ),
    OrderStory(
        31,
        615,
        "The Little Lighthouse Gift Shop",
        "Gwen Pritchard",
        "gwen@littlelighthouse.example",
        (LANTERN, CANDLES, TWINE),
        ((35, CONFIRMED), (2900, INVOICED)),
        (
            Said("customer", 90, "Could you leave the parcels with the bakery next door? We open at ten."),
            Said("Jo", 130, "Of course, it is on the label now."),
        ),
        parcels=(Parcel(2800, "Royal Mail", "AB 1290 5033 8GB", "https://tracking.example/AB129050338GB"),),
    ),
    OrderStory(
        28,
        540,
        "Papeterie Lucien",
        "Lucien Moreau",
        "lucien@papeterie.example",
        (PAPER, TWINE),
        ((60, CONFIRMED), (5100, INVOICED)),
        currency="EUR",
        parcels=(Parcel(5000, "DPD", "0549 8823 1177", "https://tracking.example/054988231177"),),
    ),
    OrderStory(
        25,
        830,
        "Harbour Café Pier 2",
        "Ana Reis",
        "ana.pier2@harbour.example",
        (MUGS,),
        ((15, CONFIRMED), (1500, INVOICED)),
        parcels=(Parcel(1450, "Our own van", ""),),
    ),
    OrderStory(
        21,
        700,
        "Brightwater Garden Centre",
        "Tom Ashdown",
        "tom@brightwater.example",
        (BUNTING, CANDLES, DOORSTOP),
        ((45, CONFIRMED), (2200, INVOICED)),
        (Said("Mara", 1500, "Your order left this morning with two parcels. Anything else, just answer here."),),
        parcels=(
            Parcel(1490, "DPD", "0549 8823 2041", "https://tracking.example/054988232041", (3, 24, 0)),
            Parcel(1492, "DPD", "0549 8823 2042", "https://tracking.example/054988232042"),
        ),
    ),
    OrderStory(
        18,
        645,
        "Oakfield Primary School PTA",
        "Priya Nair",
        "priya@oakfieldpta.example",
        (BUNTING, PAPER),
        ((600, CANCELLED),),
        (
            Said("customer", 400, "I'm so sorry, the fair has been moved to spring. Can we cancel?"),
            Said("Jo", 590, "No harm done: cancelled, and nothing was charged. See you in spring."),
        ),
    ),
    OrderStory(
        16,
        605,
        "مكتبة الياسمين",
        "ليلى حداد",
        "layla@yasmin.example",
        (CANDLES, LANTERN),
        ((70, CONFIRMED),),
        (
            Said("customer", 120, "مرحباً، هل يمكن تغليف الفوانيس كل واحد على حدة؟ إنها هدايا."),
            Said("Jo", 200, "Hello Layla, yes: each lantern gets its own box, at no extra cost."),
            Said("customer", 215, "شكراً جزيلاً!"),
        ),
    ),
    OrderStory(
        14,
        525,
        "Kettle & Co",
        "Rob Kettle",
        "rob@kettleandco.example",
        (TINS, MUGS),
        ((20, CONFIRMED),),
        (Said("Mara", 30, "Rob pays by cheque again: invoice goes out when it has cleared.", internal=True),),
        parcels=(Parcel(2600, "Royal Mail", "AB 1291 0206 1GB", "https://tracking.example/AB129102061GB"),),
    ),
    OrderStory(
        12,
        760,
        "Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG",
        "Dr. Wilhelmine von Hohenstein-Oberkirchner",
        "bestellung@geschenkmanufaktur.example",
        (
            _line(
                "Untersetzer aus geöltem Nussbaumholz mit handgraviertem Jahreszeitenmotiv, Vorratspackung",
                "UN-1904-NUSS-GRAV",
                40,
                "4.125",
            ),
            APRON,
        ),
        ((90, CONFIRMED),),
        currency="EUR",
    ),
    OrderStory(
        11,
        590,
        "Juniper Lane",
        "Sophie Marsh",
        "sophie@juniperlane.example",
        (PAPER, TWINE, LANTERN),
        ((30, CONFIRMED),),
        wants_mail=False,
    ),
    OrderStory(
        9,
        655,
        "The Corner Larder",
        "Dev Patel",
        "dev@cornerlarder.example",
        (TINS,),
        ((50, CONFIRMED),),
        (
            Said("customer", 300, "Do the tins come in a larger size as well?", read_after=30),
            Said("Jo", 420, "Not yet. The large ones arrive in autumn; shall I tell you when they do?"),
            Said("customer", 460, "Please do 👍"),
        ),
        parcels=(Parcel(2900, "Royal Mail", "AB 1291 1450 9GB"),),
    ),
    OrderStory(8, 720, "Wren Bookshop", "Alice Wren", "alice@wrenbooks.example", (PAPER,), ((35, CONFIRMED),)),
    OrderStory(
        6,
        565,
        "St Brigid's Hospice Shop",
        "Maureen Daly",
        "maureen@stbrigids.invalid",
        (CANDLES, _line("Sample, tea light holder", "SA-01", 2, "0.00")),
        ((80, CONFIRMED),),
    ),
    OrderStory(
        5,
        610,
        "Harbour Café",
        "Ana Reis",
        "ana@harbour.example",
        (TINS, CUTTERS, BUNTING),
        ((20, CONFIRMED),),
        (
            Said("Mara", 3000, "Cutters: supplier says they are back about the 30th.", internal=True),
            Said(
                "Mara",
                3005,
                "Your tins are packed. Shall we hold the cutters and send everything together, or send the tins today?",
            ),
            Said("customer", 3012, "Please send what you have, we open on Friday."),
            Said(
                "Mara",
                3014,
                "Done: they leave with the four o'clock post.\n\nThe cutters follow as soon as they "
                "are here, at our cost.",
            ),
            Said("Jo", 3040, "Owner asked for the handwritten card again.", internal=True),
        ),
        parcels=(Parcel(3018, "Royal Mail", "AB 1291 7720 5GB", "https://tracking.example/AB129177205GB", (4, 0, 3)),),
    ),
    OrderStory(
        4,
        690,
        "Thistle & Thyme",
        "Isla McKay",
        "isla@thistlethyme.example",
        (APRON, DOORSTOP, CANDLES),
        ((55, CONFIRMED),),
        (
            Said("customer", 200, "One of last month's aprons had a loose seam, could you add a replacement?"),
            Said("Jo", 260, "Seam: third one from that batch. Told the workshop.", internal=True),
            Said("Jo", 265, "I'm sorry about that! A new one is in the box, no charge.", read_after=None),
        ),
    ),
    OrderStory(
        3,
        575,
        "Nordlys Interiør",
        "Ingrid Solberg",
        "ingrid@nordlys.example",
        (LANTERN, MUGS, TWINE),
        ((30, CONFIRMED),),
    ),
    OrderStory(
        3,
        840,
        "Pemberton Farm Shop",
        "George Pemberton",
        "george@pembertonfarm.example",
        (_line("Hessian sack, printed “Potatoes”", "HS-12", 120, "0.0425"), TWINE),
        ((25, CONFIRMED),),
    ),
    OrderStory(
        2,
        630,
        "Bluebell Tearooms",
        "Nell Fairfax",
        "nell@bluebelltea.example",
        (TINS, MUGS, BUNTING),
        (),
        (Said("customer", 15, "Could this arrive before the 28th? It's for our anniversary."),),
        note="Please use the side door in Mill Lane.\nThe bell is loud, so one ring is enough.",
    ),
    OrderStory(
        2,
        905,
        "東京ギフト商会",
        "佐藤 花子",
        "hanako@tokyogift.example",
        (_line("Furoshiki cloth, indigo", "FU-20", 60, "780"),),
        (),
        currency="JPY",
    ),
    OrderStory(1, 580, "Saltmarsh Studio", "Kit Lowe", "kit@saltmarsh.example", (CANDLES, PAPER), ((120, CONFIRMED),)),
    OrderStory(1, 745, "Foxglove Florist", "Beth Carver", "beth@foxglove.example", (TWINE, PAPER, BUNTING), ()),
    OrderStory(0, 480, "Copper Kettle Deli", "Marco Bianchi", "marco@copperkettle.example", (TINS, CUTTERS), ()),
)


def _earlier(number: int) -> OrderStory:
    """What the café orders every nine days or so, long done."""
    shelf = (TINS, CUTTERS, BUNTING, CANDLES, MUGS, PAPER, TWINE, LANTERN)
    return OrderStory(
        250 - 9 * number,
        540 + 37 * number % 360,
        "Harbour Café",
        "Ana Reis",
        "ana@harbour.example",
        tuple(shelf[(number * 3 + place) % len(shelf)] for place in range(1 + number % 4)),
        ((25, CONFIRMED), (4300, INVOICED)),
        parcels=(Parcel(2900, "Royal Mail", f"AB 12{50 + number} 66{10 + number} 4GB"),),
        paid_after=9000,
    )


# A good customer of many years, or nobody could see what a long list is like.
EARLIER: tuple[OrderStory, ...] = tuple(_earlier(number) for number in range(24))

# The order that staff promised to hold: what they promised stands in the log of its customer.
PROMISED_NUMBER = "4137"
PROMISED = OrderStory(
    3, 655, "Harbour Café", "Ana Reis", "ana@harbour.example", (MUGS, CANDLES, LANTERN), ((30, CONFIRMED),)
)
