"""Appointments and the claims that keep two of them from meeting."""

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.booking.models.reservations import AppointmentSeries, GroupSession, Hold
from tenants.booking.models.resources import Resource
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient
from tenants.services.models import Service

# Not a Func subclass: migrations must not import this module.
_VISIT = models.Func(
    "appointment_date", "ends_at", RangeBoundary(), function="TSTZRANGE", output_field=DateTimeRangeField()
)


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
    WALK_IN = "walk_in", _("without an appointment")
    WAITLIST = "waitlist", _("waiting list")
    IMPORT = "import", _("import")


class PaymentMethod(models.TextChoices):
    CASH = "cash", _("cash")
    CARD_TERMINAL = "terminal", _("card terminal")


class Appointment(models.Model):
    """A booked visit, `[appointment_date, ends_at)`. Known outside by `public_id` only.

    Price, currency, zone and policy are snapshots of the moment of booking. `local_start` is the wall-clock time
    the patient was promised (naive, in `time_zone`); if a zone law changes, it is what stays true.
    """

    wagtail_reference_index_ignore = True  # three queries for each save, to count what PROTECT already guards

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    patient = models.ForeignKey(
        Patient,
        verbose_name=_("patient"),
        on_delete=models.PROTECT,
        db_index=False,
        related_name="appointments",
    )
    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        on_delete=models.PROTECT,
        db_index=False,
        related_name="appointments",
    )
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="appointments"
    )
    clinic = models.ForeignKey(
        Clinic,
        verbose_name=_("clinic"),
        on_delete=models.PROTECT,
        db_index=False,
        related_name="appointments",
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
    series = models.ForeignKey(
        AppointmentSeries,
        verbose_name=_("series"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    position = models.PositiveSmallIntegerField(_("place in the series"), default=0)
    session = models.ForeignKey(
        GroupSession,
        verbose_name=_("group session"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="appointments",
    )
    awaiting_approval = models.BooleanField(_("waits for the clinic's approval"), default=False)
    overbooked = models.BooleanField(_("put in on purpose"), default=False)
    overbook_reason = models.CharField(_("why it was put in"), max_length=300, blank=True)
    checked_in_at = models.DateTimeField(_("arrived"), null=True, blank=True)
    in_room_at = models.DateTimeField(_("called in"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    payment_method = models.CharField(_("paid by"), max_length=10, choices=PaymentMethod.choices, blank=True)
    called_at = models.DateTimeField(_("called by phone"), null=True, blank=True)
    call_outcome = models.CharField(_("outcome of the call"), max_length=20, blank=True)
    visit_note = models.TextField(_("doctor's note"), blank=True)
    follow_up_on = models.DateField(_("next visit proposed for"), null=True, blank=True)
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
            # Nobody is in two places at once while the visit is still to come, unless staff said so on purpose.
            ExclusionConstraint(
                name="booking_appointment_patient_busy",
                index_type="GIST",
                expressions=[
                    ("patient", RangeOperators.EQUAL),
                    (_VISIT, RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=("scheduled", "confirmed"), overbooked=False),
            ),
        )
        # Those of doctor, patient and clinic serve their foreign keys too, which have none of their own.
        indexes = (
            models.Index(fields=("doctor", "appointment_date"), name="booking_appointment_doctor"),
            models.Index(fields=("patient", "-appointment_date"), name="booking_appointment_patient"),
            models.Index(fields=("clinic", "appointment_date"), name="booking_appointment_clinic"),
            models.Index(
                fields=("appointment_date",),
                condition=Q(awaiting_approval=True),
                name="booking_appointment_approval",
            ),
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
    hold = models.ForeignKey(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="claims")
    session = models.ForeignKey(
        GroupSession, null=True, blank=True, on_delete=models.PROTECT, related_name="claims"
    )
    clinic = models.ForeignKey(
        Clinic, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="claims"
    )
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
                condition=Q(kind="booking", appointment__isnull=False)
                | Q(kind="booking", session__isnull=False)
                | Q(kind__in=("hold", "block")),
                name="booking_claim_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind="hold") | Q(expires_at__isnull=False), name="booking_claim_hold_expires"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.span}"
