"""The front office: who may, the day's numbers, steps and their undoing, booking, calls, confirmations."""

import json
from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.booking.models import Appointment, AppointmentStatus, PaymentStatus
from tenants.desk.office.calls import call_list, note_call
from tenants.desk.office.day import numbers_of, rows_of, visits_of_today
from tenants.desk.office.steps import NoAddress, send_confirmation, take_step, undo_step
from tenants.outbox.models import OutboxDelivery
from tests.factories import make_patient, make_user
from tests.fixtures.networks import ClientFor, NetworkClient
from tests.tenants.desk.day import open_clinic, visit_at

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SignedIn = Callable[[Role], NetworkClient]


@pytest.fixture
def signed_in(network: NetworkRef, client_for: ClientFor) -> SignedIn:
    def enter(role: Role) -> NetworkClient:
        client = client_for(network)
        client.force_login(make_user(role=role), BACKEND)
        return client

    return enter


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/desk/", {Role.RECEPTION, Role.MANAGER, Role.OWNER}),
        ("/desk/day/", {Role.RECEPTION, Role.MANAGER, Role.OWNER}),
        ("/desk/book/", {Role.RECEPTION, Role.MANAGER, Role.OWNER}),
        ("/desk/patients/", {Role.RECEPTION, Role.MANAGER, Role.OWNER, Role.DOCTOR}),
        ("/desk/patients/new/", {Role.RECEPTION, Role.MANAGER, Role.OWNER}),
        ("/desk/waitlist/", {Role.RECEPTION, Role.MANAGER, Role.OWNER}),
        ("/desk/board/", {Role.RECEPTION, Role.MANAGER, Role.OWNER, Role.DOCTOR}),
        ("/desk/reports/", {Role.MANAGER, Role.OWNER}),
        ("/desk/reports/files/days/", {Role.MANAGER, Role.OWNER}),
        ("/desk/doctor/", set()),  # a doctor's account without a doctor has no day
    ],
)
def test_pages_are_for_their_roles(signed_in: SignedIn, path: str, allowed: set[Role]) -> None:
    for role in (Role.PATIENT, Role.DOCTOR, Role.RECEPTION, Role.MANAGER, Role.OWNER):
        status = signed_in(role).get(path).status_code
        if role == Role.DOCTOR and path == "/desk/":
            assert status == 302
        else:
            assert (status == 200) == (role in allowed), (path, role, status)
            assert status in {200, 403}


def test_a_guest_is_asked_to_log_in(network: NetworkRef, client_for: ClientFor) -> None:
    for path in ("/desk/", "/desk/patients/search/?q=iva", "/desk/reports/", "/desk/board/now/"):
        answer = client_for(network).get(path)
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_numbers_of_a_day(network: NetworkRef) -> None:
    bookable = open_clinic()
    now = timezone.now()
    day = now.replace(hour=12, minute=0, second=0, microsecond=0)
    visits = [
        visit_at(bookable, minutes=minutes, patient=make_patient(), now=day)
        for minutes in (-120, -90, -60, -30, 60)
    ]
    done, absent, waiting, in_room, _coming = [visit.public_id for visit in visits]
    for visit, action, form in (
        (done, "done", {}),
        (done, "paid", {"method": "cash"}),
        (absent, "absent", {}),
        (waiting, "arrived", {}),
        (in_room, "called", {}),
    ):
        take_step(public_id=visit, action=action, version=None, form=form, actor=SYSTEM, now=day)
    reception = make_user(role=Role.RECEPTION)

    rows = rows_of(visits_of_today(user=reception, now=day), now=day, may_change=True)
    numbers = numbers_of(rows)

    assert (numbers.booked, numbers.arrived, numbers.waiting, numbers.done, numbers.no_show) == (
        5,
        3,
        1,
        1,
        1,
    )
    assert numbers.paid == {"RUB": visits[0].price}
    assert [row.steps[0].action for row in rows if row.is_here] == ["called", "done"]


