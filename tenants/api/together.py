"""Visits that are booked together, in the API: what is taken and given, who may ask for how much, how it looks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers as fields
from rest_framework.request import Request

from saas.core.proxies import client_address
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from saas.networks.limits import hit
from tenants.api import presenters
from tenants.api.authentication import caller_key, token_of, user_of
from tenants.api.fields import IdField, InstantField, StrictSerializer
from tenants.api.models import ApiScope
from tenants.api.permissions import runs_the_day, token_may
from tenants.api.selectors import visible_appointments
from tenants.api.serializers import (
    NOTES_LENGTH,
    Alternative,
    Appointment,
    ContactsIn,
    Error,
    Slot,
)
from tenants.api.throttles import BOOK, limit_of
from tenants.booking.actions.series import dates_by_rule
from tenants.booking.links import manage_path
from tenants.booking.models import Appointment as Visit
from tenants.booking.models import AppointmentSeries, SeriesKind
from tenants.booking.reservation_errors import BadSeries
from tenants.booking.selectors.chains import LONGEST_CHAIN, Chain
from tenants.booking.selectors.series import MOST_DATES, PlannedDate
from tenants.clinics.models import Clinic
from tenants.patients.models import Patient

MOST_WEEKS: Final = 52
_SUNDAY: Final = 6


class RuleIn(StrictSerializer):
    """Dates by a rule: the clinic's clock shows the same time on all of them."""

    first = InstantField(
        help_text="Not before this instant; its time on the clinic's clock is that of every date."
    )
    every_weeks = fields.IntegerField(min_value=1, max_value=MOST_WEEKS, required=False, default=1)
    weekdays = fields.ListField(
        child=fields.IntegerField(min_value=0, max_value=_SUNDAY),
        required=False,
        default=list,
        max_length=_SUNDAY + 1,
        help_text="0 is Monday; empty for the weekday of `first`.",
    )
    count = fields.IntegerField(min_value=1, max_value=MOST_DATES)


class SeriesPlanIn(StrictSerializer):
    """Repeated visits: one service of one doctor on many dates, listed or by a rule."""

    doctor = IdField()
    service = IdField()
    clinic = IdField()
    dates = fields.ListField(
        child=InstantField(),
        required=False,
        min_length=1,
        max_length=MOST_DATES,
        help_text="Either these, each once, or `rule`.",
    )
    rule = RuleIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse both kinds of dates, none of them, and a date that comes twice."""
        if ("dates" in attrs) == ("rule" in attrs):
            raise fields.ValidationError(
                {"dates": [fields.ErrorDetail(str(_("Give either dates or a rule.")), code="one_of_two")]}
            )
        dates = attrs.get("dates", ())
        if len(set(dates)) < len(dates):
            raise fields.ValidationError(
                {"dates": [fields.ErrorDetail(str(_("Give each date once.")), code="repeated")]}
            )
        return attrs


class SeriesIn(SeriesPlanIn):
    """A booking of repeated visits. A signed-in patient may leave out `patient`."""

    patient = ContactsIn(required=False)
    notes = fields.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True, default="")
    language = fields.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        help_text="Of the letters; by default that of Accept-Language.",
    )


class PartIn(StrictSerializer):
    """One service of a visit."""

    doctor = IdField()
    service = IdField()
    starts_at = InstantField(help_text="One of the times from chains/options.")


class ChainIn(StrictSerializer):
    """A booking of several services in one visit. A signed-in patient may leave out `patient`."""

    clinic = IdField()
    parts = fields.ListField(
        child=PartIn(),
        min_length=2,
        max_length=LONGEST_CHAIN,
        help_text="In the order in which they are given, each beginning when the one before is over, or later.",
    )
    patient = ContactsIn(required=False)
    notes = fields.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True, default="")
    language = fields.ChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        help_text="Of the letters; by default that of Accept-Language.",
    )


# --- answers ----------------------------------------------------------------------------------------------------


class SeriesDate(fields.Serializer[Any]):
    starts_at = fields.DateTimeField(help_text="With the offset of the clinic's zone.")
    bookable = fields.BooleanField()
    code = fields.CharField(help_text="`bookable`, or why not: as in the errors; `overlaps` an earlier date.")
    message = fields.CharField(help_text="For people, in the language of Accept-Language.")
    alternatives = Slot(
        many=True,
        help_text="For a date that cannot be had up to three of the nearest times, which no other date needs.",
    )


class SeriesPlan(fields.Serializer[Any]):
    time_zone = fields.CharField(help_text="IANA name.")
    bookable = fields.BooleanField(help_text="Whether all dates can be booked.")
    dates = SeriesDate(many=True)


class AppointmentGroup(fields.Serializer[Any]):
    """Appointments that were booked together; each is moved and cancelled like any other."""

    id = fields.UUIDField()
    kind = fields.ChoiceField(choices=SeriesKind.choices)
    appointments = Appointment(many=True, help_text="In their order.")


class RefusedDate(fields.Serializer[Any]):
    starts_at = fields.DateTimeField()
    code = fields.CharField()
    message = fields.CharField()
    alternatives = Alternative(many=True)


class SeriesConflictParams(fields.Serializer[Any]):
    dates = RefusedDate(
        many=True, required=False, help_text="The dates that cannot be had; with `series_conflict`."
    )


class SeriesConflictError(Error):
    """Some dates cannot be had, so none was booked."""

    params = SeriesConflictParams()  # type: ignore[assignment] # narrower than the base


class ChainOption(fields.Serializer[Any]):
    starts_at = fields.DateTimeField(help_text="With the offset of the clinic's zone.")
    ends_at = fields.DateTimeField()
    waiting_minutes = fields.IntegerField(help_text="Between the parts, all together.")
    parts = Slot(many=True, help_text="In the order in which they are given.")


class ChainOptions(fields.Serializer[Any]):
    results = ChainOption(many=True)


class ChainConflictParams(fields.Serializer[Any]):
    part = fields.IntegerField(required=False, help_text="Which part cannot be had, counted from 1.")
    cause = fields.CharField(required=False, help_text="Code of the reason.")
    reason = fields.CharField(required=False, help_text="The reason, for people.")
    alternatives = fields.ListField(
        child=fields.ListField(child=Alternative()), required=False, help_text="Other ways, part by part."
    )


class ChainConflictError(Error):
    """A part cannot be had, so none was booked."""

    params = ChainConflictParams()  # type: ignore[assignment] # narrower than the base


# --- asking and showing -----------------------------------------------------------------------------------------


def dates_of(accepted: dict[str, Any]) -> list[datetime]:
    """Return the dates of a checked body, those of a rule as the clinic's clock has them.

    An unknown clinic is left for the action to refuse.
    """
    rule = accepted.get("rule")
    if rule is None:
        return list(accepted["dates"])
    zone = Clinic.objects.filter(pk=accepted["clinic"]).values_list("time_zone", flat=True).first()
    return dates_by_rule(
        first=rule["first"],
        zone=zone or "UTC",
        count=rule["count"],
        every_weeks=rule["every_weeks"],
        weekdays=rule["weekdays"],
    )


def own_patient_id(request: Request) -> int | None:
    """Return the patient who is signed in; None for guests, programs and staff: it would tell of others' visits."""
    user = user_of(request)
    if user is None or not user.is_patient:
        return None
    return Patient.objects.filter(user=user).values_list("pk", flat=True).first()


