"""What the booking engine refuses, and in which words."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, Forbidden, NotFound, Refused


class SlotTaken(Conflict):
    """Somebody else has this time. `params["alternatives"]` holds up to three free times nearby.

    Each is `{"starts_at", "doctor", "clinic", "service"}`: an ISO instant in UTC and three ids. They are looked
    up by `tenants.booking.transactions` after the transaction was rolled back, so that no lock is held meanwhile.
    """

    code = "slot_taken"
    message = _("This time has just been taken. Please choose another one.")

    def __init__(
        self,
        *,
        find_alternatives: Callable[[], list[dict[str, Any]]] | None = None,
        params: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(params={"alternatives": [], **(params or {})})
        self._find_alternatives = find_alternatives

    def look_for_alternatives(self) -> None:
        """Fill `params["alternatives"]`, once. Needs a connection that can run queries."""
        if self._find_alternatives is not None:
            self.params["alternatives"] = self._find_alternatives()
            self._find_alternatives = None


class NotReleased(SlotTaken):
    """So much of this day's working time is booked that the rest is opened later. `params["percent"]` is open now."""

    code = "not_released"
    message = _("The remaining times of this day will be opened later. Please choose another day.")


class CapReached(SlotTaken):
    """`params`: `most` visits a `period` (day or week)."""

    code = "cap_reached"
    message = _("No more visits can be booked for this day. Please choose another one.")


class OnTheWay(SlotTaken):
    """The doctor has a visit in another clinic, so near in time that the way is too long."""

    code = "on_the_way"
    message = _("The doctor could not be here in time from another clinic. Please choose another time.")


class NoRoomFree(SlotTaken):
    code = "no_room"
    message = _("The room or device for this visit is not free at this time. Please choose another one.")


class NoTimeForBreak(SlotTaken):
    code = "no_time_for_break"
    message = _("The doctor has a break around this time. Please choose another one.")


class OverbookForbidden(Forbidden):
    code = "overbook_forbidden"
    message = _("Only staff may put a visit on top of others.")


class SlotInPast(Refused):
    code = "in_past"
    message = _("This time has already passed. Please choose a later one.")


class TooLateToBook(Refused):
    """`params["minutes"]`: the notice that the clinic asks for."""

    code = "too_late"
    message = _("It is too late to book this time online. Please choose a later one or call the clinic.")


class BeyondHorizon(Refused):
    """`params["days"]`: how many days ahead visits can be booked."""

    code = "beyond_horizon"
    message = _("Visits on this date cannot be booked yet. Please choose an earlier date.")


class NotWorking(Refused):
    code = "not_working"
    message = _("The doctor does not see patients at this time. Please choose another one.")


class SlotMisaligned(NotWorking):
    """Inside working hours, but not at one of the times that are offered."""

    code = "misaligned"
    message = _("Visits do not begin at this time. Please choose one of the times offered.")


class VisitTooLong(SlotMisaligned):
    """The visit would end after the doctor's working time."""

    code = "too_long"
    message = _(
        "The visit would not be over before the doctor's working time ends. Please choose another time."
    )


class ServiceNotOffered(Refused):
    """`code` is `not_offered`, or names what is unknown: `doctor_unknown`, `service_unknown`, `clinic_unknown`."""

    code = "not_offered"
    message = _(
        "This doctor does not offer this service in this clinic. Please choose another doctor or service."
    )


class PatientBusy(Conflict):
    code = "patient_busy"
    message = _(
        "This patient already has a visit at this time. Please choose another time or cancel that visit."
    )


class AppointmentNotFound(NotFound):
    code = "appointment_not_found"
    message = _("There is no such appointment.")


class PatientNotFound(NotFound):
    code = "patient_not_found"
    message = _("There is no such patient.")


class CancellationTooLate(Refused):
    """`params["minutes"]`: the latest moment before the visit at which the patient could still change it."""

    code = "cancellation_too_late"
    message = _("It is too late to change or cancel this visit online. Please call the clinic.")


class StaleVersion(Conflict):
    """`params["version"]`: the version there is now."""

    code = "stale_version"
    message = _("This appointment was changed in the meantime. Please look at it again before you change it.")


class WrongStatus(Conflict):
    """`params`: `status` now and the one that was `wanted`."""

    code = "wrong_status"
    message = _("This cannot be done any more: the appointment has another status now.")


class KeyReused(Refused):
    code = "idempotency_key_reused"
    message = _("This Idempotency-Key was already used for another request.")


class TimeNotFree(Conflict):
    """Time cannot be blocked: visits are booked in it. `params["appointments"]`: their public ids."""

    code = "time_not_free"
    message = _("There are visits booked in this time. Please move or cancel them first.")


class BadInterval(Refused):
    code = "bad_interval"
    message = _("The end must come after the beginning.")


class BlockNotFound(NotFound):
    code = "block_not_found"
    message = _("There is no such blocked time.")


class TooEarly(Refused):
    code = "too_early"
    message = _("This visit has not begun yet.")
