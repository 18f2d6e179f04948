"""Which dates of a series can be had, and what to take instead of those that cannot. Locks nothing."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.errors import PatientBusy, ServiceNotOffered
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.offer_cache import special_of
from tenants.booking.reservation_errors import BadSeries
from tenants.booking.selectors.slots_of_day import MAX_DAYS, free_slots
from tenants.booking.selectors.values import Slot
from tenants.booking.selectors.verdict import BOOKABLE, explain, find_offer, out_of_reach, unknown_part
from tenants.booking.slots import ONE_DAY
from tenants.services.offers import Offer

MOST_DATES: Final = 60
ALTERNATIVES: Final = 3
OVERLAPS: Final = "overlaps"
"""Code of a date that is in the way of an earlier one of the same series."""

Interval = tuple[dt.datetime, dt.datetime]
"""Half-open, aware instants."""

_NEAR_DAYS: Final = 7
_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date of a series; with a `code` other than "bookable", `message` says why not and others are offered.

    The offers of different dates are not in each other's way, nor in that of the dates that can be had.
    """

    starts_at: dt.datetime
    code: str
    message: str | Promise
    alternatives: tuple[Slot, ...] = ()

    @property
    def is_bookable(self) -> bool:
        return self.code == BOOKABLE


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose series it is, of what, and through which `AppointmentSource`; without a patient nobody is to come yet."""

    doctor_id: int
    service_id: int
    clinic_id: int
    patient_id: int | None
    channel: str
    for_staff: bool
    now: dt.datetime

    @property
    def _offer(self) -> dict[str, int]:
        return {"doctor_id": self.doctor_id, "service_id": self.service_id, "clinic_id": self.clinic_id}

    def _offer_on(self, at: dt.datetime) -> Offer | None:
        return find_offer(
            doctor_id=self.doctor_id, service_id=self.service_id, clinic_id=self.clinic_id, starts_at=at
        )

    def zone(self) -> str:
        """Return the clinic's zone. Raises ServiceNotOffered, whose code names an unknown id."""
        offer = self._offer_on(self.now)
        if offer is None:
            raise ServiceNotOffered(code=unknown_part(**self._offer))
        return offer.time_zone

    def ends_at(self, starts_at: dt.datetime) -> dt.datetime:
        """Return when a visit that begins at an instant is over; as usual where it is years away."""
        near = self.now if out_of_reach(starts_at, self.now) else starts_at
        offer = self._offer_on(near)
        return starts_at + dt.timedelta(minutes=offer.duration_minutes if offer else 0)

    def around_doctor(self) -> tuple[dt.timedelta, dt.timedelta]:
        """Return for how long before and after a visit the doctor must have no other."""
        special = special_of(doctor_id=self.doctor_id, service_id=self.service_id)
        return dt.timedelta(minutes=special.before_minutes), dt.timedelta(minutes=special.after_minutes)

    def free(self, first: dt.date, last: dt.date) -> list[Slot]:
        """Return the free slots on local dates `[first, last)`."""
        return free_slots(
            **self._offer,
            start=first,
            end=last,
            now=self.now,
            for_staff=self.for_staff,
            channel=self.channel,
        )

    def verdict(self, starts_at: dt.datetime) -> tuple[str, str | Promise]:
        """Return the engine's code and message for an instant."""
        found = explain(
            **self._offer,
            starts_at=starts_at,
            now=self.now,
            for_staff=self.for_staff,
            channel=self.channel,
        )
        return found.code, found.message


def plan_series(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    dates: Sequence[dt.datetime],
    now: dt.datetime,
    patient_id: int | None = None,
    for_staff: bool = False,
    channel: str = "",
) -> list[PlannedDate]:
    """Check every date and return them in order, those that cannot be had with the nearest free times.

    With a patient, their other visits are in the way as well. Nothing is locked: the booking checks again. A few
    queries for every three months, and a few for each date that is not free. Raises BadSeries, ServiceNotOffered.
    """
    asked = Asked(doctor_id, service_id, clinic_id, patient_id, channel, for_staff, now)
    ordered = in_order(dates)
    zone = asked.zone()
    free = _free_around(asked, ordered, zone)
    ends = {slot.starts_at: slot.ends_at for slot in free}
    busy = _visits_of(asked, ordered)
    before, after = asked.around_doctor()
    planned: list[PlannedDate] = []
    kept: list[Interval] = []
    for starts_at in ordered:
        is_free = starts_at in ends
        code, message = (BOOKABLE, _("This time is free.")) if is_free else asked.verdict(starts_at)
        if code == BOOKABLE:
            ends_at = ends.get(starts_at) or asked.ends_at(starts_at)
            if kept and starts_at - before < kept[-1][1] + after:
                code, message = OVERLAPS, _("Another date of this series is at this time.")
            elif _meets(busy, starts_at, ends_at):
                code, message = PatientBusy.code, _("This patient already has a visit at this time.")
            else:
                kept.append((starts_at, ends_at))
        planned.append(PlannedDate(starts_at, code, message))
    refused = [each.starts_at for each in planned if not each.is_bookable]
    others = _others(asked, free, refused=refused, kept=kept, busy=busy)
    return [replace(each, alternatives=others.get(each.starts_at, ())) for each in planned]


