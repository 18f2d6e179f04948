"""Patients (FHIR Patient): people who are treated, whether or not they can sign in."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import Gender, User


class Patient(models.Model):
    """A person. Several may share one phone (a family), so the phone is not unique; `user` is their own log-in."""

    wagtail_reference_index_ignore = True  # three queries for each save, to count what PROTECT already guards

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    user = models.OneToOneField(
        User,
        verbose_name=_("log-in"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="patient",
    )
    last_name = models.CharField(_("last name"), max_length=150)
    first_name = models.CharField(_("first name"), max_length=150)
    middle_name = models.CharField(_("middle name"), max_length=150, blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, db_index=True, help_text=_("E.164, such as +79161234567.")
    )
    email = models.EmailField(_("e-mail"), blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    gender = models.CharField(_("gender"), max_length=10, choices=Gender.choices, default=Gender.UNKNOWN)
    language = models.CharField(_("language"), max_length=10, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ("last_name", "first_name", "id")

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """Last, first and middle name, as in a list."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)
