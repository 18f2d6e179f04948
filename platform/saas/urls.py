"""Addresses of the public site and the operators' console (public schema)."""

from django.urls import include, path

from saas.console.site import console_site
from saas.core import views as core
from saas.core.language_view import choose_language
from saas.onboarding import views_wellknown

urlpatterns = [
    path("livez", core.livez),
    path("robots.txt", views_wellknown.robots),
    path(".well-known/security.txt", views_wellknown.security_txt),
    path("language/", choose_language, name="choose_language"),
    path("accounts/", include("allauth.urls")),
    path("console/", console_site.urls),
    path("", include("saas.networks.urls")),
    path("", include("saas.onboarding.urls")),
]

handler500 = "saas.core.views.server_error"
