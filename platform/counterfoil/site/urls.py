"""Every address of the site."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from counterfoil.site import views
from schema import tokens
from schema.http import endpoint

urlpatterns: list[URLPattern | URLResolver] = [
    path("graphql", endpoint, name="graphql"),
    path("graphql/docs", include("schema.docs.urls")),
    path("oauth/token", tokens.token, name="token"),
    path("oauth/revoke", tokens.revoke, name="revoke"),
    path("healthz", views.health, name="health"),
    path("readyz", views.readiness, name="readiness"),
    re_path(r"^media/(?P<name>products/[0-9a-f]{32}\.webp)\Z", views.product_image, name="product_image"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", include("admin_ui.urls")),
    path("", include("portal_ui.urls")),
]

if find_spec("graphene_django") and find_spec("django_filters"):  # the extra `reporting`
    from schema.reporting.http import endpoint as reporting

    urlpatterns.insert(0, path("graphql/reporting", reporting, name="reporting"))

if settings.DEMO:
    urlpatterns += [
        path("mailbox/", views.mailbox, name="mailbox"),
        path("mailbox/<slug:name>", views.mailbox_mail, name="mailbox_mail"),
        path("mailbox/<slug:name>/html", views.mailbox_html, name="mailbox_html"),
    ]
