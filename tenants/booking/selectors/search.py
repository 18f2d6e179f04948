"""The soonest slots over many doctors: the window widens until everybody has one or the days are over."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tenants.booking.loading import RulesByClinic, busy_of, hours_of
from tenants.booking.policy import Policy, current_policy
from tenants.booking.selectors.values import Slot, clinic_limits, plan_for, slot_of
from tenants.booking.slots import ONE_DAY, UTC, BusyTimes, Limits, Plan, first_free, free_starts
from tenants.doctors.models import DoctorSpecialization
from tenants.services.offers import Offer, offers_for

WIDENING_DAYS: Final = (1, 2, 4, 8, 30)


def first_free_by_doctor(
    *,
    doctor_ids: Iterable[int],
    service_id: int | None = None,
    clinic_id: int | None = None,
    now: dt.datetime,
    days: int = 30,
) -> dict[int, Slot]:
    """Return the soonest slot of every doctor who has one within `days` days of now; doctors without are absent.

    Of several services that begin at the same instant the shortest is meant. The number of queries does not
    depend on the number of doctors.
    """
    search = _Search.of(doctor_ids=list(doctor_ids), service_id=service_id, clinic_id=clinic_id, now=now)
    found: dict[int, Slot] = {}
    for since, until in _stages(now, days):
        waiting = search.doctor_ids - found.keys()
        if not waiting:
            break
        busy = search.busy(waiting, since=since, until=until)
        for doctor_id in waiting:
            slot = search.first(doctor_id, busy[doctor_id], since=since, until=until)
            if slot is not None:
                found[doctor_id] = slot
    return found


def first_free_slots(
    *,
    limit: int,
    service_id: int | None = None,
    clinic_id: int | None = None,
    specialization_id: int | None = None,
    now: dt.datetime,
) -> list[Slot]:
    """Return the soonest slots over all doctors, by instant: of each doctor one slot for each instant."""
    doctor_ids = None
    if specialization_id is not None:
        links = DoctorSpecialization.objects.filter(specialization_id=specialization_id)
        doctor_ids = list(links.values_list("doctor_id", flat=True))
    search = _Search.of(doctor_ids=doctor_ids, service_id=service_id, clinic_id=clinic_id, now=now)
    found: list[Slot] = []
    for since, until in _stages(now, WIDENING_DAYS[-1]):
        if not search.doctor_ids:
            break
        busy = search.busy(search.doctor_ids, since=since, until=until)
        for doctor_id in search.doctor_ids:
            found.extend(search.all(doctor_id, busy[doctor_id], since=since, until=until, limit=limit))
        if len(found) >= limit:
            break
    found.sort(key=lambda slot: (slot.starts_at, slot.doctor_id))
    return found[:limit]


@dataclass(frozen=True, slots=True)
class _Search:
    """Offers that differ in clinic or length, by doctor, with the hours to fit them into."""

    offers: dict[int, list[Offer]]
    hours: dict[int, RulesByClinic]
    policy: Policy
    limits: dict[str, Limits]

    @classmethod
    def of(
        cls,
        *,
        doctor_ids: Collection[int] | None,
        service_id: int | None,
        clinic_id: int | None,
        now: dt.datetime,
    ) -> "_Search":
        if doctor_ids is not None and not doctor_ids:
            return cls(offers={}, hours={}, policy=current_policy(), limits={})
        offers = offers_for(doctor_ids=doctor_ids, service_id=service_id, clinic_id=clinic_id)
        distinct: dict[tuple[int, int, int], Offer] = {}
        for offer in offers:  # by service id: the first of equally long ones stands for them
            distinct.setdefault((offer.doctor_id, offer.clinic_id, offer.duration_minutes), offer)
        by_doctor: dict[int, list[Offer]] = defaultdict(list)
        for offer in sorted(distinct.values(), key=lambda offer: (offer.duration_minutes, offer.clinic_id)):
            by_doctor[offer.doctor_id].append(offer)
        policy = current_policy()
        return cls(
            offers=dict(by_doctor),
            hours=hours_of(by_doctor.keys()) if by_doctor else {},
            policy=policy,
            limits={
                zone: clinic_limits(zone=zone, policy=policy, now=now, for_staff=False)
                for zone in {offer.time_zone for offer in distinct.values()}
            },
        )

    @property
    def doctor_ids(self) -> set[int]:
        return {doctor_id for doctor_id in self.offers if self.hours.get(doctor_id)}

    def busy(
        self, doctor_ids: Collection[int], *, since: dt.datetime, until: dt.datetime
    ) -> dict[int, BusyTimes]:
        return busy_of(doctor_ids, since=since, until=until + ONE_DAY)

    def first(
        self, doctor_id: int, busy: BusyTimes, *, since: dt.datetime, until: dt.datetime
    ) -> Slot | None:
        best: Slot | None = None
        for offer, plan in self._plans(doctor_id, busy, since, until):
            at = first_free(plan, since=since, until=best.starts_at if best else until)
            if at is not None:
                best = slot_of(offer, at)
        return best

    def all(
        self, doctor_id: int, busy: BusyTimes, *, since: dt.datetime, until: dt.datetime, limit: int
    ) -> list[Slot]:
        at_instant: dict[dt.datetime, Slot] = {}
        for offer, plan in self._plans(doctor_id, busy, since, until):
            for at in free_starts(plan, since=since, until=until)[:limit]:
                at_instant.setdefault(at, slot_of(offer, at))
        return list(at_instant.values())

    def _plans(
        self, doctor_id: int, busy: BusyTimes, since: dt.datetime, until: dt.datetime
    ) -> Iterator[tuple[Offer, Plan]]:
        for offer in self.offers[doctor_id]:
            rules = self.hours[doctor_id].get(offer.clinic_id)
            if rules:
                # UTC dates padded by a day hold the local dates of every zone.
                first, last = since.date() - ONE_DAY, until.date() + 2 * ONE_DAY
                yield (
                    offer,
                    plan_for(
                        offer,
                        rules=rules,
                        busy=busy,
                        limits=self.limits[offer.time_zone],
                        policy=self.policy,
                        first=first,
                        last=last,
                    ),
                )


def _stages(now: dt.datetime, days: int) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Consecutive stretches of time from now on, each about as long as all before it."""
    since = now.astimezone(UTC)
    end = since + days * ONE_DAY
    for widening in (*WIDENING_DAYS, days):
        until = min(now.astimezone(UTC) + widening * ONE_DAY, end)
        if until > since:
            yield since, until
            since = until
