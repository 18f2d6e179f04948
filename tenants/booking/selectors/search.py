"""The soonest slots over many doctors: stored gaps give candidates, the engine decides.

Gaps decide alone where nothing but the doctor's windows and claims matters; everywhere else (rooms, buffers,
limits, waves, floating breaks) a candidate is the earliest that can be, and `free_slots` says which it is.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import connection, transaction

from tenants.booking.gaps.finding import Candidate, Sought, first_of_each, soonest
from tenants.booking.gaps.wishes import Filters, Wish, wishes_for
from tenants.booking.policy import Policy, current_policy
from tenants.booking.scheduled import refresh_soon
from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.selectors.values import Slot, slot_of
from tenants.booking.slots import ONE_DAY, UTC, day_start, limits_for
from tenants.booking.windows.store import rebuild_stale

SEARCH_DAYS: Final = 30
_WIDENING_DAYS: Final = (2, 7, 31, 93)
_SURPLUS: Final = 2
"""Candidates for each slot wanted; more follow when the engine refuses too many."""
_MOST_CANDIDATES: Final = 4000
_ASKED_AT_ONCE: Final = 7 * ONE_DAY
_REBUILT_AT_ONCE: Final = 60
"""So many doctors' windows are built while somebody waits; for more the search takes what is there."""
_STALE: Final = """
    SELECT id FROM booking_resource WHERE windows_until IS NULL AND kind = 'doctor' AND is_active ORDER BY id
"""


def first_free_by_doctor(
    *,
    doctor_ids: Iterable[int] | None,
    specialization_id: int | None = None,
    service_id: int | None = None,
    clinic_id: int | None = None,
    language: str | None = None,
    max_price: Decimal | None = None,
    from_date: dt.date | None = None,
    now: dt.datetime,
    days: int = SEARCH_DAYS,
) -> dict[int, Slot]:
    """Return the soonest slot of every doctor who has one within `days` days of now; doctors without are absent.

    Of several services that begin at the same instant the shortest is meant. `doctor_ids` None means everybody,
    `from_date` is a local date of the clinics. Two queries while the catalogue is cached, whatever the number of
    doctors, as long as no special rules (rooms, limits, buffers) need the engine.
    """
    filters = Filters(
        doctor_ids=None if doctor_ids is None else tuple(sorted(set(doctor_ids))),
        specialization_id=specialization_id,
        service_id=service_id,
        clinic_id=clinic_id,
        language=language,
        max_price=max_price,
    )
    search = _Search.of(filters, now=now, first=from_date, days=days)
    best: dict[int, tuple[dt.datetime, int]] = {}
    for candidate in first_of_each(search.sought):
        starts_at = search.first_from(candidate)
        if starts_at is None:
            continue
        doctor_id = search.wish(candidate).offer.doctor_id
        mine = (starts_at, candidate.number)
        if doctor_id not in best or mine < best[doctor_id]:
            best[doctor_id] = mine
    return {
        doctor_id: slot_of(search.sought[number].wish.offer, starts_at)
        for doctor_id, (starts_at, number) in best.items()
    }


def first_free_slots(
    *,
    limit: int,
    service_id: int | None = None,
    clinic_id: int | None = None,
    specialization_id: int | None = None,
    language: str | None = None,
    max_price: Decimal | None = None,
    from_date: dt.date | None = None,
    now: dt.datetime,
    days: int = SEARCH_DAYS,
) -> list[Slot]:
    """Return the soonest slots over all doctors within `days` days, by instant: of each doctor one for each instant.

    `language` is one that the doctor speaks, as the doctor's record spells it; `max_price` is in the network's
    currency; `from_date` is a local date of the clinics.
    """
    filters = Filters(
        service_id=service_id,
        clinic_id=clinic_id,
        specialization_id=specialization_id,
        language=language,
        max_price=max_price,
    )
    return _Search.of(filters, now=now, first=from_date, days=days).soonest(limit)


def free_slots_of_many(
    *,
    doctor_ids: Iterable[int] | None = None,
    specialization_id: int | None = None,
    service_id: int | None = None,
    clinic_id: int | None = None,
    start: dt.date,
    end: dt.date,
    now: dt.datetime,
    limit: int,
) -> list[Slot]:
    """Return the first `limit` slots of these doctors (None: of all) on the local dates `[start, end)`, by instant.

    Of each doctor one for each instant, as `first_free_slots`.
    """
    filters = Filters(
        doctor_ids=None if doctor_ids is None else tuple(sorted(set(doctor_ids))),
        specialization_id=specialization_id,
        service_id=service_id,
        clinic_id=clinic_id,
    )
    return _Search.of(filters, now=now, first=start, last=end).soonest(limit)


