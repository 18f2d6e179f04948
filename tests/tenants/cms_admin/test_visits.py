"""Visits and reviews in the back office: seen, closed and moderated through the actions of their apps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from saas.accounts.roles import Role
from tenants.booking.models import Appointment, AppointmentStatus, Claim, ClaimKind, Resource
from tenants.reviews.models import Review
from tests.factories import Bookable, make_bookable

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def book(ready: Bookable, *, hours: int) -> Appointment:
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=hours)
    visit = Appointment.objects.create(
        patient=ready.patient,
        doctor=ready.doctor,
        service=ready.service,
        clinic=ready.clinic,
        appointment_date=start,
        ends_at=start + dt.timedelta(minutes=30),
        time_zone="Europe/Moscow",
        local_start=start.strftime("%Y-%m-%dT%H:%M"),
        price=Decimal(2500),
        currency="RUB",
        source="desk",
        policy={
            "minimum_notice_minutes": 60,
            "horizon_days": 60,
            "cancellation_cutoff_minutes": 180,
            "slot_step_minutes": 0,
        },
    )
    Claim.objects.create(
        resource=Resource.objects.get(doctor=ready.doctor),
        span=DateTimeTZRange(visit.appointment_date, visit.ends_at),
        kind=ClaimKind.BOOKING,
        appointment=visit,
        clinic=ready.clinic,
    )
    return visit


@pytest.mark.parametrize(
    ("step", "hours", "status"),
    [
        ("complete", -3, AppointmentStatus.COMPLETED),
        ("no_show", -3, AppointmentStatus.NO_SHOW),
        ("cancel", 50, AppointmentStatus.CANCELLED),
        ("complete", 50, AppointmentStatus.SCHEDULED),
    ],
)
def test_steps_go_through_the_booking_actions(
    staff_client: Callable[[Role], Client], step: str, hours: int, status: AppointmentStatus
) -> None:
    client = staff_client(Role.RECEPTION)
    visit = book(make_bookable(), hours=hours)
    page = client.get(f"/cms/appointments/inspect/{visit.pk}/")

    response = client.post(
        f"/cms/appointments/act/{visit.pk}/", {"step": step, "reason": "Asked to"}, follow=True
    )

    assert page.status_code == 200
    assert response.status_code == 200
    visit.refresh_from_db()
    assert visit.status == status


def test_unknown_step_and_other_roles_change_nothing(staff_client: Callable[[Role], Client]) -> None:
    visit = book(make_bookable(), hours=-3)

    staff_client(Role.OWNER).post(f"/cms/appointments/act/{visit.pk}/", {"step": "explode"})
    staff_client(Role.DOCTOR).post(f"/cms/appointments/act/{visit.pk}/", {"step": "complete"})

    visit.refresh_from_db()
    assert visit.status == AppointmentStatus.SCHEDULED


def test_filters_by_doctor_status_and_date(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.RECEPTION)
    mine, other = make_bookable(), make_bookable()
    book(mine, hours=50)
    book(other, hours=50)

    html = client.get(f"/cms/appointments/results/?doctor={mine.doctor.pk}&status=scheduled").content.decode()
    none = client.get("/cms/appointments/results/?appointment_date_to=2020-01-01").content.decode()

    assert mine.patient.last_name in html
    assert other.patient.last_name not in html
    assert mine.patient.last_name not in none


def _visit_at(local_start: str, time_zone: str) -> Appointment:
    visit = book(make_bookable(time_zone=time_zone), hours=50)
    start = dt.datetime.fromisoformat(local_start).replace(tzinfo=ZoneInfo(time_zone))
    Appointment.objects.filter(pk=visit.pk).update(
        appointment_date=start,
        ends_at=start + dt.timedelta(minutes=30),
        local_start=local_start,
        time_zone=time_zone,
    )
    return visit


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2027-01-12&to=2027-01-12", {"early east", "late west"}),
        ("from=2027-01-12&to=", {"early east", "late west", "next west"}),
        ("from=&to=2027-01-12", {"evening east", "early east", "late west"}),
        ("from=2027-01-13&to=2027-01-13", {"next west"}),
        ("from=2027-01-14&to=2027-01-12", set()),
        ("from=&to=9999-12-30", {"evening east", "early east", "late west", "next west"}),
        ("from=&to=9999-12-31", {"evening east", "early east", "late west", "next west"}),
        ("from=0001-01-01&to=", {"evening east", "early east", "late west", "next west"}),
        ("from=nonsense&to=", None),
    ],
)
def test_days_are_those_of_the_clinics_clock(
    staff_client: Callable[[Role], Client], query: str, expected: set[str] | None
) -> None:
    """Where UTC has another date: Petropavlovsk-Kamchatsky, 12 hours ahead, and Honolulu, 10 behind."""
    visits = {
        "evening east": _visit_at("2027-01-11T23:30", "Asia/Kamchatka"),
        "early east": _visit_at("2027-01-12T00:00", "Asia/Kamchatka"),
        "late west": _visit_at("2027-01-12T23:30", "Pacific/Honolulu"),
        "next west": _visit_at("2027-01-13T00:00", "Pacific/Honolulu"),
    }

    query = query.replace("from", "appointment_date_from").replace("to=", "appointment_date_to=")
    response = staff_client(Role.RECEPTION).get(f"/cms/appointments/results/?{query}")

    assert response.status_code == 200
    shown = {name for name, visit in visits.items() if f"/inspect/{visit.pk}/" in response.content.decode()}
    assert shown == (set(visits) if expected is None else expected)


def test_export_of_visits(staff_client: Callable[[Role], Client]) -> None:
    ready = make_bookable()
    visit = book(ready, hours=50)

    body = staff_client(Role.RECEPTION).get("/cms/appointments/?export=csv").content.decode()

    assert visit.local_start in body
    assert "'" + ready.patient.phone in body


def test_review_is_published_and_counted(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.MANAGER)
    ready = make_bookable()
    review = Review.objects.create(doctor=ready.doctor, patient=ready.patient, rating=4, comment="Good")

    page = client.get(f"/cms/reviews/inspect/{review.pk}/")
    client.post(f"/cms/reviews/moderate/{review.pk}/", {"step": "publish"})

    ready.doctor.refresh_from_db()
    assert page.status_code == 200
    assert (ready.doctor.rating, ready.doctor.reviews_count) == (Decimal("4.00"), 1)


def test_reception_does_not_moderate(staff_client: Callable[[Role], Client]) -> None:
    ready = make_bookable()
    review = Review.objects.create(doctor=ready.doctor, patient=ready.patient, rating=4, comment="Good")

    staff_client(Role.RECEPTION).post(f"/cms/reviews/moderate/{review.pk}/", {"step": "publish"})

    review.refresh_from_db()
    assert not review.is_published
