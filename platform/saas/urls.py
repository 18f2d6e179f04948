"""Addresses of the public site and the operators' console (public schema)."""

from django.urls import include, path

from saas.console.site import console_site
from saas.core import views as core
from saas.core.language_view import choose_language

urlpatterns = [
    path("livez", core.livez),
    path("language/", choose_language, name="choose_language"),
    path("accounts/", include("allauth.urls")),
    path("console/", console_site.urls),
]
