"""The network's booking rules: who may book when, how many, and when times are released."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from saas.core.formatting import format_date
from tenants.booking.models.appointments import AppointmentSource
from tenants.booking.models.resources import Resource
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service


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
        return capfirst(str(_("booking rules")))


class PolicyOverride(models.Model):
    """Other notice, horizon or approval for a service, a channel (`AppointmentSource`), or both.

    Empty service or channel means "any"; empty values mean "as in the network's rules". The row that names the
    service weighs more than one that names the channel only.
    """

    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="policy_overrides",
    )
    channel = models.CharField(_("channel"), max_length=10, choices=AppointmentSource.choices, blank=True)
    minimum_notice_minutes = models.PositiveIntegerField(
        _("latest booking, minutes before the visit"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60 * 24 * 30)],
    )
    horizon_days = models.PositiveIntegerField(
        _("earliest booking, days ahead"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
    )
    needs_approval = models.BooleanField(_("the clinic approves each visit"), null=True, blank=True)

    class Meta:
        verbose_name = _("special booking rule")
        verbose_name_plural = _("special booking rules")
        ordering = ("service", "channel", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("service", "channel"), nulls_distinct=False, name="booking_policyoverride_once"
            ),
        )

    def __str__(self) -> str:
        parts = (self.service.name if self.service else "", str(self.get_channel_display()))
        return capfirst(", ".join(part for part in parts if part) or str(_("booking rules")))


class CapPeriod(models.TextChoices):
    DAY = "day", _("a day")
    WEEK = "week", _("a week")


class BookingCap(models.Model):
    """At most so many visits a local day or ISO week; empty doctor, clinic, service or channel means "any" of them."""

    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="booking_caps",
    )
    clinic = models.ForeignKey(
        Clinic,
        verbose_name=_("clinic"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="booking_caps",
    )
    service = models.ForeignKey(
        Service,
        verbose_name=_("service"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="booking_caps",
    )
    channel = models.CharField(_("channel"), max_length=10, choices=AppointmentSource.choices, blank=True)
    period = models.CharField(_("per"), max_length=4, choices=CapPeriod.choices, default=CapPeriod.DAY)
    most = models.PositiveIntegerField(_("at most"), validators=[MaxValueValidator(10_000)])
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("limit of visits")
        verbose_name_plural = _("limits of visits")
        ordering = ("id",)

    def __str__(self) -> str:
        who = next((str(each) for each in (self.doctor, self.service, self.clinic) if each), "")
        return " ".join(part for part in (f"{self.most} {self.get_period_display()}", who) if part)


class ReleaseWave(models.Model):
    """From so many days ahead on, patients may book so many percent of a doctor's working time.

    Without any row for a doctor or "any", all of it is open. Staff are not bound.
    """

    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="release_waves",
    )
    days_ahead = models.PositiveIntegerField(_("days ahead"), validators=[MaxValueValidator(366)])
    percent = models.PositiveIntegerField(
        _("percent open"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("release wave")
        verbose_name_plural = _("release waves")
        ordering = ("doctor", "-days_ahead")
        constraints = (
            models.UniqueConstraint(
                fields=("doctor", "days_ahead"), nulls_distinct=False, name="booking_releasewave_once"
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=1) & Q(percent__lte=100), name="booking_releasewave_percent"
            ),
        )

    def __str__(self) -> str:
        return f"{self.percent}% / {self.days_ahead}"


class ExceptionScope(models.TextChoices):
    NETWORK = "network", _("all clinics")
    CLINIC = "clinic", _("clinic")
    DOCTOR = "doctor", _("doctor")
    RESOURCE = "resource", _("room or device")


class ExceptionKind(models.TextChoices):
    ADD = "add", _("extra hours")
    REPLACE = "replace", _("other hours instead")
    BLOCK = "block", _("closed")


class ExceptionRepeat(models.TextChoices):
    NONE = "none", _("every day of the range")
    WEEKLY = "weekly", _("every week on the weekdays")
    YEARLY = "yearly", _("every year on these dates")
    NTH_WEEKDAY = "nth", _("every month on the n-th weekday")


class ScheduleException(models.Model):
    """A departure from weekly hours on the local dates `[start_date, end_date]`, both included.

    `start_time` and `end_time` (clinic's wall clock; an end not after its start lies on the next day) are empty
    for whole days, which only a block may be. `weekdays` lists days 0-6 for WEEKLY and NTH_WEEKDAY; `nth` is 1-5
    or -1 for the last. For REPLACE every usual window of the day goes, and these hours take their place. Narrower
    scopes win over wider ones; of one scope the later row wins.
    """

    scope = models.CharField(_("applies to"), max_length=10, choices=ExceptionScope.choices)
    clinic = models.ForeignKey(
        Clinic,
        verbose_name=_("clinic"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="schedule_exceptions",
    )
    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="schedule_exceptions",
    )
    resource = models.ForeignKey(
        Resource,
        verbose_name=_("room or device"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="schedule_exceptions",
    )
    kind = models.CharField(_("what"), max_length=10, choices=ExceptionKind.choices)
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("until"))
    repeat = models.CharField(
        _("repeats"), max_length=10, choices=ExceptionRepeat.choices, default=ExceptionRepeat.NONE
    )
    weekdays = models.JSONField(_("weekdays"), default=list, blank=True)
    nth = models.SmallIntegerField(_("which one in the month"), null=True, blank=True)
    start_time = models.TimeField(_("from, time"), null=True, blank=True)
    end_time = models.TimeField(_("until, time"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by_id = models.BigIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("schedule exception")
        verbose_name_plural = _("schedule exceptions")
        ordering = ("-start_date", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="booking_scheduleexception_dates"
            ),
            models.CheckConstraint(
                condition=Q(scope="network", clinic__isnull=True, doctor__isnull=True, resource__isnull=True)
                | Q(scope="clinic", clinic__isnull=False, doctor__isnull=True, resource__isnull=True)
                | Q(scope="doctor", doctor__isnull=False, resource__isnull=True)
                | Q(scope="resource", doctor__isnull=True, resource__isnull=False),
                name="booking_scheduleexception_scope",
            ),
            models.CheckConstraint(
                condition=Q(start_time__isnull=True, end_time__isnull=True, kind="block")
                | Q(start_time__isnull=False, end_time__isnull=False),
                name="booking_scheduleexception_hours",
            ),
        )
        indexes = (
            models.Index(fields=("doctor", "start_date"), name="booking_exception_doctor"),
            models.Index(fields=("start_date", "end_date"), name="booking_exception_dates"),
        )

    def __str__(self) -> str:
        return f"{capfirst(str(self.get_kind_display()))}, {format_date(self.start_date)}"
