"""The user: lives in the public schema (owners, operators) and in every network (owner, staff, patients)."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from saas.accounts.roles import MANAGING_ROLES, MFA_ROLES, STAFF_ROLES, Role


class UserManager(BaseUserManager["User"]):
    """Users are known by e-mail; one without an e-mail cannot sign in (a doctor who only has a schedule)."""

    use_in_migrations = True

    def create_user(self, email: str | None = None, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower() if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        fields.update(is_staff=True, is_superuser=True, role=Role.OPERATOR, is_patient=False)
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())


class Gender(models.TextChoices):
    FEMALE = "female", _("female")
    MALE = "male", _("male")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("not stated")


class User(AbstractUser):
    """A person who can sign in. Patients who book as guests have no user, only a `patients.Patient`."""

    username = None  # type: ignore[assignment] # people sign in by e-mail
    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)  # type: ignore[assignment] # Django's own is not null
    middle_name = models.CharField(_("middle name"), max_length=150, blank=True)
    phone = PhoneNumberField(_("phone"), max_length=20, unique=True, null=True, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    gender = models.CharField(_("gender"), max_length=10, choices=Gender.choices, default=Gender.UNKNOWN)
    is_patient = models.BooleanField(_("patient"), default=True)
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.PATIENT)
    language = models.CharField(_("language"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment] # Django's own wants a name

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(email__isnull=True) | models.Q(email=Lower("email")),
                name="accounts_user_email_lower",
            ),
        )

    def __str__(self) -> str:
        return self.get_full_name() or self.email or f"#{self.pk}"

    def get_full_name(self) -> str:
        """First, middle and last name, as a Russian or English reader expects them in a sentence."""
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)

    @property
    def works_here(self) -> bool:
        """Whether this is staff of the network (or its owner)."""
        return self.role in STAFF_ROLES

    @property
    def manages(self) -> bool:
        """Whether this user may change catalogue, site and settings."""
        return self.role in MANAGING_ROLES

    @property
    def needs_mfa(self) -> bool:
        """Whether a second factor is due for this role; whether it is enforced is `settings.MFA_REQUIRED`."""
        return self.role in MFA_ROLES