def test_every_step_has_its_way_back(network: NetworkRef) -> None:
    bookable = open_clinic()
    now = timezone.now()
    visit = visit_at(bookable, minutes=0, now=now)

    for action, form in (("arrived", {}), ("called", {}), ("paid", {"method": "terminal"}), ("done", {})):
        changed = take_step(
            public_id=visit.public_id, action=action, version=None, form=form, actor=SYSTEM, now=now
        )
        before = changed.version
        undo_step(public_id=visit.public_id, action=action, version=before, actor=SYSTEM, now=now)
        if action != "done":
            take_step(
                public_id=visit.public_id, action=action, version=None, form=form, actor=SYSTEM, now=now
            )
    visit.refresh_from_db()

    assert visit.status == AppointmentStatus.SCHEDULED
    assert visit.payment_status == PaymentStatus.PAID
    assert visit.in_room_at is not None


def test_the_page_takes_a_step_and_offers_to_undo_it(signed_in: SignedIn) -> None:
    visit = visit_at(open_clinic(), minutes=30)
    client = signed_in(Role.RECEPTION)

    answer = client.post(f"/desk/visits/{visit.public_id}/arrived/", {"version": visit.version})

    assert answer.status_code == 200
    said = json.loads(answer["HX-Trigger"])["desksaid"]
    assert f"{visit.pk % 1000:03d}" in said["message"]
    undone = client.post(said["undo"]["url"], {"version": said["undo"]["version"]})
    assert undone.status_code == 200
    visit.refresh_from_db()
    assert visit.checked_in_at is None


def test_a_stale_version_changes_nothing_and_says_so(signed_in: SignedIn) -> None:
    visit = visit_at(open_clinic(), minutes=30)
    client = signed_in(Role.RECEPTION)

    answer = client.post(f"/desk/visits/{visit.public_id}/arrived/", {"version": visit.version + 5})

    assert answer.status_code == 409
    visit.refresh_from_db()
    assert visit.checked_in_at is None
    assert client.post(f"/desk/visits/{visit.public_id}/nonsense/", {}).status_code == 404


def test_booking_a_new_patient_and_taking_somebody_in(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    wish = {"doctor": bookable.doctor.pk, "service": bookable.service.pk, "clinic": bookable.clinic.pk}
    panel = client.get("/desk/book/", wish)
    slot = panel.context["times"][0].value
    who = {"last_name": "Новикова", "first_name": "Анна", "phone": "8 916 111-22-33"}

    booked = client.post("/desk/book/", {**wish, **who, "slot": slot})
    taken_in = client.post(
        "/desk/book/", {**wish, "walk_in": "1", "patient": str(bookable.patient.public_id)}
    )

    assert booked.status_code == taken_in.status_code == 200
    first, second = Appointment.objects.order_by("pk")
    assert first.patient.phone == "+79161112233"
    assert first.source == "desk"
    assert second.source == "walk_in"
    assert second.checked_in_at is not None


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"slot": ""}, 422),
        ({"slot": "1.2.3"}, 422),
        ({"slot": "1.2.3.99999999999999999999"}, 422),
        ({"phone": "12"}, 422),
        ({"last_name": ""}, 422),
        ({"patient": "00000000-0000-4000-8000-000000000000"}, 422),
        ({"walk_in": "1", "service": ""}, 422),
        ({"from": "nonsense", "doctor": "x" * 40, "slot": ""}, 422),
    ],
)
def test_bad_input_is_answered_in_the_panel(
    signed_in: SignedIn, changes: dict[str, str], status: int
) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    wish = {"doctor": bookable.doctor.pk, "service": bookable.service.pk, "clinic": bookable.clinic.pk}
    slot = client.get("/desk/book/", wish).context["times"][0].value
    who = {"last_name": "Новикова", "first_name": "Анна", "phone": "8 916 111-22-33"}

    answer = client.post("/desk/book/", {**wish, **who, "slot": slot, **changes})

    assert answer.status_code == status
    assert not Appointment.objects.exists()


