from __future__ import annotations

from decimal import Decimal

import pytest

from saas.core.errors import NotFound
from tenants.audit.actions import Actor
from tenants.audit.models import AuditEvent
from tenants.doctors.models import Doctor
from tenants.reviews.models import Review
from tenants.reviews.moderation import publish_review, unpublish_review
from tests.factories import make_doctor, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
MODERATOR = Actor(kind="user", user_id=7)


def review(doctor: Doctor, rating: int) -> Review:
    return Review.objects.create(doctor=doctor, patient=make_patient(), rating=rating, comment="Text")


def test_rating_follows_the_published_reviews(network: object) -> None:
    doctor = make_doctor()
    rows = [review(doctor, rating) for rating in (5, 4, 4, 1)]

    for row in rows[:3]:
        publish_review(review_id=row.pk, actor=MODERATOR)

    doctor.refresh_from_db()
    assert (doctor.rating, doctor.reviews_count) == (Decimal("4.33"), 3)

    unpublish_review(review_id=rows[0].pk, actor=MODERATOR)

    doctor.refresh_from_db()
    assert (doctor.rating, doctor.reviews_count) == (Decimal("4.00"), 2)


def test_last_review_hidden_leaves_no_rating(network: object) -> None:
    row = review(make_doctor(), 5)
    publish_review(review_id=row.pk, actor=MODERATOR)

    unpublish_review(review_id=row.pk, actor=MODERATOR)

    row.doctor.refresh_from_db()
    assert (row.doctor.rating, row.doctor.reviews_count) == (Decimal(0), 0)


def test_moderation_is_recorded_once(network: object) -> None:
    row = review(make_doctor(), 5)

    publish_review(review_id=row.pk, actor=MODERATOR)
    publish_review(review_id=row.pk, actor=MODERATOR)

    events = AuditEvent.objects.filter(action="review.published")
    assert [(event.actor_id, event.object_id) for event in events] == [(7, str(row.pk))]


def test_unknown_review(network: object) -> None:
    with pytest.raises(NotFound):
        publish_review(review_id=1, actor=MODERATOR)