def alternatives_for(
    asked: Asked, *, refused: Sequence[dt.datetime], kept: Sequence[Interval]
) -> Mapping[dt.datetime, tuple[Slot, ...]]:
    """Return the nearest free times for the refused dates of a series whose other visits, `kept`, stay as they are."""
    free = _free_around(asked, refused, asked.zone())
    return _others(asked, free, refused=refused, kept=kept, busy=_visits_of(asked, refused))


def in_order(dates: Iterable[dt.datetime]) -> list[dt.datetime]:
    """Return the dates of a series as UTC, each once. Raises BadSeries for none or too many."""
    ordered = sorted({at.astimezone(dt.UTC) for at in dates})
    if not 1 <= len(ordered) <= MOST_DATES:
        raise BadSeries(params={"most": MOST_DATES})
    return ordered


def slot_params(slot: Slot) -> dict[str, Any]:
    """Return a free time as the errors offer it."""
    return {
        "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
        "doctor": slot.doctor_id,
        "clinic": slot.clinic_id,
        "service": slot.service_id,
    }


def _others(
    asked: Asked,
    free: Sequence[Slot],
    *,
    refused: Sequence[dt.datetime],
    kept: Sequence[Interval],
    busy: Sequence[Interval],
) -> dict[dt.datetime, tuple[Slot, ...]]:
    """Give each refused date the nearest free times that nothing else of the series, and of the patient, needs."""
    before, after = asked.around_doctor()
    wanted = [(begin - before, end + after) for begin, end in kept]
    found: dict[dt.datetime, tuple[Slot, ...]] = {}
    for starts_at in refused:
        chosen: list[Slot] = []
        for slot in _nearest(free, starts_at):
            if len(chosen) == ALTERNATIVES:
                break
            if not _meets(wanted, slot.starts_at - before, slot.ends_at + after) and not _meets(
                busy, slot.starts_at, slot.ends_at
            ):
                chosen.append(slot)
        wanted += [(slot.starts_at - before, slot.ends_at + after) for slot in chosen]
        found[starts_at] = tuple(sorted(chosen, key=lambda slot: slot.starts_at))
    return found


def _nearest(free: Sequence[Slot], around: dt.datetime) -> list[Slot]:
    reach = (_NEAR_DAYS + 1) * ONE_DAY
    near = [slot for slot in free if slot.starts_at != around and abs(slot.starts_at - around) < reach]
    return sorted(near, key=lambda slot: (abs(slot.starts_at - around), slot.starts_at))


def _free_around(asked: Asked, dates: Sequence[dt.datetime], zone: str) -> list[Slot]:
    """Return what is free on the dates and within a week of them, each once, by instant."""
    found: dict[dt.datetime, Slot] = {}
    for first, last in _ranges(_local_days(dates, ZoneInfo(zone), asked.now)):
        for slot in asked.free(first, last):
            found.setdefault(slot.starts_at, slot)
    return sorted(found.values(), key=lambda slot: slot.starts_at)


def _local_days(dates: Sequence[dt.datetime], zone: ZoneInfo, now: dt.datetime) -> list[dt.date]:
    return [at.astimezone(zone).date() for at in dates if out_of_reach(at, now) is None]


def _ranges(days: Sequence[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Return ranges `[first, last)` with a week on both sides of every day, joined where one query can read them."""
    ranges: list[tuple[dt.date, dt.date]] = []
    for day in days:
        first, last = day - _NEAR_DAYS * ONE_DAY, day + (_NEAR_DAYS + 1) * ONE_DAY
        if ranges and last - ranges[-1][0] <= MAX_DAYS * ONE_DAY:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges


def _visits_of(asked: Asked, dates: Collection[dt.datetime]) -> list[Interval]:
    """Return when the patient has other visits around these dates."""
    if asked.patient_id is None:
        return []
    rows = Appointment.objects.filter(
        patient=asked.patient_id,
        status__in=_OPEN,
        overbooked=False,
        ends_at__gt=min(dates) - (_NEAR_DAYS + 1) * ONE_DAY,
        appointment_date__lt=max(dates) + (_NEAR_DAYS + 2) * ONE_DAY,
    )
    return list(rows.values_list("appointment_date", "ends_at"))


def _meets(intervals: Iterable[Interval], starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    return any(begin < ends_at and starts_at < end for begin, end in intervals)
