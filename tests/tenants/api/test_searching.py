"""Searching over many doctors, versions of free times, calendars and open times through HTTP."""

from __future__ import annotations

import json

import pytest
from icalendar import Calendar

from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.feeds.actions import create_feed, revoke_feed
from tenants.booking.models import BookingCap, SearchMiss
from tenants.doctors.models import Specialization
from tests.factories import Bookable, make_bookable, make_doctor, make_hours, make_specialization
from tests.tenants.api.asking import Caller, NetworkClient, at, counted, day_ahead, wish

pytestmark = pytest.mark.django_db


def specialization_of(bookable: Bookable) -> Specialization:
    found = bookable.doctor.specialization
    assert found is not None
    return found


def test_times_of_several_doctors_come_in_one_list(network: NetworkRef) -> None:
    one, other = (make_bookable(windows=(("09:00", "10:00"),)) for _ in range(2))
    caller = Caller(network)
    ids = f"{one.doctor.pk},{other.doctor.pk}"
    status, body = caller.get(f"available-slots/?doctors={ids}&date={day_ahead()}")
    assert status == 200
    assert body["doctor"] is None
    assert body["is_complete"]
    assert [(slot["starts_at"], slot["doctor"]) for slot in body["slots"]] == [
        (when, one_of.doctor.pk) for when in (at(9), at(9, 30)) for one_of in (one, other)
    ]
    path = f"available-slots/?specialization={specialization_of(one).slug}&date={day_ahead()}"
    assert {slot["doctor"] for slot in caller.get(path)[1]["slots"]} == {one.doctor.pk}


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("doctors=1,x&date=2030-01-01", "doctors", "not_a_list"),
        (f"doctors={','.join(map(str, range(1, 60)))}&date=2030-01-01", "doctors", "too_many"),
        ("doctors=999999&date=2030-01-01", "doctors", "unknown"),
        ("doctors=1&doctor=2&date=2030-01-01", "doctor", "contradiction"),
        ("specialization=nowhere&date=2030-01-01", "specialization", "unknown"),
        ("specialization=nowhere", "date", "required"),
    ],
)
def test_bad_questions_are_named(network: NetworkRef, query: str, field: str, code: str) -> None:
    status, body = Caller(network).get(f"available-slots/?{query}")
    assert (status, body["fields"][field][0]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("first-available/?max_price=NaN", "max_price"),
        ("first-available/?max_price=-1", "max_price"),
        ("first-available/?limit=51", "limit"),
        ("first-available/?per=week", "per"),
        ("first-available/?language=%3Cb%3E", "language"),
        ("first-available/?from=2030-13-01", "from"),
        ("month/", "month"),
        ("month/?month=2030-00", "month"),
        ("month/?month=2030-02&doctors=0", "doctors"),
    ],
)
def test_bad_searches_are_named(network: NetworkRef, path: str, field: str) -> None:
    status, body = Caller(network).get(path)
    assert status == 400
    assert field in body["fields"]


def test_the_first_available_time_over_all_doctors(network: NetworkRef) -> None:
    late, early = (make_bookable(windows=((hour, "18:00"),)) for hour in ("12:00", "09:00"))
    caller = Caller(network)
    path = f"first-available/?from={day_ahead()}"
    status, body = caller.get(f"{path}&limit=2")
    assert status == 200
    assert [slot["starts_at"] for slot in body["results"]] == [at(9), at(9, 30)]
    each = caller.get(f"{path}&per=doctor")[1]["results"]
    assert [(slot["doctor"], slot["starts_at"]) for slot in each] == [
        (early.doctor.pk, at(9)),
        (late.doctor.pk, at(12)),
    ]
    only = caller.get(f"{path}&doctors={late.doctor.pk}")[1]["results"]
    assert [slot["doctor"] for slot in only] == [late.doctor.pk]
    assert caller.get(f"{path}&max_price=10")[1]["results"] == []


def test_a_search_in_vain_is_counted(network: NetworkRef) -> None:
    heart = make_specialization()
    caller = Caller(network)
    for _ in range(2):
        assert caller.get(f"first-available/?specialization={heart.pk}")[1]["results"] == []
    assert caller.get("first-available/")[1]["results"] == []
    with network_context(network):
        assert [(miss.specialization_id, miss.count) for miss in SearchMiss.objects.all()] == [(heart.pk, 1)]


def test_queries_of_searches_do_not_grow_with_doctors(network: NetworkRef) -> None:
    one = make_bookable()
    caller = Caller(network)
    paths = (
        f"first-available/?service={one.service.pk}",
        f"first-available/?service={one.service.pk}&per=doctor",
        f"available-slots/?specialization={specialization_of(one).pk}&date={day_ahead()}",
        "month/?month=2027-02",
    )

    def cost() -> list[int]:
        found = []
        for path in paths:
            caller.get(path)
            with counted() as seen:
                assert caller.get(path)[0] == 200
            found.append(len(seen))
        return found

    before = cost()
    assert max(before) <= 4
    for _ in range(3):
        other = make_doctor(
            clinics=[one.clinic], services=[one.service], specializations=[specialization_of(one)]
        )
        make_hours(doctor=other, clinic=one.clinic)
    assert cost() == before


