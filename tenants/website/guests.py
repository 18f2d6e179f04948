"""A booking by somebody on the site, signed in or not."""

import datetime as dt
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import get_language

from saas.accounts.models import User
from saas.core.errors import DomainError, Refused
from saas.core.proxies import client_address
from saas.networks.limits import hit
from tenants.audit.actions import actor_of
from tenants.booking.actions import book_appointment
from tenants.booking.errors import SlotTaken
from tenants.booking.idempotency import run_once
from tenants.booking.models import Appointment, AppointmentSource, Hold
from tenants.booking.policy import current_policy
from tenants.booking.selectors import Slot, Verdict, first_free_slots, nearest_slots
from tenants.clinics.selectors import organisation
from tenants.cms.cards import SoonVisit, name_slots
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient
from tenants.website.choices import Choice

_ALTERNATIVES: Final = 3
_ATTEMPTS_OF_ADDRESS: Final = 60
_ATTEMPTS_OF_PHONE: Final = 8
_HOUR: Final = 3600


class NotBookable(Refused):
    """The engine refuses the time before anything was written; code and message are its verdict's."""


def not_bookable(verdict: Verdict) -> DomainError:
    """Return the refusal that a verdict of the engine means."""
    if verdict.code == "taken":
        return SlotTaken()
    return NotBookable(verdict.message, code=verdict.code, params=verdict.params)


def patient_of(request: HttpRequest) -> Patient | None:
    """Return the card of who is signed in, if they have one."""
    if not request.user.is_authenticated:
        return None
    return Patient.objects.filter(user=request.user).first()


def count_attempt(request: HttpRequest, *, phone: str) -> None:
    """Count an attempt to book: by address, or by phone when it is known. Raises TooMany."""
    if phone:
        hit("site-book-phone", phone, limit=_ATTEMPTS_OF_PHONE, window_seconds=_HOUR)
    else:
        address = client_address(request)
        hit("site-book-address", address, limit=_ATTEMPTS_OF_ADDRESS, window_seconds=_HOUR)


def book(
    request: HttpRequest,
    *,
    choice: Choice,
    starts_at: dt.datetime,
    details: Mapping[str, Any],
    key: str,
    hold: Hold | None = None,
    now: dt.datetime,
) -> Appointment:
    """Book the visit once, however often the form is sent; the visitor's own hold on it is used up.

    Raises what `book_appointment` and `run_once` raise.
    """
    language = get_language() or organisation().language
    user = request.user if isinstance(request.user, User) and not request.user.works_here else None

    def work() -> tuple[int, dict[str, Any]]:
        patient = find_or_create_patient(
            last_name=details["last_name"],
            first_name=details["first_name"],
            phone=details["phone"],
            email=details["email"],
            language=language,
            region=organisation().country,
            user=user,
        )
        made = book_appointment(
            doctor_id=choice.doctor.pk,
            service_id=choice.service.pk,
            clinic_id=choice.clinic.pk,
            starts_at=starts_at,
            patient_id=patient.pk,
            source=AppointmentSource.SITE,
            language=language,
            actor=actor_of(request),
            now=now,
            hold_id=hold.pk if hold else None,
        )
        return 201, {"appointment": made.pk}

    said = [details[name] for name in ("last_name", "first_name", "phone", "email")]
    meant = [choice.doctor.pk, choice.service.pk, choice.clinic.pk, starts_at.isoformat(), *said]
    fingerprint = sha256(json.dumps(meant, ensure_ascii=False).encode()).hexdigest()
    _status, body, _replayed = run_once(scope="site-book", key=key, fingerprint=fingerprint, work=work)
    return Appointment.objects.get(pk=body["appointment"])


def alternatives(choice: Choice, at: dt.datetime, error: DomainError, *, now: dt.datetime) -> list[SoonVisit]:
    """Return the three free times nearest to the one refused: the doctor's own, else the service's soonest."""
    slots: list[Slot] = []
    if error.code != "not_offered":
        slots = nearest_slots(
            doctor_id=choice.doctor.pk,
            service_id=choice.service.pk,
            clinic_id=choice.clinic.pk,
            time_zone=choice.offer.time_zone,
            around=max(at, now),
            limit=_ALTERNATIVES,
            now=now,
        )
    if not slots:
        slots = first_free_slots(limit=_ALTERNATIVES, service_id=choice.service.pk, now=now)
    return name_slots(slots)


def cancel_until(starts_at: dt.datetime, *, now: dt.datetime) -> dt.datetime | None:
    """Until when a visit booked now could be cancelled online; None when that moment has passed already."""
    until = starts_at - dt.timedelta(minutes=current_policy().cancellation_cutoff_minutes)
    return until if until > now else None
