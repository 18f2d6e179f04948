import datetime as dt

import pytest
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment, cancel_appointment
from tenants.booking.models import Appointment
from tenants.desk.office.day import visits_of_today
from tests.factories import make_bookable, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def book(now: dt.datetime) -> tuple[Appointment, dt.datetime]:
    bookable = make_bookable()
    starts_at = now.replace(hour=9, minute=0, second=0, microsecond=0) + dt.timedelta(days=2)
    visit = book_appointment(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=starts_at,
        patient_id=bookable.patient.pk,
        source="desk",
        language="en",
        actor=SYSTEM,
        now=now,
    )
    return visit, starts_at


def test_visits_today_are_those_of_the_clinics_day(network: NetworkRef) -> None:
    visit, starts_at = book(timezone.now())
    reception = make_user(role=Role.RECEPTION)

    assert visits_of_today(user=reception, now=starts_at) == [visit]
    assert visits_of_today(user=reception, now=starts_at - dt.timedelta(days=1)) == []


def test_a_doctor_sees_only_their_own_and_cancelled_ones_are_gone(network: NetworkRef) -> None:
    visit, starts_at = book(timezone.now())
    stranger = make_user(role=Role.DOCTOR)

    assert visits_of_today(user=visit.doctor.user, now=starts_at) == [visit]
    assert visits_of_today(user=stranger, now=starts_at) == []
    cancel_appointment(public_id=visit.public_id, actor=SYSTEM, now=timezone.now(), for_staff=True)
    assert visits_of_today(user=visit.doctor.user, now=starts_at) == []
