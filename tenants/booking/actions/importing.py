"""Writing down visits that another system booked. Rules of booking do not apply; the constraints do."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db.models import F
from psycopg2.extras import DateTimeTZRange

from saas.core.batch import Batch, key_of_latest
from tenants.booking.actions.placing import local_start
from tenants.booking.loading import ensure_doctor_resource, lock_resources
from tenants.booking.models import (
    Appointment,
    AppointmentEvent,
    AppointmentSource,
    Claim,
    ClaimKind,
    Resource,
)


def import_appointment(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    patient_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    time_zone: str,
    status: str,
    price: Decimal,
    currency: str,
    language: str,
    notes: str,
    claims: bool,
    overbook: bool,
) -> Appointment:
    """Insert one visit `[starts_at, ends_at)` with its log, and its claim when `claims`; nobody is told.

    `overbook` keeps it from colliding with others, for the past, which is as it was. Must run in a transaction.
    Raises IntegrityError when the doctor or the patient has another visit then.
    """
    appointment = Appointment(
        patient_id=patient_id,
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        appointment_date=starts_at,
        ends_at=ends_at,
        time_zone=time_zone,
        local_start=local_start(starts_at, time_zone),
        status=status,
        notes=notes,
        price=price,
        currency=currency,
        source=AppointmentSource.IMPORT,
        language=language,
        overbooked=overbook,
    )
    batch = Batch()
    batch.insert(appointment)
    if claims:
        batch.insert(
            Claim(
                resource_id=_resource_of(doctor_id),
                span=DateTimeTZRange(starts_at, ends_at),
                kind=ClaimKind.BOOKING,
                appointment_id=key_of_latest(Appointment),
                clinic_id=clinic_id,
                overbook=overbook,
            )
        )
    batch.insert(
        AppointmentEvent(
            appointment_id=key_of_latest(Appointment),
            kind="imported",
            to_status=status,
            actor_kind="system",
            data={"version": 1},
        )
    )
    batch.run_for_key(appointment)
    return appointment


def visits_imported(*, doctor_ids: Collection[int]) -> None:
    """Tell what is derived from these doctors' claims that it is out of date, in the import's transaction.

    Locks their resources in the order of their ids.
    """
    resources = Resource.objects.filter(doctor_id__in=doctor_ids)
    locked = lock_resources(list(resources.values_list("pk", flat=True)))
    Resource.objects.filter(pk__in=locked).update(version=F("version") + 1)


def delete_imported(appointment: Appointment) -> bool:
    """Delete a visit that an import wrote, as if it had never been; False when somebody changed it since."""
    events = AppointmentEvent.objects.filter(appointment=appointment)
    if appointment.source != AppointmentSource.IMPORT or events.exclude(kind="imported").exists():
        return False
    Claim.objects.filter(appointment=appointment).delete()
    events.delete()
    appointment.delete()
    return True


def _resource_of(doctor_id: int) -> int:
    found = Resource.objects.filter(doctor_id=doctor_id).values_list("pk", flat=True).first()
    if found is None:
        ensure_doctor_resource(doctor_id)
        found = Resource.objects.values_list("pk", flat=True).get(doctor_id=doctor_id)
    return found