def count_bookings(request: Request, visits: int) -> None:
    """Let a patient's or guest's request count as often as it books. Raises TooMany; BadSeries for more than ever.

    The request itself was counted once. Programs have their own limit, and who runs the day books for everybody.
    """
    user = user_of(request)
    if token_of(request) is not None or runs_the_day(user):
        return
    limit = limit_of(BOOK)
    if visits > limit.limit:
        raise BadSeries(params={"most": limit.limit})
    caller = caller_key(request)
    if user is None:
        caller = f"address:{client_address(request._request)}"  # noqa: SLF001 - headers of Django's request
    for _visit in range(visits - 1):
        hit(f"api:{limit.scope}", caller, limit=limit.limit, window_seconds=limit.window_seconds)


def plan(found: Sequence[PlannedDate], zone: str) -> dict[str, Any]:
    """Return a plan as the API shows it."""
    tz = ZoneInfo(zone)
    return {
        "time_zone": zone,
        "bookable": all(date.is_bookable for date in found),
        "dates": [
            {
                "starts_at": date.starts_at.astimezone(tz).isoformat(),
                "bookable": date.is_bookable,
                "code": date.code,
                "message": str(date.message),
                "alternatives": presenters.slots(list(date.alternatives)),
            }
            for date in found
        ],
    }


def options(found: Sequence[Chain]) -> dict[str, Any]:
    """Return ways to have several services in one visit as the API shows them."""
    results = []
    for chain in found:
        parts = presenters.slots(list(chain.slots))
        results.append(
            {
                "starts_at": parts[0]["starts_at"],
                "ends_at": parts[-1]["ends_at"],
                "waiting_minutes": int(chain.waiting.total_seconds()) // 60,
                "parts": parts,
            }
        )
    return {"results": results}


def group(request: Request, booked: Sequence[Visit]) -> dict[str, Any]:
    """Return what was booked together, read back with all names in two queries."""
    series = AppointmentSeries.objects.get(appointments=booked[0].pk)
    rows = visible_appointments(None).filter(series=series).order_by("position")
    with_patient = runs_the_day(user_of(request)) or token_may(request, ApiScope.APPOINTMENTS_READ)
    host = current_network().primary_host
    return {
        "id": str(series.public_id),
        "kind": series.kind,
        "appointments": [
            presenters.appointment(
                row, with_patient=with_patient, manage_url=network_url(host, manage_path(row))
            )
            for row in rows
        ],
    }
