"""Seats of group sessions meet the limits of visits; seats move; sessions are opened in series."""

from __future__ import annotations

import datetime as dt

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.audit.models import AuditEvent
from tenants.booking.actions import cancel_appointment, complete_appointment, confirm_appointment
from tenants.booking.actions.groups import MOST_SESSIONS, cancel_session, create_sessions, move_seat
from tenants.booking.actions.progressing import restore_appointment
from tenants.booking.actions.series import dates_by_rule
from tenants.booking.errors import (
    BeyondHorizon,
    CapReached,
    PatientBusy,
    StaleVersion,
    TooLateToBook,
    WrongStatus,
)
from tenants.booking.models import AppointmentEvent, BookingCap, Claim, GroupSession, PolicyOverride
from tenants.booking.place_errors import NotASeat, OtherService
from tenants.booking.reservation_errors import (
    BadSeries,
    NotAGroupService,
    SeriesConflict,
    SessionFull,
    SessionNotFound,
    SessionOver,
)
from tenants.outbox.models import OutboxEvent
from tests.factories import make_bookable, make_patient, make_service
from tests.tenants.booking.helpers import NINE, NOW, book
from tests.tenants.booking.test_groups_and_approval import HALF, seat, session_of, taken

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


# --- limits -----------------------------------------------------------------------------------------------------


def test_a_limit_of_the_day_refuses_the_next_seat_and_names_other_days(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, same_day, next_day = (
        session_of(bookable, at, capacity=5) for at in (NINE, NINE + HALF, NINE + DAY)
    )
    BookingCap.objects.create(most=2, period="day", doctor=bookable.doctor)
    visit = seat(session)
    seat(session)
    with pytest.raises(CapReached) as refused:
        seat(same_day)
    assert refused.value.params == {
        "most": 2,
        "period": "day",
        "alternatives": [
            {"session": str(next_day.public_id), "starts_at": "2027-01-13T06:00:00Z", "free": 5}
        ],
    }
    assert taken(same_day) == 0
    seat(next_day)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    seat(same_day)
    with pytest.raises(CapReached):
        restore_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)


