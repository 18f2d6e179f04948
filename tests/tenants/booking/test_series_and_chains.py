"""Series and chains: every date checked, all booked or none, conflicts with alternatives."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions.chains import Part, book_chain
from tenants.booking.actions.series import book_series, dates_by_rule, plan_series
from tenants.booking.errors import PatientNotFound
from tenants.booking.models import Appointment, AppointmentSeries, Claim
from tenants.booking.reservation_errors import BadChain, BadSeries, ChainConflict, SeriesConflict
from tenants.booking.selectors.chains import Wanted, find_chains
from tests.factories import Bookable, make_bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book

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
