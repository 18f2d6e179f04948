"""Cards: what is kept on them, who may open them, private files, and a doctor's own day."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.booking.models import (
    Appointment,
    AppointmentStatus,
    CalendarFeed,
    ScheduleException,
    WaitlistEntry,
)
from tenants.patients.models import Patient, PatientFile, PatientNote
from tests.factories import make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.day import open_clinic, visit_at

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SignedIn = Callable[..., NetworkClient]
PDF = b"%PDF-1.7 a paper"


@pytest.fixture
def signed_in(network: NetworkRef, client_for: ClientFor) -> SignedIn:
    def enter(role: Role = Role.RECEPTION, *, user: User | None = None) -> NetworkClient:
        client = client_for(network)
        client.force_login(user or make_user(role=role), BACKEND)
        return client

    return enter


def send(client: NetworkClient, patient: Patient, name: str, content: bytes) -> int:
    upload = SimpleUploadedFile(name, content)
    return client.post(f"/desk/patients/{patient.public_id}/files/", {"file": upload}).status_code


def test_a_doctor_opens_only_cards_of_their_patients(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    visit_at(bookable, minutes=60)
    stranger = make_patient()
    doctor = signed_in(user=bookable.doctor.user)

    assert doctor.get(f"/desk/patients/{bookable.patient.public_id}/").status_code == 200
    assert doctor.get(f"/desk/patients/{stranger.public_id}/").status_code == 404
    assert doctor.post(f"/desk/patients/{stranger.public_id}/notes/", {"text": "x"}).status_code == 404
    assert doctor.get(f"/desk/patients/{bookable.patient.public_id}/edit/").status_code == 403


def test_files_are_private_downloads_of_known_types(
    signed_in: SignedIn, settings: Settings, tmp_path: object
) -> None:
    settings.MEDIA_ROOT = tmp_path
    patient = make_patient()
    reception = signed_in(Role.RECEPTION)

    assert send(reception, patient, "анализ крови.pdf", PDF) == 302
    assert send(reception, patient, "evil.html", b"<script>") == 422
    assert send(reception, patient, "liar.pdf", b"<script>") == 422
    assert send(reception, patient, "empty.pdf", b"") == 422
    assert send(reception, patient, "../../up.png", b"\x89PNG\r\n\x1a\n....") == 302
    assert PatientFile.objects.count() == 2
    file = PatientFile.objects.get(name__startswith="анализ")
    address = f"/desk/patients/files/{file.public_id}/"
    answer = reception.get(address)
    assert answer.getvalue() == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert signed_in(Role.DOCTOR).get(address).status_code == 404
    assert signed_in(Role.PATIENT).get(address).status_code == 403
    assert reception.get(f"/media/{file.file.name}").status_code == 404
    assert reception.post(f"{address}remove/").status_code == 302
    assert not PatientFile.objects.filter(pk=file.pk).exists()


def test_a_card_is_changed_and_noted(signed_in: SignedIn) -> None:
    patient = make_patient()
    reception = signed_in(Role.RECEPTION)
    facts = {
        "last_name": "Новая",
        "first_name": "Анна",
        "phone": "8 916 765-43-21",
        "gender": "female",
        "alerts": "Пенициллин",
    }

    assert reception.post(f"/desk/patients/{patient.public_id}/edit/", facts).status_code == 302
    assert (
        reception.post(f"/desk/patients/{patient.public_id}/edit/", {**facts, "phone": "1"}).status_code
        == 422
    )
    assert (
        reception.post(f"/desk/patients/{patient.public_id}/notes/", {"text": "Звонила мама"}).status_code
        == 302
    )
    assert reception.post(f"/desk/patients/{patient.public_id}/notes/", {"text": "  "}).status_code == 422

    patient.refresh_from_db()
    assert (patient.phone, patient.alerts) == ("+79167654321", "Пенициллин")
    assert patient.search_text.startswith(" novaia ana 79167654321")
    assert PatientNote.objects.get().author is not None
    assert "Звонила мама" in reception.get(f"/desk/patients/{patient.public_id}/").content.decode()


def test_the_waiting_list_is_joined_and_left(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    reception = signed_in(Role.RECEPTION)
    today = timezone.now().date()
    wish = {
        "service": bookable.service.pk,
        "earliest": today.isoformat(),
        "latest": (today + dt.timedelta(days=7)).isoformat(),
        "urgency": "2",
    }
    address = f"/desk/waitlist/patients/{bookable.patient.public_id}/"

    assert reception.post(address, {**wish, "latest": "2001-01-01"}).status_code == 422
    assert reception.post(address, wish).status_code == 302
    entry = WaitlistEntry.objects.get()
    assert bookable.patient.full_name in reception.get("/desk/waitlist/").content.decode()
    assert reception.post(f"/desk/waitlist/{entry.public_id}/leave/").status_code == 302
    assert reception.get("/desk/waitlist/").context["entries"] == []


def test_queries_of_a_card_do_not_grow(
    signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bookable = open_clinic()
    visit_at(bookable, minutes=60)
    reception = signed_in(Role.RECEPTION)
    address = f"/desk/patients/{bookable.patient.public_id}/"
    reception.get(address)
    counts = []
    for minutes in (None, 90, 120):
        if minutes:
            visit_at(bookable, minutes=minutes)
        with django_assert_max_num_queries(20) as queries:
            reception.get(address)
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_a_doctor_finishes_a_visit_and_books_the_next(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    visit = visit_at(bookable, minutes=0)
    doctor = signed_in(user=bookable.doctor.user)
    soon = timezone.now().date() + dt.timedelta(days=14)

    assert doctor.get("/desk/doctor/").status_code == 200
    assert doctor.post(f"/desk/doctor/visits/{visit.public_id}/called/").status_code == 302
    answer = doctor.post(
        f"/desk/doctor/visits/{visit.public_id}/",
        {"visit_note": "Здоров", "follow_up_on": soon.isoformat()},
    )
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.visit_note) == (AppointmentStatus.COMPLETED, "Здоров")
    page = doctor.get(answer["Location"])
    first = page.context["times"][0]
    assert first["slot"].local_date >= soon
    assert doctor.post(answer["Location"], {"slot": first["value"]}).status_code == 302
    assert Appointment.objects.filter(appointment_date=first["slot"].starts_at).exists()
    assert doctor.post(answer["Location"], {"slot": "1.1.1.1"}).status_code == 422


def test_a_doctor_sees_no_visit_of_a_colleague(signed_in: SignedIn) -> None:
    visit = visit_at(open_clinic(), minutes=0)
    colleague = open_clinic()
    doctor = signed_in(user=colleague.doctor.user)

    assert doctor.get(f"/desk/doctor/visits/{visit.public_id}/").status_code == 404
    assert doctor.post(f"/desk/doctor/visits/{visit.public_id}/called/").status_code == 404
    assert doctor.post(f"/desk/visits/{visit.public_id}/arrived/").status_code == 403


def test_blocking_time_first_shows_whom_it_concerns(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    visit = visit_at(bookable, minutes=24 * 60)
    doctor = signed_in(user=bookable.doctor.user)
    day = visit.appointment_date.date().isoformat()
    leave = {"start_date": day, "end_date": day, "reason": "Конференция"}

    preview = doctor.post("/desk/doctor/block/", leave)
    assert [each.appointment for each in preview.context["impact"]] == [visit]
    assert not ScheduleException.objects.exists()
    assert doctor.post("/desk/doctor/block/", {**leave, "sure": "1", "propose": "1"}).status_code == 302
    block = ScheduleException.objects.get()
    assert visit.rebooking_proposals.count() == 1
    assert doctor.post("/desk/doctor/block/", {**leave, "end_date": "2001-01-01"}).status_code == 422
    assert doctor.post("/desk/doctor/block/", {**leave, "start_time": "09:00"}).status_code == 422
    assert doctor.post(f"/desk/doctor/block/{block.pk}/remove/").status_code == 302
    assert not ScheduleException.objects.exists()


def test_a_doctor_makes_and_revokes_a_calendar_link(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    doctor = signed_in(user=bookable.doctor.user)

    made = doctor.post("/desk/doctor/feed/")
    feed = CalendarFeed.objects.get(doctor=bookable.doctor)
    assert "/calendar/cal_" in made.context["made"]
    assert "/calendar/cal_" not in doctor.get("/desk/doctor/feed/").content.decode()
    colleague = signed_in(user=open_clinic().doctor.user)
    assert colleague.post(f"/desk/doctor/feed/{feed.pk}/revoke/").status_code == 404
    assert doctor.post(f"/desk/doctor/feed/{feed.pk}/revoke/").status_code == 302
    feed.refresh_from_db()
    assert feed.revoked_at is not None
