import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import block_time, cancel_appointment, check_in_appointment, confirm_appointment
from tenants.booking.models import Claim, Resource
from tenants.booking.slots import Window
from tenants.desk.calendar.sheet import time_off
from tests.factories import make_clinic, make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.calendar.world import Day, make_day, put

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

FEED = "/desk/calendar/feed/"
VERSION = "/desk/calendar/version/"


def signed_in(client_for: ClientFor, network: NetworkRef, user: User) -> NetworkClient:
    client = client_for(network)
    client.force_login(user)
    return client


@pytest.fixture
def client(client_for: ClientFor, network: NetworkRef) -> NetworkClient:
    return signed_in(client_for, network, make_user(role=Role.RECEPTION))


def feed(client: NetworkClient, day: Day, **more: Any) -> dict[str, Any]:
    response = client.get(FEED, day.query(**more))
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def test_feed_shows_the_day_on_the_clinics_clock(client: NetworkClient) -> None:
    day = make_day()
    visit = day.visits[0]

    shown = feed(client, day)

    assert shown["date"] == day.date.isoformat()
    assert shown["offset"] == "+03:00"
    assert shown["hours"] == [9, 17]
    (column,) = shown["columns"]
    assert column["doctor"] == day.first.doctor.pk
    assert column["editable"]
    (row,) = shown["visits"]
    assert row == {
        "id": str(visit.public_id),
        "columns": [column["id"]],
        "start": day.local("09:00"),
        "end": day.local("09:30"),
        "version": 1,
        "state": "scheduled",
        "open": True,
        "patient": f"{visit.patient.last_name} P.",
        "service": day.first.service.name,
        "colour": day.first.service.pk % 8,
        "paid": False,
        "alert": False,
        "overbooked": False,
    }
    assert [(off["start"], off["end"]) for off in shown["off"]] == [
        (day.local("00:00"), day.local("09:00")),
        (day.local("17:00"), f"{(day.date + dt.timedelta(days=1)).isoformat()}T00:00"),
    ]


def test_feed_tells_how_far_a_visit_is_and_leaves_cancelled_ones_out(client: NetworkClient) -> None:
    day = make_day(visits=3)
    confirm_appointment(public_id=day.visits[0].public_id, actor=SYSTEM, now=timezone.now())
    check_in_appointment(public_id=day.visits[1].public_id, actor=SYSTEM, now=timezone.now())
    cancel_appointment(public_id=day.visits[2].public_id, actor=SYSTEM, now=timezone.now(), for_staff=True)

    shown = feed(client, day)

    assert [row["state"] for row in shown["visits"]] == ["confirmed", "arrived"]
    assert {row["key"]: row["value"] for row in shown["numbers"]} == {
        "visits": 2,
        "done": 0,
        "waiting": 1,
        "unconfirmed": 0,
        "absent": 0,
        "load": "12\u00a0%",
    }


def test_feed_shows_blocks_and_holds_that_have_not_expired(client: NetworkClient) -> None:
    day = make_day(visits=0)
    doctor = day.first.doctor
    block = block_time(
        doctor_id=doctor.pk,
        clinic_id=day.first.clinic.pk,
        starts_at=day.at("12:00"),
        ends_at=day.at("13:00"),
        reason="Meeting",
        actor=SYSTEM,
    )
    resource = Resource.objects.get(doctor=doctor)
    for clock, minutes in (("10:00", 5), ("11:00", -5)):
        Claim.objects.create(
            resource=resource,
            span=(day.at(clock), day.at(clock) + dt.timedelta(minutes=30)),
            kind="hold",
            expires_at=timezone.now() + dt.timedelta(minutes=minutes),
        )

    busy = feed(client, day)["busy"]

    assert [(row["kind"], row["start"][11:]) for row in busy] == [("block", "12:00"), ("hold", "10:00")]
    assert busy[0]["pk"] == block.pk
    assert busy[0]["title"] == "Meeting"


