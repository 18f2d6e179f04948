"""Visits booked together at the desk: who may, all dates with conflicts, booking, meanwhile lost races, cancelling."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup, Tag
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment, AppointmentSeries, Claim
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.day import open_clinic, visit_at
from tests.trust.booking.racing import count_overlaps, race

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DAY = dt.timedelta(days=1)
SignedIn = Callable[[Role], NetworkClient]


@pytest.fixture
def signed_in(network: NetworkRef, client_for: ClientFor) -> SignedIn:
    def enter(role: Role) -> NetworkClient:
        client = client_for(network)
        client.force_login(make_user(role=role), BACKEND)
        return client

    return enter


def series_path(bookable: Bookable) -> str:
    return f"/desk/repeating/patients/{bookable.patient.public_id}/series/"


def chain_path(bookable: Bookable) -> str:
    return f"/desk/repeating/patients/{bookable.patient.public_id}/visit/"


def coming(days: int, hour: int = 10) -> dt.datetime:
    """An hour of a coming day, in UTC, which is the zone of the open clinic."""
    day = timezone.now().date() + days * DAY
    return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)


def wanted(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    """The form: four days in a row, written by hand."""
    return {
        "service": bookable.service.pk,
        "doctor": bookable.doctor.pk,
        "clinic": bookable.clinic.pk,
        "kind": "dates",
        "dates": [f"{coming(days):%Y-%m-%dT%H:%M}" for days in (2, 3, 4, 5)],
        "notes": "massage course",
        **changes,
    }


def page_of(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "lxml")


def sheet_of(response: Any) -> dict[str, Any]:
    """What a browser would send of the sheet: hidden fields, ticked boxes, nothing chosen for conflicts."""
    form = page_of(response).select_one("form.repeat-sheet")
    assert form is not None, response.content.decode()
    found: dict[str, Any] = {}
    for field in form.select("input[name]"):
        kind = field.get("type")
        if kind in {"radio", "checkbox"} and not field.has_attr("checked"):
            continue
        name, value = str(field["name"]), field.get("value", "")
        found[name] = [*found[name], value] if name in found else [value]
    return found


def refused_rows(response: Any) -> list[Tag]:
    return list(page_of(response).select("li.repeat-row.is-refused"))


def offers_of(row: Tag) -> list[tuple[str, str]]:
    return [(str(each["name"]), str(each["value"])) for each in row.select("input[type=radio]")]


def test_pages_are_for_reception_and_managers(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    for role in (Role.PATIENT, Role.DOCTOR, Role.RECEPTION, Role.MANAGER, Role.OWNER):
        client = signed_in(role)
        allowed = role not in {Role.PATIENT, Role.DOCTOR}
        for path in ("/desk/repeating/", series_path(bookable), chain_path(bookable)):
            assert client.get(path).status_code == (200 if allowed else 403), (role, path)
        assert client.post(series_path(bookable), wanted(bookable)).status_code == (200 if allowed else 403)
        assert client.get(f"/desk/repeating/{uuid4()}/").status_code == (404 if allowed else 403)
        assert client.post(f"/desk/repeating/{uuid4()}/cancel/").status_code == (404 if allowed else 403)


def test_a_guest_is_asked_to_log_in(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = open_clinic()
    for path in ("/desk/repeating/", series_path(bookable), chain_path(bookable)):
        answer = client_for(network).get(path)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_patients_of_the_twin_are_not_found(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twin_networks
    with network_context(other):
        foreign = open_clinic()
    with network_context(one):
        open_clinic()
        client = client_for(one)
        client.force_login(make_user(role=Role.RECEPTION), BACKEND)
    for path in (series_path(foreign), chain_path(foreign)):
        assert client.get(path).status_code == 404
    found = client.get("/desk/repeating/", {"q": foreign.patient.phone})
    assert str(foreign.patient.public_id) not in found.content.decode()


def test_the_panel_and_the_card_lead_here(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    card = page_of(client.get(f"/desk/patients/{bookable.patient.public_id}/"))
    assert card.select(f'a[href="{series_path(bookable)}"]')
    asked = {"doctor": bookable.doctor.pk, "service": bookable.service.pk}
    panel = page_of(client.get("/desk/book/", asked))
    [link] = panel.select('a[href^="/desk/repeating/"]')
    chosen = page_of(client.get(str(link["href"])))
    [go_on] = chosen.select(f'a[href^="{series_path(bookable)}?"]')
    form = page_of(client.get(str(go_on["href"])))
    assert form.select_one(f'#id_doctor option[value="{bookable.doctor.pk}"][selected]')
    assert form.select_one(f'#id_service option[value="{bookable.service.pk}"][selected]')
    assert re.match(r"\d{4}-\d\d-\d\d$", str(form.select_one("#id_first_day")["value"]))  # type: ignore[index] # found


def test_a_series_is_seen_and_booked(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)

    sheet = client.post(series_path(bookable), wanted(bookable))

    assert sheet.status_code == 200
    assert not Appointment.objects.exists()
    assert len(page_of(sheet).select("li.repeat-row")) == 4
    booked = client.post(series_path(bookable), {**sheet_of(sheet), "step": "book"})
    series = AppointmentSeries.objects.get()
    assert (booked.status_code, booked["Location"]) == (302, f"/desk/repeating/{series.public_id}/")
    visits = list(series.appointments.order_by("position"))
    assert [visit.appointment_date for visit in visits] == [coming(days) for days in (2, 3, 4, 5)]
    assert {(visit.notes, visit.source, visit.patient_id) for visit in visits} == {
        ("massage course", "desk", bookable.patient.pk)
    }
    page = page_of(client.get(booked["Location"]))
    assert len(page.select("ol.repeat-list > li")) == 4


def test_a_rule_and_a_date_more(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    first = coming(2)
    body = wanted(
        bookable,
        kind="rule",
        first_day=f"{first:%Y-%m-%d}",
        first_time="10:00",
        every_weeks="2",
        count="3",
        weekdays=[],
        dates=[],
    )
    sheet = client.post(series_path(bookable), body)
    added = client.post(
        series_path(bookable),
        {**sheet_of(sheet), "step": "add", "add_day": f"{coming(3):%Y-%m-%d}", "add_time": "11:15"},
    )
    assert added.status_code == 200
    again = {**sheet_of(added), "step": "add", "add_day": f"{coming(3):%Y-%m-%d}", "add_time": "11:15"}
    refused = client.post(series_path(bookable), again)
    assert refused.status_code == 422
    assert len(page_of(refused).select("li.repeat-row")) == 4
    back = page_of(client.post(series_path(bookable), {**sheet_of(added), "step": "back"}))
    assert str(back.select_one("#id_count")["value"]) == "3"  # type: ignore[index] # found
    client.post(series_path(bookable), {**sheet_of(added), "step": "book"})
    assert list(Appointment.objects.order_by("position").values_list("appointment_date", flat=True)) == [
        first,
        coming(3, 11) + dt.timedelta(minutes=15),
        first + 14 * DAY,
        first + 28 * DAY,
    ]


def test_conflicts_have_reasons_and_choices(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    for days in (3, 5):
        visit_at(bookable, minutes=0, patient=make_patient(), now=coming(days))
    client = signed_in(Role.RECEPTION)
    sheet = client.post(series_path(bookable), wanted(bookable))
    rows = refused_rows(sheet)
    assert [len(offers_of(row)) for row in rows] == [4, 4]  # three times and "leave out"
    assert all("taken" in row.get_text() for row in rows)

    unanswered = client.post(series_path(bookable), {**sheet_of(sheet), "step": "book"})
    assert unanswered.status_code == 422
    assert len(page_of(unanswered).select("li.repeat-row .field-error")) == 2

    (name, value), *_rest = offers_of(rows[0])
    leave = offers_of(rows[1])[-1]
    answers = {**sheet_of(sheet), name: value, leave[0]: leave[1]}
    kept = client.post(series_path(bookable), {**answers, "step": "check"})
    assert not refused_rows(kept)
    assert len(page_of(kept).select("li.repeat-row input[type=checkbox]")) == 4
    assert len(page_of(kept).select("li.repeat-row input[checked]")) == 3
    assert client.post(series_path(bookable), {**sheet_of(kept), "step": "book"}).status_code == 302
    assert sorted(
        each.appointment_date.timestamp() for each in AppointmentSeries.objects.get().appointments.all()
    ) == (sorted([coming(2).timestamp(), float(value), coming(4).timestamp()]))


def test_a_ticked_off_date_is_left_out_and_can_come_back(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    body = sheet_of(client.post(series_path(bookable), wanted(bookable)))
    [one, *_rest] = body["date"]
    del body[f"pick.{one}"]
    checked = client.post(series_path(bookable), {**body, "step": "check"})
    body = sheet_of(checked)
    assert f"pick.{one}" not in body
    assert one in body["date"]
    body[f"pick.{one}"] = one
    client.post(series_path(bookable), {**body, "step": "book"})
    assert Appointment.objects.count() == 4


def test_a_conflict_that_arises_meanwhile_comes_back_as_the_sheet(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    sheet = client.post(series_path(bookable), wanted(bookable))
    visit_at(bookable, minutes=0, patient=make_patient(), now=coming(4))

    lost = client.post(series_path(bookable), {**sheet_of(sheet), "step": "book"})

    assert lost.status_code == 409
    assert Appointment.objects.count() == 1
    [row] = refused_rows(lost)
    assert len(offers_of(row)) == 4
    body = sheet_of(lost)
    assert body["notes"] == ["massage course"]
    name, value = offers_of(row)[0]
    assert client.post(series_path(bookable), {**body, name: value, "step": "book"}).status_code == 302
    assert Appointment.objects.count() == 5


def test_pressing_twice_books_once(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    body = {**sheet_of(client.post(series_path(bookable), wanted(bookable))), "step": "book"}
    first, second = client.post(series_path(bookable), body), client.post(series_path(bookable), body)
    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service": ""}, "service"),
        ({"doctor": "999999"}, "doctor"),
        ({"dates": []}, "kind"),
        ({"dates": ["tomorrow"]}, "kind"),
        ({"dates": ["9999-12-31T23:59"]}, "kind"),
        ({"dates": ["0001-01-01T00:00"]}, "kind"),
        ({"kind": "rule", "first_day": "", "first_time": "10:00"}, "first_day"),
        ({"kind": "rule", "first_day": "9999-12-31", "first_time": "10:00"}, "first_day"),
        ({"kind": "rule", "first_day": "2026-12-01", "first_time": "ten"}, "first_time"),
        ({"kind": "rule", "first_day": "2026-12-01", "first_time": "10:00", "count": "61"}, "count"),
        (
            {
                "kind": "rule",
                "first_day": "2026-12-01",
                "first_time": "10:00",
                "count": "",
                "every_weeks": "1",
            },
            "count",
        ),
        ({"kind": "never"}, "kind"),
    ],
)
def test_bad_input_keeps_what_was_typed(signed_in: SignedIn, changes: dict[str, Any], field: str) -> None:
    bookable = open_clinic()
    answer = signed_in(Role.RECEPTION).post(series_path(bookable), wanted(bookable, **changes))
    assert answer.status_code == 422
    page = page_of(answer)
    assert page.select(f'.error-summary a[href="#id_{field}"], .error-summary a[href="#id_{field}_0"]'), (
        answer.content
    )
    assert str(page.select_one("#id_notes")["value"]) == "massage course"  # type: ignore[index] # found


def test_more_dates_than_a_series_has_are_refused(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    many = [f"{coming(2) + number * DAY:%Y-%m-%dT%H:%M}" for number in range(61)]
    answer = signed_in(Role.RECEPTION).post(series_path(bookable), wanted(bookable, dates=many))
    assert answer.status_code in {200, 422}
    assert len(page_of(answer).select("li.repeat-row")) <= 60


@pytest.mark.parametrize("value", ["x", "-5", "99999999999999", "1.5", ""])
def test_forged_sheets_do_no_harm(signed_in: SignedIn, value: str) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    body = {**sheet_of(client.post(series_path(bookable), wanted(bookable))), "key": value, "step": "book"}
    body["date"] = [value]
    assert client.post(series_path(bookable), body).status_code == 422
    assert not Appointment.objects.exists()


def test_a_doctor_who_does_not_give_the_service(signed_in: SignedIn) -> None:
    bookable, other = open_clinic(), open_clinic()
    answer = signed_in(Role.RECEPTION).post(series_path(bookable), wanted(bookable, doctor=other.doctor.pk))
    assert answer.status_code == 422
    assert "does not offer" in answer.content.decode()


@pytest.mark.parametrize("more", [0, 5])
def test_the_sheet_reads_as_much_whatever_the_catalogue(signed_in: SignedIn, more: int) -> None:
    bookable = open_clinic()
    for _number in range(more):
        make_bookable(clinic=bookable.clinic)
    client = signed_in(Role.RECEPTION)
    client.post(series_path(bookable), wanted(bookable))
    with CaptureQueriesContext(connection) as seen:
        client.post(series_path(bookable), wanted(bookable))
    assert len(seen) <= 12


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
