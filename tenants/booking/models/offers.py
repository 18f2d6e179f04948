"""Times proposed to patients: from the waiting list, and when their visits have to move."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.booking.models.appointments import Appointment
from tenants.booking.models.reservations import Hold
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, Specialization
from tenants.patients.models import Patient
from tenants.services.models import Service


class WaitlistState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    OFFERED = "offered", _("has an offer")
    BOOKED = "booked", _("booked")
    LEFT = "left", _("left")
    EXPIRED = "expired", _("dates are over")


class WaitlistEntry(models.Model):
    """A patient who wants an (earlier) time: what, with whom (empty: anybody), on which days and hours.

    `weekdays` lists 0-6, empty for any; hours are the clinic's wall clock, both dates included. With `appointment`
    set, an accepted offer moves that visit instead of booking another.
    """

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="waitlist_entries"
    )
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.CASCADE, related_name="waitlist_entries"
    )
    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="waitlist_entries",
    )
    clinic = models.ForeignKey(
        Clinic,
        verbose_name=_("clinic"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="waitlist_entries",
    )
    specialization = models.ForeignKey(
        Specialization,
        verbose_name=_("specialization"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.SET_NULL, related_name="waitlist_entries"
    )
    earliest = models.DateField(_("from"))
    latest = models.DateField(_("until"))
    weekdays = models.JSONField(_("weekdays"), default=list, blank=True)
    from_time = models.TimeField(_("not before"), null=True, blank=True)
    until_time = models.TimeField(_("not after"), null=True, blank=True)
    urgency = models.PositiveSmallIntegerField(_("urgency"), default=0)
    state = models.CharField(
        _("state"), max_length=10, choices=WaitlistState.choices, default=WaitlistState.WAITING
    )
    offers_made = models.PositiveIntegerField(_("offers made"), default=0, editable=False)
    language = models.CharField(_("language"), max_length=10, default="ru")
    created_at = models.DateTimeField(_("waiting since"), auto_now_add=True)

    class Meta:
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting list")
        ordering = ("-urgency", "created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(latest__gte=F("earliest")), name="booking_waitlistentry_dates"
            ),
        )
        indexes = (
            models.Index(
                fields=("service", "created_at"),
                condition=Q(state="waiting"),
                name="booking_waitlist_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class OfferState(models.TextChoices):
    OPEN = "open", _("open")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", _("expired")
    WITHDRAWN = "withdrawn", _("withdrawn")


class WaitlistOffer(models.Model):
    """A held time offered to one entry until `expires_at`. `ranking` says why this entry came first."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.CASCADE, related_name="offers")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="waitlist_offers")
    state = models.CharField(_("state"), max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    expires_at = models.DateTimeField(_("valid until"))
    ranking = models.JSONField(_("why this patient"), default=dict)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    created_at = models.DateTimeField(_("offered"), auto_now_add=True)

    class Meta:
        verbose_name = _("offer to the waiting list")
        verbose_name_plural = _("offers to the waiting list")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("hold",), condition=Q(state="open"), name="booking_waitlistoffer_one_open"
            ),
            models.UniqueConstraint(
                fields=("entry",), condition=Q(state="open"), name="booking_waitlistoffer_one_each"
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), condition=Q(state="open"), name="booking_waitlistoffer_due"),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class RebookingBatch(models.Model):
    """Visits that have to move for one reason, such as a doctor's leave, proposed together and undone together."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    reason = models.CharField(_("reason"), max_length=300)
    doctor = models.ForeignKey(
        Doctor, null=True, blank=True, on_delete=models.CASCADE, related_name="rebooking_batches"
    )
    created_by_id = models.BigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undo = models.JSONField(default=dict, editable=False, help_text=_("What undoing restores: ids only."))

    class Meta:
        verbose_name = _("mass rebooking")
        verbose_name_plural = _("mass rebookings")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.reason


class RebookingProposal(models.Model):
    """A new time for one visit, held until the patient answers by link. Without a hold: no free time was found."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    batch = models.ForeignKey(RebookingBatch, on_delete=models.CASCADE, related_name="proposals")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="rebooking_proposals")
    hold = models.ForeignKey(
        Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="rebooking_proposals"
    )
    from_starts_at = models.DateTimeField(_("was at"))
    state = models.CharField(_("state"), max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        verbose_name = _("proposed new time")
        verbose_name_plural = _("proposed new times")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("appointment",), condition=Q(state="open"), name="booking_rebookingproposal_one_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class CalendarFeed(models.Model):
    """A private calendar address (.ics) of one doctor or one patient; the token itself is not stored."""

    doctor = models.ForeignKey(
        Doctor, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_feeds"
    )
    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.CASCADE, related_name="calendar_feeds"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_on = models.DateField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(doctor__isnull=False, patient__isnull=True)
                | Q(doctor__isnull=True, patient__isnull=False),
                name="booking_calendarfeed_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.doctor_id or self.patient_id}"
