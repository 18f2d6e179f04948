"""Mass rebooking: visits that have to move get a new time each, held until the patient answers by one tap.

Locks, after those of a booking: claims, then the proposal.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise

from saas.core.errors import DomainError
from tenants.audit.actions import SYSTEM, Actor, record
from tenants.booking import topics
from tenants.booking.actions.changing import REASON_LENGTH, reschedule_appointment
from tenants.booking.actions.freeing import announce_freed, free_claims
from tenants.booking.actions.holding import hold_slot
from tenants.booking.actions.logbook import OPEN
from tenants.booking.errors import SlotTaken
from tenants.booking.models import (
    Appointment,
    Claim,
    HoldPurpose,
    OfferState,
    RebookingBatch,
    RebookingProposal,
)
from tenants.booking.reservation_errors import (
    BatchNotFound,
    BatchUndone,
    NoVisitsToMove,
    ProposalGone,
    ProposalNotFound,
)
from tenants.booking.selectors.new_times import Span, new_times
from tenants.booking.selectors.values import Slot
from tenants.booking.transactions import in_transaction
from tenants.outbox.actions import publish

ANSWER_WITHIN: Final = dt.timedelta(hours=24)
"""How long a proposed time is held; less where it, or the visit that moves, begins sooner."""

MOST_VISITS: Final = 500
_TRIES: Final = 3
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class NotUndone:
    """A visit that undoing could not put back, and why."""

    appointment: UUID
    code: str
    message: str | Promise


@dataclass(slots=True)
class UndoReport:
    """What undoing a batch came to."""

    withdrawn: int = 0
    moved_back: int = 0
    not_undone: list[NotUndone] = field(default_factory=list)


def propose_rebooking(
    *,
    appointment_ids: Sequence[int],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    doctor_id: int | None = None,
    keep_clear: Span | None = None,
) -> RebookingBatch:
    """Find, hold and send a new time for each of these visits (primary keys) that is still to come.

    `doctor_id` is whose time is meant, for the list of batches. `keep_clear` is a doctor's time `[from, to)` that
    is not to be proposed, where the leave is not saved yet. Each visit has its own transaction: what was proposed
    stands even if a later one fails. A visit for which nothing is free gets a proposal without a hold, for the
    desk to call; one that has an open proposal already is left out. Raises NoVisitsToMove.
    """
    visits = list(
        Appointment.objects.filter(
            pk__in=list(appointment_ids)[:MOST_VISITS],
            status__in=OPEN,
            appointment_date__gt=now,
            session=None,
        )
        .exclude(rebooking_proposals__state=OfferState.OPEN)
        .order_by("appointment_date", "pk")
    )
    if not visits:
        raise NoVisitsToMove

    def start() -> RebookingBatch:
        batch = RebookingBatch.objects.create(
            reason=reason.replace("\x00", "").strip()[:REASON_LENGTH],
            doctor_id=doctor_id,
            created_by_id=actor.user_id,
            undo={str(visit.pk): _whereabouts(visit) for visit in visits},
        )
        record("rebooking.started", actor=actor, on=batch, data={"visits": len(visits)})
        return batch

    batch = in_transaction(start)
    for visit in visits:
        _propose_to(visit, batch, keep_clear=keep_clear, now=now)
    return batch


def accept_proposal(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> Appointment:
    """Move the visit to the time proposed. Again gives the same visit; the cut-off does not count.

    Locks the appointment, the resources, then the proposal. Raises ProposalNotFound, ProposalGone, WrongStatus
    for a visit that was cancelled meanwhile, and what `reschedule_appointment` raises.
    """

    def work() -> Appointment:
        proposal = _proposal(public_id)
        visit, hold = proposal.appointment, proposal.hold
        if proposal.state == OfferState.ACCEPTED:
            return visit
        _require_open(proposal)
        if hold is None:
            raise ProposalGone(params={"state": str(proposal.state)})
        moved = reschedule_appointment(
            public_id=visit.public_id,
            starts_at=hold.starts_at,
            doctor_id=hold.doctor_id,
            clinic_id=hold.clinic_id,
            actor=actor,
            now=now,
            for_staff=True,
            hold_id=hold.pk,
        )
        locked = _locked(proposal)
        if locked.state == OfferState.ACCEPTED:  # a second tap that waited for the first
            return moved
        _require_open(locked)
        locked.state = OfferState.ACCEPTED
        locked.decided_at = now
        locked.save(update_fields=["state", "decided_at"])
        record("rebooking.accepted", actor=actor, on=locked, data={"appointment": visit.pk})
        return moved

    try:
        return in_transaction(work)
    except SlotTaken:
        proposal = _proposal(public_id)
        if proposal.state == OfferState.ACCEPTED:
            return proposal.appointment
        _require_open(proposal)
        raise


def decline_proposal(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> RebookingProposal:
    """Note that the new time does not suit; the visit stays where it is for the desk to care for.

    Again is no change. Raises ProposalNotFound, ProposalGone.
    """

    def work() -> RebookingProposal:
        proposal = _proposal(public_id)
        if proposal.state == OfferState.DECLINED:
            return proposal
        return _close(proposal, OfferState.DECLINED, actor=actor, now=now)

    return in_transaction(work)


def expire_proposals(*, now: dt.datetime) -> int:
    """End the proposals that nobody answered in time, each in its own transaction; return how many."""
    due = RebookingProposal.objects.filter(state=OfferState.OPEN, expires_at__lte=Now())
    count = 0
    for proposal in list(due.order_by("expires_at")[:_AT_ONCE]):
        try:
            in_transaction(partial(_close, proposal, OfferState.EXPIRED, actor=SYSTEM, now=now))
        except ProposalGone:
            continue  # answered this very moment
        count += 1
    return count


def undo_batch(*, public_id: UUID | str, actor: Actor, now: dt.datetime) -> UndoReport:
    """Take a batch back: open proposals are withdrawn, accepted ones moved back where their old time is still free.

    Each visit in its own transaction; what cannot be moved back stays and is reported. Locks the batch first.
    Raises BatchNotFound, BatchUndone.
    """

    def begin() -> RebookingBatch:
        batch = RebookingBatch.objects.select_for_update().filter(public_id=public_id).first()
        if batch is None:
            raise BatchNotFound
        if batch.undone_at is not None:
            raise BatchUndone
        batch.undone_at = now
        batch.save(update_fields=["undone_at"])
        record("rebooking.undone", actor=actor, on=batch)
        return batch

    batch = in_transaction(begin)
    report = UndoReport()
    for proposal in batch.proposals.select_related("appointment").order_by("pk"):
        if proposal.state == OfferState.OPEN:
            try:
                in_transaction(partial(_close, proposal, OfferState.WITHDRAWN, actor=actor, now=now))
            except ProposalGone:
                proposal.refresh_from_db(fields=["state"])  # answered this very moment
            else:
                report.withdrawn += 1
                continue
        if proposal.state == OfferState.ACCEPTED:
            _move_back(proposal, batch, report, actor=actor, now=now)
    return report


def _move_back(
    proposal: RebookingProposal,
    batch: RebookingBatch,
    report: UndoReport,
    *,
    actor: Actor,
    now: dt.datetime,
) -> None:
    visit = proposal.appointment
    was: dict[str, Any] = batch.undo[str(visit.pk)]
    try:
        reschedule_appointment(
            public_id=visit.public_id,
            starts_at=dt.datetime.fromisoformat(was["starts_at"]),
            doctor_id=was["doctor"],
            clinic_id=was["clinic"],
            minutes=was["minutes"],
            actor=actor,
            now=now,
            for_staff=True,
        )
    except DomainError as error:
        report.not_undone.append(NotUndone(visit.public_id, error.code, error.message))
    else:
        report.moved_back += 1


def _propose_to(
    visit: Appointment, batch: RebookingBatch, *, keep_clear: Span | None, now: dt.datetime
) -> None:
    """Hold the best new time that can be had and send it; without one, note that nothing was found."""
    for tries, slot in enumerate(new_times(visit, keep_clear=keep_clear, now=now), start=1):
        try:
            in_transaction(partial(_hold_and_send, visit, batch, slot, now=now))
        except DomainError:
            if tries == _TRIES:
                break
            continue  # taken this very moment: the next best
        return
    RebookingProposal.objects.create(
        batch=batch,
        appointment=visit,
        from_starts_at=visit.appointment_date,
        state=OfferState.EXPIRED,
        decided_at=now,
    )


def _hold_and_send(visit: Appointment, batch: RebookingBatch, slot: Slot, *, now: dt.datetime) -> None:
    seconds = int((min(now + ANSWER_WITHIN, slot.starts_at) - now).total_seconds())
    hold = hold_slot(
        doctor_id=slot.doctor_id,
        service_id=slot.service_id,
        clinic_id=slot.clinic_id,
        starts_at=slot.starts_at,
        holder=f"proposal:{visit.pk}",
        now=now,
        purpose=HoldPurpose.PROPOSAL,
        seconds=seconds,
        for_staff=True,
    )
    proposal = RebookingProposal.objects.create(
        batch=batch,
        appointment=visit,
        hold=hold,
        from_starts_at=visit.appointment_date,
        expires_at=hold.expires_at,
    )
    publish(
        topics.PROPOSED,
        aggregate_type=topics.PROPOSAL,
        aggregate_id=str(proposal.pk),
        version=1,
        payload={"proposal": str(proposal.public_id), "appointment": str(visit.public_id)},
        dedup_key=f"proposal:{proposal.public_id}",
        expires_at=proposal.expires_at,
    )


def _close(
    proposal: RebookingProposal, state: OfferState, *, actor: Actor, now: dt.datetime
) -> RebookingProposal:
    held: QuerySet[Claim] = Claim.objects.filter(hold=proposal.hold_id, hold__isnull=False)
    free_claims(held)
    locked = _locked(proposal)
    if locked.state != OfferState.OPEN:
        raise ProposalGone(params={"state": str(locked.state)})
    locked.state = state
    locked.decided_at = now
    locked.save(update_fields=["state", "decided_at"])
    announce_freed(held)
    record(f"rebooking.{state}", actor=actor, on=locked)
    return locked


def _whereabouts(visit: Appointment) -> dict[str, Any]:
    return {
        "doctor": visit.doctor_id,
        "clinic": visit.clinic_id,
        "starts_at": visit.appointment_date.isoformat(),
        "minutes": int((visit.ends_at - visit.appointment_date).total_seconds()) // 60,
    }


def _proposal(public_id: UUID | str) -> RebookingProposal:
    found = RebookingProposal.objects.select_related("appointment", "hold").filter(public_id=public_id)
    proposal = found.first()
    if proposal is None:
        raise ProposalNotFound
    return proposal


def _locked(proposal: RebookingProposal) -> RebookingProposal:
    return RebookingProposal.objects.select_for_update().get(pk=proposal.pk)


def _require_open(proposal: RebookingProposal) -> None:
    """Raise ProposalGone for one that is over, by its state or by the database's clock."""
    state = str(proposal.state)
    overdue = RebookingProposal.objects.filter(pk=proposal.pk, expires_at__lte=Now())
    if proposal.state == OfferState.OPEN and overdue.exists():
        state = str(OfferState.EXPIRED)
    if state != OfferState.OPEN:
        raise ProposalGone(params={"state": state})
