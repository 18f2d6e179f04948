"""Time has become free: offer it to the waiting list, the first in rank first, and hold it for them meanwhile."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from saas.core.errors import DomainError
from tenants.audit.actions import SYSTEM, record
from tenants.booking import topics
from tenants.booking.actions.holding import hold_slot
from tenants.booking.actions.logbook import OPEN
from tenants.booking.models import (
    Appointment,
    HoldPurpose,
    WaitlistEntry,
    WaitlistOffer,
    WaitlistState,
)
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import EntryClosed
from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.selectors.values import Slot
from tenants.booking.selectors.waitlist import candidates
from tenants.booking.transactions import in_transaction
from tenants.booking.waiting import offer_until, rank_of, wants
from tenants.outbox.actions import publish
from tenants.services.offers import offers_for

MOST_OFFERS: Final = 30
"""At most so many offers out of one freed stretch of time."""

_LOGGED: Final = 20


@dataclass(frozen=True, slots=True)
class _Freed:
    """A stretch `[starts_at, ends_at)` of a doctor's time, and what can be had in it, by service and clinic."""

    doctor_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    now: dt.datetime
    zones: dict[tuple[int, int], str]
    _slots: dict[tuple[int, int], list[Slot]] = field(default_factory=dict)

    def slots(self, service_id: int, clinic_id: int) -> list[Slot]:
        """Free times that touch the stretch: having it free is what made them possible."""
        key = (service_id, clinic_id)
        if key not in self._slots:
            zone = ZoneInfo(self.zones[key])
            found = free_slots(
                doctor_id=self.doctor_id,
                service_id=service_id,
                clinic_id=clinic_id,
                start=self.starts_at.astimezone(zone).date() - dt.timedelta(days=1),
                end=self.ends_at.astimezone(zone).date() + dt.timedelta(days=1),
                now=self.now,
            )
            self._slots[key] = [
                slot for slot in found if slot.starts_at < self.ends_at and slot.ends_at > self.starts_at
            ]
        return self._slots[key]

    def forget(self) -> None:
        """Something was held or booked: look again."""
        self._slots.clear()


def offer_freed_time(
    *,
    doctor_id: int,
    clinic_id: int | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    now: dt.datetime,
) -> list[WaitlistOffer]:
    """Offer a doctor's freed time `[starts_at, ends_at)` to whoever waits for it; return the offers made.

    Each is held, logged with its ranking and sent by letter, in its own transaction. Nobody is offered the same
    time twice. Called again it finds the time held and offers nothing: safe to repeat.
    """
    offered = offers_for(doctor_ids=[doctor_id], clinic_id=clinic_id, on_date=starts_at.date())
    if not offered or ends_at <= now:
        return []
    freed = _Freed(
        doctor_id=doctor_id,
        starts_at=starts_at,
        ends_at=ends_at,
        now=now,
        zones={(offer.service_id, offer.clinic_id): offer.time_zone for offer in offered},
    )
    entries = candidates(
        doctor_id=doctor_id,
        service_ids={offer.service_id for offer in offered},
        clinic_ids={offer.clinic_id for offer in offered},
        day=starts_at.date(),
    )
    if not entries:
        return []
    ranked = sorted(((rank_of(entry, slot_fills_time=_fills(freed, entry)), entry) for entry in entries),
                    key=lambda pair: pair[0].key)  # fmt: skip
    had = _offered_before(entries, freed)
    busy = _visits_of(entries, freed)
    made: list[WaitlistOffer] = []
    passed_over: list[dict[str, Any]] = []
    for place, (rank, entry) in enumerate(ranked, start=1):
        slot = _first_wanted(freed, entry, had=had, busy=busy)
        if slot is None:
            passed_over.append({"entry": entry.pk, "why": "no_fitting_time"})
            continue
        log = rank.log(place=place, of=len(ranked), passed_over=passed_over[-_LOGGED:])
        try:
            offer = _offer(entry, slot, log, now=now)
        except DomainError as error:
            passed_over.append({"entry": entry.pk, "why": error.code})
            freed.forget()
            continue
        if offer is None:
            passed_over.append({"entry": entry.pk, "why": "too_little_time"})
            continue
        made.append(offer)
        freed.forget()
        if len(made) == MOST_OFFERS:
            break
    return made


