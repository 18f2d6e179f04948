"""Showing and hiding reviews, and the doctor's rating that follows from those that are shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Avg, Count
from django.utils import timezone

from saas.core.errors import NotFound
from tenants.audit.actions import Actor, record
from tenants.doctors.models import Doctor
from tenants.reviews.models import Review


def publish_review(*, review_id: int, actor: Actor) -> Review:
    """Show a review and count it in the doctor's rating. Locks the doctor's row. Raises NotFound."""
    return _moderate(review_id=review_id, is_published=True, actor=actor)


def unpublish_review(*, review_id: int, actor: Actor) -> Review:
    """Hide a review and take it out of the doctor's rating. Locks the doctor's row. Raises NotFound."""
    return _moderate(review_id=review_id, is_published=False, actor=actor)


def recount_rating(*, doctor_id: int) -> None:
    """Set `rating` (two places) and `reviews_count` from the published reviews. The caller holds the doctor's row."""
    figures = Review.objects.filter(doctor_id=doctor_id, is_published=True).aggregate(
        average=Avg("rating"), count=Count("id")
    )
    average = Decimal(str(figures["average"] or 0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    Doctor.objects.filter(pk=doctor_id).update(rating=average, reviews_count=figures["count"])


@transaction.atomic
def _moderate(*, review_id: int, is_published: bool, actor: Actor) -> Review:
    doctor_id = Review.objects.filter(pk=review_id).values_list("doctor_id", flat=True).first()
    if doctor_id is None:
        raise NotFound
    # The doctor's row is locked first: two moderators at once must not count without each other.
    Doctor.objects.select_for_update().only("pk").get(pk=doctor_id)
    review = Review.objects.get(pk=review_id)
    if review.is_published == is_published and review.moderated_at is not None:
        return review
    review.is_published = is_published
    review.moderated_at = timezone.now()
    review.save(update_fields=["is_published", "moderated_at"])
    recount_rating(doctor_id=doctor_id)
    record("review.published" if is_published else "review.unpublished", actor=actor, on=review)
    return review
