import json
from decimal import Decimal
from counterfoil.conversations.actions import send_message, write_internal_note
from counterfoil.orders.actions import *
from counterfoil.orders.fulfilment import *
from counterfoil.orders.payments import record_payment
from counterfoil.interactions.actions import log_interaction, acknowledge_interaction
from counterfoil.customers.access import *
from counterfoil.customers.actions import *
from counterfoil.events import relay
from counterfoil.mail.delivery import deliver, due
from tests.schema.timeline.asking import *

def test_x(shop):
    o = shop.order(number="INV-7")
    gid=f"customer_{o.customer_id}"
    change_status(viewer=shop.staff, order=o, status=OrderStatus.CONFIRMED)
    send_message(viewer=shop.staff, order=o, text="hello"); send_message(viewer=shop.guest(o), order=o, text="hi")
    write_internal_note(viewer=shop.staff, order=o, text="n")
    record_payment(viewer=shop.staff, order=o, amount=Decimal("5.00"))
    fulfil(viewer=shop.staff, order=o)
    i=log_interaction(viewer=shop.staff, customer=o.customer, type="note", text="careful", order=o, needs_acknowledgement=True)
    acknowledge_interaction(viewer=shop.staff, interaction=i)
    rotate_customer_link(viewer=shop.staff, customer=o.customer)
    for e in entries(shop.staff, gid): print(e)
    print()
    for e in entries(shop.staff, o.topic): print(e)
    assert entries(shop.staff, gid)