@dataclass(frozen=True, slots=True)
class _Search:
    """What is sought, and the engine's answers so far."""

    sought: Sequence[Sought]
    now: dt.datetime
    _known: dict[tuple[int, int, int], "_Known"] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        filters: Filters,
        *,
        now: dt.datetime,
        first: dt.date | None = None,
        last: dt.date | None = None,
        days: int = SEARCH_DAYS,
    ) -> "_Search":
        """Search from now, and from the local date `first`, for `days` days or until before `last`."""
        policy = current_policy()
        until = now + days * ONE_DAY
        today = now.astimezone(UTC).date()
        if last is not None:
            until = day_start(last, "UTC") + 2 * ONE_DAY
        elif first is not None and first > today:
            until = day_start(first, "UTC") + days * ONE_DAY
        # Local dates of every zone: UTC's, padded. Not from `first` on, so that one entry of the cache serves all.
        wishes = wishes_for(filters, first=today - ONE_DAY, last=until.astimezone(UTC).date() + 2 * ONE_DAY)
        _freshen(wishes)
        grid = _Grid(policy=policy, now=now, until=until, first=first, last=last)
        return cls(sought=[each for wish in wishes if (each := grid.sought(wish))], now=now)

    def wish(self, candidate: Candidate) -> Wish:
        return self.sought[candidate.number].wish

    def soonest(self, limit: int) -> list[Slot]:
        """Return the soonest slots, of each doctor one for each instant."""
        wanted = max(limit, 1) * _SURPLUS
        while True:
            candidates = soonest(self.sought, limit=wanted)
            found: dict[tuple[dt.datetime, int], Slot] = {}
            for candidate in candidates:
                offer = self.wish(candidate).offer
                key = (candidate.starts_at, offer.doctor_id)
                if key not in found and self.holds(candidate):
                    found[key] = slot_of(offer, candidate.starts_at)
                if len(found) >= limit:
                    break
            if len(found) >= limit or len(candidates) < wanted or wanted >= _MOST_CANDIDATES:
                return [found[key] for key in sorted(found)][:limit]
            wanted *= 4

    def holds(self, candidate: Candidate) -> bool:
        """Whether the engine agrees with a candidate."""
        wish = self.wish(candidate)
        if wish.is_plain:
            return True
        day = slot_of(wish.offer, candidate.starts_at).local_date
        key = (wish.offer.doctor_id, wish.offer.service_id, wish.offer.clinic_id)
        known = self._known.setdefault(key, _Known())
        if not known.first <= day < known.last:  # candidates of a doctor come in order of time
            last = day + _ASKED_AT_ONCE
            known.starts |= {slot.starts_at for slot in self._slots(wish, day, last)}
            known.first, known.last = min(known.first, day), last
        return candidate.starts_at in known.starts

    def first_from(self, candidate: Candidate) -> dt.datetime | None:
        """Return the first beginning from a candidate on with which the engine agrees."""
        sought = self.sought[candidate.number]
        if sought.wish.is_plain:
            return candidate.starts_at
        begin = slot_of(sought.wish.offer, candidate.starts_at).local_date
        day = begin
        for widening in _WIDENING_DAYS:
            end = begin + widening * ONE_DAY
            for slot in self._slots(sought.wish, day, end):
                if candidate.starts_at <= slot.starts_at < sought.latest:
                    return slot.starts_at
            day = end
            if day_start(day, sought.wish.offer.time_zone) >= sought.latest:
                break
        return None

    def _slots(self, wish: Wish, start: dt.date, end: dt.date) -> list[Slot]:
        return free_slots(
            doctor_id=wish.offer.doctor_id,
            service_id=wish.offer.service_id,
            clinic_id=wish.offer.clinic_id,
            start=start,
            end=end,
            now=self.now,
        )


@dataclass(slots=True)
class _Known:
    """What the engine said of one offer on the local dates `[first, last)`."""

    first: dt.date = dt.date.max
    last: dt.date = dt.date.min
    starts: set[dt.datetime] = field(default_factory=set)


class _Grid:
    """Turns wishes into instants; what a zone decides is worked out once."""

    def __init__(
        self,
        *,
        policy: Policy,
        now: dt.datetime,
        until: dt.datetime,
        first: dt.date | None,
        last: dt.date | None,
    ) -> None:
        self._policy = policy
        self._now = now
        self._until = until
        self._first = first
        self._last = last
        self._bounds: dict[tuple[str, dt.date, dt.date, int, int], tuple[dt.datetime, dt.datetime]] = {}

    def sought(self, wish: Wish) -> Sought | None:
        """Return what to look for; None when nothing can begin in the time of this wish."""
        zone = wish.offer.time_zone
        key = (zone, wish.first, wish.last, wish.notice_minutes, wish.horizon_days)
        if key not in self._bounds:
            self._bounds[key] = self._bounds_of(zone, wish)
        earliest, latest = self._bounds[key]
        if earliest >= latest:
            return None
        step = self._policy.slot_step_minutes or wish.offer.duration_minutes
        return Sought(wish=wish, step_minutes=step, earliest=earliest, latest=latest)

    def _bounds_of(self, zone: str, wish: Wish) -> tuple[dt.datetime, dt.datetime]:
        limits = limits_for(
            now=self._now, zone=zone, notice_minutes=wish.notice_minutes, horizon_days=wish.horizon_days
        )
        first = wish.first if self._first is None else max(wish.first, self._first)
        last = wish.last if self._last is None else min(wish.last, self._last)
        return (
            max(limits.earliest, limits.now, day_start(first, zone)),
            min(limits.latest, self._until, day_start(last, zone)),
        )


def _freshen(wishes: Sequence[Wish]) -> None:
    """Build the windows of a few stale doctors now; many are left to a task, and their old gaps to the engine."""
    with connection.cursor() as cursor:
        cursor.execute(_STALE)
        stale = {row[0] for row in cursor.fetchall()}
    if not stale:
        return
    mine = sorted(stale & {wish.resource_id for wish in wishes})
    if mine:
        with transaction.atomic():
            rebuild_stale(mine[:_REBUILT_AT_ONCE])
    if len(mine) > _REBUILT_AT_ONCE:
        refresh_soon()
