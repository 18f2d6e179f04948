"""Group sessions: one visit for several patients. The session owns the time; each patient's visit takes a seat.

Locks: an appointment, then its session (two in id order), then resources, then limits. What getting in asks for is
in `seating`.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from saas.core.errors import DomainError
from tenants.audit.actions import Actor, record
from tenants.booking import topics
from tenants.booking.actions.booking import clean_notes, known_language
from tenants.booking.actions.changing import (
    MOVED_FIELDS,
    REASON_LENGTH,
    cancel_appointment,
    give_place_back,
    move_facts,
    whereabouts,
)
from tenants.booking.actions.freeing import free_claims
from tenants.booking.actions.logbook import OPEN, locked_appointment, write_down
from tenants.booking.actions.placing import Place, alternatives_finder, local_start, lock_place, offered
from tenants.booking.actions.seating import admit
from tenants.booking.actions.writing import claim_place, insert_appointment
from tenants.booking.errors import BadInterval, PatientNotFound, SlotTaken, WrongStatus
from tenants.booking.models import Appointment, AppointmentSource, AppointmentStatus, Claim, GroupSession
from tenants.booking.place_errors import NotASeat, OtherService
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import (
    BadSeries,
    NotAGroupService,
    SeriesConflict,
    SessionNotFound,
    SessionOver,
)
from tenants.booking.special import needs_approval
from tenants.booking.transactions import in_transaction, translate_overlap
from tenants.patients.models import Patient
from tenants.services.models import Service

SMALLEST_GROUP: Final = 2
LARGEST_GROUP: Final = 500
MOST_SESSIONS: Final = 30
"""How many sessions can be opened at once."""


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


def create_sessions(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    dates: Sequence[dt.datetime],
    capacity: int | None = None,
    minutes: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> list[GroupSession]:
    """Open a session at each of these instants, all or none; return them in order. For staff.

    Every date is tried, so that SeriesConflict names all that cannot be had. All are of one doctor and service, so
    the first one locks what all of them need. Raises BadSeries, SeriesConflict, and for a single date, or what is
    wrong with all of them (NotAGroupService, BadInterval), what `create_session` raises.
    """
    ordered = sorted({at.astimezone(dt.UTC) for at in dates})
    if not 1 <= len(ordered) <= MOST_SESSIONS:
        raise BadSeries(params={"most": MOST_SESSIONS})

    def create(starts_at: dt.datetime) -> GroupSession:
        return create_session(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            starts_at=starts_at,
            capacity=capacity,
            minutes=minutes,
            actor=actor,
            now=now,
        )

    def work() -> list[GroupSession]:
        if len(ordered) == 1:
            return [create(ordered[0])]
        made: list[GroupSession] = []
        refused: dict[dt.datetime, DomainError] = {}
        for starts_at in ordered:
            try:
                with transaction.atomic():  # a savepoint: the next date is tried as if this one had not been
                    made.append(create(starts_at))
            except (NotAGroupService, BadInterval):
                raise
            except DomainError as error:
                refused[starts_at] = error
        if refused:
            raise SeriesConflict(refused, find=lambda: _alternatives(refused))
        return made

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

    Locks the session, then the limits of visits. Staff are not bound by notice and horizon, and their visits need
    no approval. Raises SessionNotFound, SessionOver, SessionFull and CapReached (both with other sessions),
    SlotInPast, TooLateToBook, BeyondHorizon, PatientBusy, PatientNotFound, ServiceNotOffered.
    """
    text = clean_notes(notes)

    def work() -> Appointment:
        session = GroupSession.objects.filter(public_id=session_id).first()
        if session is None:
            raise SessionNotFound
        if not Patient.objects.filter(pk=patient_id).exists():
            raise PatientNotFound
        offer, asking = admit(session, channel=source, now=now, for_staff=for_staff)
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
            policy=asking.policy.snapshot(),
            source=AppointmentSource(source),
            language=known_language(language),
            session=session,
            awaiting_approval=not for_staff and needs_approval(asking.special, source),
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


def move_seat(
    *,
    public_id: UUID | str,
    session_id: UUID | str,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Appointment:
    """Move a visit to a seat of another session of its service; its id and price stay, its version grows. For staff.

    The new seat is taken and the old one free, or nothing is changed. The same session is no change. Locks the
    visit, then both sessions in id order, then the limits. A confirmed visit becomes scheduled again. Raises
    AppointmentNotFound, StaleVersion, WrongStatus, NotASeat, OtherService, SessionNotFound, PatientBusy, and what
    `take_seat` raises for staff.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status not in OPEN:
            wanted = str(AppointmentStatus.SCHEDULED)
            raise WrongStatus(params={"status": str(appointment.status), "wanted": wanted})
        if appointment.session_id is None:
            raise NotASeat
        sessions = GroupSession.objects.filter(Q(pk=appointment.session_id) | Q(public_id=session_id))
        target = next(
            (
                each
                for each in sessions.order_by("pk").select_for_update()
                if str(each.public_id) == str(session_id)
            ),
            None,
        )
        if target is None:
            raise SessionNotFound
        if target.pk == appointment.session_id:
            return appointment
        if target.service_id != appointment.service_id:
            raise OtherService
        was = whereabouts(appointment)
        facts: dict[str, Any] = {"from_session": appointment.session_id, "to_session": target.pk}
        offer, _asking = admit(
            target, channel=appointment.source, now=now, for_staff=True, moving=appointment.pk
        )
        give_place_back(appointment)
        from_status = appointment.status
        appointment.session = target
        appointment.doctor_id = target.doctor_id
        appointment.clinic_id = target.clinic_id
        appointment.appointment_date = target.starts_at
        appointment.ends_at = target.ends_at
        appointment.time_zone = offer.time_zone
        appointment.local_start = local_start(target.starts_at, offer.time_zone)
        if was[0] != target.starts_at:
            appointment.status = AppointmentStatus.SCHEDULED
        appointment.version += 1
        try:
            appointment.save(update_fields=[*MOVED_FIELDS, "session"])
        except IntegrityError as error:
            raise translate_overlap(error, find_alternatives=list) from error
        facts |= move_facts(was, whereabouts(appointment))
        write_down(appointment, topic=topics.MOVED, from_status=from_status, actor=actor, data=facts)
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


def _alternatives(refused: Mapping[dt.datetime, DomainError]) -> dict[dt.datetime, list[dict[str, object]]]:
    found: dict[dt.datetime, list[dict[str, object]]] = {}
    for starts_at, error in refused.items():
        if isinstance(error, SlotTaken):
            error.look_for_alternatives()
            found[starts_at] = error.params["alternatives"]
    return found
