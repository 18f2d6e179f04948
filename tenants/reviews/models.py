"""What patients say about doctors after a visit. Nothing is shown before a person of the clinic published it."""

from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.booking.models import Appointment
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient


class Review(models.Model):
    """One review; verified when it belongs to a completed visit. Known outside by `public_id`."""

    wagtail_reference_index_ignore = True  # three queries for each save, to count what PROTECT already guards

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="reviews"
    )
    doctor = models.ForeignKey(
        Doctor, verbose_name=_("doctor"), on_delete=models.PROTECT, related_name="reviews"
    )
    appointment = models.OneToOneField(
        Appointment,
        verbose_name=_("visit"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="review",
    )
    rating = models.PositiveIntegerField(_("rating"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(_("comment"), max_length=4000)
    is_verified = models.BooleanField(_("after a visit"), default=False)
    is_published = models.BooleanField(_("published"), default=False)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    moderated_at = models.DateTimeField(_("moderated"), null=True, blank=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(rating__gte=1) & Q(rating__lte=5), name="reviews_review_rating"
            ),
        )
        indexes = (
            models.Index(
                fields=("doctor", "-created_at"), condition=Q(is_published=True), name="reviews_review_shown"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rating} {self.public_id}"
