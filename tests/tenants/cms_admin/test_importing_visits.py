"""Visits of another system: nobody is told, nothing collides, and a slip can be undone."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.booking.models import Appointment, AppointmentStatus, Claim
from tenants.cms.importing.plan import Plan, carry_out, make_plan
from tenants.cms.importing.registry import KINDS
from tenants.cms.importing.undo import Journal, take_back
from tenants.cms.models import ImportRun
from tenants.doctors.models import Doctor, Specialization
from tenants.outbox.models import OutboxEvent
from tenants.patients.models import Patient
from tests.factories import Bookable, make_bookable, make_clinic, make_doctor, make_specialization

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

MOSCOW = ZoneInfo("Europe/Moscow")
HEAD = "date;time;doctor;service;clinic;last_name;first_name;phone;status;duration_minutes\n"


@pytest.fixture
def bookable(network: NetworkRef) -> Bookable:
    return make_bookable(clinic=make_clinic(name="Lesnaya", time_zone="Europe/Moscow"))


def coming(days: int = 5) -> dt.date:
    return timezone.now().date() + dt.timedelta(days=days)


def row(
    bookable: Bookable, when: str, *, name: str = "Petrov", phone: str = "89161234567", rest: str = ";"
) -> str:
    """A line of the file; `when` is "5 10:00": days from today and the time."""
    days, at = when.split()
    user = bookable.doctor.user
    doctor = f"{user.last_name} {user.first_name} {user.middle_name}".strip()
    where = f"{doctor};{bookable.service.name};{bookable.clinic.name}"
    return f"{coming(int(days))};{at};{where};{name};Ivan;{phone};{rest}\n"


def carried(text: str, journal: Journal | None = None) -> Plan:
    return carry_out(KINDS["appointments"](), text.encode(), actor=SYSTEM, journal=journal)


def test_history_and_coming_visits_are_written_and_nobody_is_told(bookable: Bookable) -> None:
    text = HEAD + row(bookable, "-30 10:00") + row(bookable, "5 11:00")

    plan = carried(text)

    assert plan.problems == []
    past, next_one = Appointment.objects.order_by("appointment_date")
    assert (past.status, next_one.status) == (AppointmentStatus.COMPLETED, AppointmentStatus.SCHEDULED)
    assert next_one.appointment_date.astimezone(MOSCOW).strftime("%H:%M") == "11:00"
    assert next_one.source == "import"
    assert past.patient == next_one.patient
    assert Claim.objects.filter(active=True).count() == 2
    assert not OutboxEvent.objects.exists()
    assert mail.outbox == []


def test_the_same_file_again_changes_nothing(bookable: Bookable) -> None:
    text = HEAD + row(bookable, "5 11:00")
    carried(text)

    assert carried(text).counts == {"create": 0, "update": 0, "skip": 1}
    assert Appointment.objects.count() == 1


def test_collisions_are_named_by_row_and_nothing_is_written(bookable: Bookable) -> None:
    carried(HEAD + row(bookable, "5 09:00", name="First"))
    text = (
        HEAD
        + row(bookable, "5 09:10", name="Second", phone="89161110001")
        + row(bookable, "5 12:00", name="Third", phone="89161110002")
        + row(bookable, "5 12:15", name="Fourth", phone="89161110003")
        + row(bookable, "5 15:00", name="Fifth", phone="89161110004", rest="completed;")
        + row(bookable, "5 16:00", name="Sixth", phone="12", rest="seen;0")
    )

    plan = carried(text)

    assert sorted((problem.row, problem.column) for problem in plan.problems) == [
        (2, "time"), (4, "time"), (5, "status"), (6, "duration_minutes"), (6, "phone"), (6, "status"),
    ]  # fmt: skip
    assert Appointment.objects.count() == 1


def test_cancelled_visits_keep_no_time(bookable: Bookable) -> None:
    text = (
        HEAD
        + row(bookable, "5 09:00", rest="cancelled;")
        + row(bookable, "5 09:00", name="Other", phone="89161110001")
    )

    assert carried(text).problems == []
    assert Claim.objects.count() == 1


def test_undo_leaves_no_trace_but_what_was_touched_since(bookable: Bookable) -> None:
    journal = Journal()
    carried(
        HEAD + row(bookable, "5 09:00") + row(bookable, "5 12:00", name="Other", phone="89161110001"),
        journal,
    )
    touched = Appointment.objects.get(patient__last_name="Other")
    touched.events.create(kind="confirmed", to_status="confirmed", actor_kind="user")

    assert [kept.name for kept in take_back(journal.steps, all_or_nothing=True)] == [
        str(touched),
        "Other Ivan",
    ]
    assert Appointment.objects.count() == 2
    take_back(journal.steps, all_or_nothing=False)

    assert list(Appointment.objects.all()) == [touched]
    assert [patient.last_name for patient in Patient.objects.exclude(pk=bookable.patient.pk)] == ["Other"]


def test_workbook_reads_like_the_table(bookable: Bookable) -> None:
    book = openpyxl.Workbook()
    user = bookable.doctor.user
    book.active.append(HEAD.strip().split(";"))
    name = f"{user.last_name} {user.first_name} {user.middle_name}".strip()
    when = dt.datetime.combine(coming(), dt.time(0))
    book.active.append(
        [
            when,
            dt.time(9, 30),
            name,
            bookable.service.name,
            "Lesnaya",
            "Petrov",
            "Ivan",
            79161234567,
            None,
            40.0,
        ]
    )
    data = io.BytesIO()
    book.save(data)

    plan = carry_out(KINDS["appointments"](), data.getvalue(), actor=SYSTEM)

    assert plan.problems == []
    visit = Appointment.objects.get()
    assert visit.local_start == f"{coming()}T09:30"
    assert visit.ends_at - visit.appointment_date == dt.timedelta(minutes=40)
    assert visit.patient.phone == "+79161234567"


def test_calendar_of_one_doctor_with_what_it_does_not_say(bookable: Bookable) -> None:
    user = bookable.doctor.user
    day = coming().strftime("%Y%m%d")
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"DTSTART:{day}T070000Z\r\nDTEND:{day}T073000Z\r\nSUMMARY:Petrov Ivan +7 916 123-45-67\r\n"
        "DESCRIPTION:Back pain\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    defaults = {
        "doctor": f"{user.last_name} {user.first_name}",
        "service": bookable.service.name,
        "clinic": "lesnaya",
    }

    plan = carry_out(KINDS["appointments"](), text.encode(), actor=SYSTEM, defaults=defaults)

    assert plan.problems == []
    visit = Appointment.objects.get()
    assert visit.local_start == f"{coming()}T10:00"
    assert (visit.status, visit.notes, visit.patient.last_name) == ("confirmed", "Back pain", "Petrov")


def test_undo_of_updates_restores_what_was_there(network: NetworkRef) -> None:
    make_clinic(name="Lesnaya")
    for name in ("Cardiology", "Therapy"):
        make_specialization(name=name)
    head = "last_name;first_name;specializations;clinics;experience_years\n"
    carry_out(KINDS["doctors"](), f"{head}Belova;Anna;Cardiology|Therapy;Lesnaya;5\n".encode(), actor=SYSTEM)
    journal = Journal()
    carry_out(
        KINDS["doctors"](),
        f"{head}Belova;Anna;Therapy;Lesnaya;9\nLunin;Ilya;Therapy;Lesnaya;1\n".encode(),
        actor=SYSTEM,
        journal=journal,
    )

    assert take_back(journal.steps, all_or_nothing=True) == []

    doctor = Doctor.objects.get()
    assert doctor.experience_years == 5
    assert [link.specialization.name for link in doctor.specialization_links.all()] == [
        "Cardiology",
        "Therapy",
    ]


def test_undo_on_the_screen_asks_before_it_leaves_rows(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"
    file = SimpleUploadedFile("t.csv", b"name;description\nCardiology;Heart\nNeurology;Nerves\n")
    page = client.post("/cms/import/specializations/", {"file": file})["Location"]
    client.post(f"{page}confirm/")
    used = Specialization.objects.get(name="Cardiology")
    make_doctor(specializations=[used])

    done = client.get(page).content.decode()
    asked = client.post(f"{page}undo/")
    answered = client.post(f"{page}undo/", {"rest": "1"})

    assert "Undo this import" in done
    assert asked.status_code == 409
    assert "Undo everything else" in asked.content.decode()
    assert answered.status_code == 200
    assert list(Specialization.objects.all()) == [used]
    assert ImportRun.objects.get().state == "undone"
    assert "The import was undone." in client.get(page).content.decode()
    assert client.post(f"{page}undo/").status_code == 302


def test_problems_can_be_downloaded(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)
    file = SimpleUploadedFile("t.csv", b"last_name;first_name;specializations;clinics\n=1;B;Nope;Nowhere\n")
    page = client.post("/cms/import/doctors/", {"file": file})["Location"]

    lines = client.get(f"{page}problems.csv").content.decode("utf-8-sig").strip().splitlines()

    assert len(lines) == 3
    assert make_plan(KINDS["doctors"](), b"last_name;first_name;specializations;clinics\nA;B;C;D\n").problems
