import datetime as dt
import json
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import block_time
from tenants.booking.models import Appointment, AppointmentStatus, PaymentStatus
from tenants.desk.calendar.frame import instant_of
from tenants.patients.models import Patient
from tests.factories import make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.calendar.world import MOSCOW, Day, make_day, put

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BOOK = "/desk/calendar/book/"


@pytest.fixture
def client(client_for: ClientFor, network: NetworkRef) -> NetworkClient:
    client = client_for(network)
    client.force_login(make_user(role=Role.RECEPTION))
    return client


def step(client: NetworkClient, visit: Appointment, action: str, **fields: Any) -> Any:
    visit.refresh_from_db()
    url = f"/desk/calendar/visits/{visit.public_id}/{action}/"
    return client.post(url, {"version": visit.version, **fields})


def booking(day: Day, clock: str = "12:00", **fields: Any) -> dict[str, Any]:
    place = {
        "start": day.local(clock),
        "doctor": day.first.doctor.pk,
        "clinic": day.first.clinic.pk,
        "service": day.first.service.pk,
    }
    return {**place, **fields}


def test_panel_shows_the_visit_and_what_can_be_done(client: NetworkClient) -> None:
    day = make_day()
    visit = day.visits[0]
    Patient.objects.filter(pk=visit.patient_id).update(alerts="Penicillin")

    page = client.get(f"/desk/calendar/visits/{visit.public_id}/").content.decode()

    for text in (visit.patient.full_name, visit.patient.phone, visit.service.name, "Penicillin"):
        assert text in page
    for action in ("confirm", "arrived", "called", "paid", "cancel"):
        assert f"/{action}/" in page
    assert "/absent/" not in page  # it has not begun
    assert "/done/" not in page


def test_a_visit_goes_through_its_day(client: NetworkClient) -> None:
    day = make_day(visits=0, days_ahead=0)
    visit = put(day, day.first, minutes=0)  # began at midnight

    for action, fields in (
        ("confirm", {}),
        ("arrived", {}),
        ("called", {}),
        ("paid", {"method": "cash"}),
        ("done", {}),
    ):
        answer = step(client, visit, action, **fields)
        assert answer.status_code == 200, (action, answer.content)
        assert json.loads(answer.headers["HX-Trigger"])["calendarchanged"]["message"]

    visit.refresh_from_db()
    assert visit.status == AppointmentStatus.COMPLETED
    assert visit.payment_status == PaymentStatus.PAID
    assert visit.checked_in_at is not None
    assert visit.in_room_at is not None


def test_an_arrival_is_taken_back(client: NetworkClient) -> None:
    visit = make_day().visits[0]
    step(client, visit, "arrived")

    assert step(client, visit, "left").status_code == 200

    visit.refresh_from_db()
    assert visit.checked_in_at is None


def test_a_visit_is_cancelled_with_a_reason_and_undone_booking_too(client: NetworkClient) -> None:
    day = make_day(visits=2)

    assert step(client, day.visits[0], "cancel", reason="Ill").status_code == 200
    undone = step(client, day.visits[1], "undo")

    assert undone.status_code == 200
    for visit in day.visits:
        visit.refresh_from_db()
        assert visit.status == AppointmentStatus.CANCELLED
    assert day.visits[0].cancel_reason == "Ill"
    restored = step(client, day.visits[0], "restore")
    assert restored.status_code == 200, restored.content
    day.visits[0].refresh_from_db()
    assert day.visits[0].status == AppointmentStatus.SCHEDULED
    assert step(client, day.visits[0], "restore").status_code == 409


@pytest.mark.parametrize(
    ("action", "status"),
    [("approve", AppointmentStatus.SCHEDULED), ("refuse", AppointmentStatus.CANCELLED)],
)
def test_a_request_is_answered(client: NetworkClient, action: str, status: str) -> None:
    day = make_day(visits=0)
    visit = put(day, day.first, minutes=600, awaiting_approval=True)
    assert f"/{action}/" in client.get(f"/desk/calendar/visits/{visit.public_id}/").content.decode()

    assert step(client, visit, action).status_code == 200

    visit.refresh_from_db()
    assert visit.status == status
    assert not visit.awaiting_approval


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("done", {}, 422),
        ("paid", {"method": "gold"}, 422),
        ("confirm", {"version": 7}, 409),
        ("confirm", {"version": "x"}, 422),
        ("dance", {}, 404),
    ],
)
def test_steps_that_are_refused_say_why(
    client: NetworkClient, action: str, fields: dict[str, Any], status: int
) -> None:
    visit = make_day().visits[0]

    answer = step(client, visit, action, **fields)

    assert answer.status_code == status
    visit.refresh_from_db()
    assert visit.version == 1
    if status != 404:
        assert 'role="alert"' in answer.content.decode()


def test_what_is_gone_is_said(client: NetworkClient) -> None:
    make_day()

    assert client.get(f"/desk/calendar/visits/{uuid4()}/").status_code == 410
    assert client.get("/desk/calendar/blocks/9999/").status_code == 410
    assert client.get(f"/desk/calendar/sessions/{uuid4()}/").status_code == 410
    assert client.get(BOOK, {"start": "x"}).status_code == 410


