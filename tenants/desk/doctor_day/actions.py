"""What a doctor does with their own time: block it, and take the block back."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saas.core.errors import NotFound
from tenants.audit.actions import Actor, record
from tenants.booking.actions.rebooking import propose_rebooking
from tenants.booking.models import (
    ExceptionKind,
    ExceptionScope,
    RebookingBatch,
    ScheduleException,
)
from tenants.booking.selectors.new_times import Span
from tenants.booking.slots import day_start
from tenants.booking.windows.drafts import draft_of_exception
from tenants.booking.windows.impact import OrphanedVisit, visits_left_outside
from tenants.doctors.models import Doctor

LONGEST: Final = dt.timedelta(days=366)
_DAY: Final = dt.timedelta(days=1)


class LeaveUnknown(NotFound):
    code = "leave_unknown"


@dataclass(frozen=True, slots=True)
class Leave:
    """Time to be blocked: local dates, both included; times of the day, both or none (whole days)."""

    doctor: Doctor
    start_date: dt.date
    end_date: dt.date
    start_time: dt.time | None
    end_time: dt.time | None
    reason: str

    def as_exception(self) -> ScheduleException:
        return ScheduleException(
            scope=ExceptionScope.DOCTOR,
            kind=ExceptionKind.BLOCK,
            doctor=self.doctor,
            start_date=self.start_date,
            end_date=self.end_date,
            start_time=self.start_time,
            end_time=self.end_time,
            reason=self.reason,
        )

    def check(self, *, today: dt.date) -> None:
        """Raise ValidationError, by field, for a leave that makes no sense."""
        if self.end_date < self.start_date:
            raise ValidationError({"end_date": _("The end is before the beginning.")})
        if self.end_date < today:
            raise ValidationError({"end_date": _("This time is over already.")})
        if self.end_date - self.start_date > LONGEST:
            raise ValidationError({"end_date": _("Longer than a year.")})
        if (self.start_time is None) != (self.end_time is None):
            raise ValidationError({"end_time": _("Give both times, or none for whole days.")})
        if self.start_time is not None and self.start_time == self.end_time:
            raise ValidationError({"end_time": _("The end is before the beginning.")})


def impact_of(leave: Leave, *, now: dt.datetime) -> list[OrphanedVisit]:
    """Return the visits that lie in the time to be blocked, each with a new time if there is one."""
    return visits_left_outside(draft=draft_of_exception(leave.as_exception()), now=now)


def block_own_time(
    *, leave: Leave, propose: bool, actor: Actor, now: dt.datetime
) -> tuple[ScheduleException, RebookingBatch | None]:
    """Block the time. With `propose` the patients in it are offered the new times; without, their visits stay.

    Raises ValidationError by field. The block stands even if a proposal fails.
    """
    zone = leave.doctor.clinic.time_zone if leave.doctor.clinic is not None else "UTC"
    touched = [each.appointment.pk for each in impact_of(leave, now=now)]
    with transaction.atomic():
        block = leave.as_exception()
        block.created_by_id = actor.user_id
        block.save()
        record(
            "schedule.time_blocked",
            actor=actor,
            on=block,
            data={"doctor": leave.doctor.pk, "visits": len(touched)},
        )
    if not propose or not touched:
        return block, None
    until = leave.end_date + _DAY if leave.end_time is None else leave.end_date + 2 * _DAY
    span = Span(leave.doctor.pk, day_start(leave.start_date, zone), day_start(until, zone))
    batch = propose_rebooking(
        appointment_ids=touched,
        reason=leave.reason or str(_("The doctor is away.")),
        actor=actor,
        now=now,
        doctor_id=leave.doctor.pk,
        keep_clear=span,
    )
    return block, batch


@transaction.atomic
def open_own_time(*, doctor: Doctor, block_id: int, actor: Actor) -> None:
    """Take a block back. Raises LeaveUnknown for one that is not this doctor's own."""
    block = (
        ScheduleException.objects.select_for_update()
        .filter(pk=block_id, doctor=doctor, scope=ExceptionScope.DOCTOR, kind=ExceptionKind.BLOCK)
        .first()
    )
    if block is None:
        raise LeaveUnknown
    record("schedule.time_opened", actor=actor, on=block, data={"doctor": doctor.pk})
    block.delete()
