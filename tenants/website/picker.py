"""The picker of a time: a week with counts or a month at a glance, the times of a day, why one is missing, one button.

The same value draws the doctor's page, the booking step and the move of a visit. Every state is an address, so it
works without JavaScript; with htmx the same part of the same page is swapped.
"""

import datetime as dt
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.policy import current_policy
from tenants.booking.selectors import Slot, explain, first_free_by_doctor, free_slots
from tenants.clinics.models import Clinic
from tenants.cms.cards import SoonVisit, soonest_visits
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import Offer
from tenants.website.instants import write_instant
from tenants.website.month import Month, build_month

STRIP_DAYS: Final = 7
_NOON: Final = 12
_EVENING: Final = 17
_MOST_REFUSED: Final = 8
_ALTERNATIVES: Final = 3


@dataclass(frozen=True, slots=True)
class PickerDay:
    """A day of the strip; fields as components/week_strip.html reads them."""

    date: dt.date
    count: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class PickerTime:
    """A time of the shown day, free or refused; fields as components/slot_grid.html reads them."""

    text: str
    url: str
    is_free: bool
    is_picked: bool = False
    starts_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PickerGroup:
    """Times of one part of the day."""

    label: str | Promise
    slots: list[PickerTime]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for. All optional: local dates of the clinic, and instants.

    `day` is one of the strip, `since` the strip's first; with `month` (any day of it) the month is shown instead.
    """

    day: dt.date | None = None
    since: dt.date | None = None
    at: dt.datetime | None = None
    why: dt.datetime | None = None
    month: dt.date | None = None


@dataclass(slots=True)
class Picker:
    """Everything the picker's template shows."""

    doctor: Doctor
    service: Service
    clinic: Clinic
    offer: Offer
    today: dt.date
    now: dt.datetime
    days: list[PickerDay] = field(default_factory=list)
    month: Month | None = None
    month_url: str = ""
    groups: list[PickerGroup] = field(default_factory=list)
    picked: Slot | None = None
    pick_url: str = ""
    previous_url: str = ""
    next_url: str = ""
    day: dt.date | None = None
    why_time: dt.datetime | None = None
    why: str | Promise = ""
    why_picked: str | Promise = ""
    next_free: Slot | None = None
    next_free_url: str = ""
    others: list[SoonVisit] = field(default_factory=list)

    @property
    def zone(self) -> str:
        return self.offer.time_zone

    @property
    def has_times(self) -> bool:
        return any(day.count for day in self.days)

    @property
    def cancel_until(self) -> dt.datetime | None:
        """Until when the picked visit could be cancelled online; None when that moment has passed already."""
        if self.picked is None:
            return None
        until = self.picked.starts_at - dt.timedelta(minutes=current_policy().cancellation_cutoff_minutes)
        return until if until > self.now else None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Builds the picker's links. `base` is the page, `keep` its other parameters, `target` where a time is booked."""

    base: str
    target: str
    keep: dict[str, str]
    anchor: str = "#booking"

    def page(self, **changes: str) -> str:
        return f"{self.base}?{urlencode({**self.keep, **changes})}{self.anchor}"

    def book(self, slot: Slot, *, doctor: Doctor, service: Service, clinic: Clinic) -> str:
        query = {
            "doctor": doctor.slug,
            "service": service.slug,
            "clinic": clinic.slug,
            "at": write_instant(slot.starts_at),
        }
        return f"{self.target}?{urlencode(query)}"


def build_picker(
    *,
    doctor: Doctor,
    service: Service,
    clinic: Clinic,
    offer: Offer,
    wish: Wish,
    links: Addresses,
    now: dt.datetime,
) -> Picker:
    """Read the week around the wish and lay it out.

    Without a wish the strip begins today, or on the day of the first free time when this week has none. The
    earliest time of the shown day is picked. Seven queries at most, whatever the number of times. A month that is
    wished for is shown instead, without times.
    """
    zone = ZoneInfo(offer.time_zone)
    today = now.astimezone(zone).date()
    picker = Picker(doctor=doctor, service=service, clinic=clinic, offer=offer, today=today, now=now)
    if wish.month is not None:
        _show_month(picker, wish.month, links)
        return picker
    wanted = wish.at.astimezone(zone).date() if wish.at else wish.day
    start = wish.since or _strip_start(wanted, today)
    slots = _slots(picker, start, now)
    if not slots:
        picker.next_free = _next_free(picker)
        if picker.next_free is not None:
            first_day = picker.next_free.local_date
            if wish.since is None and wanted is None:
                start = first_day
                slots = _slots(picker, start, now)
                picker.next_free = None
            else:
                picker.next_free_url = links.page(**{"from": first_day.isoformat()})
        if not slots:
            picker.others = _other_doctors(doctor, service, now)
    _lay_out_days(picker, slots, start, wanted, links)
    _lay_out_times(picker, slots, wish, links, now)
    return picker


def _show_month(picker: Picker, wanted: dt.date, links: Addresses) -> None:
    picker.next_free = _next_free(picker)  # first: it also builds what is stale
    picker.month = build_month(
        doctor_id=picker.doctor.pk,
        service_id=picker.service.pk,
        offer=picker.offer,
        wanted=wanted,
        page=links.page,
        now=picker.now,
    )
    if picker.next_free is None:
        picker.others = _other_doctors(picker.doctor, picker.service, picker.now)
    else:
        picker.next_free_url = links.page(at=write_instant(picker.next_free.starts_at))


