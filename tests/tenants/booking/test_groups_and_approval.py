"""Group sessions, visits on approval, walk-ins, and undoing what ended a visit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import (
    cancel_appointment,
    complete_appointment,
    mark_no_show,
    reschedule_appointment,
)
from tenants.booking.actions.approving import approve_appointment, expire_approvals, refuse_appointment
from tenants.booking.actions.groups import cancel_session, create_session, take_seat
from tenants.booking.actions.progressing import restore_appointment
from tenants.booking.actions.walking_in import walk_in
from tenants.booking.errors import PatientBusy, SlotInPast, SlotTaken, TooLateToBook
from tenants.booking.models import Appointment, AppointmentEvent, AppointmentStatus, Claim, GroupSession
from tenants.booking.reservation_errors import (
    NotAGroupService,
    NotAwaitingApproval,
    NothingToUndo,
    SeatCannotMove,
    SessionFull,
    SessionNotFound,
    SessionOver,
    UndoTooLate,
)
from tenants.booking.selectors.approvals import approval_deadline, awaiting_approval
from tenants.booking.selectors.sessions import open_sessions
from tenants.outbox.models import OutboxEvent
from tests.factories import Bookable, make_bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

HALF = dt.timedelta(minutes=30)


def session_of(bookable: Bookable, starts_at: dt.datetime = NINE, **changes: Any) -> GroupSession:
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": starts_at,
        "capacity": 2,
        "actor": GUEST,
        "now": NOW,
    }
    return create_session(**{**facts, **changes})


def seat(session: GroupSession, **changes: Any) -> Appointment:
    facts: dict[str, Any] = {
        "session_id": session.public_id,
        "source": "site",
        "language": "en",
        "actor": GUEST,
        "now": NOW,
    }
    if "patient_id" not in changes:
        facts["patient_id"] = make_patient().pk
    return take_seat(**{**facts, **changes})


def taken(session: GroupSession) -> int:
    session.refresh_from_db()
    return session.taken


# --- group sessions ---------------------------------------------------------------------------------------------


def test_session_owns_the_time_and_seats_are_counted(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = session_of(bookable)
    with pytest.raises(SlotTaken):
        book(bookable)
    one = seat(session)
    assert (one.appointment_date, one.session_id) == (NINE, session.pk)
    assert not one.claims.exists()
    assert taken(session) == 1
    assert OutboxEvent.objects.filter(topic="appointment.booked", aggregate_id=str(one.pk)).exists()


def test_a_full_session_names_others_with_seats(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, other = session_of(bookable), session_of(bookable, NINE + HALF)
    seat(session)
    seat(session)
    with pytest.raises(SessionFull) as refused:
        seat(session)
    assert refused.value.params["alternatives"] == [
        {"session": str(other.public_id), "starts_at": "2027-01-12T06:30:00Z", "free": 2}
    ]
    assert taken(session) == 2
    assert [row.pk for row in open_sessions(service_id=bookable.service.pk, now=NOW)] == [other.pk]


def test_nobody_has_two_seats_in_one_session(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = session_of(bookable)
    seat(session, patient_id=bookable.patient.pk)
    with pytest.raises(PatientBusy):
        seat(session, patient_id=bookable.patient.pk)
    assert Appointment.objects.count() == 1


def test_cancelling_gives_the_seat_back_and_restoring_takes_it_again(network: NetworkRef) -> None:
    session = session_of(make_bookable())
    visit = seat(session)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    assert taken(session) == 0
    restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    assert taken(session) == 1
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    seat(session)
    seat(session)
    with pytest.raises(SessionFull):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)


def test_a_seat_cannot_be_moved(network: NetworkRef) -> None:
    visit = seat(session_of(make_bookable()))
    with pytest.raises(SeatCannotMove):
        reschedule_appointment(
            public_id=visit.public_id, starts_at=NINE + HALF, actor=GUEST, now=NOW, for_staff=True
        )


def test_cancelling_a_session_cancels_its_visits_and_frees_the_time(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = session_of(bookable)
    visits = [seat(session), seat(session)]
    cancel_session(session_id=session.public_id, reason="the doctor is ill", actor=GUEST, now=NOW)
    assert {Appointment.objects.get(pk=visit.pk).status for visit in visits} == {"cancelled"}
    assert taken(session) == 0
    assert book(bookable).appointment_date == NINE
    with pytest.raises(SessionOver):
        seat(session)
    with pytest.raises(SessionOver):
        cancel_session(session_id=session.public_id, actor=GUEST, now=NOW)


def test_sessions_that_cannot_be(network: NetworkRef) -> None:
    bookable = make_bookable()
    with pytest.raises(NotAGroupService):
        session_of(bookable, capacity=None)
    with pytest.raises(NotAGroupService):
        session_of(bookable, capacity=1)
    session = session_of(bookable)
    with pytest.raises(SlotTaken):
        session_of(bookable)
    with pytest.raises(TooLateToBook):
        seat(session, now=NINE - dt.timedelta(minutes=5))
    with pytest.raises(SlotInPast):
        seat(session, now=NINE + HALF, for_staff=True)
    with pytest.raises(SessionNotFound):
        take_seat(
            session_id="00000000-0000-4000-8000-000000000000",
            patient_id=bookable.patient.pk,
            source="site",
            language="en",
            actor=GUEST,
            now=NOW,
        )


# --- approval ---------------------------------------------------------------------------------------------------


def test_a_request_keeps_its_time_until_the_clinic_answers(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable, awaiting_approval=True)
    assert [row.pk for row in awaiting_approval()] == [visit.pk]
    with pytest.raises(SlotTaken):
        book(bookable, patient_id=make_patient().pk)
    approved = approve_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    assert (approved.awaiting_approval, approved.version) == (False, 2)
    assert OutboxEvent.objects.filter(topic="appointment.approved").count() == 1
    for answer in (approve_appointment, refuse_appointment):
        with pytest.raises(NotAwaitingApproval):
            answer(public_id=visit.public_id, actor=GUEST, now=NOW)


def test_a_refusal_frees_the_time_and_says_why(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable, awaiting_approval=True)
    refused = refuse_appointment(public_id=visit.public_id, message="bring a referral", actor=GUEST, now=NOW)
    assert (refused.status, refused.cancel_reason) == ("cancelled", "bring a referral")
    assert not awaiting_approval().exists()
    assert book(bookable).appointment_date == NINE


def test_a_request_nobody_answers_is_turned_down_in_the_end(network: NetworkRef) -> None:
    visit = book(make_bookable(), awaiting_approval=True, language="ru")
    made = Appointment.objects.get(pk=visit.pk).created_at
    assert approval_deadline(Appointment.objects.get(pk=visit.pk)) == made + dt.timedelta(hours=24)
    assert expire_approvals(now=made + dt.timedelta(hours=23)) == 0
    assert expire_approvals(now=made + dt.timedelta(hours=24)) == 1
    assert expire_approvals(now=made + dt.timedelta(hours=24)) == 0


# --- walk-ins ---------------------------------------------------------------------------------------------------


def test_walk_in_gets_the_next_free_time_and_is_here(network: NetworkRef) -> None:
    bookable = make_bookable()
    now = NINE + dt.timedelta(minutes=5)
    visit = walk_in(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        patient_id=bookable.patient.pk,
        language="en",
        actor=GUEST,
        now=now,
    )
    assert (visit.appointment_date, visit.source, visit.checked_in_at) == (NINE + HALF, "walk_in", now)


def test_walk_in_on_a_full_day_is_refused_or_put_on_top(network: NetworkRef) -> None:
    bookable = make_bookable(windows=(("09:00", "10:00"),))
    now = NINE + dt.timedelta(minutes=5)
    book(bookable, NINE + HALF, patient_id=make_patient().pk)
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "patient_id": bookable.patient.pk,
        "language": "en",
        "actor": GUEST,
        "now": now,
    }
    with pytest.raises(SlotTaken) as refused:
        walk_in(**facts)
    assert len(refused.value.params["alternatives"]) == 3
    on_top = walk_in(**facts, overbook_reason="acute pain")
    assert on_top.checked_in_at == now
    assert on_top.appointment_date == now


# --- undo -------------------------------------------------------------------------------------------------------


def test_a_cancelled_visit_gets_its_time_back(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable)
    cancel_appointment(public_id=visit.public_id, reason="slip", actor=GUEST, now=NOW)
    restored = restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    assert (restored.status, restored.cancel_reason, restored.version) == ("scheduled", "", 3)
    assert Claim.objects.filter(appointment=visit, active=True).count() == 1
    with pytest.raises(NothingToUndo):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)


def test_a_cancelled_visit_whose_time_is_taken_or_over_stays_cancelled(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    with pytest.raises(SlotInPast):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)
    book(bookable, patient_id=make_patient().pk)
    with pytest.raises(SlotTaken):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    visit.refresh_from_db()
    assert visit.status == AppointmentStatus.CANCELLED


def test_a_cancelled_visit_of_somebody_who_is_busy_now_stays_cancelled(network: NetworkRef) -> None:
    bookable, other = make_bookable(), make_bookable()
    visit = book(bookable)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    book(other, patient_id=bookable.patient.pk)
    with pytest.raises(PatientBusy):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)


@pytest.mark.parametrize("end", [complete_appointment, mark_no_show])
def test_a_slip_at_the_desk_can_be_undone_for_an_hour(network: NetworkRef, end: Any) -> None:
    visit = book(make_bookable())
    end(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)
    restored = restore_appointment(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)
    assert (restored.status, restored.finished_at) == ("scheduled", None)
    end(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)
    long_ago = AppointmentEvent.objects.order_by("pk")[0].at - dt.timedelta(hours=2)
    AppointmentEvent.objects.update(at=long_ago)
    with pytest.raises(UndoTooLate):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)


def test_completing_keeps_the_note_and_the_follow_up(network: NetworkRef) -> None:
    visit = book(make_bookable())
    done = complete_appointment(
        public_id=visit.public_id,
        visit_note=" all well\x00 ",
        follow_up_on=dt.date(2027, 2, 12),
        actor=GUEST,
        now=NINE + HALF,
    )
    assert (done.visit_note, done.follow_up_on, done.finished_at) == (
        "all well",
        dt.date(2027, 2, 12),
        NINE + HALF,
    )