def test_unchanged_times_are_not_computed_again(network: NetworkRef) -> None:
    one = make_bookable()
    client = NetworkClient(network)
    path = f"/api/v1/available-slots/?doctor={one.doctor.pk}&service={one.service.pk}&date={day_ahead()}"
    client.get(path)
    etag = client.get(path)["ETag"]
    with counted() as seen:
        answer = client.get(path, headers={"If-None-Match": f'"other", {etag}'})
    if answer.status_code == 200:  # the minute has just changed
        etag = answer["ETag"]
        answer = client.get(path, headers={"If-None-Match": etag})
    assert answer.status_code == 304
    assert not answer.content
    assert len(seen) <= 2
    assert Caller(network).post("appointments/", wish(one, at(9)))[0] == 201
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_changed_hours_are_not_taken_for_unchanged_times(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:00"),))
    client = NetworkClient(network)
    path = f"/api/v1/available-slots/?doctor={one.doctor.pk}&service={one.service.pk}&date={day_ahead()}"
    client.get(path)
    before = client.get(path)
    make_hours(doctor=one.doctor, clinic=one.clinic, windows=(("11:00", "12:00"),))
    after = client.get(path, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert len(after.json()["slots"]) == 2 * len(before.json()["slots"])


def test_the_version_costs_a_first_visitor_nothing(network: NetworkRef) -> None:
    one = make_bookable()
    client = NetworkClient(network)
    path = f"/api/v1/available-slots/?doctor={one.doctor.pk}&service={one.service.pk}&date={day_ahead()}"
    client.get(path)
    with counted() as seen:
        assert "ETag" in client.get(path)
    assert len(seen) == 1


def test_answers_are_data_and_never_a_page(network: NetworkRef) -> None:
    client = NetworkClient(network)
    for path in ("/api/v1/clinics/", "/api/v1/nothing/"):
        assert client.get(path)["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "script-src 'self'" in client.get("/api/v1/docs/")["Content-Security-Policy"]


def test_times_that_others_bookings_decide_have_no_version(network: NetworkRef) -> None:
    one = make_bookable()
    BookingCap.objects.create(most=10)
    path = f"/api/v1/available-slots/?doctor={one.doctor.pk}&date={day_ahead()}"
    assert "ETag" not in NetworkClient(network).get(path)


def test_a_month_is_coloured(network: NetworkRef) -> None:
    one = make_bookable()
    day = day_ahead(3)
    caller = Caller(network)
    caller.get(f"available-slots/?doctor={one.doctor.pk}&date={day}")
    _status, body = caller.get(f"month/?month={day:%Y-%m}&doctors={one.doctor.pk}")
    assert {"date": day.isoformat(), "free_minutes": 480, "doctors": 1} in body["days"]


def test_a_calendar_is_read_until_it_is_revoked(network: NetworkRef) -> None:
    one = make_bookable()
    assert Caller(network).post("appointments/", wish(one, at(9)))[0] == 201
    feed, path = create_feed(doctor_id=one.doctor.pk, actor=SYSTEM)
    client = NetworkClient(network)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in answer["Cache-Control"]
    assert len(list(Calendar.from_ical(answer.content.decode()).walk("VEVENT"))) == 1
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.post(path).status_code == 405
    revoke_feed(feed_id=feed.pk, actor=SYSTEM, now=feed.created_at)
    assert client.get(path).status_code == 404
    assert client.get("/calendar/cal_x.ics").status_code == 404


def test_a_calendar_is_unknown_to_another_network(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, two = twin_networks
    with network_context(one):
        _feed, path = create_feed(doctor_id=make_bookable().doctor.pk, actor=SYSTEM)
    assert NetworkClient(one).get(path).status_code == 200
    assert NetworkClient(two).get(path).status_code == 404


def test_open_times_are_published_for_finders(network: NetworkRef) -> None:
    one = make_bookable(windows=(("09:00", "10:00"),))
    client = NetworkClient(network)
    manifest = client.get("/api/v1/smart-scheduling-links/$bulk-publish").json()
    assert [entry["type"] for entry in manifest["output"]] == ["Location", "Schedule", "Slot"]
    lines = {}
    for entry in manifest["output"]:
        path = "/api/v1/" + entry["url"].split("/api/v1/")[1]
        answer = client.get(path)
        assert answer["Content-Type"] == "application/fhir+ndjson"
        lines[entry["type"]] = [json.loads(line) for line in answer.content.decode().splitlines()]
        again = client.get(path, headers={"If-None-Match": answer["ETag"]})
        assert again.status_code in (304, 200)
    assert [row["name"] for row in lines["Location"]] == [one.clinic.name]
    [schedule] = lines["Schedule"]
    slot = lines["Slot"][0]
    assert slot["schedule"]["reference"] == f"Schedule/{schedule['id']}"
    assert slot["status"] == "free"
    link = slot["extension"][0]["valueUrl"]
    assert client.get("/book/" + link.split("/book/")[1]).status_code == 200
    assert client.get("/api/v1/smart-scheduling-links/slots-999.ndjson").status_code == 404
