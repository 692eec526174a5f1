"""Examples that change orders: place, confirm, send and pay them."""

from schema.docs.examples.task import Step, Task

_ORDER = """\
query OrderId($number: String!) {
  orderByNumber(number: $number) { id }
}"""
PLACE_AN_ORDER = Task(
    "place-an-order",
    "Place an order",
    "An order of your own system as a draft, then confirmed, so that the shop can send it.",
    (
        Step(
            "Make the customer, or change the one that your `externalId` names.",
            """\
mutation SaveCustomer($input: SaveCustomerInput!) {
  saveCustomer(input: $input) {
    ... on SaveCustomerSuccess { customer { id name } }
    ... on Problem { code field message }
  }
}""",
            {
                "input": {
                    "clientMutationKey": "docs-place-1",
                    "externalId": "crm-2207",
                    "name": "Lantern & Loom",
                    "contactName": "Noor Haddad",
                    "email": "noor@loom.example",
                }
            },
        ),
        Step(
            "Find the products by SKU. A line without one takes a name and a price of its own.",
            """\
query ProductsBySku($skus: [String!]!) {
  products(first: 10, filter: { skus: $skus }) {
    nodes { id sku name units(first: 5) { nodes { name price { amount currency } } } }
  }
}""",
            {"skus": ["TT-22"]},
        ),
        Step(
            "Place it. What a line leaves out comes from its product: name, unit and price.",
            """\
mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) {
    ... on PlaceOrderSuccess { order { id number status total { amount currency } } }
    ... on Problem { code field message }
  }
}""",
            {
                "input": {
                    "clientMutationKey": "docs-place-2",
                    "externalId": "web-90417",
                    "customerId": "CUSTOMER_ID",
                    "currency": "GBP",
                    "deliveryAddress": {
                        "name": "Noor Haddad",
                        "company": "Lantern & Loom",
                        "street": "23 Mill Lane",
                        "postalCode": "BD23 1JD",
                        "city": "Skipton",
                        "country": "GB",
                    },
                    "lines": [
                        {"productId": "PRODUCT_ID", "quantity": 2},
                        {"name": "Gift card, handwritten", "quantity": 1, "unitPrice": "1.50"},
                    ],
                }
            },
            {"CUSTOMER_ID": "1 saveCustomer.customer.id", "PRODUCT_ID": "2 products.nodes.0.id"},
        ),
        Step(
            "Confirm it. Until then its lines can still be changed with `reviseOrder`.",
            """\
mutation ConfirmOrder($input: ChangeOrderStatusInput!) {
  changeOrderStatus(input: $input) {
    ... on ChangeOrderStatusSuccess { order { number status } }
    ... on Problem { code field message }
  }
}""",
            {"input": {"clientMutationKey": "docs-place-3", "orderId": "ORDER_ID", "status": "CONFIRMED"}},
            {"ORDER_ID": "3 placeOrder.order.id"},
        ),
    ),
    "The same `externalId` names the same order for ever, also when a `clientMutationKey` has long been forgotten: "
    "sent again, a draft gets these lines, and no second order is made.",
)
SEND_A_PART = Task(
    "send-a-part",
    "Send a part of an order",
    "A parcel with chosen quantities of an order’s lines; the customer sees it at once.",
    (
        Step(
            "See what is left of each line, `quantity` less `fulfilled`, and read what was logged about the order and "
            "its customer.",
            """\
query WhatIsLeft($number: String!) {
  orderByNumber(number: $number) {
    id
    lines(first: 50) { nodes { id sku name quantity fulfilled } }
    packingNotices(first: 50) { nodes { id type text authorName } pageInfo { hasNextPage endCursor } }
  }
}""",
            {"number": "4125"},
        ),
        Step(
            "Send six of the twelve cutters. Without `lines` everything that is left goes. With a staff member’s token "
            "nothing leaves while a notice is missing in `readNotices`. Needs the scope `fulfilments:write`.",
            """\
mutation SendParcel($input: FulfilOrderInput!) {
  fulfilOrder(input: $input) {
    ... on FulfilOrderSuccess {
      fulfilment { id number status }
      order { fulfilment }
    }
    ... on Problem { code field message }
  }
}""",
            {
                "input": {
                    "clientMutationKey": "docs-send-1",
                    "orderId": "ORDER_ID",
                    "lines": [{"lineId": "LINE_ID", "quantity": 6}],
                    "readNotices": ["NOTICE_ID", "OTHER_NOTICE_ID"],
                    "carrier": "Royal Mail",
                    "trackingNumber": "AB 1292 0031 7GB",
                    "trackingUrl": "https://tracking.example/AB129200317GB",
                }
            },
            {
                "ORDER_ID": "1 orderByNumber.id",
                "LINE_ID": "1 orderByNumber.lines.nodes.1.id",
                "NOTICE_ID": "1 orderByNumber.packingNotices.nodes.0.id",
                "OTHER_NOTICE_ID": "1 orderByNumber.packingNotices.nodes.1.id",
            },
        ),
        Step(
            "Later, say that it has arrived.",
            """\
mutation ParcelArrived($input: ChangeFulfilmentStatusInput!) {
  changeFulfilmentStatus(input: $input) {
    ... on ChangeFulfilmentStatusSuccess { fulfilment { number status } }
    ... on Problem { code field message }
  }
}""",
            {"input": {"clientMutationKey": "docs-send-2", "fulfilmentId": "PARCEL_ID", "status": "DELIVERED"}},
            {"PARCEL_ID": "2 fulfilOrder.fulfilment.id"},
        ),
    ),
    "No more than was ordered leaves, however many programs and people pack the same order at the same moment: who "
    "comes second is refused with a problem that says what is left.",
)
RECORD_A_PAYMENT = Task(
    "record-a-payment",
    "Record a payment",
    "Note money that was taken or given back elsewhere; nothing is charged by this.",
    (
        Step("Get the order’s id.", _ORDER, {"number": "4112"}),
        Step(
            "The amount is in the order’s currency; a negative one was given back. Needs the scope `payments:write`.",
            """\
mutation RecordPayment($input: RecordPaymentInput!) {
  recordPayment(input: $input) {
    ... on RecordPaymentSuccess { order { payment paid { amount currency } total { amount currency } } }
    ... on Problem { code field message }
  }
}""",
            {"input": {"clientMutationKey": "docs-pay-1", "orderId": "ORDER_ID", "amount": "100.00"}},
            {"ORDER_ID": "1 orderByNumber.id"},
        ),
    ),
    "Amounts are strings, so that no program rounds them on the way. Whether an order is paid follows from its total "
    "and what was taken.",
)
HOLD_AN_ORDER = Task(
    "hold-an-order",
    "Hold an order back",
    "Keep an order from being sent until somebody releases it.",
    (
        Step("Get the order’s id.", _ORDER, {"number": "4121"}),
        Step(
            "While it is held, `fulfilOrder` is refused. Send `false` to release it.",
            """\
mutation HoldOrder($input: SetOrderHoldInput!) {
  setOrderHold(input: $input) {
    ... on SetOrderHoldSuccess { order { number fulfilment } }
    ... on Problem { code field message }
  }
}""",
            {"input": {"clientMutationKey": "docs-hold-1", "orderId": "ORDER_ID", "onHold": True}},
            {"ORDER_ID": "1 orderByNumber.id"},
        ),
    ),
)
ORDERS = (PLACE_AN_ORDER, SEND_A_PART, HOLD_AN_ORDER, RECORD_A_PAYMENT)
