"""Reviews: only published ones are read, only people who were there write."""

from __future__ import annotations

from uuid import uuid4

import pytest

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.api.models import ApiScope
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.reviews.models import Review
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.tenants.api.asking import Caller, NetworkClient, counted, token_for, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(network: NetworkRef) -> Bookable:
    return make_bookable()


def patient_with_visit(network: NetworkRef, one: Bookable, *, completed: bool = True) -> tuple[Caller, str]:
    user = make_user(phone="+79165550000")
    client = NetworkClient(network)
    client.force_login(user)
    caller = Caller(network, client=client)
    body = wish(one)
    del body["patient"]
    booked: str = caller.post("appointments/", body)[1]["id"]
    if completed:
        Appointment.objects.filter(public_id=booked).update(status=AppointmentStatus.COMPLETED)
    return caller, booked


def test_a_patient_writes_about_a_completed_visit(network: NetworkRef, one: Bookable) -> None:
    caller, visit = patient_with_visit(network, one)
    status, body = caller.post("reviews/", {"appointment": visit, "rating": 5, "comment": "Kind."})
    assert (status, body["is_verified"]) == (201, True)
    review = Review.objects.get()
    assert (review.is_published, review.doctor_id) == (False, one.doctor.pk)
    assert caller.get("reviews/")[1]["count"] == 0
    status, body = caller.post("reviews/", {"appointment": visit, "rating": 1, "comment": "Again"})
    assert (status, body["code"]) == (409, "already_reviewed")


def test_visits_that_did_not_take_place_or_are_foreign_are_refused(
    network: NetworkRef, one: Bookable
) -> None:
    caller, visit = patient_with_visit(network, one, completed=False)
    words = {"appointment": visit, "rating": 5, "comment": "Kind."}
    assert caller.post("reviews/", words)[1]["code"] == "visit_not_completed"
    Appointment.objects.update(status=AppointmentStatus.COMPLETED)
    stranger = NetworkClient(network)
    stranger.force_login(make_user())
    assert Caller(network, client=stranger).post("reviews/", words)[0] == 404
    assert caller.post("reviews/", {**words, "appointment": str(uuid4())})[0] == 404
    assert Caller(network).post("reviews/", words)[0] == 401
    reads = Caller(network, token=token_for(network, ApiScope.CATALOGUE_READ))
    assert reads.post("reviews/", words)[0] == 403
    staff = NetworkClient(network)
    staff.force_login(make_user(role=Role.RECEPTION, is_patient=False))
    assert Caller(network, client=staff).post("reviews/", words)[0] == 403


@pytest.mark.parametrize("field", ["is_published", "is_verified", "doctor", "patient", "moderated_at"])
def test_nothing_else_can_be_assigned(network: NetworkRef, one: Bookable, field: str) -> None:
    caller, visit = patient_with_visit(network, one)
    status, body = caller.post("reviews/", {"appointment": visit, "rating": 5, "comment": "x", field: True})
    assert (status, body["fields"][field][0]["code"]) == (400, "unknown_field")


def test_published_reviews_name_nobody_and_cost_two_queries(network: NetworkRef, one: Bookable) -> None:
    def publish(count: int) -> None:
        for _ in range(count):
            Review.objects.create(
                patient=make_patient(last_name="Secretova"),
                doctor=one.doctor,
                rating=4,
                comment="Good",
                is_published=True,
            )

    publish(1)
    Review.objects.create(patient=one.patient, doctor=one.doctor, rating=1, comment="Hidden")
    caller = Caller(network)
    caller.get("reviews/")
    with counted() as few:
        body = caller.get(f"reviews/?doctor={one.doctor.pk}&rating=4")[1]
    assert body["count"] == 1
    assert set(body["results"][0]) == {"id", "doctor", "rating", "comment", "is_verified", "created_at"}
    publish(2)
    with counted() as many:
        text = str(caller.get(f"reviews/?doctor={one.doctor.pk}&rating=4")[1])
    assert "Secretova" not in text
    assert "Hidden" not in text
    assert (len(few), len(many)) == (2, 2)
