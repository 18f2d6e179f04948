"""What can be done to reviews."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, NotFound, Refused
from tenants.audit.actions import Actor, record
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.reviews.models import Review


class VisitNotCompleted(Refused):
    """Only a visit that took place can be reviewed."""

    code = "visit_not_completed"
    message = _("You can write about a visit after it has taken place.")


class AlreadyReviewed(Conflict):
    """One visit, one review."""

    code = "already_reviewed"
    message = _("You have already written about this visit.")


def write_review(
    *, appointment_id: UUID, user_id: int | None, rating: int, comment: str, actor: Actor
) -> Review:
    """Write about a completed visit. It is verified, and shown only after somebody of the clinic published it.

    `appointment_id` is the public one. With `user_id` the visit must be that person's own; None means that the
    caller vouches for the patient. Raises NotFound, VisitNotCompleted, AlreadyReviewed.
    """
    visits = Appointment.objects.filter(public_id=appointment_id)
    if user_id is not None:
        visits = visits.filter(patient__user=user_id)
    visit = visits.first()
    if visit is None:
        raise NotFound
    if visit.status != AppointmentStatus.COMPLETED:
        raise VisitNotCompleted
    try:
        with transaction.atomic():
            review = Review.objects.create(
                patient_id=visit.patient_id,
                doctor_id=visit.doctor_id,
                appointment=visit,
                rating=rating,
                comment=comment,
                is_verified=True,
            )
            record("review.written", actor=actor, on=review)
    except IntegrityError as error:
        raise AlreadyReviewed from error
    return review
