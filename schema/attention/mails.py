"""Mails to customers that were given up, and what staff do about them."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, NamedTuple, cast

import strawberry
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from counterfoil.access.idempotency import once
from counterfoil.access.policy import Permission, allows
from counterfoil.access.problems import NotFound
from counterfoil.access.viewer import Viewer
from counterfoil.mail import actions
from counterfoil.mail.models import Mail as MailModel
from counterfoil.mail.models import MailKind, MailState
from counterfoil.mail.queries import failed_visible_to, visible_to
from schema.attention.readers import reads_conversations
from schema.context import Info
from schema.loading import Siblings
from schema.orders.mutations import ABOUT, KEY
from schema.orders.types import Order, orders_by_key
from schema.problems import Problem, or_problem
from schema.relay import After, Connection, First, Keyset, Node, pk_of
from schema.scopes import needs, type_needs

FAILED_MAILS = Keyset("failedMails", "pk", of=int)


@strawberry.enum(name="MailKind", description="What a mail to a customer is about.")
class CustomerMailKind(Enum):
    MESSAGE = strawberry.enum_value(MailKind.MESSAGE.value, description="It tells of a message of the shop.")
    CONFIRMATION = strawberry.enum_value(MailKind.CONFIRMATION.value, description="It confirms an order.")
    PARCEL = strawberry.enum_value(MailKind.PARCEL.value, description="It tells that a parcel has left.")


class MailRow(NamedTuple):
    """What `Mail` is read from."""

    id: str
    kind: CustomerMailKind
    state: MailState
    reason: str
    tried_at: datetime
    address: str
    pk: int
    order_id: int
    siblings: Siblings


@type_needs(Permission.ORDERS_READ, Permission.MESSAGES_READ)
@strawberry.type(description="A mail to a customer about an order.")
class Mail(Node):
    kind: CustomerMailKind = strawberry.field(description="What it is about.")
    state: MailState = strawberry.field(description="How it fares.")
    reason: str = strawberry.field(description="Why it is suppressed, failed or late; empty otherwise.")
    tried_at: datetime = strawberry.field(
        description="When it was tried last; of one that waits, when it may be tried next."
    )
    address: strawberry.Private[str]
    pk: strawberry.Private[int]
    order_id: strawberry.Private[int]
    siblings: strawberry.Private[Siblings]

    @strawberry.field(
        description="The address that it goes to. Null without the scope.", metadata=needs(Permission.CUSTOMERS_READ)
    )
    def to(self, info: Info) -> str | None:
        return self.address if allows(info.context.viewer, Permission.CUSTOMERS_READ) else None

    @strawberry.field(description="The order that it is about.")
    def order(self, info: Info) -> Order:
        viewer = info.context.viewer
        row = self.siblings.load("order", "order_id", self.order_id, lambda keys: orders_by_key(viewer, keys))
        return cast(Order, row)

    @classmethod
    def is_type_of(cls, row: object, _info: object) -> bool:
        """Rows stand for their type."""
        return isinstance(row, MailRow)


def read_mails(mails: QuerySet[MailModel]) -> list[MailRow]:
    """Mails as rows; they share what they load."""
    siblings = Siblings()
    order = Coalesce("order_id", "message__conversation__order_id")
    rows = [
        MailRow(f"mail_{pk}", CustomerMailKind(kind), MailState(state), reason, due_at, to, pk, order_id, siblings)
        for kind, state, reason, due_at, to, pk, order_id in mails.values_list(
            "kind", "state", "reason", "due_at", "to", "pk", order
        )
    ]
    siblings.share(rows, "order_id")
    return rows


def mail_by_key(viewer: Viewer, pk: int | None) -> Mail | None:
    """The mail with this primary key, if the viewer sees it."""
    rows = read_mails(visible_to(viewer).filter(pk=pk)) if pk else []
    return cast(Mail, rows[0]) if rows else None


@strawberry.type
class MailQueries:
    @strawberry.field(
        description="The mails to customers that were given up and that nobody has looked after, the newest first. "
        "`first` is at most 100. Null for everybody but the shop.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_READ),
    )
    def failed_mails(self, info: Info, first: First, after: After = None) -> Connection[Mail] | None:
        viewer = info.context.viewer
        if not reads_conversations(viewer):
            return None
        return FAILED_MAILS.cut(failed_visible_to(viewer), read_mails, first=first, after=after)


@strawberry.input(description="A mail that was given up, to be sent again.")
class RetryMailInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    mail_id: strawberry.ID = strawberry.field(description="The mail's global id.")


@strawberry.type(description="The mail waits to be sent again, if it is still wanted then.")
class RetryMailSuccess:
    mail: Mail = strawberry.field(description="The mail.")


@strawberry.input(description="A mail that was given up, to be left at that.")
class DismissMailInput:
    client_mutation_key: str = strawberry.field(description=KEY)
    mail_id: strawberry.ID = strawberry.field(description="The mail's global id.")


@strawberry.type(description="The mail is not sent, and stands among the failed ones no more.")
class DismissMailSuccess:
    mail: Mail = strawberry.field(description="The mail.")


RetryMailResult = Annotated[
    RetryMailSuccess | Problem, strawberry.union("RetryMailResult", description="Done, or why not.")
]
DismissMailResult = Annotated[
    DismissMailSuccess | Problem, strawberry.union("DismissMailResult", description="Done, or why not.")
]


@strawberry.type
class MailMutations:
    @strawberry.mutation(
        description="Send a mail again that was given up. It goes out only if the customer still wants it.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_WRITE),
    )
    def retry_mail(self, info: Info, input: Annotated[RetryMailInput, ABOUT]) -> RetryMailResult:
        viewer = info.context.viewer
        return or_problem(
            lambda: RetryMailSuccess(
                mail=_changed(viewer, input, "retryMail", lambda mail: actions.retry_mail(viewer=viewer, mail=mail))
            )
        )

    @strawberry.mutation(
        description="Leave a mail that was given up: it stands among the failed ones no more.",
        metadata=needs(Permission.ORDERS_READ, Permission.MESSAGES_WRITE),
    )
    def dismiss_mail(self, info: Info, input: Annotated[DismissMailInput, ABOUT]) -> DismissMailResult:
        viewer = info.context.viewer
        return or_problem(
            lambda: DismissMailSuccess(
                mail=_changed(viewer, input, "dismissMail", lambda mail: actions.dismiss_mail(viewer=viewer, mail=mail))
            )
        )


def _changed(
    viewer: Viewer, given: RetryMailInput | DismissMailInput, mutation: str, act: Callable[[MailModel], None]
) -> Mail:
    """The mail that is named, after `act`, once. Raises `NotFound` for one that the viewer does not see."""
    found = visible_to(viewer).select_related("event").filter(pk=pk_of(given.mail_id, "mail") or 0).first()
    if found is None:
        raise NotFound("There is no such mail.", field="mailId")

    def change() -> int:
        act(found)
        return found.pk

    pk = once(viewer=viewer, key=given.client_mutation_key, mutation=mutation, given={"mail": found.pk}, act=change)
    mail = mail_by_key(viewer, pk)
    if mail is None:
        raise NotFound("The mail is not there any more.")
    return mail
