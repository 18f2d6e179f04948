"""Appointments and the claims that keep two of them from meeting."""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient
from tenants.services.models import Service

# Not a Func subclass: migrations must not import this module.
_VISIT = models.Func(
    "appointment_date", "ends_at", RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField()
)


class BookingPolicy(models.Model):
    """The network's booking rules: one row per schema (`id` is always 1). Staff are not bound by notice and horizon."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    minimum_notice_minutes = models.PositiveIntegerField(
        _("latest booking, minutes before the visit"),
        default=60,
        validators=[MaxValueValidator(60 * 24 * 30)],
    )
    horizon_days = models.PositiveIntegerField(
        _("earliest booking, days ahead"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )
    cancellation_cutoff_minutes = models.PositiveIntegerField(
        _("latest cancellation, minutes before the visit"),
        default=180,
        validators=[MaxValueValidator(60 * 24 * 30)],
    )
    slot_step_minutes = models.PositiveIntegerField(
        _("step between offered times, minutes"),
        default=0,
        validators=[MaxValueValidator(240)],
        help_text=_("0: the length of the visit."),
    )

    class Meta:
        verbose_name = _("booking rules")
        verbose_name_plural = _("booking rules")
        constraints = (models.CheckConstraint(condition=Q(id=1), name="booking_policy_single"),)

    def __str__(self) -> str:
        return str(_("booking rules"))


class ResourceKind(models.TextChoices):
    DOCTOR = "doctor", _("doctor")
    ROOM = "room", _("room")
    DEVICE = "device", _("device")


class Resource(models.Model):
    """Anything that can be busy. Its row is what a booking locks; resources are locked in id order."""

    kind = models.CharField(_("kind"), max_length=10, choices=ResourceKind.choices)
    name = models.CharField(_("name"), max_length=200, blank=True)
    doctor = models.OneToOneField(
        Doctor, null=True, blank=True, on_delete=models.PROTECT, related_name="resource"
    )
    clinic = models.ForeignKey(
        Clinic, null=True, blank=True, on_delete=models.PROTECT, related_name="resources"
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="doctor", doctor__isnull=False)
                | Q(kind__in=("room", "device"), doctor__isnull=True, clinic__isnull=False),
                name="booking_resource_kind",
            ),
        )

    def __str__(self) -> str:
        return self.name or f"{self.kind} {self.pk}"


class AppointmentStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("scheduled")
    CONFIRMED = "confirmed", _("confirmed")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")
    NO_SHOW = "no_show", _("did not come")


class PaymentStatus(models.TextChoices):
    PENDING = "pending", _("not paid")
    PAID = "paid", _("paid")
    REFUNDED = "refunded", _("refunded")


class AppointmentSource(models.TextChoices):
    SITE = "site", _("website")
    API = "api", _("API")
    DESK = "desk", _("reception")


class Appointment(models.Model):
    """A booked visit, `[appointment_date, ends_at)`. Known outside by `public_id` only.

    Price, currency, zone and policy are snapshots of the moment of booking. `local_start` is the wall-clock time
    the patient was promised (naive, in `time_zone`); if a zone law changes, it is what stays true.
    """

    wagtail_reference_index_ignore = True  # three queries for each save, to count what PROTECT already guards

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    patient = models.ForeignKey(
        Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="appointments"
    )
    doctor = models.ForeignKey(
        Doctor, verbose_name=_("doctor"), on_delete=models.PROTECT, related_name="appointments"
    )
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="appointments"
    )
    clinic = models.ForeignKey(
        Clinic, verbose_name=_("clinic"), on_delete=models.PROTECT, related_name="appointments"
    )
    appointment_date = models.DateTimeField(_("begins"), help_text=_("An instant, in spite of its name."))
    ends_at = models.DateTimeField(_("ends"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    local_start = models.CharField(
        _("local time promised"), max_length=16, help_text=_("YYYY-MM-DDTHH:MM in the time zone.")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=AppointmentStatus.choices, default=AppointmentStatus.SCHEDULED
    )
    payment_status = models.CharField(
        _("payment"), max_length=10, choices=PaymentStatus.choices, default=PaymentStatus.PENDING
    )
    notes = models.TextField(_("notes"), blank=True)
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    policy = models.JSONField(_("rules at the time of booking"), default=dict)
    source = models.CharField(_("booked through"), max_length=10, choices=AppointmentSource.choices)
    language = models.CharField(_("language"), max_length=10, default="ru")
    version = models.PositiveIntegerField(
        _("version"), default=1, help_text=_("Grows with every change; also the calendar SEQUENCE.")
    )
    cancel_reason = models.CharField(_("reason of cancellation"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("booked"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ("-appointment_date", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("appointment_date")), name="booking_appointment_not_empty"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="booking_appointment_price"),
            # Nobody is in two places at once. Statuses in which the visit is still going to take place.
            ExclusionConstraint(
                name="booking_appointment_patient_busy",
                index_type="GIST",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (_VISIT, RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=("scheduled", "confirmed")),
            ),
        )
        indexes = (
            models.Index(fields=("doctor", "appointment_date"), name="booking_appointment_doctor"),
            models.Index(fields=("patient", "-appointment_date"), name="booking_appointment_patient"),
            models.Index(fields=("clinic", "appointment_date"), name="booking_appointment_clinic"),
        )

    def __str__(self) -> str:
        return f"{self.local_start} {self.public_id}"

    @property
    def local_date(self) -> datetime:
        """The beginning in the clinic's zone at the time of booking (aware)."""
        return self.appointment_date.astimezone(ZoneInfo(self.time_zone))


