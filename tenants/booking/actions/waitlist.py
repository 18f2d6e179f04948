"""The waiting list: getting on and off it, and answering an offer.

Locks, after those of a booking: claims, then the entry, then the offer.
"""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tenants.audit.actions import SYSTEM, Actor, record
from tenants.booking.actions.booking import book_appointment, known_language
from tenants.booking.actions.changing import reschedule_appointment
from tenants.booking.actions.freeing import announce_freed, free_claims
from tenants.booking.actions.logbook import OPEN
from tenants.booking.errors import PatientNotFound, ServiceNotOffered, SlotTaken
from tenants.booking.models import (
    Appointment,
    AppointmentSource,
    Claim,
    OfferState,
    WaitlistEntry,
    WaitlistOffer,
    WaitlistState,
)
from tenants.booking.reservation_errors import BadWish, EntryClosed, EntryNotFound, OfferGone, OfferNotFound
from tenants.booking.selectors.waitlist import OPEN_STATES
from tenants.booking.transactions import in_transaction
from tenants.patients.models import Patient
from tenants.services.models import Service

LONGEST_WISH: Final = dt.timedelta(days=366)
MOST_URGENT: Final = 3
_AT_ONCE: Final = 200


def join_waitlist(
    *,
    patient_id: int,
    service_id: int,
    earliest: dt.date,
    latest: dt.date,
    doctor_id: int | None = None,
    clinic_id: int | None = None,
    specialization_id: int | None = None,
    appointment_id: int | None = None,
    weekdays: Sequence[int] = (),
    from_time: dt.time | None = None,
    until_time: dt.time | None = None,
    urgency: int = 0,
    language: str,
    actor: Actor,
    now: dt.datetime,
) -> WaitlistEntry:
    """Put a patient on the list for the local dates `[earliest, latest]`; the same wish again changes the first one.

    With `appointment_id` (a primary key) an accepted offer moves that visit to the earlier time. Locks the patient.
    Raises PatientNotFound, ServiceNotOffered, BadWish.
    """
    # Zones are at most a day away: a date that is over everywhere is refused, today's is not.
    if latest < earliest or latest < now.date() - dt.timedelta(days=1) or latest - earliest > LONGEST_WISH:
        raise BadWish
    if from_time is not None and until_time is not None and until_time < from_time:
        raise BadWish

    def work() -> WaitlistEntry:
        if not Patient.objects.select_for_update().filter(pk=patient_id).exists():
            raise PatientNotFound
        if not Service.objects.filter(pk=service_id, is_active=True).exists():
            raise ServiceNotOffered(code="service_unknown")
        known = WaitlistEntry.objects.select_for_update().filter(
            patient=patient_id,
            service=service_id,
            doctor=doctor_id,
            clinic=clinic_id,
            appointment=appointment_id,
            state__in=OPEN_STATES,
        )
        entry = known.first() or WaitlistEntry(
            patient_id=patient_id,
            service_id=service_id,
            doctor_id=doctor_id,
            clinic_id=clinic_id,
            appointment_id=appointment_id,
        )
        is_new = entry.pk is None
        entry.specialization_id = specialization_id
        entry.earliest, entry.latest = earliest, latest
        entry.weekdays = sorted({day for day in weekdays if 0 <= day <= 6})  # noqa: PLR2004 - Sunday
        entry.from_time, entry.until_time = from_time, until_time
        entry.urgency = max(0, min(urgency, MOST_URGENT))
        entry.language = known_language(language)
        entry.save()
        record("waitlist.joined" if is_new else "waitlist.changed", actor=actor, on=entry)
        return entry

    return in_transaction(work)


