"""What the pages of visits booked together share."""

import datetime as dt
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.translation import get_language

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.desk.access import staff_of
from tenants.desk.cards.card import patient_for
from tenants.desk.office.wishes import Choices, Wish, choices_for
from tenants.desk.repeating.booking import Booker, key_of
from tenants.patients.models import Patient

REFUSED: Final = 422
WISH: Final = ("specialization", "doctor", "service", "clinic", "slot")
"""What the booking panel hands on."""


def patient_or_404(request: HttpRequest, public_id: UUID) -> Patient:
    try:
        return patient_for(staff_of(request), public_id)
    except DomainError as error:
        raise Http404 from error


def everything() -> Choices:
    """Return all that can be booked, so that what somebody chose is never missing from a form that comes back."""
    return choices_for(Wish(None, None, None, None, None))


def booker_of(request: HttpRequest, patient: Patient, *, notes: str, now: dt.datetime) -> Booker:
    """Return who books here, with the key of the page."""
    return Booker(
        user_id=staff_of(request).pk,
        key=key_of(request.POST.get("key", "")),
        patient=patient,
        language=patient.language or get_language() or organisation().language,
        notes=notes,
        actor=actor_of(request),
        now=now,
    )


def today_in(clinics: list[Clinic], now: dt.datetime) -> dt.date:
    """Return the local day of the first clinic; without one that of UTC."""
    return now.astimezone(clinics[0].zone).date() if clinics else now.date()
