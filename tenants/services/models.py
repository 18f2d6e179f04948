"""Services (FHIR HealthcareService): what is booked, what it costs and how long it takes."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor


class ServiceCategory(models.Model):
    """A node of the price list's tree."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("address of the page"), max_length=80, unique=True)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent category"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    order = models.PositiveIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("service category")
        verbose_name_plural = _("service categories")
        ordering = ("order", "name", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="services_category_not_own_parent"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Service(index.Indexed, models.Model):
    """A service with its usual price (in the network's currency) and length; see ServiceOverride for exceptions."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("address of the page"), max_length=120, unique=True)
    description = models.TextField(_("description"), blank=True)
    price = models.DecimalField(
        _("price"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    duration_minutes = models.PositiveIntegerField(
        _("length, minutes"), validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    category = models.ForeignKey(
        ServiceCategory, verbose_name=_("category"), on_delete=models.PROTECT, related_name="services"
    )
    doctors = models.ManyToManyField(Doctor, verbose_name=_("doctors"), blank=True, related_name="services")
    clinics = models.ManyToManyField(Clinic, verbose_name=_("clinics"), related_name="services")
    buffer_before_minutes = models.PositiveSmallIntegerField(
        _("doctor's set-up, minutes"), default=0, validators=[MaxValueValidator(240)]
    )
    buffer_after_minutes = models.PositiveSmallIntegerField(
        _("doctor's clean-up, minutes"), default=0, validators=[MaxValueValidator(240)]
    )
    group_capacity = models.PositiveSmallIntegerField(
        _("seats in a group"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("1: a visit of one patient. More: booked as seats in group sessions."),
    )
    is_active = models.BooleanField(_("offered"), default=True)
    preparation_instructions = models.TextField(_("how to prepare"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    search_fields = (
        index.SearchField("name"),
        index.SearchField("description"),
        index.AutocompleteField("name"),
        index.FilterField("is_active"),
        index.FilterField("category_id"),
    )

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(condition=Q(price__gte=0), name="services_service_price_positive"),
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=5) & Q(duration_minutes__lte=720),
                name="services_service_duration",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ServiceOverride(models.Model):
    """Another price or length of a service with a certain doctor, in a certain clinic, or on a first visit.

    Empty doctor, clinic or first-visit means "any". The most specific row wins: doctor before clinic before
    first visit. Empty price or length means "as usual". Valid on local dates, both ends included.
    """

    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.CASCADE, related_name="overrides"
    )
    doctor = models.ForeignKey(
        Doctor,
        verbose_name=_("doctor"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="service_overrides",
    )
    clinic = models.ForeignKey(
        Clinic,
        verbose_name=_("clinic"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="service_overrides",
    )
    is_first_visit = models.BooleanField(_("first visit"), null=True, blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    duration_minutes = models.PositiveIntegerField(
        _("length, minutes"), null=True, blank=True, validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("special price or length")
        verbose_name_plural = _("special prices and lengths")
        ordering = ("service", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(price__isnull=False) | Q(duration_minutes__isnull=False),
                name="services_override_says_something",
            ),
            models.UniqueConstraint(
                fields=("service", "doctor", "clinic", "is_first_visit", "valid_from"),
                nulls_distinct=False,
                name="services_override_once",
            ),
        )

    def __str__(self) -> str:
        where = next((str(each) for each in (self.doctor, self.clinic) if each), "")
        return ", ".join(part for part in (self.service.name, where) if part)
