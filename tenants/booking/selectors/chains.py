"""Ways to have several services one after the other in one clinic, with as little waiting as can be."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.offer_cache import special_of
from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.selectors.values import Slot
from tenants.services.offers import offers_for

LONGEST_CHAIN: Final = 6
LONGEST_IN_ANY_ORDER: Final = 5
"""Parts whose order is tried in every way: one more would be seven hundred ways."""

LONGEST_WAIT: Final = dt.timedelta(hours=2)
"""Between two parts; a longer one is no single visit."""

_REACH: Final = dt.timedelta(days=1)
"""How long after the end of the search the parts that follow the first one may begin."""

_MOST_DOCTORS: Final = 12
"""Doctors looked at for one service."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service of the visit, by a certain doctor or anybody."""

    service_id: int
    doctor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Free times that follow each other, in the order wanted."""

    slots: tuple[Slot, ...]

    @property
    def starts_at(self) -> dt.datetime:
        return self.slots[0].starts_at

    @property
    def ends_at(self) -> dt.datetime:
        return self.slots[-1].ends_at

    @property
    def waiting(self) -> dt.timedelta:
        """Time between the parts, all together."""
        busy = sum((slot.ends_at - slot.starts_at for slot in self.slots), dt.timedelta())
        return self.slots[-1].ends_at - self.slots[0].starts_at - busy


@dataclass(frozen=True, slots=True)
class _Free:
    """A free time, and from when to when its doctor must have no other visit because of it."""

    slot: Slot
    begin: dt.datetime
    end: dt.datetime


def find_chains(
    *,
    wanted: Sequence[Wanted],
    clinic_id: int,
    since: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    patient_id: int | None = None,
    any_order: bool = False,
    soonest_first: bool = False,
    for_staff: bool = False,
    channel: str = "",
    limit: int = 5,
) -> list[Chain]:
    """Return up to `limit` ways that begin within `[since, until)`, the least waiting first, then the soonest.

    For each beginning, every next part is the earliest that is free. With `any_order` the parts may change places
    (up to `LONGEST_IN_ANY_ORDER` of them). With `soonest_first` the ways come in the order of their beginnings, and
    one during which another, later one begins and is over no later is left out. A patient's own visits are in the
    way. Queries grow with the doctors of the services, not with the times.
    """
    if not wanted:
        return []
    busy = _visits_of(patient_id, since, until) if patient_id is not None else []
    found = {
        each: _free(
            each,
            clinic_id=clinic_id,
            since=since,
            until=until,
            now=now,
            for_staff=for_staff,
            channel=channel,
            busy=busy,
        )
        for each in set(wanted)
    }
    chains: dict[tuple[dt.datetime, dt.datetime], Chain] = {}
    orders: Iterable[Sequence[Wanted]] = [wanted]
    if any_order and len(wanted) <= LONGEST_IN_ANY_ORDER:
        orders = dict.fromkeys(permutations(wanted))
    for order in orders:
        rest = [found[each] for each in order[1:]]
        begun: set[tuple[dt.datetime, dt.datetime]] = set()  # another doctor at the same time is no other way
        for first in found[order[0]]:
            if first.slot.starts_at >= until or (first.slot.starts_at, first.slot.ends_at) in begun:
                continue
            chain = _follow(first, rest)
            if chain is not None:
                begun.add((first.slot.starts_at, first.slot.ends_at))
                chains.setdefault((chain.starts_at, chain.ends_at), chain)
    if soonest_first:
        return _worth_while(chains.values())[:limit]
    return sorted(chains.values(), key=lambda chain: (chain.waiting, chain.starts_at))[:limit]


def _worth_while(chains: Iterable[Chain]) -> list[Chain]:
    """Return the chains that no other one beats by beginning later and ending no later, the soonest first."""
    best: list[Chain] = []
    for chain in sorted(
        chains, key=lambda chain: (chain.starts_at, -chain.ends_at.timestamp()), reverse=True
    ):
        if not best or chain.ends_at < best[-1].ends_at:
            best.append(chain)
    return best[::-1]


def _free(
    wanted: Wanted,
    *,
    clinic_id: int,
    since: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    for_staff: bool,
    channel: str,
    busy: Sequence[tuple[dt.datetime, dt.datetime]],
) -> list[_Free]:
    doctors = [wanted.doctor_id] if wanted.doctor_id is not None else None
    offers = offers_for(service_id=wanted.service_id, clinic_id=clinic_id, doctor_ids=doctors)
    found: list[_Free] = []
    for doctor_id in sorted({offer.doctor_id for offer in offers})[:_MOST_DOCTORS]:
        slots = free_slots(
            doctor_id=doctor_id,
            service_id=wanted.service_id,
            clinic_id=clinic_id,
            start=(since - dt.timedelta(days=1)).date(),
            end=(until + _REACH + dt.timedelta(days=1)).date(),
            now=now,
            for_staff=for_staff,
            channel=channel,
        )
        special = special_of(doctor_id=doctor_id, service_id=wanted.service_id)
        before = dt.timedelta(minutes=special.before_minutes)
        after = dt.timedelta(minutes=special.after_minutes)
        found += [
            _Free(slot, slot.starts_at - before, slot.ends_at + after)
            for slot in slots
            if since <= slot.starts_at < until + _REACH
            and not any(begin < slot.ends_at and slot.starts_at < end for begin, end in busy)
        ]
    return sorted(found, key=lambda free: (free.slot.starts_at, free.slot.ends_at, free.slot.doctor_id))


def _follow(first: _Free, rest: Sequence[Sequence[_Free]]) -> Chain | None:
    """Add the earliest free time of each next part; None where one would mean too long a wait."""
    parts = [first]
    for free in rest:
        following = _next_after(parts, free)
        if following is None:
            return None
        parts.append(following)
    return Chain(tuple(part.slot for part in parts))


def _next_after(parts: Sequence[_Free], free: Sequence[_Free]) -> _Free | None:
    """Return the earliest time after the last part for which its doctor, who may give another part, is ready."""
    ready_at = parts[-1].slot.ends_at
    for index in range(bisect_left(free, ready_at, key=lambda each: each.slot.starts_at), len(free)):
        following = free[index]
        if following.slot.starts_at - ready_at > LONGEST_WAIT:
            return None
        if all(
            part.slot.doctor_id != following.slot.doctor_id or part.end <= following.begin for part in parts
        ):
            return following
    return None


def _visits_of(
    patient_id: int, since: dt.datetime, until: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return when the patient has other visits."""
    rows = Appointment.objects.filter(
        patient=patient_id,
        status__in=(AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED),
        overbooked=False,
        ends_at__gt=since,
        appointment_date__lt=until + _REACH,
    )
    return list(rows.values_list("appointment_date", "ends_at"))
