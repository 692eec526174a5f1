"""What each permission allows, in a sentence that whoever runs a shop understands."""

from collections.abc import Iterable, Mapping

from counterfoil.access.policy import Permission

SUBJECTS: Mapping[str, str] = {
    "orders": "Orders",
    "addresses": "Orders",
    "invoices": "Orders",
    "fulfilments": "Parcels",
    "payments": "Payments",
    "customers": "Customers",
    "products": "Products",
    "messages": "Messages with customers",
    "receipts": "Messages with customers",
    "mail_preference": "Messages with customers",
    "notes": "Internal notes",
    "interactions": "The log of customers",
    "order_keys": "Customers’ links",
    "customer_links": "Customers’ links",
    "partners": "Running the workspace",
    "staff": "Running the workspace",
    "settings": "Running the workspace",
}
SENTENCES: Mapping[Permission, str] = {
    Permission.ORDERS_READ: "See orders, what was ordered, and what happened to them.",
    Permission.ORDERS_WRITE: "Place orders, change their lines, confirm, invoice and cancel them.",
    Permission.ORDERS_EDIT: "Change one’s own order as far, and as long, as the shop lets customers.",
    Permission.FULFILMENTS_WRITE: "Send parcels, correct their tracking, and put orders on hold.",
    Permission.PAYMENTS_WRITE: "Note payments and refunds.",
    Permission.PRODUCTS_READ: "See products and their prices.",
    Permission.PRODUCTS_WRITE: "Make and change products, their prices and images.",
    Permission.ADDRESSES_READ: "See where orders go, and who is billed.",
    Permission.INVOICES_READ: "See invoices.",
    Permission.ORDERS_CLAIM: "Put an order into one’s own account, as the person who ordered.",
    Permission.ORDER_KEYS_READ: "See the link that opens an order, with which one answers as the customer.",
    Permission.ORDER_KEYS_ROTATE: "End a customer’s link and make a new one.",
    Permission.CUSTOMERS_READ: "See customers, their contacts and mail addresses.",
    Permission.CUSTOMERS_WRITE: "Make and change customers.",
    Permission.CUSTOMER_LINKS_READ: "See the links with which customers and visitors open the portal.",
    Permission.CUSTOMER_LINKS_ROTATE: "End such a link and make a new one, and end where customers are signed in.",
    Permission.MESSAGES_READ: "Read what customers and the shop wrote to each other.",
    Permission.MESSAGES_WRITE: "Write to customers.",
    Permission.RECEIPTS_WRITE: "Let customers see that their messages were read.",
    Permission.NOTES_READ: "Read the notes that staff keep about orders.",
    Permission.NOTES_WRITE: "Write notes about orders, for staff alone.",
    Permission.INTERACTIONS_READ: "Read what was logged about customers, such as calls, promises and complaints.",
    Permission.INTERACTIONS_WRITE: "Log what happened with a customer.",
    Permission.INTERACTIONS_ACKNOWLEDGE: "Say that an entry of the log was taken note of.",
    Permission.MAIL_PREFERENCE_WRITE: "Turn a customer’s mails about messages on and off.",
    Permission.PARTNERS_WRITE: "Give programs of partners access, and end it.",
    Permission.STAFF_WRITE: "Invite staff, give them roles, and decide how they sign in.",
    Permission.SETTINGS_WRITE: "Decide how customers get in, and what stores do by themselves.",
}


def subject_of(permission: Permission) -> str:
    """The heading that a permission stands under."""
    return SUBJECTS[permission.value.partition(":")[0]]


def in_order(permissions: Iterable[Permission]) -> list[Permission]:
    """These by their headings; of one subject, what reads comes first."""
    subjects = list(SUBJECTS)
    return sorted(permissions, key=lambda one: (subjects.index(one.value.partition(":")[0]), one.value))
