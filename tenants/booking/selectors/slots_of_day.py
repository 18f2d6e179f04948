"""Free slots of one doctor on certain days, and the ones nearest to an instant."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tenants.booking.counting import count_caps
from tenants.booking.gaps.versions import current_versions, version_text
from tenants.booking.loading import Scope, read_situation
from tenants.booking.offer_cache import BookingFacts, booking_facts
from tenants.booking.planning import Asking, plan_for
from tenants.booking.selectors.values import Slot, slot_of
from tenants.booking.slots import ONE_DAY, UTC, day_start, free_starts
from tenants.services.offers import Offer

MAX_DAYS: Final = 93
"""The longest range computed at once; a longer one is cut off."""

_NEAR_DAYS: Final = 7
_REACH_DAYS: Final = 5 * 366


class FreeTimes(NamedTuple):
    """Free slots by instant, and the version of all that they were computed from (see `version_text`)."""

    slots: list[Slot]
    version: str | None


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the engine: by which rules, in which periods of equal offers, and what has to be looked at."""

    facts: BookingFacts
    asking: Asking
    periods: list[tuple[dt.date, dt.date, Offer]]
    scope: Scope

    def version(self, versions: Mapping[int, int]) -> str | None:
        return version_text(
            self.facts.special, versions, generation=self.facts.generation, now=self.asking.now
        )


def free_slots(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int | None = None,
    start: dt.date,
    end: dt.date,
    now: dt.datetime,
    for_staff: bool = False,
    channel: str = "",
) -> list[Slot]:
    """Return the free slots on the clinics' local dates `[start, end)`, by instant.

    `channel` is the `AppointmentSource` by whose rules visits will be booked; by default the website's or, for
    staff, the desk's. Empty when the doctor does not offer the service (see `explain`). At most `MAX_DAYS` days.
    One query while the offers are cached, whatever the range; one more for each period and clinic with limits of
    visits.
    """
    return free_times(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        start=start,
        end=end,
        now=now,
        for_staff=for_staff,
        channel=channel,
    ).slots


def free_times(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int | None = None,
    start: dt.date,
    end: dt.date,
    now: dt.datetime,
    for_staff: bool = False,
    channel: str = "",
) -> FreeTimes:
    """Return what `free_slots` does, with its version; in the same queries."""
    question = _question(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        start=start,
        end=end,
        now=now,
        for_staff=for_staff,
        channel=channel,
    )
    if question is None:
        return FreeTimes([], None)
    asking, facts = question.asking, question.facts
    situation = read_situation(question.scope)
    busy = situation.busy(facts.special.resource_id or 0)
    found: list[Slot] = []
    for first, last, offer in question.periods:
        zone = offer.time_zone
        plan = plan_for(
            offer,
            asking,
            situation,
            first=first,
            last=last,
            caps=count_caps(asking.caps_in(offer.clinic_id), zone=zone, first=first, last=last),
            busy=busy,
        )
        starts = free_starts(plan, since=day_start(first, zone), until=day_start(last, zone))
        found.extend(slot_of(offer, at) for at in starts)
    found.sort(key=lambda slot: (slot.starts_at, slot.clinic_id))
    return FreeTimes(found, question.version(situation.versions))


def version_of_times(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int | None = None,
    start: dt.date,
    end: dt.date,
    now: dt.datetime,
    channel: str = "",
) -> str | None:
    """Return the version that `free_times` would return now, without computing them. One small query."""
    question = _question(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        start=start,
        end=end,
        now=now,
        for_staff=False,
        channel=channel,
    )
    return question.version(current_versions(question.scope.resource_ids)) if question else None


def _question(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int | None,
    start: dt.date,
    end: dt.date,
    now: dt.datetime,
    for_staff: bool,
    channel: str,
) -> _Question | None:
    """Return None where nothing can be free: past days, a service that is not offered."""
    today = now.astimezone(UTC).date()
    start = max(start, today - ONE_DAY)  # nothing earlier is free, whatever the zone
    end = min(end, today + _REACH_DAYS * ONE_DAY)
    if start >= end:
        return None
    end = min(end, start + MAX_DAYS * ONE_DAY)
    facts = booking_facts(doctor_id=doctor_id, service_id=service_id)
    if facts.special.resource_id is None:
        return None
    periods = [
        period for period in facts.offers_within(start, end) if clinic_id in {None, period[2].clinic_id}
    ]
    if not periods:
        return None
    asking = Asking.of(
        special=facts.special, policy=facts.policy, channel=channel, for_staff=for_staff, now=now
    )
    clinic_ids = sorted({offer.clinic_id for _first, _last, offer in periods})
    return _Question(facts, asking, periods, asking.scope_of_days(start, end, clinic_ids=clinic_ids))


def nearest_slots(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    time_zone: str,
    around: dt.datetime,
    limit: int,
    now: dt.datetime,
    for_staff: bool = False,
    channel: str = "",
) -> list[Slot]:
    """Return up to `limit` free slots nearest to an instant, within a week of it, by instant."""
    day = around.astimezone(ZoneInfo(time_zone)).date()
    slots = free_slots(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        start=max(day - _NEAR_DAYS * ONE_DAY, now.astimezone(ZoneInfo(time_zone)).date()),
        end=day + (_NEAR_DAYS + 1) * ONE_DAY,
        now=now,
        for_staff=for_staff,
        channel=channel,
    )
    nearest = sorted(slots, key=lambda slot: (abs(slot.starts_at - around), slot.starts_at))[:limit]
    return sorted(nearest, key=lambda slot: slot.starts_at)