def _next_free(picker: Picker) -> Slot | None:
    free = first_free_by_doctor(
        doctor_ids=[picker.doctor.pk],
        service_id=picker.service.pk,
        clinic_id=picker.clinic.pk,
        now=picker.now,
    )
    return free.get(picker.doctor.pk)


def _strip_start(wanted: dt.date | None, today: dt.date) -> dt.date:
    """The strip of whole weeks from today on that holds the wanted day."""
    if wanted is None or wanted < today:
        return today
    return today + dt.timedelta(days=(wanted - today).days // STRIP_DAYS * STRIP_DAYS)


def _slots(picker: Picker, start: dt.date, now: dt.datetime) -> list[Slot]:
    return free_slots(
        doctor_id=picker.doctor.pk,
        service_id=picker.service.pk,
        clinic_id=picker.clinic.pk,
        start=start,
        end=start + dt.timedelta(days=STRIP_DAYS),
        now=now,
    )


def _other_doctors(doctor: Doctor, service: Service, now: dt.datetime) -> list[SoonVisit]:
    found = soonest_visits(limit=_ALTERNATIVES * 4, service_id=service.pk, now=now)
    return [visit for visit in found if visit.doctor.pk != doctor.pk][:_ALTERNATIVES]


def _lay_out_days(
    picker: Picker, slots: list[Slot], start: dt.date, wanted: dt.date | None, links: Addresses
) -> None:
    counts: dict[dt.date, int] = {}
    for slot in slots:
        counts[slot.local_date] = counts.get(slot.local_date, 0) + 1
    dates = [start + dt.timedelta(days=number) for number in range(STRIP_DAYS)]
    picker.day = wanted if wanted in dates else next(iter(counts), None)
    since = start.isoformat()
    for date in dates:
        url = links.page(**{"from": since, "day": date.isoformat()}) if counts.get(date) else ""
        picker.days.append(
            PickerDay(date=date, count=counts.get(date, 0), url=url, is_current=date == picker.day)
        )
    picker.month_url = links.page(month=f"{picker.day or start:%Y-%m}")
    if start > picker.today:
        earlier = max(picker.today, start - dt.timedelta(days=STRIP_DAYS))
        picker.previous_url = links.page(**{"from": earlier.isoformat()})
    later = start + dt.timedelta(days=STRIP_DAYS)
    if later <= picker.today + dt.timedelta(days=current_policy().horizon_days):
        picker.next_url = links.page(**{"from": later.isoformat()})


def _lay_out_times(picker: Picker, slots: list[Slot], wish: Wish, links: Addresses, now: dt.datetime) -> None:
    of_day = [slot for slot in slots if slot.local_date == picker.day]
    if wish.at is not None:
        picker.picked = next((slot for slot in of_day if slot.starts_at == wish.at), None)
        if picker.picked is None:
            picker.why_picked = _explain(picker, wish.at, now)
    elif of_day:
        picker.picked = of_day[0]
    if picker.picked is not None:
        picker.pick_url = links.book(
            picker.picked, doctor=picker.doctor, service=picker.service, clinic=picker.clinic
        )
    since = picker.days[0].date.isoformat()
    zone = ZoneInfo(picker.zone)
    times = [
        PickerTime(
            text=slot.label,
            url=links.page(**{"from": since, "at": write_instant(slot.starts_at)}),
            is_free=True,
            is_picked=slot is picker.picked,
            starts_at=slot.starts_at,
        )
        for slot in of_day
    ]
    refused = _missing_between(of_day, minutes=picker.offer.duration_minutes)
    picker.why_time = wish.why if wish.why in refused else next(iter(refused), None)
    if picker.why_time is not None:
        picker.why = _explain(picker, picker.why_time, now)
    day = picker.day.isoformat() if picker.day else ""
    times += [
        PickerTime(
            text=f"{at.astimezone(zone):%-H:%M}",
            url=links.page(**{"from": since, "day": day, "why": write_instant(at)}),
            is_free=False,
            starts_at=at,
        )
        for at in refused
    ]
    times.sort(key=lambda time: time.starts_at or now)
    picker.groups = _by_part_of_day(times, zone)


def _missing_between(of_day: list[Slot], *, minutes: int) -> list[dt.datetime]:
    """Times that one expects between two offered ones and that are not offered, at most a handful."""
    length = dt.timedelta(minutes=minutes)
    missing: list[dt.datetime] = []
    for slot, following in pairwise(of_day):
        at = slot.starts_at + length
        while at + length <= following.starts_at and len(missing) < _MOST_REFUSED:
            missing.append(at)
            at += length
    return missing


def _explain(picker: Picker, at: dt.datetime, now: dt.datetime) -> str | Promise:
    verdict = explain(
        doctor_id=picker.doctor.pk,
        service_id=picker.service.pk,
        clinic_id=picker.clinic.pk,
        starts_at=at,
        now=now,
    )
    return "" if verdict.bookable else verdict.message


def _by_part_of_day(times: list[PickerTime], zone: ZoneInfo) -> list[PickerGroup]:
    parts: list[tuple[str | Promise, list[PickerTime]]] = [
        (_("Morning"), []),
        (_("Afternoon"), []),
        (_("Evening"), []),
    ]
    for time in times:
        if time.starts_at is None:
            continue
        hour = time.starts_at.astimezone(zone).hour
        parts[0 if hour < _NOON else 1 if hour < _EVENING else 2][1].append(time)
    return [PickerGroup(label=label, slots=slots) for label, slots in parts if slots]