def test_block_panel_offers_to_open_the_time(client: NetworkClient) -> None:
    day = make_day()
    claim = block_time(
        doctor_id=day.first.doctor.pk,
        clinic_id=day.first.clinic.pk,
        starts_at=day.at("12:00"),
        ends_at=day.at("13:00"),
        reason="Repair of the lamp",
        actor=SYSTEM,
    )

    page = client.get(f"/desk/calendar/blocks/{claim.pk}/").content.decode()

    assert "Repair of the lamp" in page
    assert f'data-remove-block="{claim.pk}"' in page


def test_a_patient_is_found_by_name_and_phone(client: NetworkClient) -> None:
    make_day(visits=0)
    patient = make_patient(last_name="Zaytseva", phone="+79165550011")
    make_patient(last_name="Belov", phone="+79260000000")

    for text in ("zay", "5550011", "+7 916 555", "8916555"):
        page = client.get("/desk/calendar/people/", {"q": text}).content.decode()
        assert f'data-pick-person="{patient.pk}"' in page, text
        assert "Belov" not in page
    assert "data-pick-person" not in client.get("/desk/calendar/people/", {"q": "z"}).content.decode()


def test_a_visit_is_booked_for_a_patient_that_was_found(client: NetworkClient) -> None:
    day = make_day(visits=0)

    panel = client.get(BOOK, booking(day, patient=day.first.patient.pk)).content.decode()
    assert day.first.patient.full_name in panel
    answer = client.post(BOOK, booking(day, patient=day.first.patient.pk, notes="By phone"))

    assert answer.status_code == 200, answer.content
    visit = Appointment.objects.get()
    assert (visit.patient, visit.appointment_date) == (day.first.patient, day.at("12:00"))
    assert (visit.source, visit.notes) == ("desk", "By phone")
    undo = json.loads(answer.headers["HX-Trigger"])["calendarchanged"]["undo"]
    assert undo == {"kind": "booking", "id": str(visit.public_id), "version": 1}


def test_a_visit_is_booked_for_a_new_patient(client: NetworkClient) -> None:
    day = make_day(visits=0)

    refused = client.post(BOOK, booking(day, last_name="Kim", phone="12"))
    assert refused.status_code == 422
    assert not Appointment.objects.exists()
    answer = client.post(BOOK, booking(day, last_name="Kim", first_name="Vera", phone="8 916 123-45-67"))

    assert answer.status_code == 200, answer.content
    assert Appointment.objects.get().patient.phone == "+79161234567"


def test_a_taken_time_offers_free_ones_and_a_reason_puts_the_visit_in(client: NetworkClient) -> None:
    day = make_day()

    panel = client.get(BOOK, booking(day, "09:00")).content.decode()
    assert f'data-book-at="{day.local("09:30")}"' in panel
    assert 'name="overbook_reason"' in panel
    refused = client.post(BOOK, booking(day, "09:00", patient=day.first.patient.pk))
    assert refused.status_code == 409
    put_in = client.post(
        BOOK, booking(day, "09:00", patient=day.first.patient.pk, overbook_reason="Acute pain")
    )

    assert put_in.status_code == 200, put_in.content
    visit = Appointment.objects.get(overbooked=True)
    assert visit.overbook_reason == "Acute pain"


def test_a_doctor_without_the_right_books_nothing(client_for: ClientFor, network: NetworkRef) -> None:
    day = make_day()
    client = client_for(network)
    client.force_login(day.first.doctor.user)

    assert client.get(BOOK, booking(day)).status_code == 403
    assert client.post(BOOK, booking(day, patient=day.first.patient.pk)).status_code == 403
    assert client.get("/desk/calendar/people/", {"q": "Ivanov"}).status_code == 403
    page = client.get(f"/desk/calendar/visits/{day.visits[0].public_id}/").content.decode()
    assert day.visits[0].patient.full_name in page
    assert "hx-post" not in page
    assert step(client, day.visits[0], "confirm").status_code == 403


def test_a_doctor_does_not_see_a_strangers_visit(client_for: ClientFor, network: NetworkRef) -> None:
    day = make_day(doctors=2)
    client = client_for(network)
    client.force_login(day.first.doctor.user)

    answer = client.get(f"/desk/calendar/visits/{day.visits[1].public_id}/")

    assert answer.status_code == 410
    assert day.visits[1].patient.last_name not in answer.content.decode()


def test_an_instant_is_the_first_of_two_and_never_one_that_is_skipped() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert instant_of(dt.datetime.fromisoformat("2026-10-25T02:30"), berlin) == dt.datetime(
        2026, 10, 25, 0, 30, tzinfo=dt.UTC
    )
    with pytest.raises(ValidationError):
        instant_of(dt.datetime.fromisoformat("2026-03-29T02:30"), berlin)
    now = timezone.now().astimezone(MOSCOW).replace(tzinfo=None)
    assert instant_of(now, MOSCOW).astimezone(MOSCOW).replace(tzinfo=None) == now
