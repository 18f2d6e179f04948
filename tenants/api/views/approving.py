"""Visits that wait for the clinic's approval: which there are, and the answer."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import presenters, serializers
from tenants.api.authentication import api_actor, token_of, user_of
from tenants.api.bodies import accepted_body
from tenants.api.models import ApiScope
from tenants.api.openapi import IDEMPOTENCY_KEY, PAGES, paged, query
from tenants.api.pagination import PAGE_PARAMS, page_choice, page_of
from tenants.api.params import Params
from tenants.api.permissions import MayAnswerRequests, runs_the_day, token_may
from tenants.api.repeating import answer_once
from tenants.api.selectors import visible_appointments
from tenants.api.views.appointments import AppointmentView
from tenants.api.views.base import ApiView
from tenants.booking.actions.approving import approve_appointment, refuse_appointment
from tenants.booking.actions.logbook import OPEN
from tenants.booking.models import Appointment


class AwaitingList(ApiView):
    permission_classes = (MayAnswerRequests,)

    @extend_schema(
        operation_id="appointments_awaiting_approval",
        tags=["Booking"],
        parameters=[
            query("doctor", int, "Only to this doctor."),
            query("clinic", int, "Only in this clinic."),
            *PAGES,
        ],
        responses=paged(serializers.Appointment),
    )
    def get(self, request: Request) -> Response:
        """Appointments that the clinic has to accept first, the soonest first; for doctors those to them."""
        params = Params(request, known=("doctor", "clinic", *PAGE_PARAMS))
        choice = page_choice(params)
        rows = visible_appointments(user_of(request)).filter(awaiting_approval=True, status__in=OPEN)
        user = user_of(request)
        if user is not None and not runs_the_day(user):
            rows = rows.filter(doctor__user=user.pk)
        if doctor := params.whole("doctor"):
            rows = rows.filter(doctor=doctor)
        if clinic := params.whole("clinic"):
            rows = rows.filter(clinic=clinic)
        params.done()

        def present(found: list[Appointment]) -> list[dict[str, Any]]:
            return [_shown(request, row) for row in found]

        return Response(page_of(request, rows.order_by("appointment_date", "id"), choice, present))


class _Answer(AppointmentView):
    """An answer to one request; a visit that the caller may not know of is not found."""

    permission_classes = (MayAnswerRequests,)


class Approve(_Answer):
    @extend_schema(
        operation_id="appointments_approve",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ApproveIn,
        responses={200: serializers.Appointment, 409: serializers.ConflictError},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Accept an appointment that was booked on approval; the patient gets the confirmation."""
        accepted = accepted_body(request, serializers.ApproveIn)

        def work() -> tuple[int, dict[str, Any]]:
            self.found(request, public_id)
            approve_appointment(
                public_id=public_id,
                expected_version=accepted["version"],
                actor=api_actor(request),
                now=timezone.now(),
            )
            return 200, _shown(request, self.found(request, public_id))

        return answer_once(request, operation=f"approve:{public_id.hex}", accepted=accepted, work=work)


class Refuse(_Answer):
    @extend_schema(
        operation_id="appointments_refuse",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RefuseIn,
        responses={200: serializers.Appointment, 409: serializers.ConflictError},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Turn down an appointment that was booked on approval: it is cancelled, and its time is free again."""
        accepted = accepted_body(request, serializers.RefuseIn)

        def work() -> tuple[int, dict[str, Any]]:
            self.found(request, public_id)
            refuse_appointment(
                public_id=public_id,
                message=accepted["message"],
                expected_version=accepted["version"],
                actor=api_actor(request),
                now=timezone.now(),
            )
            return 200, _shown(request, self.found(request, public_id))

        return answer_once(request, operation=f"refuse:{public_id.hex}", accepted=accepted, work=work)


def _shown(request: Request, row: Appointment) -> dict[str, Any]:
    """The appointment as who answers may see it; a token needs the scope to read patients' data."""
    with_patient = token_of(request) is None or token_may(request, ApiScope.APPOINTMENTS_READ)
    return presenters.appointment(row, with_patient=with_patient)
