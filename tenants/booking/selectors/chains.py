"""Ways to have several services one after the other in one clinic, with as little waiting as can be."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.selectors.values import Slot
from tenants.services.offers import offers_for

LONGEST_CHAIN: Final = 6
LONGEST_WAIT: Final = dt.timedelta(hours=2)
"""Between two parts; a longer one is no single visit."""

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
    def waiting(self) -> dt.timedelta:
        """Time between the parts, all together."""
        busy = sum((slot.ends_at - slot.starts_at for slot in self.slots), dt.timedelta())
        return self.slots[-1].ends_at - self.slots[0].starts_at - busy


def find_chains(
    *,
    wanted: Sequence[Wanted],
    clinic_id: int,
    since: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    for_staff: bool = False,
    limit: int = 5,
) -> list[Chain]:
    """Return up to `limit` ways that begin within `[since, until)`, the least waiting first, then the soonest.

    For each beginning, every next part is the earliest that is free. Queries grow with the doctors of the
    services, not with the times.
    """
    free = [
        _free(each, clinic_id=clinic_id, since=since, until=until, now=now, for_staff=for_staff)
        for each in wanted
    ]
    chains: dict[tuple[dt.datetime, dt.datetime], Chain] = {}
    for first in free[0] if free else []:
        chain = _follow(first, free[1:])
        if chain is not None:
            chains.setdefault((chain.starts_at, chain.slots[-1].ends_at), chain)
    return sorted(chains.values(), key=lambda chain: (chain.waiting, chain.starts_at))[:limit]


def _free(
    wanted: Wanted,
    *,
    clinic_id: int,
    since: dt.datetime,
    until: dt.datetime,
    now: dt.datetime,
    for_staff: bool,
) -> list[Slot]:
    doctors = [wanted.doctor_id] if wanted.doctor_id is not None else None
    offers = offers_for(service_id=wanted.service_id, clinic_id=clinic_id, doctor_ids=doctors)
    found: list[Slot] = []
    for doctor_id in sorted({offer.doctor_id for offer in offers})[:_MOST_DOCTORS]:
        slots = free_slots(
            doctor_id=doctor_id,
            service_id=wanted.service_id,
            clinic_id=clinic_id,
            start=(since - dt.timedelta(days=1)).date(),
            end=(until + dt.timedelta(days=2)).date(),
            now=now,
            for_staff=for_staff,
        )
        found += [slot for slot in slots if since <= slot.starts_at < until]
    return sorted(found, key=lambda slot: (slot.starts_at, slot.ends_at, slot.doctor_id))


def _follow(first: Slot, rest: Sequence[Sequence[Slot]]) -> Chain | None:
    """Add the earliest free time of each next part; None where one would mean too long a wait."""
    slots = [first]
    for free in rest:
        ready_at = slots[-1].ends_at
        index = bisect_left(free, ready_at, key=lambda slot: slot.starts_at)
        if index == len(free) or free[index].starts_at - ready_at > LONGEST_WAIT:
            return None
        slots.append(free[index])
    return Chain(tuple(slots))
