"""Where the soonest free times are, over many doctors, and how full a month is."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from saas.core.proxies import client_address
from tenants.api import availability, presenters
from tenants.api.authentication import caller_key
from tenants.api.openapi import query
from tenants.api.params import Params
from tenants.api.permissions import PublicCatalogue
from tenants.api.views.base import ApiView
from tenants.booking.misses import note_miss
from tenants.booking.selectors import first_free_by_doctor, first_free_slots, month_heat
from tenants.doctors.models import Doctor, Specialization

MOST_SLOTS: Final = 50
MOST_DOCTORS: Final = 50
_DEFAULT_SLOTS: Final = 20
_MONTH: Final = re.compile(r"^(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])$", re.ASCII)
_LANGUAGE: Final = re.compile(r"^[\w -]{2,40}$")

WHO: Final = [
    query("doctors", str, "Ids of up to 50 doctors, with commas between."),
    query("specialization", str, "Id or slug of a specialization."),
    query("service", int, "Id of the service; by default the shortest that the doctor gives."),
    query("clinic", int, "Id of the clinic; by default all."),
]


class FirstAvailable(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(
        operation_id="first_available_list",
        tags=["Booking"],
        parameters=[
            *WHO,
            query("language", str, "A language that the doctor speaks, as the doctor's page spells it."),
            query("max_price", str, "The most that the visit may cost, in the network's currency."),
            query("from", date, "Not before this local day of the clinic."),
            query("limit", int, "How many times, up to 50; 20 by default."),
            query(
                "per",
                str,
                "`slot` (default): the soonest times, whosever they are; `doctor`: the soonest of each doctor.",
                choices=["slot", "doctor"],
            ),
        ],
        responses=availability.FirstAvailable,
    )
    def get(self, request: Request) -> Response:
        """The soonest times at which a visit can be booked, over all doctors who fit."""
        params = Params(
            request,
            known=(
                *("doctors", "specialization", "service", "clinic"),
                *("language", "max_price", "from", "limit", "per"),
            ),
        )
        who = wanted_doctors(params)
        language = _language(params)
        max_price = _price(params)
        first = params.date("from")
        limit = params.whole("limit", maximum=MOST_SLOTS) or _DEFAULT_SLOTS
        per = params.choice("per", ("slot", "doctor")) or "slot"
        params.done()
        now = timezone.now()
        filters: dict[str, Any] = {
            "specialization_id": who.specialization_id,
            "service_id": who.service_id,
            "clinic_id": who.clinic_id,
            "language": language,
            "max_price": max_price,
            "from_date": first,
            "now": now,
        }
        if per == "doctor" or who.doctor_ids is not None:
            each = first_free_by_doctor(doctor_ids=who.doctor_ids, **filters)
            found = sorted(each.values(), key=lambda slot: (slot.starts_at, slot.doctor_id))[:limit]
        else:
            found = first_free_slots(limit=limit, **filters)
        if not found and who.is_somebody:
            who.note_miss(request, wanted_on=first or now.date())
        return Response({"results": presenters.slots(found)})


class Month(ApiView):
    permission_classes = (PublicCatalogue,)

    @extend_schema(
        operation_id="month_retrieve",
        tags=["Booking"],
        parameters=[query("month", str, "The month as YYYY-MM.", required=True), *WHO],
        responses=availability.Month,
    )
    def get(self, request: Request) -> Response:
        """How much is free on each day of a month: to colour a calendar, not to promise a time."""
        params = Params(request, known=("month", "doctors", "specialization", "service", "clinic"))
        month = _MONTH.match(params.text("month", required=True) or "")
        if params.has("month") and month is None:
            params.refuse("month", "not_a_month", _("Give a month as YYYY-MM."))
        who = wanted_doctors(params)
        params.done()
        if month is None:
            raise AssertionError  # done() raised
        days = month_heat(
            year=int(month[1]),
            month=int(month[2]),
            doctor_ids=who.doctor_ids,
            specialization_id=who.specialization_id,
            service_id=who.service_id,
            clinic_id=who.clinic_id,
            now=timezone.now(),
        )
        return Response(
            {
                "month": month[0],
                "days": [
                    {
                        "date": day.local_date.isoformat(),
                        "free_minutes": day.free_minutes,
                        "doctors": day.doctors,
                    }
                    for day in days
                ],
            }
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose times are asked for; `doctor_ids` None means everybody's."""

    doctor_ids: list[int] | None
    specialization_id: int | None
    service_id: int | None
    clinic_id: int | None

    @property
    def is_somebody(self) -> bool:
        """Whether the search was for something in particular."""
        return self != Wanted(None, None, None, None)

    def note_miss(self, request: Request, *, wanted_on: date) -> None:
        """Count that nothing was found."""
        caller = caller_key(request)
        if caller == "guest":
            caller = client_address(request._request)  # noqa: SLF001 - headers of Django's request
        note_miss(
            wanted_on=wanted_on,
            specialization_id=self.specialization_id,
            service_id=self.service_id,
            clinic_id=self.clinic_id,
            doctor_id=self.doctor_ids[0] if self.doctor_ids else None,
            searcher=caller,
        )


def wanted_doctors(params: Params) -> Wanted:
    """Read `doctors`, `specialization`, `service` and `clinic`; unknown doctors and specializations are noted."""
    doctor_ids = params.wholes("doctors", most=MOST_DOCTORS)
    if doctor_ids is not None:
        known = set(Doctor.objects.filter(pk__in=doctor_ids, is_active=True).values_list("pk", flat=True))
        if set(doctor_ids) - known:
            params.refuse("doctors", "unknown", _("There is no such doctor."))
    wanted = params.id_or_slug("specialization")
    specialization_id = None
    if wanted is not None:
        rows = Specialization.objects.filter(
            **({"pk": wanted} if isinstance(wanted, int) else {"slug": wanted})
        )
        specialization_id = rows.values_list("pk", flat=True).first()
        if specialization_id is None:
            params.refuse("specialization", "unknown", _("There is no such specialization."))
    return Wanted(
        doctor_ids=doctor_ids,
        specialization_id=specialization_id,
        service_id=params.whole("service"),
        clinic_id=params.whole("clinic"),
    )


def _language(params: Params) -> str | None:
    text = params.text("language")
    if text is not None and not _LANGUAGE.match(text):
        params.refuse("language", "invalid", _("Give a language as the doctor's page spells it."))
        return None
    return text


def _price(params: Params) -> Decimal | None:
    text = params.text("max_price")
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(-1)
    if not price.is_finite() or not 0 <= price < Decimal(10**8):
        params.refuse("max_price", "not_a_price", _("Give an amount such as 2500 or 2500.50."))
        return None
    return price
