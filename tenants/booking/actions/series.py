"""Repeated visits: the same service with the same doctor on many dates, booked all or not at all."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.functional import Promise

from saas.core.errors import DomainError, NotFound
from tenants.audit.actions import Actor
from tenants.booking.actions.booking import book_appointment
from tenants.booking.models import Appointment, AppointmentSeries, SeriesKind
from tenants.booking.reservation_errors import BadSeries, SeriesConflict
from tenants.booking.selectors.slots_of_day import nearest_slots
from tenants.booking.selectors.values import Slot
from tenants.booking.selectors.verdict import explain
from tenants.booking.transactions import in_transaction
from tenants.clinics.models import Clinic

MOST_DATES: Final = 60
_ALTERNATIVES: Final = 3


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date of a series; with a `code` other than "bookable", `message` says why not and others are offered."""

    starts_at: dt.datetime
    code: str
    message: str | Promise
    alternatives: tuple[Slot, ...] = ()

    @property
    def is_bookable(self) -> bool:
        return self.code == "bookable"


def dates_by_rule(
    *,
    first: dt.datetime,
    zone: str,
    count: int,
    every_weeks: int = 1,
    weekdays: Sequence[int] = (),
) -> list[dt.datetime]:
    """Return `count` instants from `first` on, at its wall-clock time in `zone`, as UTC.

    `weekdays` (0 Monday) are the days in each week that counts; none: the day of `first`. Raises BadSeries.
    """
    if not 1 <= count <= MOST_DATES or every_weeks < 1:
        raise BadSeries(params={"most": MOST_DATES})
    local = first.astimezone(ZoneInfo(zone))
    days = sorted({day for day in weekdays if 0 <= day <= 6}) or [local.weekday()]  # noqa: PLR2004 - Sunday
    monday = local.date() - dt.timedelta(days=local.weekday())
    found: list[dt.datetime] = []
    while len(found) < count:
        for day in days:
            date = monday + dt.timedelta(days=day)
            if date >= local.date() and len(found) < count:
                at = dt.datetime.combine(date, local.time().replace(fold=0), tzinfo=ZoneInfo(zone))
                found.append(at.astimezone(dt.UTC))
        monday += dt.timedelta(weeks=every_weeks)
    return found


def plan_series(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    dates: Sequence[dt.datetime],
    now: dt.datetime,
    for_staff: bool = False,
) -> list[PlannedDate]:
    """Check every date and return them in order, those that cannot be had with the nearest free times.

    Nothing is locked: the booking checks again. Raises BadSeries, NotFound for an unknown clinic.
    """
    zone = Clinic.objects.filter(pk=clinic_id).values_list("time_zone", flat=True).first()
    if zone is None:
        raise NotFound(code="clinic_unknown")
    planned: list[PlannedDate] = []
    for starts_at in _in_order(dates):
        verdict = explain(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            starts_at=starts_at,
            now=now,
            for_staff=for_staff,
        )
        others: list[Slot] = []
        if not verdict.bookable:
            others = nearest_slots(
                doctor_id=doctor_id,
                service_id=service_id,
                clinic_id=clinic_id,
                time_zone=zone,
                around=starts_at,
                limit=_ALTERNATIVES,
                now=now,
                for_staff=for_staff,
            )
        planned.append(PlannedDate(starts_at, verdict.code, verdict.message, tuple(others)))
    return planned


def book_series(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    dates: Sequence[dt.datetime],
    patient_id: int,
    source: str,
    language: str,
    notes: str = "",
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> list[Appointment]:
    """Book a visit on each date in one transaction, or none; return them in order, each with its position from 1.

    Every date is tried, so that SeriesConflict names all that cannot be had. All are of one doctor and service, so
    the first visit locks what all of them need. Raises BadSeries, SeriesConflict, and what is wrong with all of
    them: PatientNotFound, ServiceNotOffered for something unknown, ValidationError.
    """
    ordered = _in_order(dates)

    def work() -> list[Appointment]:
        series = AppointmentSeries.objects.create(kind=SeriesKind.SERIES)
        booked: list[Appointment] = []
        refused: list[tuple[str, DomainError]] = []
        for position, starts_at in enumerate(ordered, start=1):
            try:
                with transaction.atomic():  # a savepoint: the next date is tried as if this one had not been
                    booked.append(
                        book_appointment(
                            doctor_id=doctor_id,
                            service_id=service_id,
                            clinic_id=clinic_id,
                            starts_at=starts_at,
                            patient_id=patient_id,
                            source=source,
                            language=language,
                            notes=notes,
                            actor=actor,
                            now=now,
                            for_staff=for_staff,
                            series_id=series.pk,
                            position=position,
                        )
                    )
            except NotFound:
                raise
            except DomainError as error:
                refused.append((starts_at.isoformat().replace("+00:00", "Z"), error))
        if refused:
            raise SeriesConflict(refused)
        return booked

    return in_transaction(work)


def _in_order(dates: Sequence[dt.datetime]) -> list[dt.datetime]:
    ordered = sorted({at.astimezone(dt.UTC) for at in dates})
    if not 1 <= len(ordered) <= MOST_DATES:
        raise BadSeries(params={"most": MOST_DATES})
    return ordered
