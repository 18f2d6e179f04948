"""Clinics (FHIR Location) and the network's own profile."""

from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from tenants.clinics.validators import validate_coordinates, validate_time_zone, validate_working_hours


class Organisation(models.Model):
    """The network as its patients see it: one row per schema (`id` is always 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("name"), max_length=200)
    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("main language"), max_length=10, default="ru")
    country = models.CharField(
        _("country"), max_length=2, default="RU", help_text=_("ISO code; used to read phone numbers.")
    )
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    brand_colour = models.CharField(
        _("brand colour"),
        max_length=7,
        default="#0e6b5c",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write the colour as #rrggbb."))],
    )
    logo = models.ImageField(_("logo"), upload_to="brand/", blank=True)
    went_live_at = models.DateTimeField(_("went live"), null=True, blank=True)

    class Meta:
        verbose_name = _("network profile")
        verbose_name_plural = _("network profile")
        constraints = (models.CheckConstraint(condition=Q(id=1), name="clinics_organisation_single"),)

    def __str__(self) -> str:
        return self.name


class Clinic(index.Indexed, models.Model):
    """A branch with an address and a time zone. All its times are wall-clock times of that zone."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("address of the page"), max_length=80, unique=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    address = models.TextField(_("address"))
    phone = models.CharField(_("phone"), max_length=20)
    email = models.EmailField(_("e-mail"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    working_hours = models.JSONField(
        _("opening hours"),
        default=dict,
        blank=True,
        validators=[validate_working_hours],
        help_text=_('Days 0 (Monday) to 6 with pairs of times, such as {"0": [["08:00", "20:00"]]}.'),
    )
    holiday_calendar = models.CharField(
        _("public holidays"),
        max_length=20,
        blank=True,
        help_text=_("Country, or country and region, such as RU or DE-BE. Empty: holidays are working days."),
    )
    coordinates = models.JSONField(
        _("coordinates"),
        null=True,
        blank=True,
        validators=[validate_coordinates],
        help_text=_('{"lat": 55.78, "lon": 37.59}'),
    )
    directions = models.TextField(_("how to get there"), blank=True)
    photo = models.ImageField(_("photo"), upload_to="clinics/", blank=True)
    drawing = models.SlugField(
        _("drawing"),
        max_length=40,
        blank=True,
        help_text=_("One of our drawings, shown while there is no photo."),
    )
    is_active = models.BooleanField(_("open to patients"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    search_fields = (
        index.SearchField("name"),
        index.SearchField("address"),
        index.AutocompleteField("name"),
        index.FilterField("is_active"),
    )

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    @property
    def photo_url(self) -> str:
        """Address of the photo, else of the drawing, else empty."""
        if self.photo:
            return str(self.photo.url)
        return static(f"art/clinics/{self.drawing}.svg") if self.drawing else ""

    @property
    def zone(self) -> ZoneInfo:
        """The IANA zone in which this clinic's days and times are meant."""
        return ZoneInfo(self.time_zone)


class TravelTime(models.Model):
    """Minutes that a doctor needs from one clinic to another, in either direction; the pair is kept once."""

    from_clinic = models.ForeignKey(
        Clinic, verbose_name=_("from"), on_delete=models.CASCADE, related_name="travel_from"
    )
    to_clinic = models.ForeignKey(
        Clinic, verbose_name=_("to"), on_delete=models.CASCADE, related_name="travel_to"
    )
    minutes = models.PositiveIntegerField(_("minutes"), validators=[MaxValueValidator(600)])

    class Meta:
        verbose_name = _("way between clinics")
        verbose_name_plural = _("ways between clinics")
        ordering = ("from_clinic", "to_clinic")
        constraints = (
            models.UniqueConstraint(
                Least("from_clinic", "to_clinic"),
                Greatest("from_clinic", "to_clinic"),
                name="clinics_traveltime_once",
            ),
            models.CheckConstraint(
                condition=~Q(from_clinic=F("to_clinic")), name="clinics_traveltime_two_clinics"
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_clinic} – {self.to_clinic}"
