"""The addresses of this UI."""

from django.urls import URLPattern, path

from admin_ui import live
from admin_ui.account import password, second_factor, sessions
from admin_ui.account import views as account
from admin_ui.conversations import views as conversations
from admin_ui.customers import access, linked, profile
from admin_ui.customers import at_once as customers_at_once
from admin_ui.customers import export as customer_export
from admin_ui.customers import listing as customer_list
from admin_ui.customers import views as customers
from admin_ui.fulfilments import changes as parcel_changes
from admin_ui.fulfilments import views as fulfilments
from admin_ui.home import views as home
from admin_ui.interactions import settings as interaction_settings
from admin_ui.interactions import views as interactions
from admin_ui.invitations import joining
from admin_ui.invitations import views as invitations
from admin_ui.orders import at_once as orders_at_once
from admin_ui.orders import by_hand
from admin_ui.orders import export as order_export
from admin_ui.orders import listing as order_list
from admin_ui.orders import views as orders
from admin_ui.portal import health
from admin_ui.portal import views as portal
from admin_ui.products import views as products
from admin_ui.programs import views as programs
from admin_ui.security import views as security
from admin_ui.staff import forgotten
from admin_ui.staff import views as staff
from admin_ui.team import roles
from admin_ui.team import views as team
from admin_ui.timeline import views as timeline

