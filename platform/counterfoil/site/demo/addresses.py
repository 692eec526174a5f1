"""Where the customers of Fennel & Twine are, by their names."""

from counterfoil.orders.addresses import NewAddress

# Where each customer's parcels go.
DELIVERED_TO = {
    "Maple & Rye": NewAddress("Hannah Okafor", "18 Market Street", "Hebden Bridge", "GB", postal_code="HX7 6AA"),
    "The Little Lighthouse Gift Shop": NewAddress(
        "Gwen Pritchard", "3 Harbour Terrace", "Tenby", "GB", postal_code="SA70 7BS"
    ),
    "Papeterie Lucien": NewAddress("Lucien Moreau", "41 rue des Trois Moulins", "Lyon", "FR", postal_code="69007"),
    "Harbour Café Pier 2": NewAddress("Ana Reis", "Kiosk, Pier 2", "Whitby", "GB", postal_code="YO21 3PU"),
    "Brightwater Garden Centre": NewAddress(
        "Goods-in", "Brightwater Lane", "Ludlow", "GB", region="Shropshire", postal_code="SY8 2BX"
    ),
    "Oakfield Primary School PTA": NewAddress("Priya Nair", "Oakfield Road", "Reading", "GB", postal_code="RG30 4QP"),
    "مكتبة الياسمين": NewAddress("ليلى حداد", "١٢ شارع الرينبو", "عمّان", "JO", postal_code="11181"),
    "Kettle & Co": NewAddress("Rob Kettle", "7 Corn Exchange", "Hitchin", "GB", postal_code="SG5 1DN"),
    "Schwarzwälder Geschenkmanufaktur und Papierwarenhandlung GmbH & Co. KG": NewAddress(
        "Wareneingang",
        "Oberkirchner Landstraße 117",
        "Titisee-Neustadt",
        "DE",
        street_2="Halle 3, Tor B",
        postal_code="79822",
    ),
    "Juniper Lane": NewAddress("Sophie Marsh", "2 Juniper Lane", "Frome", "GB", postal_code="BA11 1PT"),
    "The Corner Larder": NewAddress("Dev Patel", "55 Station Parade", "Leicester", "GB", postal_code="LE2 3FL"),
    "Wren Bookshop": NewAddress("Alice Wren", "9 Silver Street", "Lincoln", "GB", postal_code="LN2 1DY"),
    "St Brigid's Hospice Shop": NewAddress("Maureen Daly", "26 Main Street", "Kildare", "IE", postal_code="R51 HK54"),
    "Harbour Café": NewAddress(
        "Ana Reis", "4 Pier Road", "Whitby", "GB", postal_code="YO21 3PU", phone="+44 1947 496 0123"
    ),
    "Thistle & Thyme": NewAddress("Isla McKay", "31 High Street", "Pitlochry", "GB", postal_code="PH16 5AB"),
    "Nordlys Interiør": NewAddress("Ingrid Solberg", "Storgata 14", "Tromsø", "NO", postal_code="9008"),
    "Pemberton Farm Shop": NewAddress("George Pemberton", "Pemberton Farm", "Malmesbury", "GB", postal_code="SN16 0JW"),
    "Bluebell Tearooms": NewAddress("Nell Fairfax", "The Green", "Bourton", "GB", postal_code="GL54 2BN"),
    "東京ギフト商会": NewAddress(
        "佐藤 花子", "青葉台2丁目7-3", "目黒区", "JP", region="東京都", postal_code="153-0042"
    ),
    "Saltmarsh Studio": NewAddress("Kit Lowe", "The Old Boathouse", "Wells-next-the-Sea", "GB", postal_code="NR23 1AQ"),
    "Foxglove Florist": NewAddress("Beth Carver", "12 Bridge Street", "Bakewell", "GB", postal_code="DE45 1DS"),
    "Copper Kettle Deli": NewAddress("Marco Bianchi", "88 Byres Road", "Glasgow", "GB", postal_code="G12 8TB"),
}
# Who is billed elsewhere.
BILLED_AT = {
    "Harbour Café": NewAddress(
        "Accounts", "PO Box 9", "Leeds", "GB", company="Reis Trading Ltd", postal_code="LS1 1AA"
    ),
    "Brightwater Garden Centre": NewAddress(
        "Purchase ledger", "Unit 4, Eco Park Road", "Ludlow", "GB", region="Shropshire", postal_code="SY8 1FF"
    ),
}
