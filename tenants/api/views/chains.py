"""Several services in one visit: ways to have them one after the other, and booking one of these, all or nothing."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import serializers, together
from tenants.api.authentication import api_actor, user_of
from tenants.api.bodies import accepted_body, language_of, patient_of
from tenants.api.openapi import IDEMPOTENCY_KEY, query
from tenants.api.params import MAX_ID, Params
from tenants.api.permissions import MayBook, PublicCatalogue, runs_the_day
from tenants.api.repeating import answer_once
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.chains import Part, book_chain
from tenants.booking.models import AppointmentSource
from tenants.booking.selectors.chains import LONGEST_CHAIN, LONGEST_IN_ANY_ORDER, Wanted, find_chains
from tenants.clinics.models import Clinic

MOST_DAYS: Final = 7
MOST_OPTIONS: Final = 20
_DEFAULT_OPTIONS: Final = 5
_LONGEST_ID: Final = 19

_REFUSED = OpenApiResponse(
    serializers.Error, description="A rule of the clinic forbids it, or the parts do not follow each other."
)
_CONFLICT = OpenApiResponse(
    together.ChainConflictError,
    description="A part cannot be had, so none was booked: `params` says which, why, and other ways.",
)


class ChainOptions(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(
        operation_id="chains_options",
        tags=["Booking"],
        parameters=[
            query(
                "services",
                str,
                f"Ids of 2 to {LONGEST_CHAIN} services with commas between, in the order wanted; one may come twice.",
                required=True,
            ),
            query("doctors", str, "As many ids of doctors, with commas between; 0 for anybody."),
            query("clinic", int, "Id of the clinic.", required=True),
            query("date", date, "The first local day of the clinic.", required=True),
            query("days", int, f"On how many days the visit may begin, up to {MOST_DAYS}; 1 by default."),
            query(
                "order",
                str,
                f"`given` (default), or `any`: up to {LONGEST_IN_ANY_ORDER} services may change places.",
                choices=["given", "any"],
            ),
            query("limit", int, f"How many ways, up to {MOST_OPTIONS}; {_DEFAULT_OPTIONS} by default."),
        ],
        responses=together.ChainOptions,
    )
    def get(self, request: Request) -> Response:
        """Ways to have the services one after the other, the soonest first, none of which only waits longer."""
        params = Params(request, known=("services", "doctors", "clinic", "date", "days", "order", "limit"))
        wanted = _wanted(params)
        clinic_id = params.whole("clinic", required=True)
        first = params.date("date", required=True)
        days = params.whole("days", maximum=MOST_DAYS) or 1
        limit = params.whole("limit", maximum=MOST_OPTIONS) or _DEFAULT_OPTIONS
        any_order = params.choice("order", ("given", "any")) == "any"
        if any_order and len(wanted) > LONGEST_IN_ANY_ORDER:
            params.refuse("services", "too_many", _("Give fewer of them."))
        zone = (
            Clinic.objects.filter(pk=clinic_id or 0, is_active=True)
            .values_list("time_zone", flat=True)
            .first()
        )
        if clinic_id is not None and zone is None:
            params.refuse("clinic", "unknown", _("There is no such clinic."))
        params.done()
        if clinic_id is None or first is None or zone is None:
            raise AssertionError  # done() raised
        since = datetime.combine(first, time(), tzinfo=ZoneInfo(zone))
        found = find_chains(
            wanted=wanted,
            clinic_id=clinic_id,
            since=since,
            until=datetime.combine(first + timedelta(days=days), time(), tzinfo=ZoneInfo(zone)),
            now=timezone.now(),
            patient_id=together.own_patient_id(request),
            any_order=any_order,
            soonest_first=True,
            for_staff=runs_the_day(user_of(request)),
            channel=AppointmentSource.API,
            limit=limit,
        )
        return Response(together.options(found))


class ChainList(ApiView):
    permission_classes = (MayBook,)
    write_limit = BOOK

    @extend_schema(
        operation_id="chains_create",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=together.ChainIn,
        responses={201: together.AppointmentGroup, 409: _CONFLICT, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Book several services in one visit, all or none. For guests and patients each counts as one booking."""
        accepted = accepted_body(request, together.ChainIn)
        user = user_of(request)
        language = language_of(accepted)
        together.count_bookings(request, len(accepted["parts"]))

        def work() -> tuple[int, dict[str, Any]]:
            patient = patient_of(request, accepted)
            booked = book_chain(
                parts=[
                    Part(doctor_id=part["doctor"], service_id=part["service"], starts_at=part["starts_at"])
                    for part in accepted["parts"]
                ],
                clinic_id=accepted["clinic"],
                patient_id=patient.pk,
                source=AppointmentSource.API,
                language=language,
                notes=accepted["notes"],
                actor=api_actor(request),
                now=timezone.now(),
                for_staff=runs_the_day(user),
            )
            return 201, together.group(request, booked)

        return answer_once(request, operation="chain", accepted=accepted, work=work)


def _wanted(params: Params) -> list[Wanted]:
    """Read `services` and `doctors`, whose order and repetitions count; what is wrong is noted."""
    services = _ids(params, "services", required=True)
    doctors = _ids(params, "doctors", or_zero=True)
    if services and len(services) == 1:
        params.refuse("services", "too_few", _("Give at least two of them."))
    if services and doctors and len(doctors) != len(services):
        params.refuse("doctors", "other_number", _("Give as many doctors as services."))
        return []
    return [
        Wanted(service_id=service, doctor_id=doctor or None)
        for service, doctor in zip(services, doctors or [0] * len(services), strict=True)
    ]


def _ids(params: Params, name: str, *, required: bool = False, or_zero: bool = False) -> list[int]:
    text = params.text(name, required=required)
    if text is None:
        return []
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > LONGEST_CHAIN:
        params.refuse(name, "too_many", _("Give fewer of them."))
        return []
    lowest = 0 if or_zero else 1
    if not all(
        part.isascii() and part.isdigit() and len(part) <= _LONGEST_ID and lowest <= int(part) <= MAX_ID
        for part in parts
    ):
        params.refuse(name, "not_a_list", _("Give positive whole numbers with commas between."))
        return []
    return [int(part) for part in parts]
