"""Free times: what is shown, what is refused, in how many queries."""

from __future__ import annotations

import datetime as dt

import pytest

from saas.networks.context import NetworkRef
from tests.factories import make_bookable, make_doctor, make_hours, make_service
from tests.tenants.api.asking import Caller, NetworkClient, at, counted, day_ahead, wish

pytestmark = pytest.mark.django_db


def test_a_day_is_shown_on_the_clinics_clock(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:30"),))
    status, body = Caller(network).get(f"available-slots/?doctor={one.doctor.pk}&date={day_ahead()}")
    assert status == 200
    assert [slot["starts_at"] for slot in body["slots"]] == [at(9), at(9, 30), at(10)]
    assert body["slots"][0] == {
        "starts_at": at(9),
        "ends_at": at(9, 30),
        "time_zone": "Europe/Moscow",
        "price": "2500.00",
        "currency": "RUB",
        "doctor": one.doctor.pk,
        "clinic": one.clinic.pk,
        "service": one.service.pk,
    }
    assert body["service"] == one.service.pk


def test_a_range_includes_its_last_day(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "09:30"),))
    path = f"available-slots/?doctor={one.doctor.pk}&from={day_ahead(2)}&to={day_ahead(4)}"
    _status, body = Caller(network).get(path)
    days = [dt.datetime.fromisoformat(slot["starts_at"]).date() for slot in body["slots"]]
    assert days == [day_ahead(2), day_ahead(3), day_ahead(4)]


def test_a_booked_time_is_no_longer_shown(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:00"),))
    caller = Caller(network)
    assert caller.post("appointments/", wish(one, at(9)))[0] == 201
    _status, body = caller.get(f"available-slots/?doctor={one.doctor.pk}&date={day_ahead()}")
    assert [slot["starts_at"] for slot in body["slots"]] == [at(9, 30)]


def test_without_a_service_the_first_one_counts(network: NetworkRef) -> None:
    one = make_bookable()
    second = make_service(doctors=[one.doctor], clinics=[one.clinic], duration_minutes=60)
    caller = Caller(network)
    path = f"available-slots/?doctor={one.doctor.pk}&date={day_ahead()}"
    assert caller.get(path)[1]["service"] == one.service.pk
    assert {slot["service"] for slot in caller.get(f"{path}&service={second.pk}")[1]["slots"]} == {second.pk}


def test_a_doctor_without_services_has_no_times(network: NetworkRef) -> None:
    doctor = make_doctor()
    status, body = Caller(network).get(f"available-slots/?doctor={doctor.pk}&date={day_ahead()}")
    assert (status, body["service"], body["slots"]) == (200, None, [])


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("date=2027-01-01", "doctor", "required"),
        ("doctor={doctor}", "date", "required"),
        ("doctor={doctor}&date=tomorrow", "date", "not_a_date"),
        ("doctor={doctor}&date=2027-02-30", "date", "not_a_date"),
        ("doctor={doctor}&date=0001-01-01", "date", "not_a_date"),
        ("doctor={doctor}&from=2027-01-01", "to", "required"),
        ("doctor={doctor}&from=2027-01-02&to=2027-01-01", "to", "before_from"),
        ("doctor={doctor}&from=2027-01-01&to=2027-02-01", "to", "range_too_long"),
        ("doctor={doctor}&date=2027-01-01&from=2027-01-01&to=2027-01-02", "date", "contradiction"),
        ("doctor=424242&date=2027-01-01", "doctor", "unknown"),
        ("doctor={doctor}&date=2027-01-01&service=424242", "service", "unknown"),
        ("doctor={doctor}&date=2027-01-01&clinic=424242", "clinic", "unknown"),
    ],
)
def test_bad_questions_name_the_field(network: NetworkRef, query: str, field: str, code: str) -> None:
    one = make_bookable()
    status, body = Caller(network).get("available-slots/?" + query.format(doctor=one.doctor.pk))
    assert status == 400
    assert body["fields"][field][0]["code"] == code


def test_an_inactive_doctor_is_unknown(network: NetworkRef) -> None:
    one = make_bookable()
    one.doctor.is_active = False
    one.doctor.save()
    status, body = Caller(network).get(f"available-slots/?doctor={one.doctor.pk}&date={day_ahead()}")
    assert (status, body["fields"]["doctor"][0]["code"]) == (400, "unknown")


def test_queries_stay_within_the_budget_and_do_not_grow(network: NetworkRef) -> None:
    one = make_bookable()
    caller = Caller(network)

    def cost(query: str) -> int:
        path = f"available-slots/?doctor={one.doctor.pk}&service={one.service.pk}&{query}"
        caller.get(path)
        with counted() as seen:
            assert caller.get(path)[0] == 200
        return len(seen)

    day, fortnight = f"date={day_ahead()}", f"from={day_ahead(1)}&to={day_ahead(14)}"
    before = cost(day), cost(fortnight)
    assert before[0] <= 4
    assert before[1] <= 5
    for _ in range(3):
        other = make_doctor(clinics=[one.clinic], services=[one.service])
        make_hours(doctor=other, clinic=one.clinic)
        make_service(doctors=[one.doctor, other], clinics=[one.clinic])
    assert (cost(day), cost(fortnight)) == before


def test_an_anonymous_question_touches_no_session(network: NetworkRef) -> None:
    one = make_bookable()
    client = NetworkClient(network)
    with counted() as seen:
        answer = client.get(f"/api/v1/available-slots/?doctor={one.doctor.pk}&date={day_ahead()}")
    assert not [sql for sql in seen if "session" in sql]
    assert not answer.cookies
