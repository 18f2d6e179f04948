"""Series and chains: every date checked, all booked or none, conflicts with alternatives."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions.chains import Part, book_chain
from tenants.booking.actions.series import book_series, cancel_series, dates_by_rule
from tenants.booking.errors import PatientNotFound, ServiceNotOffered
from tenants.booking.models import Appointment, AppointmentSeries, Claim
from tenants.booking.reservation_errors import (
    BadChain,
    BadSeries,
    ChainConflict,
    NothingToCancel,
    SeriesChanged,
    SeriesConflict,
    SeriesNotFound,
)
from tenants.booking.selectors.chains import Wanted, find_chains
from tenants.booking.selectors.series import PlannedDate, plan_series
from tests.factories import Bookable, make_bookable, make_patient, make_service
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy

pytestmark = pytest.mark.django_db

HALF = dt.timedelta(minutes=30)
WEEK = dt.timedelta(weeks=1)


def series(bookable: Bookable, dates: list[dt.datetime], **changes: Any) -> list[Appointment]:
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "dates": dates,
        "patient_id": bookable.patient.pk,
        "source": "desk",
        "language": "en",
        "actor": GUEST,
        "now": NOW,
    }
    return book_series(**{**facts, **changes})


def test_series_is_booked_in_order(network: NetworkRef) -> None:
    bookable = make_bookable()
    dates = [NINE + number * WEEK for number in (2, 0, 1)]
    visits = series(bookable, dates)
    assert [visit.appointment_date for visit in visits] == sorted(dates)
    assert [visit.position for visit in visits] == [1, 2, 3]
    assert len({visit.series_id for visit in visits}) == 1
    assert Claim.objects.filter(active=True).count() == 3


def test_one_date_that_is_taken_means_none_is_booked(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable, NINE + WEEK, patient_id=make_patient().pk)
    sunday_night = NINE + dt.timedelta(hours=12)
    with pytest.raises(SeriesConflict) as refused:
        series(bookable, [NINE, NINE + WEEK, sunday_night])
    rows = refused.value.params["dates"]
    assert [row["code"] for row in rows] == ["not_working", "slot_taken"]
    assert len(rows[1]["alternatives"]) == 3
    assert Appointment.objects.count() == 1
    assert not AppointmentSeries.objects.exists()


def test_plan_checks_every_date_without_booking(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable, NINE + WEEK, patient_id=make_patient().pk)
    plan = plan_series(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        dates=[NINE, NINE + WEEK],
        now=NOW,
    )
    assert [date.is_bookable for date in plan] == [True, False]
    assert plan[0].alternatives == ()
    assert len(plan[1].alternatives) == 3
    assert Appointment.objects.count() == 1


def test_series_of_nobody_or_of_nothing_is_refused(network: NetworkRef) -> None:
    bookable = make_bookable()
    with pytest.raises(PatientNotFound):
        series(bookable, [NINE], patient_id=0)
    with pytest.raises(BadSeries):
        series(bookable, [])
    with pytest.raises(BadSeries):
        series(bookable, [NINE + number * HALF for number in range(61)])


def test_rule_keeps_the_wall_clock_over_a_change_of_the_clocks() -> None:
    first = dt.datetime.fromisoformat("2027-03-22T09:00+01:00")  # the clocks change on 28 March
    dates = dates_by_rule(first=first, zone="Europe/Berlin", count=4, weekdays=[0, 3])
    assert [date.isoformat() for date in dates] == [
        "2027-03-22T08:00:00+00:00",
        "2027-03-25T08:00:00+00:00",
        "2027-03-29T07:00:00+00:00",
        "2027-04-01T07:00:00+00:00",
    ]
    fortnight = dates_by_rule(first=first, zone="Europe/Berlin", count=2, every_weeks=2)
    assert fortnight[1] - fortnight[0] == 2 * WEEK - dt.timedelta(hours=1)


def test_rule_begins_with_its_first_date_not_with_its_week() -> None:
    thursday = dt.datetime.fromisoformat("2027-01-14T09:00+03:00")
    dates = dates_by_rule(first=thursday, zone="Europe/Moscow", count=3, weekdays=[1, 3])
    assert [date.date().isoformat() for date in dates] == ["2027-01-14", "2027-01-19", "2027-01-21"]


# --- chains -----------------------------------------------------------------------------------------------------


def chain(first: Bookable, parts: list[tuple[Bookable, dt.datetime]], **changes: Any) -> list[Appointment]:
    facts: dict[str, Any] = {
        "parts": [Part(each.doctor.pk, each.service.pk, at) for each, at in parts],
        "clinic_id": first.clinic.pk,
        "patient_id": first.patient.pk,
        "source": "desk",
        "language": "en",
        "actor": GUEST,
        "now": NOW,
    }
    return book_chain(**{**facts, **changes})


def test_chain_goes_across_doctors(network: NetworkRef) -> None:
    one = make_bookable()
    two = make_bookable(clinic=one.clinic, duration_minutes=60)
    visits = chain(one, [(one, NINE), (two, NINE + 2 * HALF), (one, NINE + 4 * HALF)])
    assert [(visit.doctor_id, visit.position) for visit in visits] == [
        (one.doctor.pk, 1),
        (two.doctor.pk, 2),
        (one.doctor.pk, 3),
    ]
    assert AppointmentSeries.objects.get().kind == "chain"


def test_one_part_taken_means_no_part_is_booked_and_other_ways_are_offered(network: NetworkRef) -> None:
    one = make_bookable()
    two = make_bookable(clinic=one.clinic)
    book(two, NINE + HALF, patient_id=make_patient().pk)
    with pytest.raises(ChainConflict) as refused:
        chain(one, [(one, NINE), (two, NINE + HALF)])
    assert refused.value.params["part"] == 2
    assert refused.value.params["cause"] == "slot_taken"
    ways = refused.value.params["alternatives"]
    assert len(ways) == 3
    assert all([step["service"] for step in way] == [one.service.pk, two.service.pk] for way in ways)
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("second", [NINE - HALF, NINE, NINE + dt.timedelta(minutes=10)])
def test_parts_must_follow_each_other(network: NetworkRef, second: dt.datetime) -> None:
    one = make_bookable()
    two = make_bookable(clinic=one.clinic, duration_minutes=10)
    with pytest.raises(BadChain):
        chain(one, [(one, NINE), (two, second)])
    assert not Appointment.objects.exists()


def test_the_way_with_the_least_waiting_comes_first(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:00"),))
    two = make_bookable(clinic=one.clinic, windows=(("10:00", "12:00"),))
    found = find_chains(
        wanted=[Wanted(one.service.pk), Wanted(two.service.pk, two.doctor.pk)],
        clinic_id=one.clinic.pk,
        since=NINE,
        until=NINE + dt.timedelta(hours=12),
        now=NOW,
    )
    assert [(way.starts_at - NINE, way.waiting) for way in found] == [
        (HALF, dt.timedelta()),
        (dt.timedelta(), HALF),
    ]
    visits = chain(one, [(one, found[0].slots[0].starts_at), (two, found[0].slots[1].starts_at)])
    assert len(visits) == 2


def test_parts_of_one_doctor_keep_the_time_around_visits(network: NetworkRef) -> None:
    one = make_bookable()
    two = make_service(doctors=[one.doctor], clinics=[one.clinic], duration_minutes=30)
    one.service.buffer_after_minutes = 20
    one.service.save()
    [way] = find_chains(
        wanted=[Wanted(one.service.pk), Wanted(two.pk)],
        clinic_id=one.clinic.pk,
        since=NINE,
        until=NINE + dt.timedelta(minutes=1),
        now=NOW,
    )
    assert way.waiting >= dt.timedelta(minutes=20)
    parts = [Part(slot.doctor_id, slot.service_id, slot.starts_at) for slot in way.slots]
    asked: dict[str, Any] = {
        "clinic_id": one.clinic.pk,
        "patient_id": one.patient.pk,
        "source": "desk",
        "language": "en",
    }
    assert len(book_chain(parts=parts, **asked, actor=GUEST, now=NOW)) == 2


def test_parts_change_places_when_they_may(network: NetworkRef) -> None:
    morning = make_bookable(windows=(("09:00", "10:00"),))
    later = make_bookable(clinic=morning.clinic, windows=(("10:00", "11:00"),))
    asked: dict[str, Any] = {
        "wanted": [Wanted(later.service.pk), Wanted(morning.service.pk)],
        "clinic_id": morning.clinic.pk,
        "since": NINE,
        "until": NINE + dt.timedelta(hours=12),
        "now": NOW,
    }
    assert find_chains(**asked) == []
    [best] = find_chains(**asked, any_order=True, soonest_first=True, limit=1)
    assert [slot.starts_at - NINE for slot in best.slots] == [HALF, 2 * HALF]


def test_ways_come_soonest_first_without_those_that_only_wait_longer(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:00"),))
    two = make_bookable(clinic=one.clinic, windows=(("10:00", "11:00"),))
    asked: dict[str, Any] = {
        "wanted": [Wanted(one.service.pk), Wanted(two.service.pk)],
        "clinic_id": one.clinic.pk,
        "since": NINE,
        "until": NINE + dt.timedelta(hours=12),
        "now": NOW,
        "soonest_first": True,
    }
    assert [way.starts_at - NINE for way in find_chains(**asked)] == [HALF]  # 9:00 would end no sooner
    book(make_bookable(clinic=one.clinic), NINE + 2 * HALF, patient_id=one.patient.pk)
    [way] = find_chains(**asked, patient_id=one.patient.pk)
    assert way.slots[1].starts_at == NINE + 3 * HALF  # at ten the patient is elsewhere


# --- plans and ends of series -----------------------------------------------------------------------------------


def planned(bookable: Bookable, dates: list[dt.datetime], **changes: Any) -> list[PlannedDate]:
    return plan_series(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        dates=dates,
        now=NOW,
        **changes,
    )


def test_plan_knows_the_other_dates_and_the_patients_visits(network: NetworkRef) -> None:
    bookable = make_bookable(duration_minutes=60)
    elsewhere = make_bookable(clinic=bookable.clinic)
    book(elsewhere, NINE + 6 * HALF, patient_id=bookable.patient.pk)
    dates = [NINE, NINE + HALF, NINE + 6 * HALF]
    plan = planned(bookable, dates, patient_id=bookable.patient.pk)
    assert [date.code for date in plan] == ["bookable", "misaligned", "patient_busy"]
    set_policy(slot_step_minutes=30)
    plan = planned(bookable, dates, patient_id=bookable.patient.pk)
    assert [date.code for date in plan] == ["bookable", "overlaps", "patient_busy"]
    chosen = [NINE, *(date.alternatives[0].starts_at for date in plan[1:])]
    assert all(date.is_bookable for date in planned(bookable, chosen, patient_id=bookable.patient.pk))
    assert len(series(bookable, chosen)) == 3


def test_offers_of_different_dates_are_not_in_each_others_way(network: NetworkRef) -> None:
    bookable = make_bookable()
    for number in range(3):
        book(bookable, NINE + number * HALF, patient_id=make_patient().pk)
    plan = planned(bookable, [NINE + number * HALF for number in range(3)])
    offered = [slot.starts_at for date in plan for slot in date.alternatives]
    assert len(offered) == len(set(offered)) == 9


def test_every_refused_date_comes_with_offers(network: NetworkRef) -> None:
    bookable = make_bookable()
    evening = NINE + dt.timedelta(hours=11)
    book(make_bookable(clinic=bookable.clinic), NINE + WEEK, patient_id=bookable.patient.pk)
    with pytest.raises(SeriesConflict) as refused:
        series(bookable, [NINE, evening, NINE + WEEK])
    rows = refused.value.params["dates"]
    assert [row["code"] for row in rows] == ["not_working", "patient_busy"]
    assert all(len(row["alternatives"]) == 3 for row in rows)
    assert NINE.isoformat().replace("+00:00", "Z") not in {
        each["starts_at"] for row in rows for each in row["alternatives"]
    }


def test_what_is_not_offered_is_no_matter_of_dates(network: NetworkRef) -> None:
    bookable = make_bookable()
    with pytest.raises(ServiceNotOffered) as refused:
        series(bookable, [NINE, NINE + WEEK], doctor_id=2**40)
    assert refused.value.code == "doctor_unknown"
    with pytest.raises(ServiceNotOffered):
        plan_series(
            doctor_id=bookable.doctor.pk,
            service_id=bookable.service.pk,
            clinic_id=2**40,
            dates=[NINE],
            now=NOW,
        )


def test_plan_of_most_of_a_year_reads_once_a_season(network: NetworkRef) -> None:
    bookable = make_bookable()
    dates = [NINE + number * WEEK for number in range(44)]
    planned(bookable, dates, for_staff=True)  # offers and rules are remembered now
    with CaptureQueriesContext(connection) as few:
        assert all(date.is_bookable for date in planned(bookable, dates, for_staff=True))
    assert len(few) == 4


def test_cancelling_takes_what_is_still_to_come(network: NetworkRef) -> None:
    bookable = make_bookable()
    visits = series(bookable, [NINE + number * WEEK for number in range(3)])
    later = visits[0].ends_at
    public_id = AppointmentSeries.objects.get().public_id
    with pytest.raises(SeriesChanged):
        cancel_series(
            public_id=public_id, expected={visits[1].public_id: 1}, actor=GUEST, now=later, for_staff=True
        )
    assert not Appointment.objects.filter(status="cancelled").exists()
    gone = cancel_series(
        public_id=public_id,
        reason="moved away",
        expected={visit.public_id: visit.version for visit in visits[1:]},
        actor=GUEST,
        now=later,
        for_staff=True,
    )
    assert [(visit.position, visit.status) for visit in gone] == [(2, "cancelled"), (3, "cancelled")]
    assert Claim.objects.filter(active=True).count() == 1
    with pytest.raises(NothingToCancel):
        cancel_series(public_id=public_id, actor=GUEST, now=later, for_staff=True)
    with pytest.raises(SeriesNotFound):
        cancel_series(public_id=uuid4(), actor=GUEST, now=later)
