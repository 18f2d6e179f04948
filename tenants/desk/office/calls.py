"""The call list: who has not confirmed a visit of today, tomorrow or the day after."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.audit.actions import Actor, record
from tenants.booking.actions import confirm_appointment
from tenants.booking.actions.logbook import OPEN, locked_appointment
from tenants.booking.errors import WrongStatus
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.transactions import in_transaction
from tenants.clinics.models import Clinic

DAYS_AHEAD: Final = 2
_SLACK: Final = dt.timedelta(days=DAYS_AHEAD + 1)


class CallOutcome(models.TextChoices):
    """What came of a call; `REACHED` also confirms the visit."""

    REACHED = "reached", pgettext_lazy("call", "reached, will come")
    NO_ANSWER = "no_answer", pgettext_lazy("call", "no answer")
    LATER = "later", pgettext_lazy("call", "call later")


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody to call. `days` is in how many days the visit is, on the clinic's clock."""

    visit: Appointment
    days: int

    @property
    def outcome(self) -> str:
        return str(dict(CallOutcome.choices).get(self.visit.call_outcome, ""))


def call_list(*, now: dt.datetime, clinic: Clinic | None = None) -> list[Call]:
    """Return the visits of tomorrow and the day after that nobody has confirmed, the soonest first. One query.

    Who was not called yet comes before who was, within a day.
    """
    visits = Appointment.objects.filter(
        status=AppointmentStatus.SCHEDULED,
        awaiting_approval=False,
        appointment_date__gte=now,
        appointment_date__lt=now + _SLACK,
    ).select_related("patient", "doctor__user", "service", "clinic")
    if clinic is not None:
        visits = visits.filter(clinic=clinic)
    calls = [
        Call(visit=visit, days=_days_until(visit, now)) for visit in visits.order_by("appointment_date", "pk")
    ]
    wanted = [call for call in calls if 1 <= call.days <= DAYS_AHEAD]
    return sorted(
        wanted, key=lambda call: (call.days, call.visit.called_at is not None, call.visit.appointment_date)
    )


def note_call(*, public_id: str, outcome: str, actor: Actor, now: dt.datetime) -> Appointment:
    """Write down a call; who was reached has confirmed the visit. Locks it.

    Raises AppointmentNotFound, WrongStatus for a visit that is over or cancelled, ValueError for an unknown outcome.
    """
    said = CallOutcome(outcome)

    def work() -> Appointment:
        visit = locked_appointment(public_id, expected_version=None)
        if visit.status not in OPEN:
            raise WrongStatus(params={"status": str(visit.status), "wanted": "called"})
        visit.called_at, visit.call_outcome = now, said
        visit.save(update_fields=["called_at", "call_outcome", "updated_at"])
        record("booking.called", actor=actor, on=visit, data={"outcome": str(said)})
        if said == CallOutcome.REACHED and visit.status == AppointmentStatus.SCHEDULED:
            return confirm_appointment(public_id=public_id, actor=actor, now=now, for_staff=True)
        return visit

    return in_transaction(work)


def _days_until(visit: Appointment, now: dt.datetime) -> int:
    zone = ZoneInfo(visit.time_zone)
    return (visit.appointment_date.astimezone(zone).date() - now.astimezone(zone).date()).days


TITLES: Final = {1: _("Tomorrow"), 2: _("The day after tomorrow")}
