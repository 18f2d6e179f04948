"""Visits that the clinic has to accept first. They keep their time while they wait."""

import datetime as dt
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.audit.actions import SYSTEM, Actor
from tenants.booking import topics
from tenants.booking.actions.changing import REASON_LENGTH, give_place_back
from tenants.booking.actions.logbook import OPEN, locked_appointment, write_down
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.reservation_errors import NotAwaitingApproval
from tenants.booking.selectors.approvals import ANSWER_WITHIN, awaiting_approval
from tenants.booking.transactions import in_transaction

_AT_ONCE: Final = 200


def approve_appointment(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor, now: dt.datetime
) -> Appointment:
    """Accept a visit that was booked on approval; the patient gets the confirmation by letter.

    Locks it. Raises AppointmentNotFound, StaleVersion, NotAwaitingApproval.
    """

    def work() -> Appointment:
        appointment = _locked_request(public_id, expected_version)
        appointment.awaiting_approval = False
        appointment.version += 1
        appointment.save(update_fields=["awaiting_approval", "version", "updated_at"])
        write_down(appointment, topic=topics.APPROVED, from_status=appointment.status, actor=actor)
        return appointment

    return in_transaction(work)


def refuse_appointment(
    *,
    public_id: UUID | str,
    message: str = "",
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Appointment:
    """Turn a visit down that was booked on approval: it is cancelled, its time free; `message` goes to the patient.

    Locks it. Raises AppointmentNotFound, StaleVersion, NotAwaitingApproval.
    """

    def work() -> Appointment:
        appointment = _locked_request(public_id, expected_version)
        from_status = appointment.status
        appointment.status = AppointmentStatus.CANCELLED
        appointment.awaiting_approval = False
        appointment.cancel_reason = message.replace("\x00", "").strip()[:REASON_LENGTH]
        appointment.version += 1
        appointment.save(
            update_fields=["status", "awaiting_approval", "cancel_reason", "version", "updated_at"]
        )
        give_place_back(appointment)
        write_down(appointment, topic=topics.REFUSED, from_status=from_status, actor=actor)
        return appointment

    return in_transaction(work)


def expire_approvals(*, now: dt.datetime) -> int:
    """Turn down requests that nobody answered in time, each in its own transaction; return how many."""
    due = awaiting_approval().filter(Q(created_at__lte=now - ANSWER_WITHIN) | Q(appointment_date__lte=now))
    count = 0
    for public_id, language in due.values_list("public_id", "language")[:_AT_ONCE]:
        with translation.override(language):
            message = _("The clinic could not confirm the visit in time.")
        try:
            refuse_appointment(public_id=public_id, message=message, actor=SYSTEM, now=now)
        except NotAwaitingApproval:
            continue  # answered this very moment
        count += 1
    return count


def _locked_request(public_id: UUID | str, expected_version: int | None) -> Appointment:
    appointment = locked_appointment(public_id, expected_version=expected_version)
    if not appointment.awaiting_approval or appointment.status not in OPEN:
        raise NotAwaitingApproval
    return appointment