def test_call_list_and_outcomes(network: NetworkRef) -> None:
    bookable = open_clinic()
    now = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    today, tomorrow, later = [
        visit_at(bookable, minutes=minutes, patient=make_patient(), now=now)
        for minutes in (60, 24 * 60, 4 * 24 * 60)
    ]

    assert [call.visit for call in call_list(now=now)] == [tomorrow]
    note_call(public_id=str(tomorrow.public_id), outcome="no_answer", actor=SYSTEM, now=now)
    [call] = call_list(now=now)
    assert call.visit.call_outcome == "no_answer"
    note_call(public_id=str(tomorrow.public_id), outcome="reached", actor=SYSTEM, now=now)
    assert call_list(now=now) == []
    tomorrow.refresh_from_db()
    assert tomorrow.status == AppointmentStatus.CONFIRMED
    assert today.status == later.status == AppointmentStatus.SCHEDULED


def test_confirmation_goes_through_the_outbox_once_a_minute(network: NetworkRef) -> None:
    visit = visit_at(open_clinic(), minutes=60)
    before = OutboxDelivery.objects.filter(consumer="email_patient").count()

    send_confirmation(public_id=visit.public_id, actor=SYSTEM)
    send_confirmation(public_id=visit.public_id, actor=SYSTEM)

    assert OutboxDelivery.objects.filter(consumer="email_patient").count() - before in {1, 2}
    visit.patient.email = ""
    visit.patient.save()
    with pytest.raises(NoAddress):
        send_confirmation(public_id=visit.public_id, actor=SYSTEM)


def test_paper_shows_the_visit(signed_in: SignedIn) -> None:
    visit = visit_at(open_clinic(), minutes=60)

    answer = signed_in(Role.RECEPTION).get(f"/desk/visits/{visit.public_id}/paper/")

    assert visit.patient.full_name in answer.content.decode()


def test_queries_of_the_list_do_not_grow(
    network: NetworkRef, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bookable = open_clinic()
    client = signed_in(Role.RECEPTION)
    visit_at(bookable, minutes=15)
    client.get("/desk/day/")
    counts = []
    for minutes in (None, 30, 45):
        if minutes:
            visit_at(bookable, minutes=minutes, patient=make_patient())
        with django_assert_max_num_queries(14) as queries:
            client.get("/desk/day/")
        counts.append(len(queries))
    assert len(set(counts)) == 1


def test_the_board_names_nobody(signed_in: SignedIn) -> None:
    bookable = open_clinic()
    visit = visit_at(bookable, minutes=15)
    take_step(
        public_id=visit.public_id, action="called", version=None, form={}, actor=SYSTEM, now=timezone.now()
    )
    client = signed_in(Role.RECEPTION)

    numbers = client.get("/desk/board/now/").content.decode()
    letters = client.get("/desk/board/?by=initials").content.decode()

    assert f"{visit.pk % 1000:03d}" in numbers
    for text in (numbers, letters):
        assert visit.patient.last_name not in text
        assert visit.patient.phone not in text
    assert "P.I." in letters


@pytest.mark.parametrize(("language", "words"), [("en", "card yet"), ("ru", "нет карточки врача")])
def test_a_doctors_account_without_a_card_is_told_what_to_do(
    signed_in: SignedIn, language: str, words: str
) -> None:
    client = signed_in(Role.DOCTOR)
    client.cookies["language"] = language

    page = client.get("/desk/", follow=True)
    other = signed_in(Role.RECEPTION).get("/desk/doctor/")
    data = client.get("/desk/doctor/timeline/", headers={"Accept": "application/json"})

    assert page.status_code == other.status_code == data.status_code == 403
    assert words in page.content.decode()
    assert words not in other.content.decode()
    assert data.json()["code"] == "no_doctor_card"
