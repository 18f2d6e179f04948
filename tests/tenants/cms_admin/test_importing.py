"""Imports name every problem before anything is written, and write all or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.clinics.models import Clinic
from tenants.cms.importing.errors import UnreadableFile
from tenants.cms.importing.plan import Plan, carry_out, make_plan
from tenants.cms.importing.registry import KINDS
from tenants.cms.importing.runs import IN_REQUEST_BYTES
from tenants.cms.importing.table import MAX_BYTES, MAX_ROWS
from tenants.doctors.models import Doctor, DoctorSchedule, Specialization
from tenants.services.models import Service
from tests.factories import (
    make_category,
    make_clinic,
    make_doctor,
    make_hours,
    make_service,
    make_specialization,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def plan_of(kind: str, text: str, encoding: str = "utf-8") -> Plan:
    return make_plan(KINDS[kind](), text.encode(encoding))


def said(plan: Plan) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, str(problem.message)) for problem in plan.problems]


def test_every_bad_row_is_named_and_nothing_is_written(network: NetworkRef) -> None:
    make_clinic(name="Lesnaya")
    make_specialization(name="Cardiology")
    text = (
        "last_name;first_name;specializations;clinics;experience_years\n"
        "Belova;Anna;Cardiology;Lesnaya;12\n"
        ";Boris;Cardiology;Lesnaya;3\n"
        "Gromov;Pavel;Astrology | Cardiology;Nowhere;many\n"
        "belova;ANNA;Cardiology;Lesnaya;1\n"
        "Lunin;Ilya;Cardiology;Lesnaya;900\n"
    )

    with translation.override("en"):
        plan = carry_out(KINDS["doctors"](), text.encode(), actor=SYSTEM)
        problems = said(plan)

    assert [(row, column) for row, column, _message in problems] == [
        (3, "last_name"),
        (4, "experience_years"),
        (4, "specializations"),
        (4, "clinics"),
        (5, ""),
        (6, "experience_years"),
    ]
    assert problems[2][2] == "There is no specialization “Astrology”."
    assert problems[4][2] == "The same as row 2."
    assert plan.counts == {"create": 1, "update": 0, "skip": 0}
    assert Doctor.objects.count() == 0


def test_doctors_are_created_updated_and_left_alone(network: NetworkRef) -> None:
    make_clinic(name="Lesnaya")
    make_specialization(name="Кардиология")
    make_specialization(name="Терапия")
    text = "Фамилия;Имя;Отчество;Специализации;Клиники\nБелова;Анна;Сергеевна;Кардиология|Терапия;lesnaya\n"
    head = "last_name;first_name;middle_name;specializations;clinics\n"

    with translation.override("ru"):
        plan = plan_of("doctors", head + text.split("\n")[1] + "\n", "cp1251")
    assert plan.counts == {"create": 1, "update": 0, "skip": 0}
    carry_out(KINDS["doctors"](), (head + text.split("\n")[1]).encode("cp1251"), actor=SYSTEM)

    doctor = Doctor.objects.get()
    assert doctor.user.get_full_name() == "Анна Сергеевна Белова"
    assert doctor.slug == "belova-anna"
    assert [link.specialization.name for link in doctor.specialization_links.all()] == [
        "Кардиология",
        "Терапия",
    ]
    again = head + "Белова;Анна;Сергеевна;Кардиология|Терапия;Lesnaya\n"
    assert plan_of("doctors", again).counts["skip"] == 1
    swapped = head + "Белова;Анна;Сергеевна;Терапия|Кардиология;Lesnaya\n"
    assert plan_of("doctors", swapped).counts["update"] == 1


def test_wrong_times_days_and_dates_of_hours(network: NetworkRef) -> None:
    clinic = make_clinic(name="Lesnaya")
    make_doctor(first_name="Anna", last_name="Belova", clinics=[clinic])
    text = (
        "doctor,clinic,day_of_week,start_time,end_time,valid_from,valid_until\n"
        "Belova Anna,Lesnaya,Monday,09:00,13:00,,\n"
        "Belova Anna,Lesnaya,Someday,25:00,noon,31.02.2026,\n"
        "Belova Anna,Lesnaya,вт,9.00,09:00,,\n"
        "Belova Anna,Lesnaya,3,9:00,13:00,2026-05-01,2026-04-01\n"
    )

    plan = plan_of("hours", text)

    assert [(row, column) for row, column, _message in said(plan)] == [
        (3, "day_of_week"),
        (3, "start_time"),
        (3, "end_time"),
        (3, "valid_from"),
        (4, "end_time"),
        (5, "valid_until"),
    ]
    assert DoctorSchedule.objects.count() == 0


def test_hours_must_not_meet_in_the_file_or_with_those_that_stay(network: NetworkRef) -> None:
    clinic, other = make_clinic(name="Lesnaya"), make_clinic(name="Malysheva")
    doctor = make_doctor(first_name="Anna", last_name="Belova", clinics=[clinic, other])
    make_hours(doctor=doctor, clinic=other, days=[0], windows=[("15:00", "18:00")])
    text = (
        "doctor;clinic;day_of_week;start_time;end_time\n"
        "Belova Anna;Lesnaya;1;09:00;13:00\n"
        "Belova Anna;Lesnaya;1;12:30;14:00\n"
        "Belova Anna;Lesnaya;1;13:00;15:00\n"
        "Belova Anna;Lesnaya;1;17:00;19:00\n"
        "Belova Anna;Malysheva;1;15:00;17:30\n"
    )

    plan = plan_of("hours", text)

    # Row 6 moves the end of the hours that were there, so row 5 meets row 6 of the file.
    assert [row for row, _column, _message in said(plan)] == [3, 4, 6]


def test_doctor_who_does_not_work_there(network: NetworkRef) -> None:
    make_clinic(name="Lesnaya")
    make_doctor(first_name="Anna", last_name="Belova")

    plan = plan_of(
        "hours", "doctor;clinic;day_of_week;start_time;end_time\nBelova Anna;Lesnaya;1;09:00;13:00\n"
    )

    assert [(row, column) for row, column, _message in said(plan)] == [(2, "clinic")]


def test_services_with_tree_prices_and_links(network: NetworkRef) -> None:
    outer = make_category(name="Visits")
    make_category(name="Adults", parent=outer)
    make_category(name="Adults 2", parent=outer)
    clinic = make_clinic(name="Lesnaya")
    make_doctor(first_name="Anna", last_name="Belova", clinics=[clinic])
    text = (
        "name;category;price;duration_minutes;clinics;doctors\n"
        "Cardiology visit;Visits / Adults;2 500,50;30;Lesnaya;Belova Anna\n"
        "Free talk;Adults;0;15;Lesnaya;\n"
    )
    carry_out(KINDS["services"](), text.encode(), actor=SYSTEM)
    wrong = (
        "name;category;price;duration_minutes;clinics\n"
        "A;Nope;-5;3;Lesnaya\nB;Adults;1.234;thirty;Lesnaya\nC;Adults;many;;Lesnaya\n"
    )

    plan = plan_of("services", wrong)

    service = Service.objects.get(slug="cardiology-visit")
    assert (str(service.price), service.category.name) == ("2500.50", "Adults")
    assert [doctor.user.last_name for doctor in service.doctors.all()] == ["Belova"]
    assert sorted((row, column) for row, column, _message in said(plan)) == [
        (2, "category"),
        (2, "duration_minutes"),
        (2, "price"),
        (3, "duration_minutes"),
        (3, "price"),
        (4, "duration_minutes"),
        (4, "price"),
    ]
    assert Service.objects.count() == 2


def test_clinic_fields_are_checked_by_the_model(network: NetworkRef) -> None:
    text = (
        "name;address;phone;time_zone;email\n"
        "Good;Street 1;8 (916) 123-45-67;Europe/Moscow;a@example.com\n"
        "Bad;Street 2;12;Moscow;nonsense\n"
    )

    plan = plan_of("clinics", text)
    problems = {(row, column) for row, column, _message in said(plan)}
    carry_out(KINDS["clinics"](), "\n".join(text.split("\n")[:2]).encode(), actor=SYSTEM)

    assert problems == {(3, "phone"), (3, "time_zone"), (3, "email")}
    assert Clinic.objects.get().phone == "+79161234567"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"name\n", "no_rows"),
        (b"PK\x03\x04\x00\x00", "not_xlsx"),
        (b"name\n\x00\x01", "not_text"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR\n", "not_ics"),
        (b"name;colour\nA;red\n", "unknown_column"),
        (b"name;name\nA;B\n", "double_column"),
        (b"description\nA\n", "missing_columns"),
        (b'name\n"A\n', "not_csv"),
        (b"name\n" + b"A\n" * (MAX_ROWS + 1), "too_many_rows"),
        (b"name\n" + b"A" * MAX_BYTES, "file_too_big"),
    ],
)
def test_file_that_cannot_be_used(network: NetworkRef, data: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        make_plan(KINDS["specializations"](), data)

    assert caught.value.code == code


def test_byte_order_mark_and_russian_headings(network: NetworkRef) -> None:
    plan = make_plan(KINDS["specializations"](), "\ufeffname\nКардиология\n".encode())

    assert plan.counts["create"] == 1


@pytest.mark.slow
def test_five_thousand_rows_are_checked_in_seconds(network: NetworkRef) -> None:
    clinic = make_clinic(name="Lesnaya")
    for number in range(50):
        make_doctor(first_name="Anna", last_name=f"Doc{number}", clinics=[clinic])
    rows = [
        f"Doc{number % 50} Anna;Lesnaya;{number // 50 % 7 + 1};{8 + number // 350 % 14:02d}:{number // 4900 * 30:02d};"
        f"{9 + number // 350 % 14:02d}:00"
        for number in range(5000)
    ]
    text = "doctor;clinic;day_of_week;start_time;end_time\n" + "\n".join(rows)

    started = time.monotonic()
    plan = plan_of("hours", text)
    elapsed = time.monotonic() - started

    assert plan.rows == 5000
    assert len(plan.changes) + len({problem.row for problem in plan.problems}) == 5000
    assert elapsed < 10


@pytest.mark.parametrize("rows", [1, 30])
def test_dry_run_query_count_does_not_grow(
    network: NetworkRef, rows: int, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    make_clinic(name="Lesnaya")
    make_category(name="Visits")
    text = "name;category;price;duration_minutes;clinics\n" + "".join(
        f"Service {number};Visits;100;30;Lesnaya\n" for number in range(rows)
    )

    with django_assert_num_queries(4):
        plan = plan_of("services", text)

    assert plan.counts["create"] == rows


def upload(client: Client, kind: str, data: bytes) -> str:
    response = client.post(f"/cms/import/{kind}/", {"file": SimpleUploadedFile("t.csv", data)})
    assert response.status_code == 302, response.content
    return str(response["Location"])


def test_whole_way_from_upload_to_written(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.MANAGER)
    assert client.get("/cms/import/specializations/").status_code == 200

    page = upload(client, "specializations", b"name\nCardiology\nNeurology\n")
    shown = client.get(page)
    confirmed = client.post(f"{page}confirm/")
    end = client.get(confirmed["Location"])
    again = client.post(f"{page}confirm/")

    assert shown.status_code == 200
    assert end.status_code == 200
    assert again.status_code == 302
    assert Specialization.objects.count() == 2


def test_preview_lists_problems_in_the_readers_language_without_a_button(
    staff_client: Callable[[Role], Client],
) -> None:
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"

    page = upload(client, "doctors", b"last_name;first_name;specializations;clinics\nA;B;Nope;Nowhere\n")
    html = client.get(page).content.decode()

    assert "There is no specialization “Nope”." in html
    assert "There is no clinic “Nowhere”." in html
    assert "/confirm/" not in html


def test_problems_in_a_confirmed_file_write_nothing(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)
    page = upload(client, "doctors", b"last_name;first_name;specializations;clinics\nA;B;Nope;Nowhere\n")

    response = client.post(f"{page}confirm/")

    assert response["Location"] == page
    assert Doctor.objects.count() == 0


def test_large_file_goes_to_the_background(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)
    lines = [f"Field {number};{'x' * 700}" for number in range(100)]
    data = "\n".join(["name;description", *lines]).encode()
    assert len(data) > IN_REQUEST_BYTES

    page = upload(client, "specializations", data)
    end = client.get(client.post(f"{page}confirm/")["Location"])

    assert end.status_code == 200
    assert Specialization.objects.count() == 100


def test_unreadable_file_is_said_on_the_form(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"

    response = client.post("/cms/import/doctors/", {"file": SimpleUploadedFile("t.csv", b"colour\nred\n")})

    assert response.status_code == 422
    assert "The column “colour” is not known here." in response.content.decode()


def test_another_persons_file_is_not_found(staff_client: Callable[[Role], Client]) -> None:
    page = upload(staff_client(Role.OWNER), "specializations", b"name\nCardiology\n")

    other = staff_client(Role.MANAGER)

    for answer in (other.get(page), other.post(f"{page}confirm/"), other.post(f"{page}undo/")):
        assert answer.status_code == 404
    assert Specialization.objects.count() == 0


def test_another_networks_file_is_not_found(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: Callable[[NetworkRef], Client]
) -> None:
    clients = []
    for ref in twin_networks:
        client = client_for(ref)
        with network_context(ref):
            user = make_user(role=Role.OWNER)
        client.force_login(user)
        clients.append(client)
    page = upload(clients[0], "specializations", b"name\nCardiology\n")

    assert clients[1].get(page).status_code == 404


def test_reception_cannot_import(staff_client: Callable[[Role], Client]) -> None:
    assert staff_client(Role.RECEPTION).get("/cms/import/doctors/").status_code == 302


def test_export_defuses_formulas(staff_client: Callable[[Role], Client]) -> None:
    make_service(name="=HYPERLINK(1)")

    body = staff_client(Role.OWNER).get("/cms/services/?export=csv").content.decode()

    assert "'=HYPERLINK(1)" in body
