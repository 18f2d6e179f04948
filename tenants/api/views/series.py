"""Repeated visits: which dates can be had, and booking all of them or none."""

from typing import Any

from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers, together
from tenants.api.actions import patient_for_caller
from tenants.api.authentication import api_actor, user_of
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.params import Params
from tenants.api.permissions import MayBook, runs_the_day
from tenants.api.repeating import answer_once
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.series import book_series
from tenants.booking.models import AppointmentSource
from tenants.booking.selectors.series import plan_series
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation

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
        Params(request, known=()).done()
        body = together.SeriesPlanIn(data=request.data)
        body.is_valid(raise_exception=True)
        accepted: dict[str, Any] = body.validated_data
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
        Params(request, known=()).done()
        body = together.SeriesIn(data=request.data)
        body.is_valid(raise_exception=True)
        accepted: dict[str, Any] = body.validated_data
        user = user_of(request)
        language = accepted.get("language") or translation.get_language() or ""
        dates = together.dates_of(accepted)
        together.count_bookings(request, len(dates))

        def work() -> tuple[int, dict[str, Any]]:
            patient = patient_for_caller(
                contacts=accepted.get("patient"),
                user=None if runs_the_day(user) else user,
                language=language,
                region=organisation().country,
            )
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
