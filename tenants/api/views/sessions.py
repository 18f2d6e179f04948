"""Group sessions with free seats, and taking one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.api import presenters, serializers
from tenants.api.authentication import api_actor, user_of
from tenants.api.bodies import accepted_body, language_of, patient_of
from tenants.api.openapi import IDEMPOTENCY_KEY, PAGES, paged, query
from tenants.api.pagination import PAGE_PARAMS, page_choice, page_of
from tenants.api.params import Params
from tenants.api.permissions import MayBook, PublicCatalogue, runs_the_day
from tenants.api.repeating import answer_once
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.groups import take_seat
from tenants.booking.links import manage_path
from tenants.booking.models import AppointmentSource, GroupSession
from tenants.booking.selectors.sessions import open_sessions

_FULL = OpenApiResponse(
    serializers.Error, description="The last seat went to somebody else; `params.alternatives` has others."
)
_REFUSED = OpenApiResponse(serializers.Error, description="A rule of the clinic forbids it.")


class SessionList(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(
        operation_id="sessions_list",
        tags=["Booking"],
        parameters=[
            query("service", int, "Only of this service."),
            query("doctor", int, "Only with this doctor."),
            query("clinic", int, "Only in this clinic."),
            query("from", datetime, "Beginning at this instant or later."),
            query("to", datetime, "Beginning before this instant."),
            *PAGES,
        ],
        responses=paged(serializers.GroupSession),
    )
    def get(self, request: Request) -> Response:
        """Group sessions that have free seats, the soonest first."""
        params = Params(request, known=("service", "doctor", "clinic", "from", "to", *PAGE_PARAMS))
        choice = page_choice(params)
        rows = open_sessions(
            service_id=params.whole("service"),
            doctor_id=params.whole("doctor"),
            clinic_id=params.whole("clinic"),
            since=params.instant("from"),
            until=params.instant("to"),
            now=timezone.now(),
        )
        params.done()

        def present(found: list[GroupSession]) -> list[dict[str, Any]]:
            return [presenters.group_session(row) for row in found]

        return Response(page_of(request, rows, choice, present))


class TakeSeat(ApiView):
    permission_classes = (MayBook,)
    write_limit = BOOK

    @extend_schema(
        operation_id="sessions_take_seat",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.SeatIn,
        responses={201: serializers.Appointment, 409: _FULL, 422: _REFUSED},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Take a seat. The answer is an appointment like any other; cancelling it gives the seat back."""
        accepted = accepted_body(request, serializers.SeatIn)
        user = user_of(request)
        language = language_of(accepted)

        def work() -> tuple[int, dict[str, Any]]:
            patient = patient_of(request, accepted)
            booked = take_seat(
                session_id=public_id,
                patient_id=patient.pk,
                source=AppointmentSource.API,
                language=language,
                notes=accepted["notes"],
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=runs_the_day(user),
            )
            url = network_url(current_network().primary_host, manage_path(booked))
            return 201, presenters.appointment(booked, with_patient=runs_the_day(user), manage_url=url)

        return answer_once(request, operation=f"seat:{public_id.hex}", accepted=accepted, work=work)
