"""Group sessions: one visit for several patients. The session owns the time; each patient's visit takes a seat.

A seat is taken by one conditional UPDATE, and the CHECK constraint on the row has the last word, so that exactly
as many get in as there are seats. Locks: an appointment, then its session, then resources.
"""

import datetime as dt
from typing import Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from tenants.audit.actions import Actor, record
from tenants.booking.actions.booking import clean_notes, known_language
from tenants.booking.actions.changing import REASON_LENGTH, cancel_appointment
from tenants.booking.actions.freeing import free_claims
from tenants.booking.actions.logbook import OPEN
from tenants.booking.actions.placing import Place, alternatives_finder, local_start, lock_place, offered
from tenants.booking.actions.writing import claim_place, insert_appointment
from tenants.booking.errors import BadInterval, BeyondHorizon, PatientNotFound, SlotInPast, TooLateToBook
from tenants.booking.models import Appointment, AppointmentSource, Claim, GroupSession
from tenants.booking.policy import Policy, current_policy
from tenants.booking.reservation_errors import NotAGroupService, SessionFull, SessionNotFound, SessionOver
from tenants.booking.selectors.sessions import open_sessions
from tenants.booking.selectors.values import clinic_limits
from tenants.booking.slots import Reason
from tenants.booking.transactions import in_transaction, translate_overlap
from tenants.patients.models import Patient
from tenants.services.models import Service

SMALLEST_GROUP: Final = 2
LARGEST_GROUP: Final = 500
_ALTERNATIVES: Final = 3


def create_session(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    capacity: int | None = None,
    minutes: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> GroupSession:
    """Open a session with `capacity` seats (by default the service's) and `minutes` length (the service's). For staff.

    Locks the resources. Raises NotAGroupService, BadInterval, and what `book_appointment` raises for staff.
    """
    seats = capacity
    if seats is None:
        seats = Service.objects.filter(pk=service_id).values_list("group_capacity", flat=True).first() or 0
    if not SMALLEST_GROUP <= seats <= LARGEST_GROUP:
        raise NotAGroupService
    if minutes is not None and minutes <= 0:
        raise BadInterval
    policy = current_policy()
    offer = offered(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        starts_at=starts_at,
        policy=policy,
        now=now,
    )

    def work() -> GroupSession:
        place = lock_place(
            offer,
            starts_at=starts_at.astimezone(dt.UTC),
            length=dt.timedelta(minutes=minutes or offer.duration_minutes),
            patient_id=None,
            policy=policy,
            now=now,
            for_staff=True,
        )
        session = GroupSession.objects.create(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            capacity=seats,
        )
        try:
            claim_place(place, clinic_id=clinic_id, session_id=session.pk)
        except IntegrityError as error:
            finder = alternatives_finder(offer, around=place.starts_at, now=now, for_staff=True)
            raise translate_overlap(error, find_alternatives=finder) from error
        record("booking.session_created", actor=actor, on=session, data={"seats": seats})
        return session

    return in_transaction(work)


def take_seat(
    *,
    session_id: UUID | str,
    patient_id: int,
    source: str,
    language: str,
    notes: str = "",
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Book one seat of a session (its public id) and return the patient's visit, with log, audit and letter.

    Locks the session. Staff are not bound by notice and horizon. Raises SessionNotFound, SessionOver, SessionFull
    (with other sessions), SlotInPast, TooLateToBook, BeyondHorizon, PatientBusy, PatientNotFound, ServiceNotOffered.
    """
    text = clean_notes(notes)

    def work() -> Appointment:
        session = GroupSession.objects.filter(public_id=session_id).first()
        if session is None:
            raise SessionNotFound
        policy = current_policy()
        offer = offered(
            doctor_id=session.doctor_id,
            service_id=session.service_id,
            clinic_id=session.clinic_id,
            starts_at=session.starts_at,
            policy=policy,
            now=now,
        )
        _require_bookable(session, zone=offer.time_zone, policy=policy, now=now, for_staff=for_staff)
        if not Patient.objects.filter(pk=patient_id).exists():
            raise PatientNotFound
        _count_in(session, now=now)
        appointment = Appointment(
            patient_id=patient_id,
            doctor_id=session.doctor_id,
            service_id=session.service_id,
            clinic_id=session.clinic_id,
            appointment_date=session.starts_at,
            ends_at=session.ends_at,
            time_zone=offer.time_zone,
            local_start=local_start(session.starts_at, offer.time_zone),
            notes=text,
            price=offer.price,
            currency=offer.currency,
            policy=policy.snapshot(),
            source=AppointmentSource(source),
            language=known_language(language),
            session=session,
        )
        try:
            insert_appointment(
                appointment,
                Place(spans=(), starts_at=session.starts_at, ends_at=session.ends_at),
                actor=actor,
                data={"session": session.pk},
            )
        except IntegrityError as error:
            raise translate_overlap(error, find_alternatives=list) from error
        return appointment

    return in_transaction(work)


def cancel_session(
    *, session_id: UUID | str, reason: str = "", actor: Actor, now: dt.datetime
) -> GroupSession:
    """Cancel a session with all its visits, each with its letter, and free its time. For staff.

    Locks the visits in order, then the session. Raises SessionNotFound, SessionOver.
    """

    def work() -> GroupSession:
        participants = Appointment.objects.filter(session__public_id=session_id, status__in=OPEN)
        list(participants.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        session = GroupSession.objects.select_for_update().filter(public_id=session_id).first()
        if session is None:
            raise SessionNotFound
        if session.cancelled_at is not None or session.starts_at <= now:
            raise SessionOver
        session.cancelled_at = now
        session.save(update_fields=["cancelled_at"])
        free_claims(Claim.objects.filter(session=session))
        for public_id in participants.order_by("pk").values_list("public_id", flat=True):
            cancel_appointment(
                public_id=public_id, reason=reason[:REASON_LENGTH], actor=actor, now=now, for_staff=True
            )
        record("booking.session_cancelled", actor=actor, on=session)
        return session

    return in_transaction(work)


def _count_in(session: GroupSession, *, now: dt.datetime) -> None:
    """Take a seat, or say why there is none."""
    seats = GroupSession.objects.filter(pk=session.pk, cancelled_at=None, taken__lt=F("capacity"))
    if seats.update(taken=F("taken") + 1):
        return
    if GroupSession.objects.filter(pk=session.pk, cancelled_at=None).exists():
        others = open_sessions(service_id=session.service_id, now=now).exclude(pk=session.pk)
        raise SessionFull(
            params={
                "alternatives": [
                    {
                        "session": str(other.public_id),
                        "starts_at": other.starts_at.isoformat().replace("+00:00", "Z"),
                        "free": other.capacity - other.taken,
                    }
                    for other in others[:_ALTERNATIVES]
                ]
            }
        )
    raise SessionOver


def _require_bookable(
    session: GroupSession, *, zone: str, policy: Policy, now: dt.datetime, for_staff: bool
) -> None:
    limits = clinic_limits(zone=zone, policy=policy, now=now, for_staff=for_staff)
    reason = limits.refusal(session.starts_at)
    if reason is Reason.IN_PAST:
        raise SlotInPast
    if reason is Reason.TOO_LATE:
        raise TooLateToBook(params={"minutes": policy.minimum_notice_minutes})
    if reason is Reason.BEYOND_HORIZON:
        raise BeyondHorizon(params={"days": policy.horizon_days})
