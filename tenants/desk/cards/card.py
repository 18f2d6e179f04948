"""What a patient's card shows."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import NotFound
from tenants.booking.models import (
    Appointment,
    AppointmentStatus,
    PaymentStatus,
    WaitlistEntry,
    WaitlistState,
)
from tenants.desk.cards.finding import age_on, patients_for
from tenants.patients.models import Patient, PatientFile, PatientNote

HISTORY: Final = 50
_NOTES: Final = 50
_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


class PatientUnknown(NotFound):
    code = "patient_unknown"


@dataclass(frozen=True, slots=True)
class Card:
    """A card; `past` are the latest visits, `more` how many older ones there are. `paid` is by currency."""

    patient: Patient
    age: int | None
    coming: list[Appointment]
    past: list[Appointment]
    more: int
    visits: int
    missed: int
    paid: list[tuple[str, Decimal]]
    notes: list[PatientNote]
    files: list[PatientFile]
    waits: list[WaitlistEntry]
    family: list[Patient]


def patient_for(user: User, public_id: UUID) -> Patient:
    """Return a patient whose card the user may open. Raises PatientUnknown, for a stranger's card as well."""
    patient = patients_for(user).filter(public_id=public_id).first()
    if patient is None:
        raise PatientUnknown
    return patient


def file_for(user: User, public_id: UUID) -> PatientFile:
    """Return a file on a card that the user may open. Raises PatientUnknown."""
    file = PatientFile.objects.select_related("patient").filter(public_id=public_id).first()
    if file is None or not patients_for(user).filter(pk=file.patient_id).exists():
        raise PatientUnknown
    return file


def card_of(patient: Patient, *, user: User, now: dt.datetime) -> Card:
    """Read a card in eight queries. A doctor sees all visits of their patient: the history is the patient's."""
    visits = patient.appointments.select_related("doctor__user", "service", "clinic")
    coming = visits.select_related("series").filter(status__in=_OPEN, ends_at__gt=now)
    coming = coming.order_by("appointment_date")
    past = _over(visits, now).order_by("-appointment_date")[:HISTORY]
    counts = patient.appointments.aggregate(
        all=Count("pk", filter=~Q(status=AppointmentStatus.CANCELLED)),
        missed=Count("pk", filter=Q(status=AppointmentStatus.NO_SHOW)),
        over=Count("pk", filter=~Q(status__in=_OPEN) | Q(ends_at__lte=now)),
    )
    paid = (
        patient.appointments.filter(payment_status=PaymentStatus.PAID)
        .values_list("currency")
        .annotate(total=Sum("price"))
        .order_by("currency")
    )
    family = patients_for(user).filter(phone=patient.phone).exclude(pk=patient.pk)
    shown = list(past)
    return Card(
        patient=patient,
        age=age_on(patient.birth_date, now.date()),
        coming=list(coming),
        past=shown,
        more=max(0, counts["over"] - len(shown)),
        visits=counts["all"],
        missed=counts["missed"],
        paid=list(paid),
        notes=list(patient.card_notes.select_related("author")[:_NOTES]),
        files=list(patient.files.select_related("uploaded_by")),
        waits=list(
            patient.waitlist_entries.filter(
                state__in=(WaitlistState.WAITING, WaitlistState.OFFERED)
            ).select_related("service", "doctor__user", "clinic")
        ),
        family=list(family.order_by("birth_date", "first_name", "pk")[:12]),
    )


def may_change_card(user: User) -> bool:
    """Say whether the user changes facts of cards; doctors note and add files only."""
    return user.role != Role.DOCTOR


def _over(visits: QuerySet[Appointment], now: dt.datetime) -> QuerySet[Appointment]:
    return visits.filter(~Q(status__in=_OPEN) | Q(ends_at__lte=now))
