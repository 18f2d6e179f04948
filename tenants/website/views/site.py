"""The site's own files, and its pages for errors."""

import logging
from collections.abc import Iterable
from xml.sax.saxutils import escape

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from wagtail.models import Page, Site

from saas.core import views as core_views
from saas.core.colours import DEFAULT as DEFAULT_COLOUR
from saas.core.errors import DomainError, Forbidden, NotFound
from saas.core.views import refusal, wants_json
from tenants.clinics.models import Clinic, Organisation
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.website import brand, seo
from tenants.website.instants import BadAddress
from tenants.website.refusals import refusal_page

logger = logging.getLogger(__name__)

_DAY = 24 * 3600
_PRIVATE_PATHS = ("/visits/", "/my/", "/book/contacts/", "/accounts/", "/cms/", "/desk/", "/setup/", "/api/")


@require_safe
def brand_css(request: HttpRequest) -> HttpResponse:
    """The network's colours. Addressed with a version (`?v=`) it may be kept for a year, else it is asked about."""
    try:
        colour = organisation().brand_colour
    except Organisation.DoesNotExist:
        colour = DEFAULT_COLOUR
    version = brand.version(colour)
    etag = quote_etag(version)
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = HttpResponse(brand.css(colour), content_type="text/css; charset=utf-8")
    response.headers["ETag"] = etag
    if request.GET.get("v") == version:
        patch_cache_control(response, public=True, max_age=365 * _DAY, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    return response


@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    """What search engines should leave alone, and where the map is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _PRIVATE_PATHS)]
    lines += ["", f"Sitemap: {seo.absolute(request, '/sitemap.xml')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap_xml(request: HttpRequest) -> HttpResponse:
    """Every public page. Five queries."""
    body = "".join(
        f"<url><loc>{escape(seo.absolute(request, path))}</loc></url>\n" for path in _public_paths()
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{body}</urlset>\n'
    )
    response = HttpResponse(xml, content_type="application/xml; charset=utf-8")
    patch_cache_control(response, public=True, max_age=3600)
    return response


def _public_paths() -> Iterable[str]:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is not None:
        home = site.root_page
        for page in Page.objects.live().public().descendant_of(home, inclusive=True):
            yield "/" + page.url_path.removeprefix(home.url_path)
    for slug in Doctor.objects.filter(is_active=True).values_list("slug", flat=True):
        yield f"/doctors/{slug}/"
    for slug in Service.objects.filter(is_active=True).values_list("slug", flat=True):
        yield f"/services/{slug}/"
    for slug in Clinic.objects.filter(is_active=True).values_list("slug", flat=True):
        yield f"/clinics/{slug}/"


def no_such_page(request: HttpRequest) -> HttpResponse:
    """An address of a library that a network does without."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, BadAddress())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is forbidden: `PermissionDenied(error)` may carry a DomainError that knows what to do about it."""
    said = next((each for each in exception.args if isinstance(each, DomainError)), None)
    return _refused(request, said or Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that leads nowhere: offers the doctors and the booking."""
    return _refused(request, NotFound())


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    if wants_json(request):
        return refusal(request, status=error.status, code=error.code, message=str(error))
    return refusal_page(request, error)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug. The answer needs no database: whatever broke may be the database."""
    if wants_json(request):
        return core_views.server_error(request)
    return render(request, "tenants/website/500.html", {"brand": None, "menu": []}, status=500)
