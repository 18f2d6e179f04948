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
from tenants.booking.offer_cache import Names, booking_facts
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
    """What is booked; `starts_at` is an aware instant, `hold_id` the caller's own hold on it."""

    doctor_id: int
    service_id: int
    clinic_id: int
    starts_at: datetime
    notes: str
    language: str
    hold_id: int | None


def book_for_caller(
    *, wish: Wish, contacts: Contacts | None, user: User | None, actor: Actor, now: datetime, for_staff: bool
) -> tuple[Appointment, Names]:
    """Book for the contacts given, else for the signed-in patient. Runs inside the caller's transaction.

    Returns the appointment, its patient loaded, and how the other parties are called. Raises InvalidRequest for
    contacts that are missing or wrong, and everything that `book_appointment` raises.
    """
    facts = booking_facts(doctor_id=wish["doctor_id"], service_id=wish["service_id"])
    patient = patient_for_caller(
        contacts=contacts,
        user=None if for_staff else user,
        language=wish["language"],
        region=facts.country,
    )
    appointment = book_appointment(
        **wish,
        patient_id=patient.pk,
        source=AppointmentSource.API,
        actor=actor,
        now=now,
        for_staff=for_staff,
        facts=facts,
    )
    appointment.patient = patient
    return appointment, facts.names


def patient_for_caller(
    *, contacts: Contacts | None, user: User | None, language: str, region: str
) -> Patient:
    """Return who comes: by the contacts given, else the signed-in patient. Raises InvalidRequest."""
    if contacts is None:
        own = Patient.objects.filter(user=user).first() if user is not None else None
        if own is not None:
            return own
        contacts = _own_contacts(user)
    if contacts is None:
        raise InvalidRequest({"patient": ("required", _("Say who comes: name and phone."))})
    try:
        return find_or_create_patient(**contacts, language=language, region=region, user=user)
    except ValidationError as error:
        raise InvalidRequest(_problems(error)) from error


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
