"""The addresses of this UI."""

from django.urls import URLPattern, path

from portal_ui import header, live
from portal_ui.account import sign_in as account
from portal_ui.devices import views as devices
from portal_ui.landing import views as landing
from portal_ui.orders import claims, editing, invoice, past
from portal_ui.orders import views as orders
from portal_ui.welcome import views as welcome

app_name = "portal"

urlpatterns: list[URLPattern] = [
    path("", landing.welcome, name="landing"),
    path("order/<str:number>", orders.order_page, name="order"),
    path("order/<str:number>/summary", orders.summary, name="order_summary"),
    path("order/<str:number>/items", orders.items, name="order_items"),
    path("order/<str:number>/thread", orders.thread, name="order_thread"),
    path("order/<str:number>/messages", orders.messages, name="order_messages"),
    path("order/<str:number>/mail", orders.mail_preference, name="order_mail_preference"),
    path("order/<str:number>/receipts", orders.receipts, name="order_receipts"),
    path("order/<str:number>/change", editing.change, name="order_change"),
    path("order/<str:number>/change/state", editing.state, name="order_change_state"),
    path("order/<str:number>/cancel", editing.cancel, name="order_cancel"),
    path("order/<str:number>/claim", claims.claim, name="order_claim"),
    path("order/<str:number>/invoice", invoice.invoice, name="order_invoice"),
    path("c/<str:key>", welcome.customer_link, name="customer_link"),
    path("start/<str:key>", welcome.public_link, name="public_link"),
    path("store/health", landing.health, name="health"),
    path("store/welcome", welcome.welcome, name="welcome"),
    path("store/welcome/proof", welcome.prove, name="prove"),
    path("store/account/sign-in", account.sign_in, name="sign_in"),
    path("store/account/code", account.code, name="sign_in_code"),
    path("store/account/sign-out", account.sign_out, name="sign_out"),
    path("store/orders", past.of_customer, name="orders"),
    path("store/account/orders", past.of_contact, name="account_orders"),
    path("store/account/devices", devices.devices, name="devices"),
    path("store/account/devices/end", devices.end, name="device_end"),
    path("store/account/devices/end-others", devices.end_others, name="devices_end_others"),
    path("store/preview/end", header.end_preview, name="end_preview"),
    path("live/poll", live.poll, name="live_poll"),
]
