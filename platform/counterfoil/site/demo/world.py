"""The demo's world: Fennel & Twine, a gift wholesaler, made through the same actions that people use."""

import json
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from counterfoil.access import clock, second_factor
from counterfoil.access.models import AccessToken, CustomRole, StaffMember, User
from counterfoil.access.viewer import Role, Viewer
from counterfoil.catalog.actions import NewUnit, save_product
from counterfoil.conversations.actions import Receipt, report_receipt, send_message, write_internal_note
from counterfoil.conversations.models import Message
from counterfoil.customers.actions import create_customer
from counterfoil.customers.links import customer_url, public_url
from counterfoil.customers.models import Contact
from counterfoil.events import relay
from counterfoil.mail import delivery
from counterfoil.mail.models import Mail, MailState
from counterfoil.orders.actions import change_status, place_order, set_mail_preference
from counterfoil.orders.addresses import Addresses
from counterfoil.orders.fulfilment import fulfil
from counterfoil.orders.models import AddressUse, Order, OrderStatus
from counterfoil.orders.payments import record_payment
from counterfoil.orders.queries import guest
from counterfoil.partners.actions import register_client
from counterfoil.site.command import Stop
from counterfoil.site.demo.addresses import BILLED_AT, DELIVERED_TO
from counterfoil.site.demo.log import tell_log
from counterfoil.site.demo.story import (
    ALSO_SOLD_BY,
    CATALOGUE,
    EARLIER,
    ORDERS,
    PACKER,
    PACKS,
    PARTNER_SCOPES,
    PROMISED,
    PROMISED_NUMBER,
    STAFF,
    OrderStory,
    Parcel,
    Said,
)
from counterfoil.staff.roles import save_role
from counterfoil.workspaces.actions import set_order_editing
from counterfoil.workspaces.models import Store, Workspace

_EDITABLE_MINUTES = 3 * 24 * 60
_TOKEN_DAYS = 365
_OPEN_FOR_DAYS = 260


def world_at(base: str, *, host: str, logins: Path) -> dict[str, Any]:
    """The world, made on the first start and found again on the next, its links starting with `base`.

    Gives `staff` with passwords, API tokens and what their apps show codes by, `partners` with their secrets, and
    `orders` with the customers' links, the liveliest first. The secrets are random, and kept in the file `logins`,
    which only its owner may read.
    """
    if not logins.exists():
        if Workspace.objects.exists():
            raise Stop("this database holds something already. Name an empty one, or leave out --database.")
        logging.disable(logging.WARNING)  # that a mail is refused is a part of the story
        try:
            _make(base, host, logins)
        finally:
            logging.disable(logging.NOTSET)
    Store.objects.update(base_url=base, host=host)
    kept = json.loads(logins.read_text())
    if isinstance(kept, list):  # a demo from before there were partners
        kept = {"staff": kept, "partners": []}
    # What was imported has no story to tell here, and may be tens of thousands of orders.
    orders = (
        Order.objects.filter(external_id=None)
        .select_related("store", "customer")
        .annotate(messages=Count("conversation__messages"))
    )
    people = Contact.objects.filter(customer__external_id=None).select_related("customer")
    workspace = Workspace.objects.get()
    return {
        **kept,
        "sign_in": f"{base}/store/account/orders",
        "public_link": public_url(base, workspace.pk, workspace.public_link_version),
        "customers": [
            {
                "name": person.customer.name,
                "email": person.email,
                "link": customer_url(base, person.customer_id, person.customer.link_version),
            }
            for person in people.annotate(ordered=Count("orders")).order_by("-ordered", "pk")
        ],
        "orders": [
            {
                "id": order.topic,
                "number": order.number,
                "customer": order.customer.name,
                "guest_url": order.guest_url,
            }
            for order in orders.order_by("-messages", "-placed_at", "-pk")
        ],
    }


def _make(base: str, host: str, logins: Path) -> None:
    with transaction.atomic():
        workspace = Workspace.objects.create(name="Fennel & Twine", last_order_number=4111 - len(EARLIER))
        store = Store.objects.create(
            workspace=workspace,
            name="Fennel & Twine",
            host=host,
            base_url=base,
            language="en",
            time_zone="Europe/London",
            mail_from="orders@fennel.example",
            confirms_orders=True,
        )
        staff, viewers = [], {}
        for name, email, role in STAFF:
            login, viewers[name] = _hire(workspace, name, email, role)
            staff.append(login)
        staff.append(_hire_packer(workspace, viewers["Mara"]))
        set_order_editing(
            viewer=viewers["Mara"], address=True, note=True, quantities=True, cancel=True, minutes=_EDITABLE_MINUTES
        )
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    with clock.at(today - timedelta(days=_OPEN_FOR_DAYS)):
        shelf = _stock(viewers["Mara"])
    for story in (*EARLIER, *ORDERS):
        _tell(story, store, viewers, shelf, today)
    Workspace.objects.update(last_order_number=int(PROMISED_NUMBER) - 1)
    _tell(PROMISED, store, viewers, shelf, today)
    tell_log(viewers, today)
    _send_mails()
    with os.fdopen(os.open(logins, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"staff": staff, "partners": [_partner(viewers["Mara"])]}, file)


def _hire(workspace: Workspace, name: str, email: str, role: Role | CustomRole) -> tuple[dict[str, Any], Viewer]:
    password, token = secrets.token_urlsafe(9), AccessToken.new_secret()
    user = User.objects.create_user(email, password)
    given = {"custom_role": role} if isinstance(role, CustomRole) else {"role": role}
    member = StaffMember.objects.create(workspace=workspace, user=user, name=name, **given)
    AccessToken.objects.create(
        workspace=workspace,
        staff=member,
        digest=AccessToken.digest_of(token),
        expires_at=clock.now() + timedelta(days=_TOKEN_DAYS),
    )
    called = role.name if isinstance(role, CustomRole) else role.value
    return {"email": email, "password": password, "role": called, "token": token}, member.viewer


