"""Repeated visits over the API: plans, booking all or none, who may, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope
from tenants.booking.models import Appointment, AppointmentSeries
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.fixtures.networks import NetworkClient
from tests.tenants.api.asking import CONTACTS, Caller, at, counted, token_for, wish

pytestmark = pytest.mark.django_db


def asked(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    """The body of a plan: three days in a row at ten."""
    return {
        "doctor": bookable.doctor.pk,
        "service": bookable.service.pk,
        "clinic": bookable.clinic.pk,
        "dates": [at(10, days=days) for days in (3, 4, 5)],
        **changes,
    }


def booking(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    return {**asked(bookable), "patient": CONTACTS, **changes}


def signed_in(network: NetworkRef, **fields: Any) -> Caller:
    client = NetworkClient(network)
    client.force_login(make_user(**fields), "allauth.account.auth_backends.AuthenticationBackend")
    return Caller(network, client=client)


def test_a_plan_names_conflicts_and_other_times(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    assert caller.post("appointments/", wish(bookable, at(10, days=4)))[0] == 201
    status, plan = caller.post("series/plan/", asked(bookable))
    assert (status, plan["time_zone"], plan["bookable"]) == (200, "Europe/Moscow", False)
    assert [date["code"] for date in plan["dates"]] == ["bookable", "taken", "bookable"]
    assert [len(date["alternatives"]) for date in plan["dates"]] == [0, 3, 0]
    assert plan["dates"][1]["starts_at"] == at(10, days=4)
    assert plan["dates"][1]["alternatives"][0]["price"] == "2500.00"
    assert Appointment.objects.count() == 1


def test_a_rule_is_dates_on_the_clinics_clock(network: NetworkRef) -> None:
    bookable = make_bookable()
    body = asked(bookable, rule={"first": at(10), "every_weeks": 2, "weekdays": [0, 3], "count": 4})
    del body["dates"]
    status, plan = Caller(network).post("series/plan/", body)
    assert status == 200
    found = [dt.datetime.fromisoformat(date["starts_at"]) for date in plan["dates"]]
    assert len(found) == 4
    assert {(each.weekday(), each.hour) for each in found} == {(0, 10), (3, 10)}


def test_a_series_is_booked_and_planned_times_hold(network: NetworkRef) -> None:
    bookable = make_bookable()
    status, made = Caller(network).post("series/", booking(bookable, notes="course"))
    assert (status, made["kind"]) == (201, "series")
    assert [visit["starts_at"] for visit in made["appointments"]] == [at(10, days=days) for days in (3, 4, 5)]
    assert {visit["notes"] for visit in made["appointments"]} == {"course"}
    assert all(visit["manage_url"] and visit["patient"] is None for visit in made["appointments"])
    assert str(AppointmentSeries.objects.get().public_id) == made["id"]
    assert set(Appointment.objects.values_list("source", flat=True)) == {"api"}


def test_one_taken_date_means_none_and_says_what_is_free(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    caller.post("appointments/", wish(bookable, at(10, days=4)))
    other = {**CONTACTS, "first_name": "Vera"}
    status, refused = caller.post("series/", booking(bookable, patient=other))
    assert (status, refused["code"]) == (409, "series_conflict")
    [date] = refused["params"]["dates"]
    assert (dt.datetime.fromisoformat(date["starts_at"]), date["code"]) == (
        dt.datetime.fromisoformat(at(10, days=4)),
        "slot_taken",
    )
    assert Appointment.objects.count() == 1
    dates = [at(10, days=3), date["alternatives"][0]["starts_at"], at(10, days=5)]
    assert caller.post("series/", booking(bookable, dates=dates, patient=other))[0] == 201


def test_the_same_request_books_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    key = {"Idempotency-Key": str(uuid4())}
    first = caller.post("series/", booking(bookable), **key)
    assert first[0] == 201
    assert caller.post("series/", booking(bookable), **key) == first
    assert Appointment.objects.count() == 3
    status, refused = caller.post("series/", booking(bookable, notes="x"), **key)
    assert (status, refused["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"dates": []}, "dates", "min_length"),
        ({"dates": ["2026-01-31T09:00"]}, "dates.0", "no_offset"),
        ({"dates": ["soon"]}, "dates.0", "invalid"),
        ({"dates": [at(10), at(10)]}, "dates", "repeated"),
        ({"dates": [at(10, days=days) for days in range(1, 62)]}, "dates", "max_length"),
        ({"rule": {"first": at(10), "count": 2}}, "dates", "one_of_two"),
        ({"surprise": 1}, "surprise", "unknown_field"),
        ({"doctor": 0}, "doctor", "min_value"),
        ({"doctor": True}, "doctor", "invalid"),
    ],
)
def test_bad_plans(network: NetworkRef, changes: dict[str, Any], field: str, code: str) -> None:
    bookable = make_bookable()
    for path in ("series/plan/", "series/"):
        body = asked(bookable, **changes)
        status, refused = Caller(network).post(
            path, body if path.endswith("plan/") else {**body, "patient": CONTACTS}
        )
        assert (status, refused["code"]) == (400, "invalid")
        assert refused["fields"][field][0]["code"] == code
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"first": at(10)}, "rule.count"),
        ({"first": at(10), "count": 61}, "rule.count"),
        ({"first": at(10), "count": 2, "every_weeks": 0}, "rule.every_weeks"),
        ({"first": at(10), "count": 2, "weekdays": [7]}, "rule.weekdays.0"),
        ({"count": 2}, "rule.first"),
    ],
)
def test_bad_rules(network: NetworkRef, rule: dict[str, Any], field: str) -> None:
    body = asked(make_bookable(), rule=rule)
    del body["dates"]
    status, refused = Caller(network).post("series/plan/", body)
    assert (status, list(refused["fields"])) == (400, [field])


def test_no_dates_at_all(network: NetworkRef) -> None:
    body = asked(make_bookable())
    del body["dates"]
    assert Caller(network).post("series/plan/", body)[1]["fields"]["dates"][0]["code"] == "one_of_two"


@pytest.mark.parametrize("name", ["doctor", "service", "clinic"])
def test_what_is_unknown_is_refused_for_all_dates(network: NetworkRef, name: str) -> None:
    bookable = make_bookable()
    for path, body in (("series/plan/", asked(bookable)), ("series/", booking(bookable))):
        status, refused = Caller(network).post(path, {**body, name: 2**40})
        assert (status, refused["code"]) == (422, f"{name}_unknown")


def test_who_may(network: NetworkRef) -> None:
    bookable = make_bookable()
    reader = Caller(network, token=token_for(network, ApiScope.CATALOGUE_READ))
    assert reader.post("series/plan/", asked(bookable))[0] == 403
    assert reader.post("series/", booking(bookable))[0] == 403
    assert Caller(network, token="pc_wrong").post("series/", booking(bookable))[0] == 401
    writer = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    status, made = writer.post("series/", booking(bookable))
    assert (status, made["appointments"][0]["patient"]) == (201, None)
    both = token_for(network, ApiScope.APPOINTMENTS_WRITE, ApiScope.APPOINTMENTS_READ)
    dates = [at(11, days=days) for days in (3, 4)]
    status, made = Caller(network, token=both).post("series/", booking(bookable, dates=dates))
    assert made["appointments"][0]["patient"]["last_name"] == "Orlova"
    assert Caller(network).post("series/", asked(bookable))[1]["fields"]["patient"][0]["code"] == "required"


def test_a_patient_is_told_of_their_own_visits_and_nobody_of_others(network: NetworkRef) -> None:
    bookable, elsewhere = make_bookable(), make_bookable()
    user = make_user()
    make_patient(user=user)
    client = NetworkClient(network)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    person = Caller(network, client=client)
    body = wish(elsewhere, at(10, days=4))
    del body["patient"]
    assert person.post("appointments/", body)[0] == 201
    codes = [date["code"] for date in person.post("series/plan/", asked(bookable))[1]["dates"]]
    assert codes == ["bookable", "patient_busy", "bookable"]
    codes = [date["code"] for date in Caller(network).post("series/plan/", asked(bookable))[1]["dates"]]
    assert codes == ["bookable"] * 3


def test_each_date_of_a_guest_counts_as_a_booking(network: NetworkRef, settings: Settings) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "book": (4, 60)}
    bookable = make_bookable()
    caller = Caller(network)
    many = [at(10, days=days) for days in range(3, 8)]
    status, refused = caller.post("series/", booking(bookable, dates=many))
    assert (status, refused["code"], refused["params"]) == (422, "bad_series", {"most": 4})
    assert caller.post("series/", booking(bookable))[0] == 201
    assert caller.post("appointments/", wish(bookable, at(15)))[0] == 429
    reception = signed_in(network, role=Role.RECEPTION)
    assert (
        reception.post("series/", booking(bookable, dates=[at(12, days=days) for days in range(3, 8)]))[0]
        == 201
    )


def test_staff_book_beyond_the_horizon_of_patients(network: NetworkRef) -> None:
    bookable = make_bookable()
    dates = [at(10, days=3), at(10, days=200)]
    codes = [
        date["code"]
        for date in Caller(network).post("series/plan/", asked(bookable, dates=dates))[1]["dates"]
    ]
    assert codes == ["bookable", "beyond_horizon"]
    assert Caller(network).post("series/", booking(bookable, dates=dates))[0] == 409
    reception = signed_in(network, role=Role.RECEPTION)
    assert reception.post("series/", booking(bookable, dates=dates))[0] == 201


def test_twins_do_not_meet(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    bookables = []
    for network in (one, other):
        with network_context(network):
            bookables.append(make_bookable())
    with network_context(one):
        token = token_for(one)
        assert Caller(one, token=token).post("series/", booking(bookables[0]))[0] == 201
    assert Caller(other, token=token).post("series/plan/", asked(bookables[1]))[0] == 401
    status, plan = Caller(other).post("series/plan/", asked(bookables[1]))
    assert (status, plan["bookable"]) == (200, True)
    with network_context(other):
        assert not Appointment.objects.exists()


@pytest.mark.parametrize("more", [0, 5])
def test_queries_do_not_grow_with_the_catalogue(network: NetworkRef, more: int) -> None:
    bookable = make_bookable()
    for _number in range(more):
        make_bookable(clinic=bookable.clinic)
    caller = Caller(network)
    caller.post("series/plan/", asked(bookable))
    with counted() as statements:
        assert caller.post("series/plan/", asked(bookable))[1]["bookable"]
    assert len(statements) == 2  # free times, the zone
    with counted() as statements:
        assert caller.post("series/", booking(bookable))[0] == 201
    assert len(statements) <= 30
