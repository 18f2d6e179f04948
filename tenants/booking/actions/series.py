"""Repeated visits: the same service with the same doctor on many dates, booked all or not at all."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from saas.core.errors import DomainError, NotFound
from tenants.audit.actions import Actor
from tenants.booking.actions.booking import book_appointment
from tenants.booking.actions.changing import cancel_appointment
from tenants.booking.actions.logbook import OPEN
from tenants.booking.errors import ServiceNotOffered
from tenants.booking.models import Appointment, AppointmentSeries, SeriesKind
from tenants.booking.reservation_errors import (
    BadSeries,
    NothingToCancel,
    SeriesChanged,
    SeriesConflict,
    SeriesNotFound,
)
from tenants.booking.selectors.series import (
    MOST_DATES,
    Asked,
    Interval,
    alternatives_for,
    in_order,
    slot_params,
)
from tenants.booking.transactions import in_transaction


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

    Every date is tried, so that SeriesConflict names all that cannot be had, with the nearest free times. All are
    of one doctor and service, so the first visit locks what all of them need. Raises BadSeries, SeriesConflict, and
    what is wrong with all of them: PatientNotFound, ServiceNotOffered, ValidationError.
    """
    ordered = in_order(dates)
    asked = Asked(doctor_id, service_id, clinic_id, patient_id, source, for_staff, now)

    def work() -> list[Appointment]:
        series = AppointmentSeries.objects.create(kind=SeriesKind.SERIES)
        booked: list[Appointment] = []
        refused: dict[dt.datetime, DomainError] = {}
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
            except (NotFound, ServiceNotOffered):
                raise
            except DomainError as error:
                refused[starts_at] = error
        if refused:
            kept = [(visit.appointment_date, visit.ends_at) for visit in booked]
            raise SeriesConflict(refused, find=lambda: _offered_instead(asked, list(refused), kept))
        return booked

    return in_transaction(work)


def cancel_series(
    *,
    public_id: UUID | str,
    reason: str = "",
    expected: Mapping[UUID, int] | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> list[Appointment]:
    """Cancel every visit of a series or chain that is still to come, all or none; return them in order.

    `expected` are the versions, by public id, of the visits that the caller saw and means: with others SeriesChanged
    is raised. Locks the visits in the order of their ids. Raises SeriesNotFound, SeriesChanged, NothingToCancel, and
    CancellationTooLate for patients.
    """

    def work() -> list[Appointment]:
        series = AppointmentSeries.objects.filter(public_id=public_id).first()
        if series is None:
            raise SeriesNotFound
        coming = Appointment.objects.filter(series=series, status__in=OPEN, appointment_date__gt=now)
        rows = list(coming.select_for_update().order_by("pk").values_list("public_id", "version", "position"))
        versions = {each: version for each, version, _position in rows}
        if expected is not None and versions != dict(expected):
            raise SeriesChanged
        if not versions:
            raise NothingToCancel
        first = min(rows, key=lambda row: row[2])[0]  # the patient gets one letter, about this one
        cancelled = [
            cancel_appointment(
                public_id=each,
                reason=reason,
                expected_version=version,
                told_with=None if each == first else first,
                actor=actor,
                now=now,
                for_staff=for_staff,
            )
            for each, version in versions.items()
        ]
        return sorted(cancelled, key=lambda visit: visit.position)

    return in_transaction(work)


def _offered_instead(
    asked: Asked, refused: Sequence[dt.datetime], kept: Sequence[Interval]
) -> dict[dt.datetime, list[dict[str, object]]]:
    found = alternatives_for(asked, refused=refused, kept=kept)
    return {starts_at: [slot_params(slot) for slot in slots] for starts_at, slots in found.items()}