app_name = "admin"

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("attention", home.attention, name="attention"),
    path("attention/waiting", home.waiting, name="waiting"),
    path("attention/entries", home.entries, name="entries"),
    path("attention/mails", home.mails, name="mails"),
    path("activity", home.activity, name="activity"),
    path("sign-in", staff.sign_in, name="sign_in"),
    path("sign-in/forgotten", forgotten.forgotten, name="forgotten"),
    path("reset/<str:token>", forgotten.reset_link, name="reset_link"),
    path("reset", forgotten.reset, name="reset"),
    path("invitation/<str:token>", joining.link, name="invitation_link"),
    path("invitation", joining.join, name="invitation"),
    path("sign-in/code", staff.sign_in_code, name="sign_in_code"),
    path("sign-out", staff.sign_out, name="sign_out"),
    path("live/poll", live.poll, name="poll"),
    path("orders", order_list.orders, name="orders"),
    path("orders.csv", order_export.export, name="orders_csv"),
    path("orders-at-once", orders_at_once.at_once, name="orders_at_once"),
    path("new-order", by_hand.new, name="order_new"),
    path("orders/<str:number>", orders.order, name="order"),
    path("orders/<str:number>/header", orders.header, name="order_header"),
    path("orders/<str:number>/status", orders.status, name="order_status"),
    path("orders/<str:number>/lines", by_hand.lines, name="order_lines"),
    path("orders/<str:number>/history", orders.history, name="order_history"),
    path("orders/<str:number>/timeline", timeline.order, name="order_timeline"),
    path("orders/<str:number>/payment", by_hand.payment, name="order_payment"),
    path("orders/<str:number>/fulfilments", fulfilments.fulfilments, name="fulfilments"),
    path("orders/<str:number>/fulfilments/parcels", fulfilments.parcels, name="parcels"),
    path("orders/<str:number>/fulfilments/send", parcel_changes.send, name="fulfil"),
    path("orders/<str:number>/fulfilments/<str:gid>/tracking", parcel_changes.correct, name="parcel_correct"),
    path("orders/<str:number>/fulfilments/<str:gid>/status", parcel_changes.move, name="parcel_move"),
    path("orders/<str:number>/pack", fulfilments.pack, name="pack"),
    path("orders/<str:number>/pack/stub", fulfilments.stub, name="packing_stub"),
    path("orders/<str:number>/pack/notices", fulfilments.notices, name="packing_notices"),
    path("orders/<str:number>/link", orders.link, name="order_link"),
    path("orders/<str:number>/mail", conversations.mail_preference, name="mail_preference"),
    path("orders/<str:number>/notes", conversations.notes, name="notes"),
    path("orders/<str:number>/notes/audience", conversations.audience, name="audience"),
    path("orders/<str:number>/notes/thread", conversations.thread, name="thread"),
    path("orders/<str:number>/notes/messages", conversations.send, name="send"),
    path("orders/<str:number>/notes/receipts", conversations.receipts, name="receipts"),
    path("orders/<str:number>/notes/internal", conversations.internal, name="internal"),
    path("customers", customer_list.customers, name="customers"),
    path("customers.csv", customer_export.export, name="customers_csv"),
    path("customers-at-once", customers_at_once.at_once, name="customers_at_once"),
    path("customers/new", customers.new, name="customer_new"),
    path("customers/<str:gid>", profile.customer, name="customer"),
    path("customers/<str:gid>/edit", customers.edit, name="customer_edit"),
    path("customers/<str:gid>/timeline", timeline.customer, name="customer_timeline"),
    path("customers/<str:gid>/link", access.link, name="customer_link"),
    path("customers/<str:gid>/account", access.flags, name="customer_account"),
    path("customers/<str:gid>/sign-out", access.sign_out, name="customer_sign_out"),
    path("customers/<str:gid>/preview", access.preview, name="customer_preview"),
    path("customers/<str:gid>/linked", linked.linked, name="linked"),
    path("customers/<str:gid>/linked/end", linked.unlink, name="unlink"),
    path("customers/<str:gid>/interactions", interactions.interactions, name="interactions"),
    path("customers/<str:gid>/interactions/earlier", interactions.earlier, name="earlier_interactions"),
    path("customers/<str:gid>/interactions/news", interactions.news, name="interaction_news"),
    path("customers/<str:gid>/interactions/<str:entry>/acknowledge", interactions.acknowledge, name="acknowledge"),
    path("products", products.products, name="products"),
    path("products/new", products.new, name="product_new"),
    path("products/<str:gid>", products.product, name="product"),
    path("programs", programs.programs, name="programs"),
    path("programs/new", programs.new, name="program_new"),
    path("programs/<str:gid>", programs.program, name="program"),
    path("programs/<str:gid>/scopes", programs.scopes, name="program_scopes"),
    path("programs/<str:gid>/secret", programs.secret, name="program_secret"),
    path("programs/<str:gid>/end", programs.end, name="program_end"),
    path("team", team.team, name="team"),
    path("team/roles", roles.roles, name="roles"),
    path("team/roles/new", roles.new, name="role_new"),
    path("team/roles/<str:gid>", roles.role, name="role"),
    path("team/invitations", invitations.invitations, name="invitations"),
    path("team/invitations/<str:gid>/send", invitations.resend, name="invitation_resend"),
    path("team/invitations/<str:gid>/withdraw", invitations.withdraw, name="invitation_withdraw"),
    path("team/<str:gid>", team.member, name="member"),
    path("account", account.account, name="account"),
    path("account/sessions", sessions.sessions, name="sessions"),
    path("account/sessions/end", sessions.end, name="session_end"),
    path("account/sessions/end-others", sessions.end_others, name="sessions_end_others"),
    path("account/password", password.password, name="password"),
    path("account/second-factor", second_factor.second_factor, name="second_factor"),
    path("account/second-factor/begin", second_factor.begin, name="second_factor_begin"),
    path("account/second-factor/cancel", second_factor.cancel, name="second_factor_cancel"),
    path("account/second-factor/confirm", second_factor.confirm, name="second_factor_confirm"),
    path("account/second-factor/codes", second_factor.codes, name="recovery_codes"),
    path("account/second-factor/off", second_factor.off, name="second_factor_off"),
    path("settings/portal", portal.portal, name="portal_settings"),
    path("settings/portal/link", portal.link, name="public_link"),
    path("settings/portal/changes", portal.changes, name="order_changes"),
    path("settings/portal/stores/<str:gid>", portal.store, name="store_settings"),
    path("settings/stores/<str:gid>/health", health.health, name="store_health"),
    path("settings/interactions", interaction_settings.types, name="interaction_types"),
    path("security", security.security, name="security"),
    path("security/links", security.rotate_links, name="rotate_links"),
    path("<path:rest>", staff.not_found, name="not_found"),
]
