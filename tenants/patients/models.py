"""Patients (FHIR Patient): people who are treated, whether or not they can sign in."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import Gender, User
from tenants.patients.search import SearchTextField, with_search_text


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
    alerts = models.CharField(
        _("to be aware of"),
        max_length=300,
        blank=True,
        help_text=_("Such as an allergy; shown at every visit."),
    )
    search_text = SearchTextField(
        default="",
        blank=True,
        editable=False,
        help_text=_("Names in Latin letters, digits of the phone, date of birth: what the desk searches."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ("last_name", "first_name", "id")
        indexes = (
            GinIndex(fields=("search_text",), name="patients_patient_search", opclasses=("gin_trgm_ops",)),
            models.Index(Collate("search_text", "C"), name="patients_patient_order"),
        )

    def __str__(self) -> str:
        return self.full_name

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().save(update_fields=with_search_text(update_fields), **kwargs)

    @property
    def full_name(self) -> str:
        """Last, first and middle name, as in a list."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


class PatientNote(models.Model):
    """What staff noted about a patient; shown on the card, the latest first."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="card_notes")
    text = models.TextField(_("note"), max_length=4000)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("note on a patient")
        verbose_name_plural = _("notes on patients")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.patient_id} {self.created_at:%Y-%m-%d}"


class PatientFile(models.Model):
    """A file on a patient's card; private, served to staff only."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="files")
    file = models.FileField(_("file"), upload_to="private/patients/", max_length=200)
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveIntegerField(_("size, bytes"), default=0)
    uploaded_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        verbose_name = _("file of a patient")
        verbose_name_plural = _("files of patients")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name
