"""Addresses of one clinic network: its site, booking, back office and API. Wagtail's pages answer the rest."""

from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from saas.accounts.views import to_back_office, to_login
from saas.core import views as core
from saas.core.language_view import choose_language
from tenants.website.views import site

urlpatterns = [
    path("livez", core.livez),
    path("language/", choose_language, name="choose_language"),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("tenants.api.urls")),
    path("", include("tenants.api.feed_urls")),
    path("cms/login/", to_back_office),  # Wagtail's own log-in forms know no second factor and no limits
    path("_util/login/", to_login),
    path("cms/failwhale/", site.no_such_page),  # Wagtail's page that breaks on purpose
    path("cms/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("saas.networks.urls_handover")),
    path("", include("tenants.desk.urls")),
    path("", include("tenants.website.urls")),
    path("", include(wagtail_urls)),
]

handler400 = "tenants.website.views.site.bad_request"
handler403 = "tenants.website.views.site.forbidden"
handler404 = "tenants.website.views.site.not_found"
handler500 = "tenants.website.views.site.server_error"