def _hire_packer(workspace: Workspace, admin: Viewer) -> dict[str, Any]:
    """Who packs: what their app needs stands beside the password, as `totp_secret` in base 32."""
    name, email, role = PACKER
    login, _ = _hire(workspace, name, email, save_role(viewer=admin, name=role, permissions=("orders:read", *PACKS)))
    user_id = User.objects.get(email=email).pk
    with clock.at(timezone.now() - timedelta(hours=1)):  # so that no code of today is used
        device = TOTPDevice.objects.get(pk=second_factor.begin(user_id))
        app = TOTP(device.bin_key)
        app.time = clock.now().timestamp()
        codes = second_factor.confirm(user_id, device.pk, f"{app.token():06}")
    return {**login, "totp_secret": second_factor.secret_of(device), "recovery_codes": codes}


def _partner(viewer: Viewer) -> dict[str, object]:
    """The program that packs the orders, by what it gets its tokens with."""
    client, secret = register_client(viewer=viewer, name="Warehouse", scopes=PARTNER_SCOPES)
    return {"name": client.name, "client_id": client.client_id, "client_secret": secret, "scopes": client.scopes}


def _stock(viewer: Viewer) -> dict[str, int]:
    """The catalogue; gives the product of each SKU."""
    shelf = {}
    for category, lines in CATALOGUE.items():
        for line in lines:
            units = [NewUnit(line.unit or "each", line.unit_price, "GBP")]
            units += [NewUnit(name, Decimal(price), "GBP") for name, price in ALSO_SOLD_BY.get(line.sku, ())]
            product = save_product(viewer=viewer, sku=line.sku, name=line.name, units=units, category=category)
            shelf[line.sku] = product.pk
    return shelf


def _tell(
    story: OrderStory, store: Store, viewers: dict[str, Viewer], shelf: Mapping[str, int], today: datetime
) -> None:
    mara = viewers["Mara"]
    placed = today - timedelta(days=story.days_ago) + timedelta(minutes=story.minute)
    placed = min(placed, timezone.now() - timedelta(minutes=1))  # begun before today's first order would have come
    with clock.at(placed):
        contact = Contact.objects.filter(email=story.email).first() or create_customer(
            viewer=mara, name=story.customer, contact_name=story.contact, email=story.email
        )
        lines = [replace(line, product_id=shelf.get(line.sku)) for line in story.lines]
        order = place_order(
            viewer=mara,
            store=store,
            contact=contact,
            currency=story.currency,
            lines=lines,
            addresses=_addresses(story),
            note=story.note,
        )
        _send_mails()
    steps: list[tuple[int, OrderStatus | Parcel]] = [*story.statuses, *((sent.after, sent) for sent in story.parcels)]
    for after, step in sorted(steps, key=lambda step: step[0]):
        with clock.at(min(placed + timedelta(minutes=after), timezone.now())):
            if isinstance(step, Parcel):
                _send(step, order, viewers["Jo"])
                _send_mails()
            else:
                change_status(viewer=mara, order=order, status=step)
    if story.paid_after is not None:
        with clock.at(placed + timedelta(minutes=story.paid_after)):
            record_payment(viewer=mara, order=order, amount=order.total)
    if not story.wants_mail:
        with clock.at(placed + timedelta(minutes=1)):
            set_mail_preference(viewer=guest(order), order=order, enabled=False)
    for said in story.conversation:
        _say(said, order, viewers, placed)


def _addresses(story: OrderStory) -> Addresses:
    delivery = replace(DELIVERED_TO[story.customer], company=story.customer)
    return {AddressUse.DELIVERY: delivery, AddressUse.BILLING: BILLED_AT.get(story.customer, delivery)}


def _send(parcel: Parcel, order: Order, packer: Viewer) -> None:
    quantities = None
    if parcel.quantities is not None:
        lines = order.lines.order_by("ordinal").values_list("pk", flat=True)
        quantities = dict(zip(lines, parcel.quantities, strict=True))
    fulfil(
        viewer=packer,
        order=order,
        quantities=quantities,
        carrier=parcel.carrier,
        tracking_number=parcel.number,
        tracking_url=parcel.url,
    )


def _say(said: Said, order: Order, viewers: dict[str, Viewer], placed: datetime) -> None:
    sent = min(placed + timedelta(minutes=said.after), timezone.now() - timedelta(minutes=1))
    customer = guest(order)
    with clock.at(sent):
        if said.internal:
            write_internal_note(viewer=viewers[said.by], order=order, text=said.text)
            return
        message = send_message(viewer=viewers.get(said.by, customer), order=order, text=said.text)
        _send_mails()
    other = customer if said.by in viewers else viewers["Mara"]
    _receive(message, order, other, said, sent)


def _receive(message: Message, order: Order, other: Viewer, said: Said, sent: datetime) -> None:
    for minutes, receipt in ((said.delivered_after, Receipt.DELIVERED), (said.read_after, Receipt.READ)):
        if minutes is not None:
            with clock.at(min(sent + timedelta(minutes=minutes), timezone.now())):
                report_receipt(viewer=other, order=order, up_to=message.pk, receipt=receipt)


def _send_mails() -> None:
    """What the worker would have done until now, the time of the story: one address has a slip in it, and the mail to
    it is refused until it is given up.
    """
    relay.drain()
    waiting = Mail.objects.filter(state=MailState.QUEUED, due_at__lte=clock.now()).order_by("due_at", "pk")
    while mail := waiting.first():
        with clock.at(mail.due_at):
            delivery.deliver(mail.pk)
