import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.audit.models import AuditEvent
from tenants.booking.actions import block_time
from tenants.booking.models import Appointment, Claim, ClaimKind
from tests.factories import make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.calendar.world import Day, make_day

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BLOCKS = "/desk/calendar/blocks/"


@pytest.fixture
def client(client_for: ClientFor, network: NetworkRef) -> NetworkClient:
    client = client_for(network)
    client.force_login(make_user(role=Role.RECEPTION))
    return client


def move(client: NetworkClient, visit: Appointment, **fields: Any) -> Any:
    return client.post(f"/desk/calendar/visits/{visit.public_id}/move/", {"version": visit.version, **fields})


def block(client: NetworkClient, day: Day, start: str, end: str, **more: Any) -> Any:
    fields = {
        "start": day.local(start),
        "end": day.local(end),
        "doctor": day.first.doctor.pk,
        "clinic": day.first.clinic.pk,
    }
    return client.post(BLOCKS, {**fields, **more})


def test_a_visit_is_moved_and_moved_back(client: NetworkClient) -> None:
    day = make_day()
    visit = day.visits[0]

    answer = move(client, visit, start=day.local("11:00"))

    assert answer.status_code == 200
    assert answer.json() == {"id": str(visit.public_id), "version": 2}
    visit.refresh_from_db()
    assert visit.appointment_date == day.at("11:00")
    assert move(client, visit, start=day.local("09:00")).json()["version"] == 3
    visit.refresh_from_db()
    assert visit.appointment_date == day.at("09:00")
    assert Claim.objects.filter(appointment=visit, active=True).count() == 1
    assert AuditEvent.objects.filter(action="booking.moved", object_id=str(visit.pk)).count() == 2


def test_a_visit_gets_another_length_and_another_doctor(client: NetworkClient) -> None:
    day = make_day(doctors=2)
    visit, other = day.visits[0], day.bookables[1].doctor
    visit.service.doctors.add(other)

    assert move(client, visit, start=day.local("09:00"), minutes=60).status_code == 200
    visit.refresh_from_db()
    assert visit.ends_at == day.at("10:00")
    answer = move(client, visit, start=day.local("10:00"), doctor=other.pk)

    assert answer.status_code == 200, answer.content
    visit.refresh_from_db()
    assert visit.doctor_id == other.pk
    assert visit.ends_at - visit.appointment_date == dt.timedelta(hours=1)
    (claim,) = Claim.objects.filter(appointment=visit, active=True)
    assert claim.resource.doctor_id == other.pk


def test_a_visit_put_on_another_is_refused_with_free_times(client: NetworkClient) -> None:
    day = make_day(visits=2)

    answer = move(client, day.visits[0], start=day.local("09:30"))

    assert answer.status_code == 409
    body = answer.json()
    assert body["code"] == "slot_taken"
    assert [row["label"] for row in body["alternatives"]] == ["10:00", "10:30", "11:00"]
    assert all(row["doctor"] == day.first.doctor.pk for row in body["alternatives"])
    day.visits[0].refresh_from_db()
    assert day.visits[0].version == 1


def test_a_visit_made_so_long_that_it_meets_the_next_is_refused(client: NetworkClient) -> None:
    day = make_day(visits=2)

    assert move(client, day.visits[0], start=day.local("09:00"), minutes=45).status_code == 409


def test_a_visit_dragged_into_blocked_time_or_out_of_hours_is_refused(client: NetworkClient) -> None:
    day = make_day()
    block(client, day, "12:00", "13:00")

    assert move(client, day.visits[0], start=day.local("12:30")).status_code == 409
    late = move(client, day.visits[0], start=day.local("20:00"))
    assert late.status_code == 422
    assert late.json()["alternatives"]


def test_of_two_desks_the_second_is_told(client: NetworkClient) -> None:
    day = make_day()
    visit = day.visits[0]
    assert move(client, visit, start=day.local("11:00")).status_code == 200

    late = move(client, visit, start=day.local("12:00"))

    assert late.status_code == 409
    assert late.json()["code"] == "stale_version"
    assert late.json()["alternatives"] == []
    visit.refresh_from_db()
    assert visit.appointment_date == day.at("11:00")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"start": "soon"},
        {"start": "2026-03-01T10:00", "minutes": "-5"},
        {"start": "2026-03-01T10:00", "doctor": "x"},
        {"start": "2026-03-01T10:00", "version": "0"},
        {"start": "2026-03-01T10:00\x00"},
    ],
)
def test_a_broken_request_changes_nothing(client: NetworkClient, fields: dict[str, str]) -> None:
    day = make_day()

    answer = move(client, day.visits[0], **fields)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    day.visits[0].refresh_from_db()
    assert day.visits[0].version == 1


