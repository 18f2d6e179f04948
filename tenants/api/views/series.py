"""Repeated visits: which dates can be had, and booking all of them or none."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers, together
from tenants.api.authentication import api_actor, user_of
from tenants.api.bodies import accepted_body, language_of, patient_of
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.permissions import MayBook, runs_the_day
from tenants.api.repeating import answer_once
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.series import book_series
from tenants.booking.models import AppointmentSource
from tenants.booking.selectors.series import plan_series
from tenants.clinics.models import Clinic

_REFUSED = OpenApiResponse(serializers.Error, description="A rule of the clinic forbids it, for every date.")
_CONFLICT = OpenApiResponse(
    together.SeriesConflictError,
    description="Some dates cannot be had, so none was booked: `params.dates` says which, why, and what is free.",
)


class PlanSeries(ApiView):
    permission_classes = (MayBook,)

    @extend_schema(
        operation_id="series_plan",
        tags=["Booking"],
        request=together.SeriesPlanIn,
        responses={200: together.SeriesPlan, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Check every date of a series and offer others for those that cannot be had. Nothing is booked or kept."""
        accepted = accepted_body(request, together.SeriesPlanIn)
        found = plan_series(
            doctor_id=accepted["doctor"],
            service_id=accepted["service"],
            clinic_id=accepted["clinic"],
            dates=together.dates_of(accepted),
            patient_id=together.own_patient_id(request),
            now=timezone.now(),
            for_staff=runs_the_day(user_of(request)),
            channel=AppointmentSource.API,
        )
        zone = Clinic.objects.values_list("time_zone", flat=True).get(pk=accepted["clinic"])
        return Response(together.plan(found, zone))


class SeriesList(ApiView):
    permission_classes = (MayBook,)
    write_limit = BOOK

    @extend_schema(
        operation_id="series_create",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=together.SeriesIn,
        responses={201: together.AppointmentGroup, 409: _CONFLICT, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Book a visit on every date, or none. For guests and patients each date counts as one booking."""
        accepted = accepted_body(request, together.SeriesIn)
        user = user_of(request)
        language = language_of(accepted)
        dates = together.dates_of(accepted)
        together.count_bookings(request, len(dates))

        def work() -> tuple[int, dict[str, Any]]:
            patient = patient_of(request, accepted)
            booked = book_series(
                doctor_id=accepted["doctor"],
                service_id=accepted["service"],
                clinic_id=accepted["clinic"],
                dates=dates,
                patient_id=patient.pk,
                source=AppointmentSource.API,
                language=language,
                notes=accepted["notes"],
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=runs_the_day(user),
            )
            return 201, together.group(request, booked)

        return answer_once(request, operation="series", accepted=accepted, work=work)
