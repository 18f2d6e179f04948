"""Doctors (FHIR Practitioner), what they specialise in, where and when they work."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.templatetags.static import static
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from saas.accounts.models import User
from saas.core.formatting import format_minutes
from tenants.clinics.models import Clinic


class Specialization(models.Model):
    """A field of medicine, as patients look for it."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("address of the page"), max_length=80, unique=True)
    doctor_title = models.CharField(
        _("title of the doctor"), max_length=100, blank=True, help_text=_("Such as “cardiologist”.")
    )
    description = models.TextField(_("description"), blank=True)
    icon = models.CharField(
        _("icon"), max_length=50, blank=True, help_text=_("Name of a Lucide icon, such as heart-pulse.")
    )

    class Meta:
        verbose_name = _("specialization")
        verbose_name_plural = _("specializations")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Doctor(index.Indexed, models.Model):
    """A doctor. The name is the user's; `slug` is the address of the doctor's page."""

    user = models.OneToOneField(
        User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="doctor"
    )
    slug = models.SlugField(_("address of the page"), max_length=120, unique=True)
    specializations = models.ManyToManyField(
        Specialization,
        verbose_name=_("specializations"),
        through="DoctorSpecialization",
        related_name="doctors",
    )
    clinics = models.ManyToManyField(
        Clinic, verbose_name=_("clinics"), through="DoctorClinic", related_name="doctors"
    )
    photo = models.ImageField(_("photo"), upload_to="doctors/", blank=True)
    portrait = models.SlugField(
        _("drawn portrait"),
        max_length=40,
        blank=True,
        help_text=_("One of our drawings, shown while there is no photo."),
    )
    bio = models.TextField(_("about the doctor"), blank=True)
    experience_years = models.PositiveIntegerField(
        _("years of experience"), default=0, validators=[MaxValueValidator(80)]
    )
    education = models.TextField(_("education"), blank=True)
    certificates = models.JSONField(_("certificates"), default=list, blank=True)
    languages = models.JSONField(_("languages spoken"), default=list, blank=True)
    consultation_price = models.DecimalField(
        _("consultation price"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
    )
    is_active = models.BooleanField(_("sees patients"), default=True)
    rating = models.DecimalField(
        _("rating"), max_digits=3, decimal_places=2, default=Decimal(0), editable=False
    )
    reviews_count = models.PositiveIntegerField(_("reviews"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    search_fields = (
        index.RelatedFields("user", [index.SearchField("last_name"), index.SearchField("first_name")]),
        index.SearchField("bio"),
        index.FilterField("is_active"),
    )

    class Meta:
        verbose_name = _("doctor")
        verbose_name_plural = _("doctors")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.user.get_full_name()

    @property
    def photo_url(self) -> str:
        """Address of the photo, else of the drawn portrait, else empty (initials are shown then)."""
        if self.photo:
            return str(self.photo.url)
        return static(f"art/portraits/{self.portrait}.svg") if self.portrait else ""

    @property
    def specialization(self) -> Specialization | None:
        """The main specialization (the first in order). Uses the prefetched links when there are any."""
        links = sorted(self.specialization_links.all(), key=lambda link: (link.order, link.pk))
        return links[0].specialization if links else None

    @property
    def clinic(self) -> Clinic | None:
        """The main clinic (the first in order). Uses the prefetched links when there are any."""
        links = sorted(self.clinic_links.all(), key=lambda link: (link.order, link.pk))
        return links[0].clinic if links else None


class DoctorSpecialization(models.Model):
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="specialization_links")
    specialization = models.ForeignKey(
        Specialization,
        verbose_name=_("specialization"),
        on_delete=models.PROTECT,
        related_name="doctor_links",
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("specialization of a doctor")
        verbose_name_plural = _("specializations of doctors")
        ordering = ("order", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("doctor", "specialization"), name="doctors_doctorspecialization_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.doctor_id}: {self.specialization_id}"


class DoctorClinic(models.Model):
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="clinic_links")
    clinic = models.ForeignKey(
        Clinic, verbose_name=_("clinic"), on_delete=models.PROTECT, related_name="doctor_links"
    )
    room = models.CharField(_("room"), max_length=40, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("clinic of a doctor")
        verbose_name_plural = _("clinics of doctors")
        ordering = ("order", "id")
        constraints = (
            models.UniqueConstraint(fields=("doctor", "clinic"), name="doctors_doctorclinic_once"),
        )

    def __str__(self) -> str:
        return f"{self.doctor_id}: {self.clinic_id}"


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class SchedulePattern(models.TextChoices):
    WEEKLY = "weekly", _("on a weekday")
    CYCLE = "cycle", _("in a cycle of days")


class ScheduleState(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")


class DoctorSchedule(models.Model):
    """Recurring availability from `start_time` to `end_time` of the clinic's wall clock.

    WEEKLY: on `day_of_week`, every `every_weeks` weeks counted in ISO weeks from that of `anchor_date`. CYCLE: on day
    `cycle_day` (from 0) of a cycle of `cycle_days` days that begins on `anchor_date`; two on, two off is a cycle
    of four with rows for days 0 and 1. `day_of_week` is then that of the anchor and not looked at.

    `end_time` not after `start_time` means the window ends on the next day. Valid on local dates from `valid_from`
    to `valid_until`, both included; empty means unbounded. Drafts change nothing until they are published.
    """

    doctor = models.ForeignKey(
        Doctor, verbose_name=_("doctor"), on_delete=models.CASCADE, related_name="schedules"
    )
    clinic = models.ForeignKey(
        Clinic, verbose_name=_("clinic"), on_delete=models.PROTECT, related_name="schedules"
    )
    day_of_week = models.PositiveIntegerField(_("weekday"), choices=Weekday.choices)
    start_time = models.TimeField(_("from"))
    end_time = models.TimeField(_("until"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    pattern = models.CharField(
        _("repeats"), max_length=10, choices=SchedulePattern.choices, default=SchedulePattern.WEEKLY
    )
    every_weeks = models.PositiveSmallIntegerField(
        _("every so many weeks"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    cycle_days = models.PositiveSmallIntegerField(
        _("length of the cycle, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(56)],
    )
    cycle_day = models.PositiveSmallIntegerField(
        _("day of the cycle, from 0"), null=True, blank=True, validators=[MaxValueValidator(55)]
    )
    anchor_date = models.DateField(_("cycle begins on"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ScheduleState.choices, default=ScheduleState.PUBLISHED
    )
    is_active = models.BooleanField(_("in force"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ("doctor", "day_of_week", "start_time", "id")
        constraints = (
            models.CheckConstraint(condition=Q(day_of_week__lte=6), name="doctors_doctorschedule_weekday"),
            models.CheckConstraint(
                condition=~Q(start_time=F("end_time")), name="doctors_doctorschedule_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="doctors_doctorschedule_valid_dates",
            ),
            models.CheckConstraint(
                condition=Q(pattern="weekly", every_weeks=1)
                | Q(pattern="weekly", every_weeks__gt=1, anchor_date__isnull=False)
                | Q(
                    pattern="cycle",
                    anchor_date__isnull=False,
                    cycle_days__isnull=False,
                    cycle_day__lt=F("cycle_days"),
                ),
                name="doctors_doctorschedule_pattern",
            ),
        )
        indexes = (models.Index(fields=("doctor", "day_of_week"), name="doctors_schedule_doctor_day"),)

    def __str__(self) -> str:
        day = capfirst(str(self.get_day_of_week_display()))
        return f"{day} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class FloatingBreak(models.Model):
    """A break of some minutes that may lie anywhere between two wall-clock times of a working day.

    It is kept free, not placed: a booking is refused when it would leave no room for the break.
    """

    doctor = models.ForeignKey(
        Doctor, verbose_name=_("doctor"), on_delete=models.CASCADE, related_name="floating_breaks"
    )
    minutes = models.PositiveSmallIntegerField(
        _("length, minutes"), validators=[MinValueValidator(5), MaxValueValidator(240)]
    )
    earliest = models.TimeField(_("not before"))
    latest = models.TimeField(_("over by"))
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        verbose_name = _("floating break")
        verbose_name_plural = _("floating breaks")
        ordering = ("doctor", "earliest", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(latest__gt=F("earliest")), name="doctors_floatingbreak_between"
            ),
        )

    def __str__(self) -> str:
        return f"{format_minutes(self.minutes)}, {self.earliest:%H:%M}–{self.latest:%H:%M}"
