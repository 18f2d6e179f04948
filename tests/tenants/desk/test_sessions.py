"""Group sessions at the desk: the list, opening, the roster, seats that come, go and move, the end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.models import AuditEvent
from tenants.booking.models import Appointment, BookingCap, GroupSession
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.booking.ruling import make_room, require
from tests.tenants.desk.groups import LIST, NEW, at, group, seat, session_of, step

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def client(client_for: ClientFor, network: NetworkRef) -> NetworkClient:
    client = client_for(network)
    client.force_login(make_user(role=Role.RECEPTION))
    return client


def begun(session: GroupSession) -> None:
    """Let the session have begun a quarter of an hour ago."""
    starts_at = timezone.now() - dt.timedelta(minutes=15)
    ends_at = starts_at + dt.timedelta(hours=1)
    GroupSession.objects.filter(pk=session.pk).update(starts_at=starts_at, ends_at=ends_at)
    Appointment.objects.filter(session=session).update(appointment_date=starts_at, ends_at=ends_at)


def page(client: NetworkClient, session: GroupSession, rest: str = "", **query: Any) -> str:
    answer = client.get(f"{LIST}{session.public_id}/{rest}", query)
    assert answer.status_code == 200
    return answer.content.decode()


# --- the list ---------------------------------------------------------------------------------------------------


def test_the_list_says_what_is_needed_first(client: NetworkClient) -> None:
    assert "No service is given to groups yet" in client.get(LIST).content.decode()
    bookable = group()
    text = client.get(LIST).content.decode()
    assert "No session is open" in text
    assert NEW in text
    session_of(bookable)
    assert "0 of 8 seats" in client.get(LIST).content.decode()


def test_the_list_shows_who_when_where_and_how_full(client: NetworkClient) -> None:
    bookable = group()
    require(bookable, make_room(bookable, name="Hall"))
    session, other = session_of(bookable), session_of(group(), days=2)
    seat(session)
    cancelled = session_of(bookable, days=3)
    client.post(f"{LIST}{cancelled.public_id}/cancel/", {"reason": ""})

    text = client.get(LIST).content.decode()

    assert "1 of 8 seats" in text
    assert "Hall" in text
    assert text.index(str(session.public_id)) < text.index(str(other.public_id))
    assert str(cancelled.public_id) not in text
    here = client.get(LIST, {"clinic": bookable.clinic.pk}).content.decode()
    assert str(session.public_id) in here
    assert str(other.public_id) not in here
    past = client.get(LIST, {"show": "past"}).content.decode()
    assert str(cancelled.public_id) in past
    assert str(session.public_id) not in past


def test_pages_ask_as_much_for_three_as_for_one(client: NetworkClient) -> None:
    bookable = group()
    session = session_of(bookable)
    seat(session)

    def asked(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    roster = f"{LIST}{session.public_id}/"
    few = [asked(LIST), asked(roster), asked(f"{roster}print/")]
    for number in range(2):
        session_of(bookable, days=2 + number)
        seat(session)
    assert [asked(LIST), asked(roster), asked(f"{roster}print/")] == few


# --- opening ----------------------------------------------------------------------------------------------------


def form(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    fields = {
        "service": bookable.service.pk,
        "doctor": bookable.doctor.pk,
        "clinic": bookable.clinic.pk,
        "date": at(1).date().isoformat(),
        "time": "10:00",
        "count": 1,
        "every_weeks": 1,
    }
    return {**fields, **changes}


def test_a_session_is_opened(client: NetworkClient) -> None:
    bookable = group()
    assert client.get(NEW).status_code == 200
    answer = client.post(NEW, form(bookable, capacity=12, minutes=45))
    made = GroupSession.objects.get()
    assert answer["Location"] == f"{LIST}{made.public_id}/"
    assert (made.starts_at, made.ends_at - made.starts_at, made.capacity) == (
        at(1),
        dt.timedelta(minutes=45),
        12,
    )
    assert AuditEvent.objects.filter(action="booking.session_created").count() == 1


def test_a_series_is_opened_or_its_refused_dates_are_listed(client: NetworkClient) -> None:
    bookable = group()
    session_of(bookable, days=15)  # in the way of the second date
    answer = client.post(NEW, form(bookable, count=3, every_weeks=2))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "This time has just been taken" in text
    assert "Open the other 2 sessions" in text
    assert GroupSession.objects.count() == 1
    left_out = at(15).astimezone(dt.UTC).isoformat()
    assert f'name="leave_out" value="{left_out}"' in text
    done = client.post(NEW, form(bookable, count=3, every_weeks=2, leave_out=[left_out, "nonsense"]))
    assert done["Location"] == LIST
    assert sorted(GroupSession.objects.values_list("starts_at", flat=True)) == [at(1), at(15), at(29)]


@pytest.mark.parametrize(
    "changes",
    [{"capacity": 1}, {"count": 31}, {"date": ""}, {"time": "25:00"}, {"minutes": 0}, {"every_weeks": 9}],
)
def test_a_senseless_form_opens_nothing(client: NetworkClient, changes: dict[str, Any]) -> None:
    assert client.post(NEW, form(group(), **changes)).status_code == 422
    assert not GroupSession.objects.exists()


def test_what_the_engine_refuses_is_said(client: NetworkClient) -> None:
    bookable = group()
    late = client.post(NEW, form(bookable, time="23:00"))
    assert (late.status_code, "does not see patients" in late.content.decode()) == (422, True)
    foreign = client.post(NEW, form(bookable, doctor=make_bookable().doctor.pk))
    assert (foreign.status_code, "does not offer this service" in foreign.content.decode()) == (422, True)
    assert not GroupSession.objects.exists()


# --- the roster -------------------------------------------------------------------------------------------------


def test_a_patient_is_found_and_gets_a_seat(client: NetworkClient) -> None:
    session, patient = session_of(group()), make_patient(last_name="Gromova", first_name="Vera")
    assert "Nobody has a seat yet" in page(client, session)
    assert str(patient.public_id) in page(client, session, "people/", q="grom")
    assert str(patient.public_id) in page(client, session, q="grom")
    answer = client.post(f"{LIST}{session.public_id}/seats/", {"patient": str(patient.public_id)})
    assert answer.status_code == 302
    visit = Appointment.objects.get()
    assert (visit.patient_id, visit.session_id, visit.source) == (patient.pk, session.pk, "desk")
    text = page(client, session)
    assert "Gromova" in text
    assert "1 of 8 seats taken" in text
    again = client.post(f"{LIST}{session.public_id}/seats/", {"patient": str(patient.public_id)})
    assert (again.status_code, "already has a visit" in again.content.decode()) == (409, True)


def test_a_new_patient_gets_a_seat_or_the_form_says_what_is_missing(client: NetworkClient) -> None:
    session = session_of(group())
    url = f"{LIST}{session.public_id}/seats/"
    fields = {"last_name": "Novak", "first_name": "Jan", "phone": "+7 921 000-00-11"}
    assert client.post(url, fields).status_code == 302
    assert Appointment.objects.get().patient.last_name == "Novak"
    for wrong in ({"last_name": "Novak"}, {**fields, "phone": "12"}, {"patient": "nonsense"}, {}):
        assert client.post(url, wrong).status_code == 422
    unknown = client.post(url, {"patient": "00000000-0000-4000-8000-000000000000"})
    assert unknown.status_code == 422
    assert Appointment.objects.count() == 1


def test_a_full_session_and_a_reached_limit_are_said(client: NetworkClient) -> None:
    bookable = group()
    session = session_of(bookable, capacity=2)
    seat(session)
    seat(session)
    text = page(client, session)
    assert "All seats are taken" in text
    url = f"{LIST}{session.public_id}/seats/"
    full = client.post(url, {"patient": str(make_patient().public_id)})
    assert (full.status_code, "last seat" in full.content.decode()) == (409, True)
    BookingCap.objects.create(most=2, period="day", doctor=bookable.doctor)
    other = session_of(group(), days=1)
    BookingCap.objects.create(most=1, period="day", service=other.service)
    seat(other)
    capped = client.post(f"{LIST}{other.public_id}/seats/", {"patient": str(make_patient().public_id)})
    assert (capped.status_code, "No more visits can be booked" in capped.content.decode()) == (409, True)


def test_seats_go_through_the_day(client: NetworkClient) -> None:
    session = session_of(group())
    here, absent, slip = seat(session), seat(session), seat(session)
    assert step(client, here, "confirm").status_code == 302
    early = step(client, here, "done")
    assert (early.status_code, "has not begun" in early.content.decode()) == (422, True)
    begun(session)
    for action in ("arrived", "called", "done"):
        assert step(client, here, action).status_code == 302
    assert step(client, absent, "absent").status_code == 302
    assert step(client, slip, "arrived").status_code == 302
    assert step(client, slip, "left").status_code == 302
    assert step(client, slip, "paid", method="cash").status_code == 302
    assert step(client, slip, "paid", method="gold").status_code == 422
    statuses = [Appointment.objects.get(pk=each.pk).status for each in (here, absent, slip)]
    assert statuses == ["completed", "no_show", "scheduled"]
    assert Appointment.objects.get(pk=slip.pk).payment_status == "paid"


def test_a_seat_is_removed_and_given_back(client: NetworkClient) -> None:
    session = session_of(group())
    visit = seat(session)
    assert step(client, visit, "cancel").status_code == 302
    session.refresh_from_db()
    assert session.taken == 0
    assert "Give the seat back" in page(client, session)
    assert step(client, visit, "restore").status_code == 302
    session.refresh_from_db()
    assert session.taken == 1
    stale = step(client, visit, "cancel", version=1)
    assert (stale.status_code, "changed in the meantime" in stale.content.decode()) == (409, True)
    assert step(client, visit, "explode").status_code == 404
    assert client.post(f"/desk/sessions/seats/{visit.public_id}/cancel/", {}).status_code == 404


def test_a_seat_moves_to_another_session(client: NetworkClient) -> None:
    bookable = group()
    session, other = session_of(bookable), session_of(bookable, days=2)
    full = session_of(bookable, days=3, capacity=2)
    seat(full)
    seat(full)
    visit = seat(session)
    url = f"/desk/sessions/seats/{visit.public_id}/move/"
    text = client.get(url).content.decode()
    assert str(other.public_id) in text
    assert str(full.public_id) not in text
    assert client.post(url, {"version": 1}).status_code == 422
    late = client.post(url, {"version": 1, "session": str(full.public_id)})
    assert (late.status_code, "last seat" in late.content.decode()) == (409, True)
    done = client.post(url, {"version": 1, "session": str(other.public_id)})
    assert done["Location"] == f"{LIST}{session.public_id}/"
    visit.refresh_from_db()
    assert (visit.session_id, visit.appointment_date) == (other.pk, at(2))
    lonely = seat(session_of(group()))
    assert (
        "No other session has a free seat"
        in client.get(f"/desk/sessions/seats/{lonely.public_id}/move/").content.decode()
    )


def test_a_session_goes_to_another_room(client: NetworkClient) -> None:
    bookable = group()
    one, hall = make_room(bookable, name="Small"), make_room(bookable, name="Hall")
    require(bookable, one, hall)
    session = session_of(bookable)
    url = f"{LIST}{session.public_id}/room/"
    assert f'<option value="{hall.pk}">Hall</option>' in page(client, session)
    assert client.post(url, {"room": hall.pk, "leaves": one.pk}).status_code == 302
    assert [claim.resource_id for claim in session.claims.filter(active=True, resource__doctor=None)] == [
        hall.pk
    ]
    assert client.post(url, {"room": make_room(bookable).pk, "leaves": hall.pk}).status_code == 422
    assert client.post(url, {}).status_code == 422


def test_cancelling_says_first_whom_it_concerns(client: NetworkClient) -> None:
    session = session_of(group())
    visits = [seat(session), seat(session)]
    url = f"{LIST}{session.public_id}/cancel/"
    text = client.get(url).content.decode()
    assert "2 patients have seats" in text
    assert "Cancel the session and 2 visits" in text
    assert client.post(url, {"reason": "x" * 301}).status_code == 422
    assert client.post(url, {"reason": "The doctor is ill"})["Location"] == LIST
    found = Appointment.objects.filter(pk__in=[each.pk for each in visits])
    assert {(each.status, each.cancel_reason) for each in found} == {("cancelled", "The doctor is ill")}
    again = client.post(url, {"reason": ""})
    assert (again.status_code, "was cancelled or has begun" in again.content.decode()) == (409, True)
    assert "This session is cancelled" in page(client, session)


def test_the_list_on_paper_has_those_who_come(client: NetworkClient) -> None:
    session = session_of(group())
    comes, gone = (
        seat(session, make_patient(last_name="Komova")),
        seat(session, make_patient(last_name="Nikova")),
    )
    step(client, gone, "cancel")
    page(client, session)  # which says what was done
    text = page(client, session, "print/")
    assert comes.patient.full_name in text
    assert "Nikova" not in text
