"""Writing in a conversation, and reporting what has arrived."""

from typing import Annotated

import strawberry

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.conversations import actions
from counterfoil.conversations.actions import Receipt
from schema.context import Info
from schema.conversations.types import InternalNote, Message, message_by_key, note_by_key
from schema.orders.mutations import ABOUT, KEY, changed_order, find_order
from schema.orders.types import Order
from schema.problems import Problem, or_problem
from schema.relay import pk_of
from schema.scopes import needs


@strawberry.input(description="A message to the other side of an order.")
class SendMessageInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    text: str = strawberry.field(description="What to say: plain text, 1 to 10,000 characters, kept exactly.")


@strawberry.type(description="The message was saved, and the other side sees it now.")
class SendMessageSuccess:
    sent: Message = strawberry.field(description="The message.")


@strawberry.input(description="A note that customers never see.")
class WriteInternalNoteInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    text: str = strawberry.field(description="What to note: plain text, 1 to 10,000 characters, kept exactly.")


@strawberry.type(description="The note was saved.")
class WriteInternalNoteSuccess:
    note: InternalNote = strawberry.field(description="The note.")


@strawberry.input(description="How far the other side's messages have come.")
class ReportReceiptInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    order_id: strawberry.ID = strawberry.field(description="The order's global id.")
    up_to: strawberry.ID = strawberry.field(
        description="The global id of the newest message that arrived; those before it have arrived too."
    )


@strawberry.type(description="The report was taken; messages reported before keep their first time.")
class ReportReceiptSuccess:
    order: Order = strawberry.field(description="The order.")


SendMessageResult = Annotated[
    SendMessageSuccess | Problem, strawberry.union("SendMessageResult", description="Done, or why not.")
]
WriteInternalNoteResult = Annotated[
    WriteInternalNoteSuccess | Problem, strawberry.union("WriteInternalNoteResult", description="Done, or why not.")
]
ReportReceiptResult = Annotated[
    ReportReceiptSuccess | Problem, strawberry.union("ReportReceiptResult", description="Done, or why not.")
]


@strawberry.type
class ConversationMutations:
    @strawberry.mutation(
        description="Write to the other side of an order: staff to the customer, a customer to the shop.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_WRITE),
    )
    def send_message(self, info: Info, input: Annotated[SendMessageInput, ABOUT]) -> SendMessageResult:
        viewer = info.context.viewer

        def act() -> SendMessageSuccess:
            order = find_order(viewer, input.order_id)
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="sendMessage",
                given={"order": order.pk, "text": input.text},
                act=lambda: actions.send_message(viewer=viewer, order=order, text=input.text).pk,
            )
            message = message_by_key(viewer, pk)
            if message is None:
                raise NotFound("The message is not there any more.")
            return SendMessageSuccess(sent=message)

        return or_problem(act)

    @strawberry.mutation(
        description="Note something that customers never see.",
        metadata=needs(Permission.ORDERS_READ, Permission.NOTES_WRITE),
    )
    def write_internal_note(
        self, info: Info, input: Annotated[WriteInternalNoteInput, ABOUT]
    ) -> WriteInternalNoteResult:
        viewer = info.context.viewer

        def act() -> WriteInternalNoteSuccess:
            order = find_order(viewer, input.order_id)
            pk = once(
                viewer=viewer,
                key=input.client_mutation_key,
                mutation="writeInternalNote",
                given={"order": order.pk, "text": input.text},
                act=lambda: actions.write_internal_note(viewer=viewer, order=order, text=input.text).pk,
            )
            note = note_by_key(viewer, pk)
            if note is None:
                raise NotFound("The note is not there any more.")
            return WriteInternalNoteSuccess(note=note)

        return or_problem(act)

    @strawberry.mutation(
        description="Report that a page which the viewer can see has the other side's messages.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ, Permission.RECEIPTS_WRITE),
    )
    def report_delivered(self, info: Info, input: Annotated[ReportReceiptInput, ABOUT]) -> ReportReceiptResult:
        return _report(info.context.viewer, input, Receipt.DELIVERED)

    @strawberry.mutation(
        description="Report that the other side's messages stood in the viewer's view.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ, Permission.RECEIPTS_WRITE),
    )
    def report_read(self, info: Info, input: Annotated[ReportReceiptInput, ABOUT]) -> ReportReceiptResult:
        return _report(info.context.viewer, input, Receipt.READ)


def _report(viewer: Viewer, given: ReportReceiptInput, receipt: Receipt) -> ReportReceiptSuccess | Problem:
    def act() -> ReportReceiptSuccess:
        order = find_order(viewer, given.order_id)
        up_to = pk_of(given.up_to, "message") or 0

        def change() -> int:
            actions.report_receipt(viewer=viewer, order=order, up_to=up_to, receipt=receipt)
            return order.pk

        pk = once(
            viewer=viewer,
            key=given.client_mutation_key,
            mutation=f"report.{receipt.value}",
            given={"order": order.pk, "up_to": up_to},
            act=change,
        )
        return ReportReceiptSuccess(order=changed_order(viewer, pk))

    return or_problem(act)
