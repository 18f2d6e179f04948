"""Writing a new appointment with all that belongs to it, in one round trip."""

import datetime as dt
from typing import Any

from psycopg2.extras import DateTimeTZRange

from saas.core.batch import Batch, key_of_latest
from tenants.audit.actions import Actor
from tenants.booking import topics
from tenants.booking.actions.logbook import note_down
from tenants.booking.actions.placing import Place
from tenants.booking.gaps.store import statement_taking, version_statement
from tenants.booking.models import Appointment, Claim, ClaimKind


def insert_appointment(
    appointment: Appointment, place: Place, *, actor: Actor, data: dict[str, Any] | None = None
) -> None:
    """Insert an unsaved appointment with its claims, log, audit record and outbox event; sets its key.

    The constraints have the last word, as an IntegrityError. A visit that takes a seat of a group session has no
    claims of its own.
    """
    batch = Batch()
    batch.insert(appointment)
    if appointment.session_id is None:
        _add_claims(
            batch,
            place,
            kind=ClaimKind.BOOKING,
            appointment_id=key_of_latest(Appointment),
            clinic_id=appointment.clinic_id,
        )
    note_down(batch, appointment, topic=topics.BOOKED, from_status="", actor=actor, data=data)
    batch.run_for_key(appointment)


def claim_place(
    place: Place,
    *,
    clinic_id: int | None,
    kind: ClaimKind = ClaimKind.BOOKING,
    appointment_id: int | None = None,
    hold_id: int | None = None,
    session_id: int | None = None,
    expires_at: dt.datetime | None = None,
) -> None:
    """Insert a claim for each resource of the place. The exclusion constraint has the last word (IntegrityError)."""
    batch = Batch()
    _add_claims(
        batch,
        place,
        kind=kind,
        appointment_id=appointment_id,
        hold_id=hold_id,
        session_id=session_id,
        clinic_id=clinic_id,
        expires_at=expires_at,
    )
    batch.run()


def _add_claims(batch: Batch, place: Place, *, kind: ClaimKind, **owner: Any) -> None:
    for span in place.spans:
        batch.insert(
            Claim(
                resource_id=span.resource_id,
                span=DateTimeTZRange(span.starts_at, span.ends_at),
                kind=kind,
                overbook=span.overbook,
                **owner,
            )
        )
    doctor = place.spans[0]
    touched = [span.resource_id for span in place.spans]
    if doctor.overbook:  # takes no time away
        batch.add(*version_statement(touched))
    else:
        batch.add(*statement_taking(doctor.resource_id, doctor.starts_at, doctor.ends_at, touched=touched))
