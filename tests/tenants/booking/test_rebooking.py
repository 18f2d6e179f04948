"""Mass rebooking: new times found, held and answered; taken back as far as it can be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import cancel_appointment
from tenants.booking.actions.rebooking import (
    accept_proposal,
    decline_proposal,
    expire_proposals,
    propose_rebooking,
    undo_batch,
)
from tenants.booking.errors import SlotTaken, WrongStatus
from tenants.booking.models import Appointment, RebookingBatch, RebookingProposal
from tenants.booking.reservation_errors import BatchUndone, NoVisitsToMove, ProposalGone
from tenants.booking.selectors.new_times import Span
from tenants.booking.selectors.rebooking import proposals_of, rebooking_progress
from tenants.outbox.models import OutboxEvent
from tests.factories import Bookable, make_bookable, make_doctor, make_hours, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

HALF = dt.timedelta(minutes=30)
DAY = dt.timedelta(days=1)


def propose(bookable: Bookable, visits: list[Appointment], **changes: Any) -> RebookingBatch:
    """The doctor is away on the whole Tuesday."""
    facts: dict[str, Any] = {
        "appointment_ids": [visit.pk for visit in visits],
        "reason": "the doctor is ill",
        "actor": GUEST,
        "now": NOW,
        "doctor_id": bookable.doctor.pk,
        "keep_clear": Span(bookable.doctor.pk, NINE - HALF, NINE + DAY - 2 * HALF),
    }
    return propose_rebooking(**{**facts, **changes})


def visits_of(bookable: Bookable, count: int) -> list[Appointment]:
    return [book(bookable, NINE + number * HALF, patient_id=make_patient().pk) for number in range(count)]


def test_each_visit_gets_a_time_of_its_own_held_and_sent(network: NetworkRef) -> None:
    bookable = make_bookable()
    visits = visits_of(bookable, 3)
    batch = propose(bookable, visits)
    proposals = list(proposals_of(batch))
    starts = [proposal.hold.starts_at for proposal in proposals if proposal.hold]
    assert len(set(starts)) == 3
    assert all(start < NINE - HALF or start >= NINE + DAY - 2 * HALF for start in starts)
    assert {proposal.hold.doctor_id for proposal in proposals if proposal.hold} == {bookable.doctor.pk}
    with pytest.raises(SlotTaken):
        book(bookable, starts[0], patient_id=make_patient().pk)
    assert OutboxEvent.objects.filter(topic="rebooking.proposed").count() == 3
    with pytest.raises(NoVisitsToMove):
        propose(bookable, visits)  # all have an open proposal


def test_another_doctor_of_the_service_stands_in(network: NetworkRef) -> None:
    bookable = make_bookable(days=[1])  # Tuesdays only
    stand_in = make_doctor(clinics=[bookable.clinic], services=[bookable.service])
    make_hours(doctor=stand_in, clinic=bookable.clinic)
    [visit] = visits_of(bookable, 1)
    month = Span(bookable.doctor.pk, NINE - HALF, NINE + 70 * DAY)
    batch = propose(bookable, [visit], keep_clear=month)
    proposal = batch.proposals.get()
    assert proposal.hold is not None
    assert (proposal.hold.doctor_id, proposal.hold.starts_at) == (stand_in.pk, NINE)
    moved = accept_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)
    assert (moved.doctor_id, moved.appointment_date) == (stand_in.pk, NINE)


def test_nothing_free_is_said_to_the_desk(network: NetworkRef) -> None:
    bookable = make_bookable()
    [visit] = visits_of(bookable, 1)
    batch = propose(bookable, [visit], keep_clear=Span(bookable.doctor.pk, NOW, NOW + 90 * DAY))
    progress = rebooking_progress(batch.public_id)
    assert progress is not None
    assert (progress.total, progress.without_time, progress.to_call, progress.open) == (1, 1, 1, 0)


def test_accepting_moves_the_visit_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    [visit] = visits_of(bookable, 1)
    proposal = propose(bookable, [visit]).proposals.get()
    assert proposal.hold is not None
    moved = accept_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)
    assert moved.appointment_date == proposal.hold.starts_at
    again = accept_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)
    assert (again.pk, again.version) == (visit.pk, 2)
    with pytest.raises(ProposalGone):
        decline_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)


def test_declined_and_expired_ones_free_the_time_and_leave_the_visit(network: NetworkRef) -> None:
    bookable = make_bookable()
    one, two = visits_of(bookable, 2)
    batch = propose(bookable, [one, two])
    first, second = proposals_of(batch)
    assert first.hold
    decline_proposal(public_id=first.public_id, actor=GUEST, now=NOW)
    assert decline_proposal(public_id=first.public_id, actor=GUEST, now=NOW).state == "declined"
    RebookingProposal.objects.filter(pk=second.pk).update(expires_at=Now() - HALF)
    with pytest.raises(ProposalGone):
        accept_proposal(public_id=second.public_id, actor=GUEST, now=NOW)
    assert expire_proposals(now=NOW) == 1
    progress = rebooking_progress(batch.public_id)
    assert progress is not None
    assert (progress.declined, progress.expired, progress.to_call) == (1, 1, 2)
    assert book(bookable, first.hold.starts_at, patient_id=make_patient().pk).pk
    assert set(Appointment.objects.filter(pk__in=[one.pk, two.pk]).values_list("status", flat=True)) == {
        "scheduled"
    }


def test_a_visit_cancelled_meanwhile_cannot_be_moved(network: NetworkRef) -> None:
    bookable = make_bookable()
    [visit] = visits_of(bookable, 1)
    proposal = propose(bookable, [visit]).proposals.get()
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    with pytest.raises(WrongStatus):
        accept_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)


def test_undoing_puts_back_what_can_be_and_reports_the_rest(network: NetworkRef) -> None:
    bookable = make_bookable()
    one, two, three = visits_of(bookable, 3)
    batch = propose(bookable, [one, two, three])
    first, second, _third = proposals_of(batch)
    for proposal in (first, second):
        accept_proposal(public_id=proposal.public_id, actor=GUEST, now=NOW)
    book(bookable, NINE + HALF, patient_id=make_patient().pk)  # where the second one was
    report = undo_batch(public_id=batch.public_id, actor=GUEST, now=NOW)
    assert (report.withdrawn, report.moved_back) == (1, 1)
    assert [(each.appointment, each.code) for each in report.not_undone] == [(two.public_id, "slot_taken")]
    one.refresh_from_db()
    assert one.appointment_date == NINE
    with pytest.raises(BatchUndone):
        undo_batch(public_id=batch.public_id, actor=GUEST, now=NOW)


def test_progress_takes_as_many_queries_for_one_as_for_three(
    network: NetworkRef, django_assert_num_queries: Any
) -> None:
    bookable = make_bookable()
    for count in (1, 3):
        batch = propose(bookable, [book(bookable, NINE + (count * 4 + n) * HALF,
                                        patient_id=make_patient().pk) for n in range(count)])  # fmt: skip
        with django_assert_num_queries(2):
            assert rebooking_progress(batch.public_id)
            assert all(str(row.appointment.patient) for row in proposals_of(batch))