def _offer(
    entry: WaitlistEntry, slot: Slot, log: dict[str, Any], *, now: dt.datetime
) -> WaitlistOffer | None:
    """Hold and offer, in one transaction; None when there is too little time left to answer."""
    notice = dt.timedelta(minutes=current_policy().minimum_notice_minutes)
    until = offer_until(now=now, zone=slot.time_zone, last_moment=slot.starts_at - notice)
    if until is None:
        return None

    def work() -> WaitlistOffer:
        hold = hold_slot(
            doctor_id=slot.doctor_id,
            service_id=slot.service_id,
            clinic_id=slot.clinic_id,
            starts_at=slot.starts_at,
            holder=f"waitlist:{entry.pk}",
            now=now,
            purpose=HoldPurpose.WAITLIST,
            seconds=int((until - now).total_seconds()),
        )
        locked = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
        if locked.state != WaitlistState.WAITING:
            raise EntryClosed
        locked.state = WaitlistState.OFFERED
        locked.offers_made += 1
        locked.save(update_fields=["state", "offers_made"])
        offer = WaitlistOffer.objects.create(entry=locked, hold=hold, expires_at=hold.expires_at, ranking=log)
        publish(
            topics.OFFERED,
            aggregate_type=topics.OFFER,
            aggregate_id=str(offer.pk),
            version=1,
            payload={"offer": str(offer.public_id), "entry": str(locked.public_id)},
            dedup_key=f"offer:{offer.public_id}",
            expires_at=offer.expires_at,
        )
        record("waitlist.offered", actor=SYSTEM, on=offer, data={"entry": locked.pk})
        return offer

    return in_transaction(work)


def _clinics(freed: _Freed, entry: WaitlistEntry) -> list[int]:
    return [
        clinic_id
        for service_id, clinic_id in freed.zones
        if service_id == entry.service_id and entry.clinic_id in (None, clinic_id)
    ]


def _fills(freed: _Freed, entry: WaitlistEntry) -> bool:
    """Whether a visit of this entry would use exactly the freed time, with nothing left over."""
    return any(
        (slot.starts_at, slot.ends_at) == (freed.starts_at, freed.ends_at)
        for clinic_id in _clinics(freed, entry)
        for slot in freed.slots(entry.service_id, clinic_id)
    )


def _first_wanted(
    freed: _Freed,
    entry: WaitlistEntry,
    *,
    had: set[tuple[int, dt.datetime]],
    busy: list[tuple[int, int, dt.datetime, dt.datetime]],
) -> Slot | None:
    visit = entry.appointment
    if visit is not None and visit.status not in OPEN:
        return None
    for clinic_id in _clinics(freed, entry):
        for slot in freed.slots(entry.service_id, clinic_id):
            if not wants(entry, slot) or (entry.pk, slot.starts_at) in had:
                continue
            if visit is not None and slot.starts_at >= visit.appointment_date:
                continue
            if any(
                patient_id == entry.patient_id
                and visit_id != entry.appointment_id
                and starts_at < slot.ends_at
                and ends_at > slot.starts_at
                for visit_id, patient_id, starts_at, ends_at in busy
            ):
                continue
            return slot
    return None


def _offered_before(entries: list[WaitlistEntry], freed: _Freed) -> set[tuple[int, dt.datetime]]:
    rows = WaitlistOffer.objects.filter(
        entry__in=[entry.pk for entry in entries],
        hold__doctor=freed.doctor_id,
        hold__starts_at__lt=freed.ends_at,
        hold__ends_at__gt=freed.starts_at,
    )
    return set(rows.values_list("entry", "hold__starts_at"))


def _visits_of(
    entries: list[WaitlistEntry], freed: _Freed
) -> list[tuple[int, int, dt.datetime, dt.datetime]]:
    """The open visits of those who wait around the freed time: id, patient, beginning, end."""
    rows = Appointment.objects.filter(
        patient__in={entry.patient_id for entry in entries},
        status__in=OPEN,
        appointment_date__lt=freed.ends_at + dt.timedelta(days=1),
        ends_at__gt=freed.starts_at - dt.timedelta(days=1),
    )
    return list(rows.values_list("pk", "patient", "appointment_date", "ends_at"))
