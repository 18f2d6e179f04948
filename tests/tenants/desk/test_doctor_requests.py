"""A doctor answers the requests for visits to them, with the right to change visits."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment
from tests.factories import make_patient
from tests.fixtures.networks import ClientFor
from tests.tenants.desk.calendar.world import Day, make_day

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def request_of(day: Day, clock: str) -> Appointment:
    bookable = day.first
    return book_appointment(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=day.at(clock),
        patient_id=make_patient().pk,
        source="site",
        language="en",
        actor=GUEST,
        now=timezone.now(),
        awaiting_approval=True,
    )


def test_a_doctor_answers_requests_only_with_the_right(client_for: ClientFor, network: NetworkRef) -> None:
    day = make_day(visits=0, days_ahead=2)
    yes, no = request_of(day, "10:00"), request_of(day, "11:00")
    doctor = day.first.doctor.user
    client = client_for(network)
    client.force_login(doctor)
    page = f"/desk/doctor/visits/{yes.public_id}/"
    assert "waits for approval" not in client.get(page).content.decode()
    assert client.post(f"{page}approve/").status_code == 403

    doctor.user_permissions.add(Permission.objects.get(codename="change_appointment"))
    assert "waits for approval" in client.get(page).content.decode()
    assert client.post(f"{page}approve/").status_code == 302
    refused = f"/desk/doctor/visits/{no.public_id}/refuse/"
    assert client.post(refused, {"message": "A referral is needed"}).status_code == 302

    yes.refresh_from_db()
    no.refresh_from_db()
    assert (yes.status, yes.awaiting_approval) == ("scheduled", False)
    assert (no.status, no.cancel_reason) == ("cancelled", "A referral is needed")
    again = client.post(f"{page}approve/", follow=True)
    assert "does not wait for approval any more" in again.content.decode()
    assert client.post(f"{page}explode/").status_code == 404


def test_strangers_requests_are_not_found(client_for: ClientFor, network: NetworkRef) -> None:
    day = make_day(doctors=2, visits=0, days_ahead=2)
    visit = request_of(day, "10:00")
    client = client_for(network)
    client.force_login(day.bookables[1].doctor.user)
    assert client.post(f"/desk/doctor/visits/{visit.public_id}/approve/").status_code == 404
