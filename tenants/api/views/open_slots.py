"""SMART Scheduling Links: the bulk feed of a network's open times, for public slot finders."""

from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from saas.core.errors import NotFound
from tenants.api.permissions import PublicCatalogue
from tenants.api.views.base import ApiView
from tenants.api.views.slots import is_unchanged
from tenants.booking.feeds import open_slots
from tenants.clinics.models import Clinic

_NDJSON: Final = "application/fhir+ndjson"
_CACHE: Final = {"Cache-Control": "public, max-age=60"}


class BulkPublish(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(operation_id="open_slots_manifest", tags=["Booking"], responses={200: dict[str, Any]})
    def get(self, request: Request) -> Response:
        """The manifest of the network's open times as SMART Scheduling Links: files of FHIR resources, one a line."""
        return Response(open_slots.manifest(now=timezone.now()), headers=_CACHE)


class Locations(ApiView):
    permission_classes = (PublicCatalogue,)
    schema = None

    def get(self, request: Request) -> HttpResponse:
        etag = f'W/"{open_slots.version_of_catalogue()}"'
        return _unchanged(etag) if is_unchanged(request, etag) else _ndjson(open_slots.locations(), etag)


class Schedules(ApiView):
    permission_classes = (PublicCatalogue,)
    schema = None

    def get(self, request: Request) -> HttpResponse:
        etag = f'W/"{open_slots.version_of_catalogue()}"'
        return _unchanged(etag) if is_unchanged(request, etag) else _ndjson(open_slots.schedules(), etag)


class Slots(ApiView):
    permission_classes = (PublicCatalogue,)
    schema = None

    def get(self, request: Request, pk: int) -> HttpResponse:
        now = timezone.now()
        if not Clinic.objects.filter(pk=pk, is_active=True).exists():
            raise NotFound
        version = open_slots.version_of_slots(pk, now=now)
        etag = f'W/"{version}"'
        if is_unchanged(request, etag):
            return _unchanged(etag)
        return _ndjson(open_slots.slots(pk, version=version, now=now), etag)


def _ndjson(text: str, etag: str) -> HttpResponse:
    return HttpResponse(text, content_type=_NDJSON, headers={**_CACHE, "ETag": etag})


def _unchanged(etag: str) -> HttpResponse:
    return HttpResponse(status=304, headers={**_CACHE, "ETag": etag})
