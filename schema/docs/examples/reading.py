"""Examples that read: orders, one order, a customer's, and whole lists."""

from schema.docs.examples.task import Step, Task

LIST_ORDERS = Task(
    "list-orders",
    "List the newest orders",
    "The orders that the token may see, newest first, with where each stands on its three axes.",
    (
        Step(
            "Ask for what you show, and nothing else: each field that is left out is work that nobody does.",
            """\
query NewestOrders {
  orders(first: 10) {
    nodes {
      number
      placedAt
      status
      fulfilment
      payment
      total { amount currency }
    }
  }
}""",
        ),
    ),
    "An order's status, its payment and its fulfilment know nothing of each other: an order can be invoiced before it "
    "has left, and paid in part.",
)
FIND_AN_ORDER = Task(
    "find-an-order",
    "Find an order by its number",
    "One order, by the number that people call it by, with what was ordered and how far each line is.",
    (
        Step(
            "`orderByNumber` is null when there is no such order, or none that the token may see.",
            """\
query OrderByNumber($number: String!) {
  orderByNumber(number: $number) {
    id
    status
    fulfilment
    total { amount currency }
    lines(first: 50) {
      nodes { sku name unit quantity fulfilled unitPrice { amount currency } }
    }
    fulfilments(first: 10) {
      nodes { number status carrier trackingNumber trackingUrl }
    }
  }
}""",
            {"number": "4125"},
        ),
    ),
    "Keep the `id`: it is stable, and what mutations ask for. Who knows an id already asks `order(id: …)`.",
)
CUSTOMERS_ORDERS = Task(
    "orders-of-a-customer",
    "List a customer’s orders",
    "Find the customer by a part of the name or of a mail address, then their orders.",
    (
        Step(
            "Words are looked for at the beginning of each word of the name. Needs the scope `customers:read`.",
            """\
query FindCustomer($search: String!) {
  customers(first: 5, filter: { search: $search }) {
    nodes { id name externalId }
  }
}""",
            {"search": "Harbour"},
        ),
        Step(
            "Then the orders of one of them.",
            """\
query OrdersOfCustomer($customer: ID!) {
  orders(first: 20, filter: { customerId: $customer }) {
    nodes { number placedAt status fulfilment total { amount currency } }
  }
}""",
            {"customer": "CUSTOMER_ID"},
            {"CUSTOMER_ID": "1 customers.nodes.0.id"},
        ),
    ),
)
WHAT_IS_LEFT = Task(
    "orders-to-send",
    "List what is left to send",
    "For a packing bench: confirmed orders of which nothing or a part has left, and how much of each line that is.",
    (
        Step(
            "Ask once for those that have not left at all, and once for those that left in part: two fields of one "
            "operation, told apart by their aliases.",
            """\
query LeftToSend {
  untouched: orders(first: 20, filter: { status: CONFIRMED, fulfilment: UNFULFILLED }) {
    nodes { ...Packing }
  }
  begun: orders(first: 20, filter: { status: CONFIRMED, fulfilment: PARTIALLY_FULFILLED }) {
    nodes { ...Packing }
  }
}

fragment Packing on Order {
  id
  number
  lines(first: 50) { nodes { id sku name quantity fulfilled } }
}""",
        ),
    ),
)
PAGE_THROUGH = Task(
    "page-through-a-list",
    "Page through a whole list",
    "Every order, a page at a time, with none twice and none left out while new ones come in.",
    (
        Step(
            "`first` is 1 to 100. Take `pageInfo` along.",
            """\
query OrdersPage($after: String) {
  orders(first: 10, after: $after) {
    nodes { number }
    pageInfo { hasNextPage endCursor }
  }
}""",
            {"after": None},
        ),
        Step(
            "While `hasNextPage` is true, send the same operation with `endCursor` as `after`.",
            """\
query OrdersPage($after: String) {
  orders(first: 10, after: $after) {
    nodes { number }
    pageInfo { hasNextPage endCursor }
  }
}""",
            {"after": "END_CURSOR"},
            {"END_CURSOR": "1 orders.pageInfo.endCursor"},
        ),
    ),
    "A cursor says where a row stands and not how many came before it, so page 1,000 costs what page 1 costs. Give it "
    "back as you got it, to the same list with the same filter.",
)
READING = (LIST_ORDERS, FIND_AN_ORDER, CUSTOMERS_ORDERS, WHAT_IS_LEFT, PAGE_THROUGH)