def leave_waitlist(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> WaitlistEntry:
    """Take somebody off the list; an open offer goes to the next. Again is no change.

    Locks the entry and its offer. Raises EntryNotFound, EntryClosed for one that has booked.
    """

    def work() -> WaitlistEntry:
        found = WaitlistEntry.objects.filter(public_id=public_id).first()
        if found is None:
            raise EntryNotFound
        held = _held_for(WaitlistOffer.objects.filter(entry=found, state=OfferState.OPEN))
        entry = WaitlistEntry.objects.select_for_update().get(pk=found.pk)
        if entry.state == WaitlistState.LEFT:
            return entry
        if entry.state not in OPEN_STATES:
            raise EntryClosed
        entry.offers.filter(state=OfferState.OPEN).update(state=OfferState.WITHDRAWN, decided_at=now)
        entry.state = WaitlistState.LEFT
        entry.save(update_fields=["state"])
        announce_freed(Claim.objects.filter(hold__in=held))
        record("waitlist.left", actor=actor, on=entry)
        return entry

    return in_transaction(work)


def accept_offer(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> Appointment:
    """Take the time offered: books it, or moves the visit that was to be earlier. Again gives the same visit.

    The patient's notice and cut-off do not count: the clinic offered it. Locks as a booking does, then entry and
    offer. Raises OfferNotFound, OfferGone, and what `book_appointment` raises (PatientBusy, for one).
    """

    def work() -> Appointment:
        offer = _offer(public_id)
        entry, hold = offer.entry, offer.hold
        if offer.state == OfferState.ACCEPTED and entry.appointment is not None:
            return entry.appointment
        _require_open(offer)
        if entry.appointment is not None and entry.appointment.status in OPEN:
            visit = reschedule_appointment(
                public_id=entry.appointment.public_id,
                starts_at=hold.starts_at,
                doctor_id=hold.doctor_id,
                clinic_id=hold.clinic_id,
                actor=actor,
                now=now,
                for_staff=True,
                hold_id=hold.pk,
            )
        else:
            visit = book_appointment(
                doctor_id=hold.doctor_id,
                service_id=hold.service_id,
                clinic_id=hold.clinic_id,
                starts_at=hold.starts_at,
                patient_id=entry.patient_id,
                source=AppointmentSource.WAITLIST,
                language=entry.language,
                actor=actor,
                now=now,
                for_staff=True,
                hold_id=hold.pk,
            )
        locked_entry = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
        locked_offer = _locked(offer)
        if locked_offer.state == OfferState.ACCEPTED:  # a second tap that waited for the first
            return visit
        _require_open(locked_offer)
        locked_offer.state = OfferState.ACCEPTED
        locked_offer.decided_at = now
        locked_offer.save(update_fields=["state", "decided_at"])
        locked_entry.state = WaitlistState.BOOKED
        locked_entry.appointment = visit
        locked_entry.save(update_fields=["state", "appointment"])
        record("waitlist.accepted", actor=actor, on=locked_offer, data={"appointment": visit.pk})
        return visit

    try:
        return in_transaction(work)
    except SlotTaken:
        offer = _offer(public_id)
        if offer.state == OfferState.ACCEPTED and offer.entry.appointment is not None:
            return offer.entry.appointment
        _require_open(offer)
        raise


def decline_offer(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> WaitlistOffer:
    """Say no to an offer: the time goes to the next, the entry waits on. Again is no change.

    Raises OfferNotFound, OfferGone for one that was accepted or is over.
    """

    def work() -> WaitlistOffer:
        offer = _offer(public_id)
        if offer.state == OfferState.DECLINED:
            return offer
        return _close(offer, OfferState.DECLINED, actor=actor, now=now)

    return in_transaction(work)


def expire_offers(*, now: dt.datetime) -> int:
    """End the offers that nobody answered in time, each in its own transaction; the next in line is told of it."""
    due = WaitlistOffer.objects.filter(state=OfferState.OPEN, expires_at__lte=Now()).order_by("expires_at")
    count = 0
    for offer in list(due.select_related("hold")[:_AT_ONCE]):
        try:
            in_transaction(partial(_close, offer, OfferState.EXPIRED, actor=SYSTEM, now=now))
        except OfferGone:
            continue  # answered this very moment
        count += 1
    return count


def expire_entries(*, now: dt.datetime) -> int:
    """Close the entries whose days are over, or whose visit is over or cancelled; return how many."""
    over = Q(latest__lt=now.date() - dt.timedelta(days=1))
    pointless = Q(appointment__isnull=False) & (
        ~Q(appointment__status__in=OPEN) | Q(appointment__appointment_date__lte=now)
    )
    ids = WaitlistEntry.objects.filter(over | pointless, state=WaitlistState.WAITING).values_list(
        "pk", flat=True
    )

    def work() -> int:
        rows = WaitlistEntry.objects.filter(pk__in=list(ids[:_AT_ONCE]), state=WaitlistState.WAITING)
        return rows.update(state=WaitlistState.EXPIRED)

    return in_transaction(work)


def _close(offer: WaitlistOffer, state: OfferState, *, actor: Actor, now: dt.datetime) -> WaitlistOffer:
    held = _held_for(WaitlistOffer.objects.filter(pk=offer.pk))
    entry = WaitlistEntry.objects.select_for_update().get(pk=offer.entry_id)
    locked = _locked(offer)
    if locked.state != OfferState.OPEN:
        raise OfferGone(params={"state": str(locked.state)})
    locked.state = state
    locked.decided_at = now
    locked.save(update_fields=["state", "decided_at"])
    if entry.state == WaitlistState.OFFERED:
        entry.state = WaitlistState.WAITING
        entry.save(update_fields=["state"])
    announce_freed(Claim.objects.filter(hold__in=held))
    record(f"waitlist.{state}", actor=actor, on=locked)
    return locked


def _held_for(offers: QuerySet[WaitlistOffer]) -> list[int]:
    """Free what is held for these offers, before their rows are locked; return the holds' ids."""
    holds = list(offers.values_list("hold", flat=True))
    free_claims(Claim.objects.filter(hold__in=holds))
    return holds


def _offer(public_id: UUID | str) -> WaitlistOffer:
    found = WaitlistOffer.objects.select_related("entry__appointment", "hold").filter(public_id=public_id)
    offer = found.first()
    if offer is None:
        raise OfferNotFound
    return offer


def _locked(offer: WaitlistOffer) -> WaitlistOffer:
    return WaitlistOffer.objects.select_for_update().get(pk=offer.pk)


def _require_open(offer: WaitlistOffer) -> None:
    """Raise OfferGone for an offer that is over, by its state or by the database's clock."""
    state = str(offer.state)
    if (
        offer.state == OfferState.OPEN
        and WaitlistOffer.objects.filter(pk=offer.pk, expires_at__lte=Now()).exists()
    ):
        state = str(OfferState.EXPIRED)
    if state != OfferState.OPEN:
        raise OfferGone(params={"state": state})
