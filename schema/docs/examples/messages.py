"""Examples of conversations, and of watching what happens."""

from schema.docs.examples.task import Step, Task

SEND_A_MESSAGE = Task(
    "send-a-message",
    "Send a message to a customer",
    "Write on an order as the shop; the customer’s page shows it at once, and a mail tells them of it.",
    (
        Step(
            "Get the order’s id, and what was said last. Needs the scope `messages:read`.",
            """\
query Conversation($number: String!) {
  orderByNumber(number: $number) {
    id
    messages(first: 5) { nodes { author authorName text sentAt readAt } }
  }
}""",
            {"number": "4118"},
        ),
        Step(
            "The text is plain and kept exactly, in whatever script. Needs the scope `messages:write`.",
            """\
mutation SendMessage($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess { sent { id text sentAt } }
    ... on Problem { code field message }
  }
}""",
            {
                "input": {
                    "clientMutationKey": "docs-message-1",
                    "orderId": "ORDER_ID",
                    "text": "أهلاً ليلى، الفوانيس في الطريق إليكم.",
                }
            },
            {"ORDER_ID": "1 orderByNumber.id"},
        ),
    ),
    "A customer is shown the store’s name and not who or what wrote. What customers should never read is an internal "
    "note: `writeInternalNote`.",
)
FOLLOW_MESSAGES = Task(
    "follow-messages",
    "Follow an order’s messages live",
    "Each message in the moment in which it is sent, in order, each once, also over a lost connection.",
    (
        Step(
            "Read what is there, and the position of the log with it.",
            """\
query MessagesAndPosition($number: String!) {
  position
  orderByNumber(number: $number) {
    id
    messages(first: 20) { nodes { id author text sentAt } }
  }
}""",
            {"number": "4125"},
        ),
        Step(
            "Then watch from that position on: what was sent meanwhile comes first, so nothing is missed.",
            """\
subscription MessagesOfOrder($order: ID!, $after: Position) {
  messageAdded(orderId: $order, after: $after) {
    position
    message { id author authorName text sentAt }
  }
}""",
            {"order": "ORDER_ID", "after": "POSITION"},
            {"ORDER_ID": "1 orderByNumber.id", "POSITION": "1 position"},
        ),
    ),
    "Keep the `position` of the newest message that you took in. After a lost connection send it as `after`, or over "
    "SSE as the header `Last-Event-ID`, and the stream goes on behind it.",
)
FOLLOW_ORDERS = Task(
    "follow-all-orders",
    "Follow every order of the shop",
    "One stream of all that happens to orders, instead of asking again and again.",
    (
        Step("Take the position to begin at.", "query Position { position }"),
        Step(
            "Without an order, the subscription watches them all. Needs the scope `orders:read`.",
            """\
subscription EveryOrder($after: Position) {
  orderChanged(after: $after) {
    position
    kind
    order { id number status fulfilment payment }
  }
}""",
            {"after": "POSITION"},
            {"POSITION": "1 position"},
        ),
    ),
    "`kind` says what happened, in the past tense: `order.status_changed`. The order comes as it is when you are told.",
)
CONVERSATIONS = (SEND_A_MESSAGE, FOLLOW_MESSAGES, FOLLOW_ORDERS)
