"""Every address of the site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from counterfoil.site import views
from schema.http import endpoint

urlpatterns: list[URLPattern | URLResolver] = [
    path("graphql", endpoint, name="graphql"),
    path("healthz", views.health, name="health"),
    path("readyz", views.readiness, name="readiness"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", include("admin_ui.urls")),
    path("", include("portal_ui.urls")),
]

if settings.DEMO:
    urlpatterns += [
        path("mailbox/", views.mailbox, name="mailbox"),
        path("mailbox/<slug:name>", views.mailbox_mail, name="mailbox_mail"),
        path("mailbox/<slug:name>/html", views.mailbox_html, name="mailbox_html"),
    ]
