"""Booking a visit, looking at it, moving and cancelling it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from saas.core.errors import NotFound
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.api import presenters, serializers
from tenants.api.actions import Wish, book_for_caller
from tenants.api.authentication import api_actor, token_of, user_of
from tenants.api.bodies import accepted_body, language_of
from tenants.api.models import ApiScope
from tenants.api.openapi import IDEMPOTENCY_KEY, PAGES, paged, query
from tenants.api.pagination import PAGE_PARAMS, page_choice, page_of
from tenants.api.params import Params
from tenants.api.permissions import (
    IsDoctorOwner,
    MayBookOrSeeOwn,
    MayTouchAppointment,
    runs_the_day,
    token_may,
)
from tenants.api.repeating import answer_once
from tenants.api.reserving import hold_of
from tenants.api.selectors import visible_appointments
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions import cancel_appointment, reschedule_appointment
from tenants.booking.links import manage_path
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.offer_cache import Names

_CONFLICT = OpenApiResponse(
    serializers.ConflictError, description="Somebody was faster; see `params.alternatives`."
)
_REFUSED = OpenApiResponse(serializers.Error, description="A rule of the clinic forbids it.")


class AppointmentList(ApiView):
    permission_classes = (MayBookOrSeeOwn,)
    write_limit = BOOK

    @extend_schema(
        operation_id="appointments_list",
        tags=["Booking"],
        parameters=[
            query("status", str, "Only with this status.", choices=AppointmentStatus.values),
            query("doctor", int, "Only to this doctor."),
            query("clinic", int, "Only in this clinic."),
            query("from", datetime, "Beginning at this instant or later."),
            query("to", datetime, "Beginning before this instant."),
            *PAGES,
        ],
        responses=paged(serializers.Appointment),
    )
    def get(self, request: Request) -> Response:
        """Appointments, the latest first: one's own; for doctors those to them; for staff and tokens all."""
        params = Params(request, known=("status", "doctor", "clinic", "from", "to", *PAGE_PARAMS))
        choice = page_choice(params)
        rows = _filtered(visible_appointments(user_of(request)), params)
        params.done()

        def present(found: list[Appointment]) -> list[dict[str, Any]]:
            return [_shown(request, row) for row in found]

        return Response(page_of(request, rows.order_by("-appointment_date", "-id"), choice, present))

    @extend_schema(
        operation_id="appointments_create",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.AppointmentIn,
        responses={201: serializers.Appointment, 409: _CONFLICT, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Book a visit. Guests give their contacts; a signed-in patient may leave them out.

        A hold of one's own on this time is used up; one that expired is no reason to refuse a time that is free.
        """
        accepted = accepted_body(request, serializers.AppointmentIn)
        wish = Wish(
            doctor_id=accepted["doctor"],
            service_id=accepted["service"],
            clinic_id=accepted["clinic"],
            starts_at=accepted["starts_at"],
            notes=accepted["notes"],
            language=language_of(accepted),
            hold_id=hold_of(request, accepted["hold"]).pk if accepted["hold"] else None,
        )
        user = user_of(request)

        def work() -> tuple[int, dict[str, Any]]:
            booked, names = book_for_caller(
                wish=wish,
                contacts=accepted.get("patient"),
                user=user,
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=runs_the_day(user),
            )
            url = network_url(current_network().primary_host, manage_path(booked))
            return 201, _shown(request, booked, manage_url=url, names=names)

        return answer_once(request, operation="book", accepted=accepted, work=work)


class AppointmentView(ApiView):
    """One appointment that the caller may know of; any other is not found."""

    permission_classes: tuple[type[BasePermission], ...] = (MayTouchAppointment, IsDoctorOwner)

    def found(self, request: Request, public_id: UUID) -> Appointment:
        row = visible_appointments(user_of(request)).filter(public_id=public_id).first()
        if row is None:
            raise NotFound
        self.check_object_permissions(request, row)
        return row


class AppointmentDetail(AppointmentView):
    @extend_schema(operation_id="appointments_retrieve", tags=["Booking"], responses=serializers.Appointment)
    def get(self, request: Request, public_id: UUID) -> Response:
        """One appointment."""
        Params(request, known=()).done()
        return Response(_shown(request, self.found(request, public_id)))


class CancelAppointment(AppointmentView):
    @extend_schema(
        operation_id="appointments_cancel",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.CancelIn,
        responses={200: serializers.Appointment, 409: serializers.ConflictError, 422: _REFUSED},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Cancel an appointment. Patients may do it until the clinic's cut-off."""
        accepted = accepted_body(request, serializers.CancelIn)

        def work() -> tuple[int, dict[str, Any]]:
            row = self.found(request, public_id)
            cancel_appointment(
                public_id=public_id,
                reason=accepted["reason"],
                expected_version=accepted["version"],
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=_acts_as_staff(request, row),
            )
            return 200, _shown(request, self.found(request, public_id))

        return answer_once(request, operation=f"cancel:{public_id.hex}", accepted=accepted, work=work)


class RescheduleAppointment(AppointmentView):
    @extend_schema(
        operation_id="appointments_reschedule",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.RescheduleIn,
        responses={200: serializers.Appointment, 409: _CONFLICT, 422: _REFUSED},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Move an appointment to another time of the same doctor, service and clinic."""
        accepted = accepted_body(request, serializers.RescheduleIn)

        def work() -> tuple[int, dict[str, Any]]:
            row = self.found(request, public_id)
            reschedule_appointment(
                public_id=public_id,
                starts_at=accepted["starts_at"],
                expected_version=accepted["version"],
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=_acts_as_staff(request, row),
            )
            return 200, _shown(request, self.found(request, public_id))

        return answer_once(request, operation=f"reschedule:{public_id.hex}", accepted=accepted, work=work)


def _filtered(rows: QuerySet[Appointment], params: Params) -> QuerySet[Appointment]:
    if status := params.choice("status", AppointmentStatus.values):
        rows = rows.filter(status=status)
    if doctor := params.whole("doctor"):
        rows = rows.filter(doctor=doctor)
    if clinic := params.whole("clinic"):
        rows = rows.filter(clinic=clinic)
    if begin := params.instant("from"):
        rows = rows.filter(appointment_date__gte=begin)
    if end := params.instant("to"):
        rows = rows.filter(appointment_date__lt=end)
    return rows


def _shown(
    request: Request, row: Appointment, *, manage_url: str | None = None, names: Names | None = None
) -> dict[str, Any]:
    """The appointment as this caller may see it: patients' data is for those who treat or serve them."""
    user = user_of(request)
    treats = user is not None and user.works_here and _doctor_user_id(row, names) == user.pk
    with_patient = runs_the_day(user) or treats or token_may(request, ApiScope.APPOINTMENTS_READ)
    return presenters.appointment(row, with_patient=with_patient, manage_url=manage_url, names=names)


def _doctor_user_id(row: Appointment, names: Names | None) -> int | None:
    return names.doctor_user_id if names is not None else row.doctor.user_id


def _acts_as_staff(request: Request, row: Appointment) -> bool:
    """Whether the rules for patients (cut-off, notice) do not bind this caller."""
    user = user_of(request)
    if token_of(request) is not None or user is None:
        return False
    return runs_the_day(user) or (user.works_here and row.doctor.user_id == user.pk)
