"""What is refused around holds, approvals, series, group sessions, the waiting list and mass rebooking."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, DomainError, Gone, NotFound, Refused, TooMany
from tenants.booking.errors import SlotTaken


class HoldNotFound(NotFound):
    code = "hold_not_found"
    message = _("This time is not held for you any more.")


class HoldGone(Gone):
    """It expired, was used or was given back."""

    code = "hold_gone"
    message = _("This time is not held for you any more. You can still book it if nobody else has.")


class HoldExtended(Conflict):
    code = "hold_extended"
    message = _("A time can be held longer only once.")


class TooManyHolds(TooMany):
    """`params["retry_after"]`: seconds until the first of them ends."""

    code = "too_many_holds"
    message = _("You hold several times already. Finish one booking or let a time go first.")


class NotAwaitingApproval(Conflict):
    code = "not_awaiting_approval"
    message = _("This visit does not wait for approval any more.")


class UndoTooLate(Refused):
    """`params["minutes"]`: how long one can undo."""

    code = "undo_too_late"
    message = _("It is too late to undo this.")


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    message = _("There is nothing to undo: the visit is still to come.")


class BadSeries(Refused):
    """`params["most"]`: how many dates one series can have."""

    code = "bad_series"
    message = _("Choose at least one date, and not more than one series can have.")


class SeriesConflict(SlotTaken):
    """Some dates cannot be had, so none was booked.

    `params["dates"]` says for each of them `starts_at`, `code`, `message` and up to three `alternatives`.
    """

    code = "series_conflict"
    message = _("Some of these dates cannot be booked, so none was. Please choose others for them.")

    def __init__(
        self,
        refused: Mapping[dt.datetime, DomainError],
        *,
        find: Callable[[], Mapping[dt.datetime, list[dict[str, object]]]],
    ) -> None:
        super().__init__()
        self._find: Callable[[], Mapping[dt.datetime, list[dict[str, object]]]] | None = find
        self._starts = list(refused)
        self.params["dates"] = [
            {
                "starts_at": starts_at.isoformat().replace("+00:00", "Z"),
                "code": error.code,
                "message": str(error.message),
                "alternatives": [],
            }
            for starts_at, error in refused.items()
        ]

    def look_for_alternatives(self) -> None:
        """Fill the `alternatives` of every date, once. Needs a connection that can run queries."""
        if self._find is None:
            return
        found = self._find()
        for starts_at, row in zip(self._starts, self.params["dates"], strict=True):
            row["alternatives"] = found.get(starts_at, [])
        self._find = None


class SeriesNotFound(NotFound):
    code = "series_not_found"
    message = _("There is no such series of visits.")


class SeriesChanged(Conflict):
    """The visits that are still to come are not those that the caller saw."""

    code = "series_changed"
    message = _(
        "These visits were changed in the meantime. Please look at them again before you cancel them."
    )


class NothingToCancel(Conflict):
    code = "nothing_to_cancel"
    message = _("None of these visits is still to come.")


class ChainConflict(SlotTaken):
    """A part of the visit cannot be had, so none was booked. `params["alternatives"]`: other ways, each a list."""

    code = "chain_conflict"
    message = _(
        "One part of this visit is no longer free, so nothing was booked. Please choose another time."
    )

    def __init__(self, *, part: int, cause: DomainError, find: Callable[[], list[Any]]) -> None:
        super().__init__(find_alternatives=find)
        self.params |= {"part": part, "cause": cause.code, "reason": str(cause.message)}


class BadChain(Refused):
    code = "bad_chain"
    message = _("The parts of this visit do not follow each other.")


class NotAGroupService(Refused):
    code = "not_a_group_service"
    message = _("This service is not given to groups.")


class SessionNotFound(NotFound):
    code = "session_not_found"
    message = _("There is no such group session.")


class SessionFull(Conflict):
    """`params["alternatives"]`: sessions with free seats: `session`, `starts_at`, `free`."""

    code = "session_full"
    message = _("The last seat has just been taken. Please choose another session.")


class SessionOver(Conflict):
    code = "session_over"
    message = _("This group session was cancelled or has begun.")


class SeatCannotMove(Refused):
    code = "seat_cannot_move"
    message = _("A seat in a group session keeps its time: cancel it and take a seat in another session.")


class EntryNotFound(NotFound):
    code = "waitlist_entry_not_found"
    message = _("You are not on the waiting list any more.")


class EntryClosed(Conflict):
    code = "waitlist_entry_closed"
    message = _("This place on the waiting list was used or given up already.")


class BadWish(Refused):
    code = "bad_wish"
    message = _("There are no such days: please choose dates from today on.")


class OfferNotFound(NotFound):
    code = "offer_not_found"
    message = _("There is no such offer.")


class OfferGone(Gone):
    """`params["state"]`: declined, expired or withdrawn."""

    code = "offer_gone"
    message = _("This offer is over: the time was not kept any longer. You stay on the waiting list.")


class ProposalNotFound(NotFound):
    code = "proposal_not_found"
    message = _("There is no such proposal.")


class ProposalGone(Gone):
    """`params["state"]`: declined, expired or withdrawn."""

    code = "proposal_gone"
    message = _("This proposal is over. Please choose another time or call the clinic.")


class NoVisitsToMove(Refused):
    code = "no_visits_to_move"
    message = _("None of these visits is still to come.")


class BatchNotFound(NotFound):
    code = "rebooking_not_found"
    message = _("There is no such rebooking.")


class BatchUndone(Conflict):
    code = "rebooking_undone"
    message = _("This rebooking was undone already.")
