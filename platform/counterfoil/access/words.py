"""What each permission lets one do, in words for who gives it to somebody."""

from collections.abc import Iterable, Mapping

from counterfoil.access.policy import Permission

WORDS: Mapping[Permission, str] = {
    Permission.ORDERS_READ: "See orders, their lines, totals, payments and parcels",
    Permission.ORDERS_WRITE: "Place orders, change their lines, and confirm, invoice or cancel them",
    Permission.FULFILMENTS_WRITE: "Send parcels, correct their tracking, and put lines on hold",
    Permission.PAYMENTS_WRITE: "Note payments and refunds",
    Permission.PRODUCTS_READ: "See products, their units and prices",
    Permission.PRODUCTS_WRITE: "Make and change products, their prices and images",
    Permission.ORDER_KEYS_READ: "See the customer’s link of an order, and so open it as the customer does",
    Permission.ORDER_KEYS_ROTATE: "Regenerate the customer’s link of an order, which ends every link sent before",
    Permission.CUSTOMERS_READ: "See customers, their contacts and mail addresses",
    Permission.CUSTOMERS_WRITE: "Make and change customers and their contacts",
    Permission.MESSAGES_READ: "Read the conversation with the customer",
    Permission.MESSAGES_WRITE: "Write messages to the customer, in the shop’s name",
    Permission.RECEIPTS_WRITE: "Mark messages as delivered and read",
    Permission.NOTES_READ: "Read internal notes",
    Permission.NOTES_WRITE: "Write internal notes",
    Permission.MAIL_PREFERENCE_WRITE: "Switch the mails about an order on or off",
    Permission.PARTNERS_WRITE: "Register programs, give them their scopes and secrets, and end them",
    Permission.STAFF_WRITE: "Invite staff, and give them their roles",
}
# Permissions in the order and under the headings in which one chooses them.
SUBJECTS: Mapping[str, str] = {
    "orders": "Orders",
    "fulfilments": "Parcels",
    "payments": "Payments",
    "messages": "Messages",
    "receipts": "Receipts",
    "mail_preference": "Mails",
    "notes": "Internal notes",
    "order_keys": "Customers’ links",
    "customers": "Customers",
    "products": "Products",
    "partners": "Programs",
    "staff": "Staff",
}


def subject_of(permission: Permission) -> str:
    """The heading that a permission stands under."""
    return SUBJECTS[permission.value.partition(":")[0]]


def in_order(permissions: Iterable[Permission]) -> list[Permission]:
    """These by their headings; of one subject, what reads comes first."""
    subjects = list(SUBJECTS)
    return sorted(permissions, key=lambda one: (subjects.index(one.value.partition(":")[0]), one.value))
