"""Reviews of a demo network: written after completed visits, most of them published, a few waiting."""

from __future__ import annotations

from random import Random
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from tenants.booking.models import Appointment, AppointmentStatus
from tenants.desk.demo.shapes import DemoNetwork, DemoReview
from tenants.doctors.models import Doctor
from tenants.reviews.models import Review
from tenants.reviews.moderation import recount_rating

_A_DOCTOR: Final = (2, 6)
"""How many reviews a doctor has: from, to."""
_WAITING: Final = 4
"""How many reviews wait for moderation."""


@transaction.atomic
def write_reviews(demo: DemoNetwork, doctors: dict[str, Doctor], *, rng: Random) -> None:
    """Write reviews of every doctor, none with the same words twice about one doctor."""
    rows: list[Review] = []
    for described in demo.doctors:
        doctor = doctors[described.last_name]
        visits = list(
            Appointment.objects.filter(doctor=doctor, status=AppointmentStatus.COMPLETED).order_by(
                "-appointment_date"
            )
        )
        fitting = [text for text in demo.reviews if _fits(text, described.specializations)]
        wanted = min(rng.randint(*_A_DOCTOR), len(visits), len(fitting))
        rows += [
            Review(
                patient_id=visit.patient_id,
                doctor=doctor,
                appointment=visit,
                rating=text.rating,
                comment=text.text,
                is_verified=True,
                is_published=True,
                moderated_at=timezone.now(),
            )
            for visit, text in zip(rng.sample(visits, wanted), rng.sample(fitting, wanted), strict=True)
        ]
    for review in rng.sample(rows, min(_WAITING, len(rows))):
        review.is_published, review.moderated_at = False, None
    Review.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE reviews_review r
            SET created_at = LEAST(a.ends_at + (3 + r.id % 40) * interval '1 hour', now())
            FROM booking_appointment a
            WHERE a.id = r.appointment_id
            """
        )
    for doctor in Doctor.objects.select_for_update():
        recount_rating(doctor_id=doctor.pk)


def _fits(text: DemoReview, specializations: tuple[str, ...]) -> bool:
    return not text.only or bool(set(text.only) & set(specializations))