def test_an_unknown_visit_is_not_found(client: NetworkClient) -> None:
    answer = client.post(
        f"/desk/calendar/visits/{uuid4()}/move/", {"start": "2026-03-01T10:00", "version": 1}
    )

    assert answer.status_code == 404
    assert answer.json()["code"] == "appointment_not_found"


def test_time_is_blocked_moved_and_opened(client: NetworkClient) -> None:
    day = make_day()

    made = block(client, day, "12:00", "13:00", reason="Lunch")
    assert made.status_code == 201
    moved = client.post(
        f"{BLOCKS}{made.json()['pk']}/move/",
        {
            "start": day.local("13:00"),
            "end": day.local("15:00"),
            "doctor": day.first.doctor.pk,
            "clinic": day.first.clinic.pk,
        },
    )
    assert moved.status_code == 200
    (claim,) = Claim.objects.filter(kind=ClaimKind.BLOCK, active=True)
    assert (claim.pk, claim.reason) == (moved.json()["pk"], "Lunch")
    assert claim.span.lower == day.at("13:00")
    assert client.post(f"{BLOCKS}{claim.pk}/remove/").status_code == 200
    assert not Claim.objects.filter(kind=ClaimKind.BLOCK, active=True).exists()
    assert client.post(f"{BLOCKS}{claim.pk}/remove/").status_code == 404


def test_time_with_visits_is_not_blocked(client: NetworkClient) -> None:
    day = make_day()
    made = block(client, day, "12:00", "13:00")

    refused = block(client, day, "09:00", "10:00")
    assert refused.status_code == 409
    assert refused.json()["code"] == "time_not_free"
    moved = client.post(
        f"{BLOCKS}{made.json()['pk']}/move/",
        {
            "start": day.local("08:00"),
            "end": day.local("09:15"),
            "doctor": day.first.doctor.pk,
            "clinic": day.first.clinic.pk,
        },
    )
    assert moved.status_code == 409
    (claim,) = Claim.objects.filter(kind=ClaimKind.BLOCK, active=True)
    assert claim.span.lower == day.at("12:00")
    assert block(client, day, "14:00", "13:00").json()["code"] == "bad_interval"
    assert block(client, day, "14:00", "15:00", clinic=99_999).status_code == 404
    assert block(client, day, "14:00", "15:00", doctor=99_999).status_code == 404


def test_a_doctor_changes_nothing_unless_allowed_and_then_only_their_own(
    client_for: ClientFor, network: NetworkRef
) -> None:
    day = make_day(doctors=2)
    doctor, stranger = day.bookables[0].doctor, day.bookables[1].doctor
    client = client_for(network)
    client.force_login(doctor.user)

    assert move(client, day.visits[0], start=day.local("11:00")).status_code == 403
    assert block(client, day, "12:00", "13:00").status_code == 403

    doctor.user.user_permissions.add(Permission.objects.get(codename="change_appointment"))
    assert move(client, day.visits[0], start=day.local("11:00")).status_code == 200
    assert block(client, day, "12:00", "13:00").status_code == 201
    assert move(client, day.visits[1], start=day.local("11:00")).status_code == 404
    assert block(client, day, "12:00", "13:00", doctor=stranger.pk).status_code == 403
    away = move(client, day.visits[0], start=day.local("12:00"), doctor=stranger.pk, version=2)
    assert away.status_code == 403


@pytest.mark.parametrize("role", [None, Role.PATIENT])
def test_strangers_change_nothing(client_for: ClientFor, network: NetworkRef, role: Role | None) -> None:
    day = make_day()
    client = client_for(network)
    if role is not None:
        client.force_login(make_user(role=role))

    assert move(client, day.visits[0], start=day.local("11:00")).status_code in {302, 403}
    assert block(client, day, "12:00", "13:00").status_code in {302, 403}
    day.visits[0].refresh_from_db()
    assert day.visits[0].version == 1


def test_reading_is_not_changing(client: NetworkClient) -> None:
    day = make_day()

    assert client.get(f"/desk/calendar/visits/{day.visits[0].public_id}/move/").status_code == 405
    assert client.get(BLOCKS).status_code == 405


def test_another_networks_visits_and_blocks_cannot_be_touched(
    client_for: ClientFor, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    mine, theirs = twin_networks
    with network_context(theirs):
        day = make_day()
        claim = block_time(
            doctor_id=day.first.doctor.pk,
            clinic_id=None,
            starts_at=day.at("12:00"),
            ends_at=day.at("13:00"),
            reason="",
            actor=SYSTEM,
        )
    with network_context(mine):
        user = make_user(role=Role.OWNER)
    client = client_for(mine)
    client.force_login(user)

    assert move(client, day.visits[0], start=day.local("11:00")).status_code == 404
    assert client.post(f"{BLOCKS}{claim.pk}/remove/").status_code == 404
    with network_context(theirs):
        claim.refresh_from_db()
        assert claim.active