def test_week_shows_one_column_and_seven_days(client: NetworkClient) -> None:
    day = make_day(doctors=2)
    second = Resource.objects.get(doctor=day.bookables[1].doctor)

    shown = feed(client, day, view="week", column=second.pk)

    assert len(shown["days"]) == 7
    assert [column["id"] for column in shown["columns"]] == [second.pk]
    assert [row["columns"] for row in shown["visits"]] == [[second.pk]]
    assert len(shown["choices"]) == 2


def test_rooms_show_the_visits_that_take_them(client: NetworkClient) -> None:
    day = make_day()
    room = Resource.objects.create(kind="room", name="Room 7", clinic=day.first.clinic)
    Claim.objects.create(
        resource=room,
        span=(day.at("09:00"), day.at("09:30")),
        kind="booking",
        appointment=day.visits[0],
    )

    shown = feed(client, day, by="room")

    assert [column["title"] for column in shown["columns"]] == ["Room 7"]
    assert [row["columns"] for row in shown["visits"]] == [[room.pk]]
    assert shown["busy"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"date": "yesterday", "clinic": "x", "view": "month", "by": "mood", "column": "-1"},
        {"date": "9999-12-31", "clinic": "999999", "column": "99999999999999999999"},
        {"date": "0001-01-01", "clinic": "\x00"},
    ],
)
def test_senseless_questions_get_today(client: NetworkClient, query: dict[str, str]) -> None:
    day = make_day()
    answer = client.get(FEED, query)

    assert answer.status_code == 200
    assert answer.json()["date"] == (day.date - dt.timedelta(days=1)).isoformat()


def test_without_a_clinic_there_is_a_way_on(client_for: ClientFor, network: NetworkRef) -> None:
    client = signed_in(client_for, network, make_user(role=Role.OWNER))

    assert client.get(FEED).status_code == 404
    page = client.get(reverse("desk:calendar", urlconf="tenants.urls"))
    assert page.status_code == 200
    assert "/setup/" in page.content.decode()


@pytest.mark.parametrize("name", ["calendar", "calendar_feed", "calendar_version", "calendar_print"])
@pytest.mark.parametrize(("role", "status"), [(None, 302), (Role.PATIENT, 403), (Role.RECEPTION, 200)])
def test_only_staff_may_look(
    client_for: ClientFor, network: NetworkRef, name: str, role: Role | None, status: int
) -> None:
    make_day()
    client = client_for(network)
    if role is not None:
        client.force_login(make_user(role=role))

    answer = client.get(reverse(f"desk:{name}", urlconf="tenants.urls"))

    assert answer.status_code == status
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_doctor_sees_their_own_column_only(client_for: ClientFor, network: NetworkRef) -> None:
    day = make_day(doctors=2)
    own = day.bookables[1].doctor
    client = signed_in(client_for, network, own.user)

    shown = feed(client, day)

    assert [column["doctor"] for column in shown["columns"]] == [own.pk]
    assert [row["id"] for row in shown["visits"]] == [str(day.visits[1].public_id)]
    assert not shown["columns"][0]["editable"]
    assert feed(client, day, by="room")["by"] == "doctor"


def test_networks_do_not_see_each_others_day(
    client_for: ClientFor, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    patients = {}
    for number, network in enumerate(twin_networks):
        with network_context(network):
            day = make_day(visits=0)
            patient = make_patient(last_name=f"Canary{number}")
            visit = put(day, day.first, minutes=600)
            visit.patient = patient
            visit.save(update_fields=["patient"])
            patients[network.slug] = patient.last_name
            user = make_user(role=Role.RECEPTION)
        client = signed_in(client_for, network, user)
        for name in ("calendar", "calendar_feed", "calendar_print"):
            text = client.get(reverse(f"desk:{name}", urlconf="tenants.urls"), day.query()).content.decode()
            assert f"Canary{number}" in text
            assert f"Canary{1 - number}" not in text


def count_queries(client: NetworkClient, url: str, query: dict[str, Any]) -> int:
    assert client.get(url, query).status_code == 200  # caches and windows are filled
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url, query).status_code == 200
    return len(queries)


