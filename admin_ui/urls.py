"""The addresses of this UI."""

from django.urls import URLPattern, path

from admin_ui import live
from admin_ui.account import views as account
from admin_ui.conversations import views as conversations
from admin_ui.customers import views as customers
from admin_ui.fulfilments import views as fulfilments
from admin_ui.orders import by_hand
from admin_ui.orders import views as orders
from admin_ui.products import views as products
from admin_ui.staff import views as staff
from admin_ui.team import roles
from admin_ui.team import views as team

app_name = "admin"

urlpatterns: list[URLPattern] = [
    path("", orders.home, name="home"),
    path("sign-in", staff.sign_in, name="sign_in"),
    path("sign-out", staff.sign_out, name="sign_out"),
    path("live/poll", live.poll, name="poll"),
    path("orders", orders.orders, name="orders"),
    path("new-order", by_hand.new, name="order_new"),
    path("orders/<str:number>", orders.order, name="order"),
    path("orders/<str:number>/header", orders.header, name="order_header"),
    path("orders/<str:number>/status", orders.status, name="order_status"),
    path("orders/<str:number>/lines", by_hand.lines, name="order_lines"),
    path("orders/<str:number>/history", orders.history, name="order_history"),
    path("orders/<str:number>/payment", by_hand.payment, name="order_payment"),
    path("orders/<str:number>/fulfilments", fulfilments.fulfilments, name="fulfilments"),
    path("orders/<str:number>/fulfilments/parcels", fulfilments.parcels, name="parcels"),
    path("orders/<str:number>/fulfilments/send", fulfilments.send, name="fulfil"),
    path("orders/<str:number>/fulfilments/<str:gid>/tracking", fulfilments.correct, name="parcel_correct"),
    path("orders/<str:number>/fulfilments/<str:gid>/status", fulfilments.move, name="parcel_move"),
    path("orders/<str:number>/link", orders.link, name="order_link"),
    path("orders/<str:number>/mail", conversations.mail_preference, name="mail_preference"),
    path("orders/<str:number>/notes", conversations.notes, name="notes"),
    path("orders/<str:number>/notes/audience", conversations.audience, name="audience"),
    path("orders/<str:number>/notes/thread", conversations.thread, name="thread"),
    path("orders/<str:number>/notes/messages", conversations.send, name="send"),
    path("orders/<str:number>/notes/receipts", conversations.receipts, name="receipts"),
    path("orders/<str:number>/notes/internal", conversations.internal, name="internal"),
    path("customers", customers.customers, name="customers"),
    path("customers/new", customers.new, name="customer_new"),
    path("customers/<str:gid>", customers.customer, name="customer"),
    path("customers/<str:gid>/edit", customers.edit, name="customer_edit"),
    path("products", products.products, name="products"),
    path("products/new", products.new, name="product_new"),
    path("products/<str:gid>", products.product, name="product"),
    path("team", team.team, name="team"),
    path("team/roles", roles.roles, name="roles"),
    path("team/roles/new", roles.new, name="role_new"),
    path("team/roles/<str:gid>", roles.role, name="role"),
    path("team/<str:gid>", team.member, name="member"),
    path("account", account.account, name="account"),
    path("<path:rest>", staff.not_found, name="not_found"),
]
