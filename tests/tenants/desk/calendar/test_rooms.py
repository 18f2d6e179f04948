"""Room columns of the calendar: a visit goes next door, a room is closed with what is in it, and both are undone."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.audit.models import AuditEvent
from tenants.booking.actions import complete_appointment
from tenants.booking.actions.groups import create_session
from tenants.booking.models import Appointment, Claim, ClaimKind
from tests.factories import make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.booking.ruling import rooms_of
from tests.tenants.desk.calendar.rooms import House, make_house

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BLOCKS = "/desk/calendar/blocks/"


@pytest.fixture
def client(client_for: ClientFor, network: NetworkRef) -> NetworkClient:
    client = client_for(network)
    client.force_login(make_user(role=Role.RECEPTION))
    return client


def move(client: NetworkClient, visit: Appointment, **fields: Any) -> Any:
    visit.refresh_from_db()
    return client.post(f"/desk/calendar/visits/{visit.public_id}/move/", {"version": visit.version, **fields})


def close(client: NetworkClient, house: House, start: str, end: str, room: int = 0, **more: Any) -> Any:
    fields = {"start": house.day.local(start), "end": house.day.local(end), "reason": "Lamp", **more}
    return client.post(f"/desk/calendar/rooms/{room or house.one.pk}/close/", fields)


# --- a visit goes next door -------------------------------------------------------------------------------------


def test_a_visit_is_dragged_to_another_room_and_back(client: NetworkClient) -> None:
    house = make_house()
    visit = house.book("09:00")
    drag = {"start": house.day.local("09:00"), "minutes": 30, "room": house.other.pk, "leaves": house.one.pk}

    answer = move(client, visit, **drag)

    assert answer.json() == {"id": str(visit.public_id), "version": 2}
    assert rooms_of(visit) == [house.other.pk]
    assert AuditEvent.objects.filter(action="booking.room_changed").count() == 1
    back = move(client, visit, room=house.one.pk, leaves=house.other.pk)
    assert (back.json()["version"], rooms_of(visit)) == (3, [house.one.pk])


def test_a_visit_changes_time_and_room_in_one_drag(client: NetworkClient) -> None:
    house = make_house()
    visit = house.book("09:00")

    answer = move(client, visit, start=house.day.local("11:00"), room=house.other.pk, leaves=house.one.pk)

    assert answer.status_code == 200
    visit.refresh_from_db()
    assert (visit.appointment_date, rooms_of(visit)) == (house.day.at("11:00"), [house.other.pk])


def test_a_drag_that_cannot_be_says_why_and_changes_nothing(client: NetworkClient) -> None:
    house = make_house()
    visit = house.book("09:00")
    wrong = move(client, visit, room=house.lab.pk, leaves=house.one.pk)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["alternatives"]) == (422, "wrong_room", [])
    assert close(client, house, "09:00", "10:00", room=house.other.pk).status_code == 200
    shut = move(client, visit, room=house.other.pk, leaves=house.one.pk)
    assert (shut.status_code, shut.json()["code"]) == (409, "room_closed")
    assert move(client, visit, room=99_999).json()["code"] == "room_unknown"
    assert move(client, visit, room=house.other.pk, version=9).json()["code"] == "stale_version"
    assert move(client, visit).status_code == 400
    assert rooms_of(visit) == [house.one.pk]


def test_the_panel_offers_the_rooms_that_serve_as_well(client: NetworkClient) -> None:
    house = make_house()
    visit = house.book("09:00")
    url = f"/desk/calendar/visits/{visit.public_id}/"

    text = client.get(url).content.decode()

    assert f'data-room-form="{visit.public_id}"' in text
    assert f'<option value="{house.other.pk}">Room 102</option>' in text
    assert "Lab" not in text
    close(client, house, "09:00", "10:00", room=house.other.pk)
    assert (
        f'<option value="{house.other.pk}" disabled>Room 102 – closed</option>'
        in client.get(url).content.decode()
    )


def test_a_visit_that_is_over_keeps_its_room(client: NetworkClient) -> None:
    house = make_house()
    visit = house.book("09:00")
    complete_appointment(public_id=visit.public_id, actor=SYSTEM, now=house.day.at("10:00"))
    text = client.get(f"/desk/calendar/visits/{visit.public_id}/").content.decode()
    assert "data-room-form" not in text
    assert move(client, visit, room=house.other.pk).json()["code"] == "wrong_status"


# --- closing a room ---------------------------------------------------------------------------------------------


def test_an_empty_room_is_closed_seen_moved_and_opened(client: NetworkClient) -> None:
    house = make_house()
    panel = client.get(
        f"/desk/calendar/rooms/{house.one.pk}/close/", {"start": house.day.local("12:00"), "end": ""}
    )
    assert house.day.local("13:00") in panel.content.decode()

    answer = close(client, house, "12:00", "14:00")

    assert "Room 101" in answer.content.decode()
    block = Claim.objects.get(kind=ClaimKind.BLOCK, active=True)
    assert (block.resource_id, block.span.lower, block.span.upper) == (
        house.one.pk,
        house.day.at("12:00"),
        house.day.at("14:00"),
    )
    detail = json.loads(answer["HX-Trigger"])["calendarchanged"]
    assert detail["undo"] == {"kind": "closed", "pk": block.pk, "moved": []}
    feed = client.get("/desk/calendar/feed/", house.day.query(by="room")).json()
    assert [(busy["kind"], busy["column"], busy["title"]) for busy in feed["busy"]] == [
        ("block", house.one.pk, "Lamp")
    ]
    assert all(column["editable"] for column in feed["columns"])

    place = {"clinic": house.day.first.clinic.pk, "resource": house.other.pk}
    moved = client.post(
        f"{BLOCKS}{block.pk}/move/",
        {"start": house.day.local("15:00"), "end": house.day.local("16:00"), **place},
    )
    assert moved.status_code == 200
    again = Claim.objects.get(kind=ClaimKind.BLOCK, active=True)
    assert (again.pk, again.resource_id) == (moved.json()["pk"], house.other.pk)
    assert "Open this time again" in client.get(f"{BLOCKS}{again.pk}/").content.decode()
    assert client.post(f"{BLOCKS}{again.pk}/remove/").status_code == 200
    made = client.post(BLOCKS, {"start": house.day.local("15:00"), "end": house.day.local("16:00"), **place})
    assert made.status_code == 201


def test_a_room_is_closed_with_its_visits_moved_and_opened_with_them_back(client: NetworkClient) -> None:
    house = make_house()
    first, second = house.book("09:00", "Gromova"), house.book("09:30", "Lebedeva")
    url = f"/desk/calendar/rooms/{house.one.pk}/close/"
    text = client.get(
        url, {"start": house.day.local("09:00"), "end": house.day.local("10:00")}
    ).content.decode()
    assert "2 visits in this time" in text
    assert "Close, and move 2 visits" in text
    assert "Room 102" in text

    assert close(client, house, "09:00", "10:00").status_code == 409
    answer = close(client, house, "09:00", "10:00", move="1")

    assert answer.status_code == 200
    assert rooms_of(first) == rooms_of(second) == [house.other.pk]
    detail = json.loads(answer["HX-Trigger"])["calendarchanged"]
    assert "2 visits are in other ones" in detail["message"]
    undo = detail["undo"]
    assert client.post(f"{BLOCKS}{undo['pk']}/remove/").status_code == 200
    for each in undo["moved"]:
        fields = {name: each[name] for name in ("room", "leaves", "version")}
        assert client.post(f"/desk/calendar/visits/{each['id']}/move/", fields).status_code == 200
    assert rooms_of(first) == rooms_of(second) == [house.one.pk]


def test_a_visit_without_another_room_keeps_the_room_open(client: NetworkClient) -> None:
    house = make_house()
    house.book("09:00")
    close(client, house, "09:00", "10:00", room=house.other.pk)
    url = f"/desk/calendar/rooms/{house.one.pk}/close/"
    text = client.get(
        url, {"start": house.day.local("09:00"), "end": house.day.local("10:00")}
    ).content.decode()
    assert "no other room" in text
    assert "btn-primary" not in text
    assert close(client, house, "09:00", "10:00", move="1").status_code == 409


def test_a_session_is_in_the_way_and_moves_too(client: NetworkClient) -> None:
    house = make_house()
    bookable = house.day.first
    create_session(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=house.day.at("09:00"),
        capacity=6,
        actor=SYSTEM,
        now=house.day.at("00:00"),
    )
    answer = close(client, house, "09:00", "10:00", move="1")
    assert answer.status_code == 200
    assert json.loads(answer["HX-Trigger"])["calendarchanged"]["undo"]["moved"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "nonsense", "end": "2030-01-01T10:00"},
        {"start": "2030-01-01T10:00", "end": "2030-01-01T10:00"},
        {"start": "2030-01-01T10:00", "end": "2032-01-01T10:00"},
        {"start": "2030-01-01T10:00", "end": ""},
        {},
    ],
)
def test_a_closing_that_makes_no_sense_is_said(client: NetworkClient, fields: dict[str, str]) -> None:
    house = make_house()
    url = f"/desk/calendar/rooms/{house.one.pk}/close/"
    assert client.post(url, fields).status_code == 422
    assert client.get(url, fields).status_code == 200
    assert not Claim.objects.filter(kind=ClaimKind.BLOCK).exists()


def test_what_is_no_room_is_gone(client: NetworkClient) -> None:
    house = make_house()
    doctor = house.day.first.doctor.resource.pk
    for pk in (99_999, doctor):
        assert client.get(f"/desk/calendar/rooms/{pk}/close/").status_code == 410
    body = {"start": house.day.local("12:00"), "end": house.day.local("13:00"), "clinic": 1}
    assert client.post(BLOCKS, {**body, "resource": doctor}).status_code == 404
    assert client.post(BLOCKS, body).status_code == 400
    assert (
        client.post(
            BLOCKS, {**body, "resource": house.one.pk, "doctor": house.day.first.doctor.pk}
        ).status_code
        == 400
    )


def test_rooms_are_not_for_doctors_nor_patients(client_for: ClientFor, network: NetworkRef) -> None:
    house = make_house()
    visit = house.book("09:00")
    doctor = house.day.first.doctor.user
    doctor.user_permissions.add(Permission.objects.get(codename="change_appointment"))
    body = {
        "start": house.day.local("12:00"),
        "end": house.day.local("13:00"),
        "clinic": house.day.first.clinic.pk,
        "resource": house.one.pk,
    }
    for user in (doctor, make_user(role=Role.PATIENT)):
        client = client_for(network)
        client.force_login(user)
        assert close(client, house, "12:00", "13:00").status_code == 403
        assert client.post(BLOCKS, body).status_code == 403
        assert move(client, visit, room=house.other.pk).status_code == 403
    assert rooms_of(visit) == [house.one.pk]
    guest = client_for(network)
    assert close(guest, house, "12:00", "13:00").status_code == 302
