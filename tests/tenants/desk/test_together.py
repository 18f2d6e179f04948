"""Several services in one visit, and what was booked together: ways, cancelling, clerks who race."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.booking.models import Appointment, AppointmentSeries, Claim
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.day import open_clinic, visit_at
from tests.tenants.desk.together import (
    BACKEND,
    chain_path,
    coming,
    offers_of,
    page_of,
    refused_rows,
    series_path,
    sheet_of,
    wanted,
)
from tests.trust.booking.racing import count_overlaps, race

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SignedIn = Callable[[Role], NetworkClient]


@pytest.fixture
def signed_in(network: NetworkRef, client_for: ClientFor) -> SignedIn:
    def enter(role: Role) -> NetworkClient:
        client = client_for(network)
        client.force_login(make_user(role=role), BACKEND)
        return client

    return enter


# --- several services in one visit ------------------------------------------------------------------------------


def asked(one: Bookable, two: Bookable, **changes: Any) -> dict[str, Any]:
    return {
        "service_1": one.service.pk,
        "doctor_1": "",
        "service_2": two.service.pk,
        "doctor_2": two.doctor.pk,
        "clinic": one.clinic.pk,
        "day": f"{coming(2):%Y-%m-%d}",
        "not_before": "12:00",
        "notes": "",
        **changes,
    }


def ways_of(response: Any) -> list[str]:
    return [str(each["value"]) for each in page_of(response).select("input[name=way]")]


def test_a_way_is_found_and_booked(signed_in: SignedIn) -> None:
    one = open_clinic()
    two = make_bookable(clinic=one.clinic, windows=(("12:30", "14:00"),), duration_minutes=30)
    client = signed_in(Role.RECEPTION)
    found = client.get(chain_path(one), asked(one, two))
    assert found.status_code == 200
    first, *_rest = ways_of(found)
    booked = client.post(chain_path(one), {**asked(one, two), "way": first, "key": uuid4().hex})
    series = AppointmentSeries.objects.get()
    assert (booked.status_code, booked["Location"]) == (302, f"/desk/repeating/{series.public_id}/")
    visits = list(series.appointments.order_by("position"))
    assert [visit.appointment_date for visit in visits] == [
        coming(2, 12) + dt.timedelta(minutes=15),
        coming(2, 12) + dt.timedelta(minutes=30),
    ]
    assert client.get(booked["Location"]).status_code == 200


def test_a_way_that_is_lost_meanwhile_comes_back_with_others(signed_in: SignedIn) -> None:
    one = open_clinic()
    two = make_bookable(clinic=one.clinic, windows=(("12:30", "14:00"),), duration_minutes=30)
    client = signed_in(Role.RECEPTION)
    body = asked(one, two)
    first, *_rest = ways_of(client.get(chain_path(one), body))
    visit_at(two, minutes=0, patient=make_patient(), now=coming(2, 12) + dt.timedelta(minutes=30))
    lost = client.post(chain_path(one), {**body, "way": first, "key": uuid4().hex})
    assert lost.status_code == 409
    assert Appointment.objects.count() == 1
    others = ways_of(lost)
    assert others
    assert first not in others
    assert client.post(chain_path(one), {**body, "way": others[0], "key": uuid4().hex}).status_code == 302


def test_nothing_on_the_day_shows_the_days_after(signed_in: SignedIn) -> None:
    one = open_clinic()
    two = make_bookable(clinic=one.clinic, days=[coming(4).weekday()])
    found = signed_in(Role.RECEPTION).get(chain_path(one), asked(one, two))
    assert "on this day" in found.content.decode()
    assert ways_of(found)
    never = make_bookable(clinic=one.clinic, days=[])
    nothing = signed_in(Role.RECEPTION).get(chain_path(one), asked(one, never))
    assert nothing.status_code == 200
    assert not ways_of(nothing)


@pytest.mark.parametrize(
    "changes",
    [{"service_2": ""}, {"day": "soon"}, {"day": "9999-12-31"}, {"clinic": "x"}, {"doctor_1": "999999"}],
)
def test_a_bad_search_says_so(signed_in: SignedIn, changes: dict[str, Any]) -> None:
    one = open_clinic()
    two = make_bookable(clinic=one.clinic)
    make_bookable()  # a second clinic to choose from
    client = signed_in(Role.RECEPTION)
    found = client.get(chain_path(one), asked(one, two, **changes))
    assert page_of(found).select(".error-summary")
    assert client.post(chain_path(one), asked(one, two, **changes)).status_code == 422


@pytest.mark.parametrize("way", ["", "1", "1.2", "1.2.x", "a.b.c_d.e.f", "1.2.99999999999999"])
def test_forged_ways_do_no_harm(signed_in: SignedIn, way: str) -> None:
    one = open_clinic()
    two = make_bookable(clinic=one.clinic)
    answer = signed_in(Role.RECEPTION).post(chain_path(one), {**asked(one, two), "way": way})
    assert answer.status_code == 422
    assert not Appointment.objects.exists()


# --- afterwards -------------------------------------------------------------------------------------------------


def booked_series(client: NetworkClient, bookable: Bookable) -> AppointmentSeries:
    sheet = client.post(series_path(bookable), wanted(bookable))
    assert client.post(series_path(bookable), {**sheet_of(sheet), "step": "book"}).status_code == 302
    return AppointmentSeries.objects.get()


def versions(page: BeautifulSoup) -> list[str]:
    return [str(each["value"]) for each in page.select("input[name=visit]")]


def test_the_rest_is_cancelled_at_once(signed_in: SignedIn) -> None:
    client = signed_in(Role.RECEPTION)
    series = booked_series(client, open_clinic())
    path = f"/desk/repeating/{series.public_id}/"
    shown = versions(page_of(client.get(path)))
    assert len(shown) == 4
    stale = client.post(f"{path}cancel/", {"visit": shown[1:], "reason": "moved away"})
    assert stale.status_code == 409
    assert "moved away" in stale.content.decode()
    assert not Appointment.objects.filter(status="cancelled").exists()
    done = client.post(f"{path}cancel/", {"visit": shown, "reason": "moved away"})
    assert (done.status_code, done["Location"]) == (302, path)
    assert set(Appointment.objects.values_list("status", "cancel_reason")) == {("cancelled", "moved away")}
    assert not Claim.objects.filter(active=True).exists()
    assert not versions(page_of(client.get(path)))
    assert client.post(f"{path}cancel/", {"visit": []}).status_code == 409


def test_a_visit_says_which_of_how_many_it_is(signed_in: SignedIn) -> None:
    client = signed_in(Role.RECEPTION)
    bookable = open_clinic()
    series = booked_series(client, bookable)
    third = series.appointments.get(position=3)
    panel = client.get(f"/desk/calendar/visits/{third.public_id}/")
    assert "3 of 4" in panel.content.decode()
    card = client.get(f"/desk/patients/{bookable.patient.public_id}/")
    assert f"/desk/repeating/{series.public_id}/" in card.content.decode()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_clerks_with_overlapping_series_one_wins_and_the_others_see_why(network: NetworkRef) -> None:
    bookable = open_clinic()
    patients = [make_patient() for _number in range(6)]
    clerks: list[User] = [make_user(role=Role.RECEPTION) for _patient in patients]
    # Each begins a day later than the one before, so that all of them meet on one day; all see every date free.
    sheets = []
    for number, (clerk, patient) in enumerate(zip(clerks, patients, strict=True)):
        client = NetworkClient(network)
        client.force_login(clerk, BACKEND)
        path = f"/desk/repeating/patients/{patient.public_id}/series/"
        dates = [f"{coming(2 + number + k):%Y-%m-%dT%H:%M}" for k in range(len(patients))]
        sheet = client.post(path, wanted(bookable, dates=dates))
        assert not refused_rows(sheet)
        sheets.append((client, path, {**sheet_of(sheet), "step": "book"}))

    def press(client: NetworkClient, path: str, body: dict[str, Any]) -> int:
        answer = client.post(path, body)
        if answer.status_code != 302:
            assert refused_rows(answer)
            assert all(len(offers_of(row)) == 4 for row in refused_rows(answer))
        return int(answer.status_code)

    outcomes = race(network, [partial(press, *sheet) for sheet in sheets])

    assert [outcome.error for outcome in outcomes] == [None] * len(patients)
    assert Counter(outcome.value for outcome in outcomes) == {302: 1, 409: len(patients) - 1}
    assert AppointmentSeries.objects.count() == 1
    assert Appointment.objects.count() == Claim.objects.filter(active=True).count() == len(patients)
    assert count_overlaps() == 0