def test_a_limit_of_the_week_counts_seats_and_single_visits_together(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = session_of(bookable, NINE + DAY, capacity=5)
    BookingCap.objects.create(most=2, period="week", service=bookable.service)
    book(bookable)
    seat(session)
    with pytest.raises(CapReached):
        seat(session, for_staff=True)
    with pytest.raises(CapReached):
        book(bookable, NINE + HALF, patient_id=make_patient().pk)


def test_a_limit_of_a_channel_binds_that_channel_only(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = session_of(bookable, capacity=5)
    BookingCap.objects.create(most=1, period="day", clinic=bookable.clinic, channel="api")
    seat(session, source="api")
    with pytest.raises(CapReached):
        seat(session, source="api")
    seat(session, source="site")
    seat(session, source="desk", for_staff=True)
    assert taken(session) == 3


def test_notice_horizon_and_approval_are_those_of_the_service_and_channel(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, far = session_of(bookable, capacity=5), session_of(bookable, NINE + 14 * DAY)
    PolicyOverride.objects.create(
        service=bookable.service, minimum_notice_minutes=120, horizon_days=7, needs_approval=True
    )
    with pytest.raises(TooLateToBook) as late:
        seat(session, now=NINE - dt.timedelta(minutes=90))
    assert late.value.params == {"minutes": 120}
    with pytest.raises(BeyondHorizon):
        seat(far)
    assert seat(session).awaiting_approval
    assert not seat(session, source="desk", for_staff=True).awaiting_approval


# --- moving a seat ----------------------------------------------------------------------------------------------


def test_a_seat_moves_with_its_log_and_letter(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, other = session_of(bookable), session_of(bookable, NINE + DAY)
    visit = seat(session)
    confirm_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    moved = move_seat(
        public_id=visit.public_id, session_id=other.public_id, expected_version=2, actor=GUEST, now=NOW
    )
    assert (moved.session_id, moved.appointment_date, moved.status) == (other.pk, NINE + DAY, "scheduled")
    assert (moved.local_start, moved.version) == ("2027-01-13T09:00", 3)
    assert (taken(session), taken(other)) == (0, 1)
    entry = AppointmentEvent.objects.get(appointment=visit, kind="moved")
    assert (entry.data["from_session"], entry.data["to_session"]) == (session.pk, other.pk)
    assert AuditEvent.objects.filter(action="booking.moved").count() == 1
    assert OutboxEvent.objects.filter(topic="appointment.moved", aggregate_id=str(visit.pk)).count() == 1
    again = move_seat(public_id=visit.public_id, session_id=other.public_id, actor=GUEST, now=NOW)
    assert again.version == 3


def test_a_seat_that_cannot_move_stays_where_it_is(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, full, clash = (
        session_of(bookable),
        session_of(bookable, NINE + DAY),
        session_of(bookable, NINE + HALF),
    )
    visit = seat(session)
    seat(full)
    seat(full)

    def move(to: object = full.public_id, **changes: object) -> None:
        facts = {"public_id": visit.public_id, "session_id": to, "actor": GUEST, "now": NOW}
        move_seat(**{**facts, **changes})  # type: ignore[arg-type] # what each case changes

    with pytest.raises(SessionFull):
        move()
    with pytest.raises(StaleVersion):
        move(clash.public_id, expected_version=9)
    with pytest.raises(SessionNotFound):
        move("00000000-0000-4000-8000-000000000000")
    book(make_bookable(clinic=bookable.clinic), NINE + HALF, patient_id=visit.patient_id)
    with pytest.raises(PatientBusy):
        move(clash.public_id)
    other_service = make_service(doctors=[bookable.doctor], clinics=[bookable.clinic])
    strange = session_of(bookable, NINE + 2 * DAY, service_id=other_service.pk)
    with pytest.raises(OtherService):
        move(strange.public_id)
    cancel_session(session_id=clash.public_id, actor=GUEST, now=NOW)
    with pytest.raises(SessionOver):
        move(clash.public_id)
    with pytest.raises(NotASeat):
        move(public_id=book(bookable, NINE + 4 * HALF, patient_id=make_patient().pk).public_id)
    assert (taken(session), taken(full), taken(strange)) == (1, 2, 0)
    complete_appointment(public_id=visit.public_id, actor=GUEST, now=NINE + HALF)
    with pytest.raises(WrongStatus):
        move()


def test_a_moved_seat_is_not_counted_twice_by_a_limit(network: NetworkRef) -> None:
    bookable = make_bookable()
    session, later, next_day = (
        session_of(bookable, at, capacity=5) for at in (NINE, NINE + HALF, NINE + DAY)
    )
    BookingCap.objects.create(most=1, period="day", doctor=bookable.doctor)
    visit = seat(session)
    assert move_seat(
        public_id=visit.public_id, session_id=later.public_id, actor=GUEST, now=NOW
    ).appointment_date == (NINE + HALF)
    seat(next_day)
    with pytest.raises(CapReached):
        move_seat(public_id=visit.public_id, session_id=next_day.public_id, actor=GUEST, now=NOW)
    assert (taken(session), taken(later), taken(next_day)) == (0, 1, 1)


# --- series -----------------------------------------------------------------------------------------------------


def test_sessions_are_opened_on_every_date_or_on_none(network: NetworkRef) -> None:
    bookable = make_bookable()
    dates = dates_by_rule(first=NINE, zone="Europe/Moscow", count=4, every_weeks=2)
    facts = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "capacity": 8,
        "actor": GUEST,
        "now": NOW,
    }
    book(bookable, dates[2])
    with pytest.raises(SeriesConflict) as refused:
        create_sessions(dates=dates, **facts)  # type: ignore[arg-type] # a dictionary of mixed values
    [row] = refused.value.params["dates"]
    assert (row["starts_at"], row["code"]) == ("2027-02-09T06:00:00Z", "slot_taken")
    assert not GroupSession.objects.exists()
    assert not Claim.objects.filter(session__isnull=False).exists()
    made = create_sessions(dates=[*dates[:2], dates[3]], **facts)  # type: ignore[arg-type] # as above
    assert [each.starts_at for each in made] == [dates[0], dates[1], dates[3]]
    with pytest.raises(BadSeries):
        create_sessions(
            dates=[NINE + n * DAY for n in range(MOST_SESSIONS + 1)],
            **facts,  # type: ignore[arg-type] # as above
        )
    with pytest.raises(NotAGroupService):
        create_sessions(dates=dates, **{**facts, "capacity": 1})  # type: ignore[arg-type] # as above
