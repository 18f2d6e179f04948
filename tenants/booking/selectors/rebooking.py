"""How far a mass rebooking has come."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tenants.booking.models import OfferState, RebookingBatch, RebookingProposal


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of a batch's proposals; `without_time` are those for which no free time was found."""

    batch: RebookingBatch
    total: int
    open: int
    accepted: int
    declined: int
    expired: int
    withdrawn: int
    without_time: int

    @property
    def to_call(self) -> int:
        """Patients whom somebody has to call."""
        return self.declined + self.expired + self.without_time


def rebooking_progress(public_id: UUID | str) -> Progress | None:
    """Return the counts of one batch; None when there is no such batch. One query."""
    batch = recent_batches().filter(public_id=public_id).first()
    return progress_of(batch) if batch is not None else None


def recent_batches() -> QuerySet[RebookingBatch]:
    """Return all batches with their counts as attributes, the latest first, for `progress_of`."""
    counts = {
        f"count_{state}": Count("proposals", filter=Q(proposals__state=state)) for state in OfferState.values
    }
    return RebookingBatch.objects.select_related("doctor__user").annotate(
        total=Count("proposals"),
        without_time=Count("proposals", filter=Q(proposals__hold=None)),
        **counts,
    )


def progress_of(batch: RebookingBatch) -> Progress:
    """Return the counts of a batch that came from `recent_batches`."""
    facts = vars(batch)
    without_time = facts["without_time"]
    return Progress(
        batch=batch,
        total=facts["total"],
        open=facts["count_open"],
        accepted=facts["count_accepted"],
        declined=facts["count_declined"],
        expired=facts["count_expired"] - without_time,
        withdrawn=facts["count_withdrawn"],
        without_time=without_time,
    )


def proposals_of(batch: RebookingBatch) -> QuerySet[RebookingProposal]:
    """Return the proposals with all that the desk shows, by the time that was: one query."""
    return batch.proposals.select_related(
        "appointment__patient", "appointment__service", "appointment__doctor__user", "hold__doctor__user"
    ).order_by("from_starts_at", "pk")