@pytest.mark.parametrize("more", [{}, {"by": "room"}, {"view": "week"}])
def test_feed_asks_as_much_for_three_as_for_one(client: NetworkClient, more: dict[str, Any]) -> None:
    one, three = make_day(), make_day(doctors=3, visits=3)

    few = count_queries(client, FEED, one.query(**more))
    many = count_queries(client, FEED, three.query(**more))

    assert few == many <= 12


def test_feed_of_forty_doctors_and_eight_hundred_visits(client: NetworkClient) -> None:
    """The size that the desk is built for: 40 columns, 20 visits each."""
    small, day = make_day(), make_day(doctors=40, visits=16)
    for bookable in day.bookables:
        for number in range(4):
            put(day, bookable, minutes=17 * 60 + 15 * number, length=15)

    assert count_queries(client, FEED, day.query()) == count_queries(client, FEED, small.query()) <= 12
    assert len(feed(client, day)["visits"]) == 800
    page = reverse("desk:calendar", urlconf="tenants.urls")
    assert count_queries(client, page, day.query()) <= 12


def test_version_answers_304_until_something_changes(client: NetworkClient) -> None:
    day = make_day()
    feed(client, day)  # builds the doctor's windows
    first = client.get(VERSION, day.query())
    etag = first.headers["ETag"]
    assert first.json()["version"] == feed(client, day)["version"]

    assert client.get(VERSION, day.query(), HTTP_IF_NONE_MATCH=etag).status_code == 304
    for change in (
        lambda: confirm_appointment(public_id=day.visits[0].public_id, actor=SYSTEM, now=timezone.now()),
        lambda: block_time(
            doctor_id=day.first.doctor.pk,
            clinic_id=None,
            starts_at=day.at("15:00"),
            ends_at=day.at("16:00"),
            reason="",
            actor=SYSTEM,
        ),
        lambda: put(day, day.first, minutes=11 * 60),
    ):
        change()
        answer = client.get(VERSION, day.query(), HTTP_IF_NONE_MATCH=etag)
        assert answer.status_code == 200
        assert answer.headers["ETag"] != etag
        etag = answer.headers["ETag"]


def test_version_is_asked_with_few_queries(client: NetworkClient) -> None:
    day = make_day(doctors=3, visits=3)

    assert count_queries(client, VERSION, day.query()) <= 4


def test_print_has_a_table_for_each_column(client: NetworkClient) -> None:
    day = make_day(doctors=2, visits=2)
    block_time(
        doctor_id=day.first.doctor.pk,
        clinic_id=day.first.clinic.pk,
        starts_at=day.at("13:00"),
        ends_at=day.at("14:00"),
        reason="Lunch",
        actor=SYSTEM,
    )

    page = client.get(reverse("desk:calendar_print", urlconf="tenants.urls"), day.query()).content.decode()

    assert page.count("<table") == 2
    assert all(visit.patient.full_name in page for visit in day.visits)
    assert "Lunch" in page


def test_clinics_that_are_closed_to_patients_are_not_offered(client: NetworkClient) -> None:
    day = make_day()
    closed = make_clinic(is_active=False)

    assert feed(client, day, clinic=closed.pk)["clinic"] == day.first.clinic.pk


def test_time_off_is_what_no_window_covers() -> None:
    midnight = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)

    def at(hour: int) -> dt.datetime:
        return midnight + dt.timedelta(hours=hour)

    windows = [Window(at(14), at(18)), Window(at(-2), at(2)), Window(at(9), at(13)), Window(at(13), at(14))]
    assert list(time_off(windows, since=at(0), until=at(24))) == [(at(2), at(9)), (at(18), at(24))]
    assert list(time_off([], since=at(0), until=at(24))) == [(at(0), at(24))]
    assert list(time_off([Window(at(0), at(24))], since=at(0), until=at(24))) == []