class ClaimKind(models.TextChoices):
    BOOKING = "booking", _("visit")
    HOLD = "hold", _("held while booking")
    BLOCK = "block", _("blocked time")


class Claim(models.Model):
    """A half-open interval `[)` in which a resource is busy. The exclusion constraint is the arbiter of double booking.

    Only active claims count. A hold is active until it is released or swept; whether it has expired is decided by
    the database clock at the time of the next booking, because the constraint cannot ask for the time.
    """

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="claims")
    span = DateTimeRangeField(_("time"))
    kind = models.CharField(_("kind"), max_length=10, choices=ClaimKind.choices)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="claims"
    )
    clinic = models.ForeignKey(Clinic, null=True, blank=True, on_delete=models.PROTECT, related_name="claims")
    active = models.BooleanField(default=True)
    overbook = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = (
            ExclusionConstraint(
                name="booking_claim_no_overlap",
                index_type="GIST",
                expressions=[("resource", RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)],
                condition=Q(active=True, overbook=False),
            ),
            models.CheckConstraint(
                condition=Q(
                    span__isempty=False,
                    span__lower_inc=True,
                    span__upper_inc=False,
                    span__lower_inf=False,
                    span__upper_inf=False,
                ),
                name="booking_claim_half_open",
            ),
            models.CheckConstraint(
                condition=Q(kind="booking", appointment__isnull=False) | Q(kind__in=("hold", "block")),
                name="booking_claim_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="hold") | Q(expires_at__isnull=False), name="booking_claim_hold_expires"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.span}"


class AppointmentEvent(models.Model):
    """The log of an appointment: every change of status or time, by whom and why."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(_("when"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=20)
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10, choices=AppointmentStatus.choices)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("appointment event")
        verbose_name_plural = _("appointment log")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.to_status}"


class IdempotencyKey(models.Model):
    """A request that may be repeated: the same scope and key always get the first answer.

    `scope` names the caller and the operation; `request_hash` is compared so that a key cannot be reused for
    something else. Kept for 24 hours at least.
    """

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("repeatable request")
        verbose_name_plural = _("repeatable requests")
        constraints = (models.UniqueConstraint(fields=("scope", "key"), name="booking_idempotencykey_once"),)

    def __str__(self) -> str:
        return f"{self.scope}"
