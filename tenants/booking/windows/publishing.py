"""Drafts of a doctor's hours become published, in place of earlier hours or beside them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.audit.actions import Actor, record
from tenants.booking.transactions import in_transaction
from tenants.booking.windows.drafts import Draft, draft_of_hours
from tenants.booking.windows.instants import ONE_DAY
from tenants.doctors.hours import Window, find_meeting, meets, overlap_error
from tenants.doctors.models import Doctor, DoctorSchedule, ScheduleState


@dataclass(frozen=True, slots=True)
class Publication:
    """What publishing does: `drafts` come into force; of earlier hours some end before, others go out of force."""

    doctor_id: int
    drafts: Sequence[DoctorSchedule]
    ended: Sequence[DoctorSchedule]
    withdrawn: Sequence[DoctorSchedule]

    @property
    def draft(self) -> Draft:
        """The change of rules that this comes to."""
        return draft_of_hours(
            doctor_id=self.doctor_id,
            put=[*self.drafts, *self.ended],
            without=[each.pk for each in self.withdrawn],
        )


def plan_publication(*, doctor_id: int, replace: bool, today: dt.date) -> Publication:
    """Work out what publishing all drafts of a doctor would do; nothing is written.

    With `replace`, the published hours in the drafts' clinics end the day before the first draft is valid (today
    at the earliest, for drafts without a beginning); those that begin later go out of force. Raises ValidationError
    `no_drafts`, or `overlap` when hours would run into each other.
    """
    rows = list(
        DoctorSchedule.objects.filter(doctor=doctor_id, is_active=True)
        .select_related("clinic")
        .order_by("pk")
    )
    drafts = [row for row in rows if row.state == ScheduleState.DRAFT]
    if not drafts:
        raise ValidationError(_("This doctor has no drafts of hours."), code="no_drafts")
    ended: list[DoctorSchedule] = []
    withdrawn: list[DoctorSchedule] = []
    published = [row for row in rows if row.state == ScheduleState.PUBLISHED]
    if replace:
        begins = max(min(row.valid_from or today for row in drafts), today)
        clinics = {row.clinic_id for row in drafts}
        for row in published:
            if row.clinic_id not in clinics or (row.valid_until is not None and row.valid_until < begins):
                continue
            if row.valid_from is not None and row.valid_from >= begins:
                withdrawn.append(row)
            else:
                row.valid_until = begins - ONE_DAY
                ended.append(row)
        for row in drafts:  # hours of days that are over would otherwise meet those they take the place of
            row.valid_from = max(row.valid_from or begins, begins)
    for row in drafts:
        row.state = ScheduleState.PUBLISHED
    _refuse_meeting(drafts, [row for row in published if row not in withdrawn])
    return Publication(doctor_id=doctor_id, drafts=drafts, ended=ended, withdrawn=withdrawn)


def publish_hours(*, doctor_id: int, replace: bool, actor: Actor, today: dt.date) -> Publication:
    """Publish all drafts of a doctor at once. Locks the doctor; raises as `plan_publication` does. Audited."""

    def work() -> Publication:
        # Not a full lock: bookings, which hold the resource that saving hours needs, refer to this row.
        Doctor.objects.select_for_update(of=("self",), no_key=True).get(pk=doctor_id)
        plan = plan_publication(doctor_id=doctor_id, replace=replace, today=today)
        for row in plan.withdrawn:
            row.is_active = False
        for row in (*plan.ended, *plan.withdrawn, *plan.drafts):
            row.save()
        record(
            "schedule.published",
            actor=actor,
            on=Doctor(pk=doctor_id),
            data={
                "published": [row.pk for row in plan.drafts],
                "ended": [row.pk for row in plan.ended],
                "withdrawn": [row.pk for row in plan.withdrawn],
            },
        )
        return plan

    return in_transaction(work)


def _refuse_meeting(drafts: Sequence[DoctorSchedule], others: Sequence[DoctorSchedule]) -> None:
    new = [Window.of(row) for row in drafts]
    old = [Window.of(row) for row in others]
    for one, other in combinations(new, 2):
        if meets(one, other):
            raise overlap_error(other)
    for window in new:
        meeting = find_meeting(window, old)
        if meeting is not None:
            raise overlap_error(meeting)
