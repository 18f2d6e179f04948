"""Booking on behalf of whoever calls the API."""

from datetime import date, datetime
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from tenants.api.errors import InvalidRequest
from tenants.audit.actions import Actor
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, AppointmentSource
from tenants.clinics.selectors import organisation
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient


class Contacts(TypedDict):
    """Who comes, as checked by the API's `ContactsIn`."""

    last_name: str
    first_name: str
    middle_name: str
    phone: str
    email: str
    birth_date: date | None


class Wish(TypedDict):
    """What is booked; `starts_at` is an aware instant."""

    doctor_id: int
    service_id: int
    clinic_id: int
    starts_at: datetime
    notes: str
    language: str


def book_for_caller(
    *, wish: Wish, contacts: Contacts | None, user: User | None, actor: Actor, now: datetime, for_staff: bool
) -> Appointment:
    """Book for the contacts given, else for the signed-in patient. Runs inside the caller's transaction.

    Raises InvalidRequest for contacts that are missing or wrong, and everything that `book_appointment` raises.
    """
    patient_id = _patient_id(contacts=contacts, user=None if for_staff else user, language=wish["language"])
    return book_appointment(
        **wish, patient_id=patient_id, source=AppointmentSource.API, actor=actor, now=now, for_staff=for_staff
    )


def _patient_id(*, contacts: Contacts | None, user: User | None, language: str) -> int:
    if contacts is None:
        own = (
            Patient.objects.filter(user=user).values_list("pk", flat=True).first()
            if user is not None
            else None
        )
        if own is not None:
            return own
        contacts = _own_contacts(user)
    if contacts is None:
        raise InvalidRequest({"patient": ("required", _("Say who comes: name and phone."))})
    try:
        patient = find_or_create_patient(
            **contacts, language=language, region=organisation().country, user=user
        )
    except ValidationError as error:
        raise InvalidRequest(_problems(error)) from error
    return patient.pk


def _own_contacts(user: User | None) -> Contacts | None:
    """What the log-in says about the person, when it is enough to book."""
    if user is None or not (user.phone and user.first_name and user.last_name):
        return None
    return Contacts(
        last_name=user.last_name,
        first_name=user.first_name,
        middle_name=user.middle_name,
        phone=str(user.phone),
        email=user.email or "",
        birth_date=user.birth_date,
    )


def _problems(error: ValidationError) -> dict[str, tuple[str, Any]]:
    return {
        f"patient.{field}": (problems[0].code or "invalid", " ".join(problems[0].messages))
        for field, problems in error.error_dict.items()
    }
