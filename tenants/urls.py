"""Addresses of one clinic network: its site, booking, back office and API. Wagtail's pages answer the rest."""

from django.urls import include, path

from saas.core import views as core
from saas.core.language_view import choose_language

urlpatterns = [
    path("livez", core.livez),
    path("language/", choose_language, name="choose_language"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("tenants.api.urls")),
]
