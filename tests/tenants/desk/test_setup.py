import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.audit.models import AuditEvent
from tenants.clinics.models import Clinic, Organisation
from tenants.desk.selectors import proof_of_bookability, setup_state
from tenants.doctors.models import Doctor, DoctorSchedule
from tenants.services.models import Service
from tests.factories import make_bookable, make_clinic, make_doctor, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CLINIC = {
    "name": "Central",
    "city": "Moscow",
    "address": "Lesnaya 5",
    "phone": "8 (495) 123-45-67",
    "time_zone": "Europe/Moscow",
}
DOCTOR = {"last_name": "Belova", "first_name": "Anna", "middle_name": "", "specialization": "Cardiology"}
SERVICE = {"name": "Consultation", "price": "3200", "duration_minutes": "40"}


@pytest.fixture
def owner(network: NetworkRef, client_for: Callable[..., Client]) -> Client:
    client = client_for(network)
    client.force_login(User.objects.get(role=Role.OWNER))
    return client


def hours(**changes: Any) -> dict[str, Any]:
    values = {
        "doctor": Doctor.objects.get().pk,
        "clinic": Clinic.objects.get().pk,
        "days": ["0", "1", "2", "3", "4", "5", "6"],
        "start_time": "09:00",
        "end_time": "18:00",
    }
    return {**values, **changes}


def test_the_checklist_leads_from_nothing_to_a_live_site(owner: Client) -> None:
    assert "Open the doors in five steps" in owner.get("/setup/").content.decode()

    assert owner.post("/setup/clinic/", CLINIC).status_code == 302
    clinic = Clinic.objects.get()
    assert owner.post("/setup/doctor/", {**DOCTOR, "clinics": [clinic.pk]}).status_code == 302
    service = {**SERVICE, "doctors": [Doctor.objects.get().pk], "clinics": [clinic.pk]}
    assert owner.post("/setup/service/", service).status_code == 302
    assert owner.post("/setup/hours/", hours()).status_code == 302
    page = owner.get("/setup/").content.decode()
    assert "What a patient sees first" in page
    assert page.count("Consultation · Anna Belova · Central") == 3
    assert owner.post("/setup/live/").status_code == 302

    assert clinic.phone == "+74951234567"
    assert Organisation.objects.get().phone == "+74951234567"
    assert Organisation.objects.get().went_live_at is not None
    assert Doctor.objects.get().specialization is not None
    assert "Your site is live" in owner.get("/setup/").content.decode()
    actions = list(AuditEvent.objects.filter(action__startswith="setup.").values_list("action", flat=True))
    assert sorted(actions) == [
        "setup.clinic_added",
        "setup.doctor_added",
        "setup.hours_added",
        "setup.service_added",
        "setup.went_live",
    ]


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("phone", "12", "phone number"),
        ("name", "", "required"),
        ("time_zone", "Mars/Olympus", "valid choice"),
    ],
)
def test_bad_input_is_named_and_what_was_typed_stays(
    owner: Client, field: str, value: str, word: str
) -> None:
    response = owner.post("/setup/clinic/", {**CLINIC, field: value})

    assert response.status_code == 422
    page = response.content.decode()
    assert word in page
    assert "Lesnaya 5" in page
    assert not Clinic.objects.exists()


def test_a_double_submit_makes_one_of_each(owner: Client) -> None:
    for _time in range(2):
        owner.post("/setup/clinic/", CLINIC)
    clinic = Clinic.objects.get()
    for _time in range(2):
        owner.post("/setup/doctor/", {**DOCTOR, "clinics": [clinic.pk]})
    doctor = Doctor.objects.get()
    for _time in range(2):
        owner.post("/setup/service/", {**SERVICE, "doctors": [doctor.pk], "clinics": [clinic.pk]})
        owner.post("/setup/hours/", hours())

    assert Service.objects.count() == 1
    assert DoctorSchedule.objects.count() == 7


def test_hours_that_end_early_or_overlap_are_refused_whole(owner: Client) -> None:
    clinic = make_clinic()
    make_doctor(clinics=[clinic])
    assert owner.post("/setup/hours/", hours(end_time="08:00")).status_code == 422
    assert owner.post("/setup/hours/", hours(days=["2"])).status_code == 302

    response = owner.post("/setup/hours/", hours(start_time="12:00", end_time="20:00"))

    assert response.status_code == 422
    assert DoctorSchedule.objects.count() == 1


def test_steps_before_their_time_lead_to_what_is_missing(owner: Client) -> None:
    response = owner.get("/setup/service/")

    assert (response.status_code, response.headers["Location"]) == (302, "/setup/clinic/")
    assert owner.get("/setup/nonsense/").status_code == 404


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda b: Clinic.objects.update(is_active=False), "no_clinic"),
        (lambda b: Doctor.objects.update(is_active=False), "no_doctor"),
        (lambda b: Service.objects.update(is_active=False), "no_service"),
        (lambda b: b.service.doctors.clear(), "service_without_doctor"),
        (lambda b: DoctorSchedule.objects.all().delete(), "no_hours"),
    ],
)
def test_going_live_is_refused_with_the_exact_reason(
    owner: Client, break_it: Callable[[Any], object], code: str
) -> None:
    break_it(make_bookable())

    slots, blockers = proof_of_bookability(now=timezone.now())
    response = owner.post("/setup/live/")

    assert slots == []
    assert code in [blocker.code for blocker in blockers]
    assert response.status_code == 422
    page = response.content.decode()
    assert all(str(blocker.message) in page for blocker in blockers)
    assert Organisation.objects.get().went_live_at is None


def test_a_day_shorter_than_the_service_is_explained(owner: Client) -> None:
    bookable = make_bookable()
    DoctorSchedule.objects.update(start_time=dt.time(9), end_time=dt.time(9, 10))
    Service.objects.filter(pk=bookable.service.pk).update(duration_minutes=60)

    _slots, blockers = proof_of_bookability(now=timezone.now())

    assert [blocker.code for blocker in blockers] == ["all_booked"]


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.DOCTOR])
def test_staff_see_their_day_but_not_the_set_up(
    network: NetworkRef, client_for: Callable[..., Client], role: Role
) -> None:
    client = client_for(network)
    client.force_login(make_doctor().user if role == Role.DOCTOR else make_user(role=role))

    day = client.get("/desk/", follow=True)
    assert day.status_code == 200
    assert day.redirect_chain == ([("/desk/doctor/", 302)] if role == Role.DOCTOR else [])
    assert client.get("/setup/").status_code == 403
    assert client.post("/setup/live/").status_code == 403


def test_patients_and_strangers_stay_outside(network: NetworkRef, client_for: Callable[..., Client]) -> None:
    client = client_for(network)
    assert client.get("/setup/").headers["Location"].startswith("/accounts/login/")
    client.force_login(make_user(role=Role.PATIENT))

    assert client.get("/setup/").status_code == 403
    assert client.get("/desk/").status_code == 403


def test_the_set_up_of_one_network_does_not_see_the_other(
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    first, second = twin_networks
    with network_context(first):
        make_bookable()

    with network_context(second):
        assert setup_state().done_count == 0
        assert proof_of_bookability(now=timezone.now())[0] == []


def test_the_owner_of_a_new_network_is_its_only_user(network: NetworkRef) -> None:
    user = User.objects.get()

    assert (user.role, user.is_patient, user.works_here, user.manages) == (Role.OWNER, False, True, True)
    assert not user.has_usable_password()
    assert [group.name for group in user.groups.all()] == ["owner"]
