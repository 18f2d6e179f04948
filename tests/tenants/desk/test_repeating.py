"""Repeated visits at the desk: who may, all dates with conflicts, booking, what arises meanwhile."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment, AppointmentSeries
from tests.factories import make_bookable, make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.day import open_clinic, visit_at
from tests.tenants.desk.together import (
    BACKEND,
    DAY,
    chain_path,
    coming,
    offers_of,
    page_of,
    refused_rows,
    series_path,
    sheet_of,
    wanted,
)

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SignedIn = Callable[[Role], NetworkClient]


@pytest.fixture
def signed_in(network: NetworkRef, client_for: ClientFor) -> SignedIn:
    def enter(role: Role) -> NetworkClient:
        client = client_for(network)
        client.force_login(make_user(role=role), BACKEND)
        return client

    return enter


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
