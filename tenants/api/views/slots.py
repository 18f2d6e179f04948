"""Free times of one doctor or several on certain days: the hottest address of the API."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import presenters, serializers
from tenants.api.openapi import query
from tenants.api.params import Params
from tenants.api.permissions import PublicCatalogue
from tenants.api.views.base import ApiView
from tenants.api.views.searching import Wanted, wanted_doctors
from tenants.booking.models import AppointmentSource
from tenants.booking.selectors import free_slots_of_many
from tenants.booking.selectors.slots_of_day import FreeTimes, free_times, version_of_times
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service

MAX_DAYS: Final = 31
MOST_SLOTS: Final = 1000
"""Of many doctors; a caller who wants more asks again from the last one's day."""
_PARAMS: Final = ("doctor", "doctors", "specialization", "service", "clinic", "date", "from", "to")


class AvailableSlots(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(
        operation_id="available_slots_list",
        tags=["Booking"],
        parameters=[
            query("doctor", int, "Id of the doctor. Either this, or `doctors` or `specialization`."),
            query("date", date, "A local day of the clinic. Either this or `from` and `to`."),
            query("from", date, "First local day of a range."),
            query("to", date, "Last local day of the range, included; at most 31 days."),
            query("doctors", str, "Ids of up to 50 doctors, with commas between."),
            query("specialization", str, "Id or slug: all doctors of this specialization."),
            query(
                "service", int, "Id of the service; by default the first, or of many doctors the shortest."
            ),
            query("clinic", int, "Id of the clinic; by default all in which the doctor works."),
            OpenApiParameter(
                "If-None-Match",
                str,
                OpenApiParameter.HEADER,
                description="The `ETag` of an answer about one doctor: 304 when nothing has changed since.",
            ),
        ],
        responses={
            200: serializers.AvailableSlots,
            304: OpenApiResponse(description="Nothing has changed: use the answer with this `ETag`."),
        },
    )
    def get(self, request: Request) -> Response:
        """Times at which a visit can be booked right now, soonest first."""
        params = Params(request, known=_PARAMS)
        if params.has("doctors") or params.has("specialization"):
            return self._of_many(request, params)
        doctor_id = params.whole("doctor", required=True)
        service_id = params.whole("service")
        clinic_id = params.whole("clinic")
        first, last = _days(params)
        params.done()
        if doctor_id is None or first is None or last is None:
            raise AssertionError  # done() raised
        wish = _Wish(doctor_id, clinic_id, first, last + timedelta(days=1), timezone.now())
        if service_id is not None and "If-None-Match" in request.headers:
            headers = _etag(wish.version(service_id))
            if headers and is_unchanged(request, headers["ETag"]):
                return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        found, version = wish.times(service_id)
        if not found:  # free times prove that doctor, service and clinic are public; without any, ask
            chosen = _checked_service(params, doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id)
            params.done()
            if service_id is None:
                service_id = chosen
                found, version = wish.times(chosen)
            if not found:
                Wanted([doctor_id], None, service_id, clinic_id).note_miss(request, wanted_on=first)
        return Response(
            {
                "doctor": doctor_id,
                "service": service_id,
                "first_date": first.isoformat(),
                "last_date": last.isoformat(),
                "is_complete": True,
                "slots": presenters.slots(found),
            },
            headers=_etag(version),
        )

    def _of_many(self, request: Request, params: Params) -> Response:
        if params.has("doctor"):
            params.refuse("doctor", "contradiction", _("Give one doctor or many, not both."))
        who = wanted_doctors(params)
        first, last = _days(params)
        params.done()
        if first is None or last is None:
            raise AssertionError  # done() raised
        found = free_slots_of_many(
            doctor_ids=who.doctor_ids,
            specialization_id=who.specialization_id,
            service_id=who.service_id,
            clinic_id=who.clinic_id,
            start=first,
            end=last + timedelta(days=1),
            now=timezone.now(),
            limit=MOST_SLOTS + 1,
        )
        if not found:
            who.note_miss(request, wanted_on=first)
        return Response(
            {
                "doctor": None,
                "service": who.service_id,
                "first_date": first.isoformat(),
                "last_date": last.isoformat(),
                "is_complete": len(found) <= MOST_SLOTS,
                "slots": presenters.slots(found[:MOST_SLOTS]),
            }
        )


@dataclass(frozen=True, slots=True)
class _Wish:
    """Whose times are asked for, on which local days `[start, end)`."""

    doctor_id: int
    clinic_id: int | None
    start: date
    end: date
    now: datetime

    def times(self, service_id: int | None) -> FreeTimes:
        """Without a service there are none."""
        if service_id is None:
            return FreeTimes([], None)
        return free_times(**asdict(self), service_id=service_id, channel=AppointmentSource.API)

    def version(self, service_id: int) -> str | None:
        return version_of_times(**asdict(self), service_id=service_id, channel=AppointmentSource.API)


def _etag(version: str | None) -> dict[str, str]:
    return {"ETag": f'W/"{version}"'} if version else {}


def is_unchanged(request: Request | HttpRequest, etag: str) -> bool:
    """Whether the caller has the answer with this ETag already (compared weakly, as a GET is)."""
    return etag.removeprefix("W/") in {
        tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")
    }


def _days(params: Params) -> tuple[date | None, date | None]:
    """First and last day asked for; problems are noted."""
    if params.has("from") or params.has("to"):
        if params.has("date"):
            params.refuse("date", "contradiction", _("Give either a date or a range, not both."))
        first, last = params.date("from", required=True), params.date("to", required=True)
        if first and last and last < first:
            params.refuse("to", "before_from", _("The last day lies before the first."))
        elif first and last and (last - first).days >= MAX_DAYS:
            params.refuse("to", "range_too_long", _("Ask for at most 31 days at once."))
        return first, last
    day = params.date("date", required=True)
    return day, day


def _checked_service(
    params: Params, *, doctor_id: int, service_id: int | None, clinic_id: int | None
) -> int | None:
    """One query: whether doctor, service and clinic are public, and the doctor's first service when none was named.

    Services count in the order in which they were created.
    """
    given = Service.doctors.through.objects.filter(doctor=OuterRef("pk"), service__is_active=True).order_by(
        "service"
    )
    rows = Doctor.objects.filter(pk=doctor_id, is_active=True).annotate(
        first_service=Subquery(given.values("service")[:1])
    )
    if service_id is not None:
        rows = rows.annotate(has_service=Exists(Service.objects.filter(pk=service_id, is_active=True)))
    else:
        rows = rows.annotate(has_service=F("is_active"))
    if clinic_id is not None:
        rows = rows.annotate(has_clinic=Exists(Clinic.objects.filter(pk=clinic_id, is_active=True)))
    else:
        rows = rows.annotate(has_clinic=F("is_active"))
    row = rows.values_list("first_service", "has_service", "has_clinic").first()
    if row is None:
        params.refuse("doctor", "unknown", _("There is no such doctor."))
        return None
    first_service, has_service, has_clinic = row
    if not has_service:
        params.refuse("service", "unknown", _("There is no such service."))
    if not has_clinic:
        params.refuse("clinic", "unknown", _("There is no such clinic."))
    found: int | None = service_id if service_id is not None else first_service
    return found
