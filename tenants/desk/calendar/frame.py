"""Which part of the calendar is shown: clinic, day or week, columns by doctor or by room."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.slots import ONE_DAY, day_start
from tenants.clinics.models import Clinic

DAYS_OF_WEEK: Final = 7
_REACH_YEARS: Final = 20


class View(StrEnum):
    DAY = "day"
    WEEK = "week"


class By(StrEnum):
    DOCTOR = "doctor"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class Frame:
    """What is asked for. `date` is a local date of the clinic; `column` is one resource's id, 0 for all.

    `days` are the local dates shown: `date` alone, or its week from Monday on.
    """

    clinic: Clinic
    clinics: tuple[Clinic, ...]
    date: dt.date
    today: dt.date
    view: View
    by: By
    column: int

    @property
    def days(self) -> list[dt.date]:
        if self.view == View.DAY:
            return [self.date]
        monday = self.date - self.date.weekday() * ONE_DAY
        return [monday + number * ONE_DAY for number in range(DAYS_OF_WEEK)]

    @property
    def zone(self) -> ZoneInfo:
        return self.clinic.zone

    @property
    def starts_at(self) -> dt.datetime:
        """The first instant shown."""
        return day_start(self.days[0], self.clinic.time_zone)

    @property
    def ends_at(self) -> dt.datetime:
        """The first instant that is not shown any more."""
        return day_start(self.days[-1] + ONE_DAY, self.clinic.time_zone)


def frame_of(query: Mapping[str, str], *, user: User, now: dt.datetime) -> Frame | None:
    """Read the frame from a query string; what is missing or senseless becomes the usual: today, first clinic.

    None when there is no clinic that this user may see. One query.
    """
    clinics = tuple(_clinics_of(user))
    if not clinics:
        return None
    wanted = query.get("clinic", "")
    clinic = next((clinic for clinic in clinics if str(clinic.pk) == wanted), clinics[0])
    today = now.astimezone(clinic.zone).date()
    column = query.get("column", "")
    return Frame(
        clinic=clinic,
        clinics=clinics,
        date=_date(query.get("date", ""), today),
        today=today,
        view=View.WEEK if query.get("view") == View.WEEK else View.DAY,
        by=By.ROOM if query.get("by") == By.ROOM and user.role != Role.DOCTOR else By.DOCTOR,
        column=int(column) if column.isascii() and column.isdigit() and len(column) < 10 else 0,  # noqa: PLR2004 - fits an integer of PostgreSQL
    )


def instant_of(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the UTC instant at which the zone's clock shows `local` (naive), the first one of two.

    Raises ValidationError for a time that the clock skips.
    """
    instant = local.replace(tzinfo=zone).astimezone(dt.UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        raise ValidationError(_("The clock skips this time on that day."), code="skipped_time")
    return instant


def _clinics_of(user: User) -> list[Clinic]:
    clinics = Clinic.objects.filter(is_active=True)
    if user.role == Role.DOCTOR:
        own = Q(doctor_links__doctor__user=user) | Q(appointments__doctor__user=user)
        clinics = clinics.filter(own).distinct()
    return list(clinics)


def _date(text: str, today: dt.date) -> dt.date:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return today
    return date if abs(date.year - today.year) <= _REACH_YEARS else today
