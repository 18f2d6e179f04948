"""What binds the visits of one doctor and service besides windows and claims, read once and cached with the offers.

Most visits are bound by none of it (`Special.is_plain`): the engine then asks nothing more of the database.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from django.db import connection

from tenants.booking.models import AppointmentSource, CapPeriod, Resource, ResourceKind
from tenants.booking.policy import Policy
from tenants.doctors.models import Doctor


class Cap(NamedTuple):
    """At most `most` visits a local day or ISO week; see `BookingCap`. None and empty mean "any"."""

    id: int
    doctor_id: int | None
    clinic_id: int | None
    service_id: int | None
    channel: str
    period: str
    most: int

    def period_of(self, day: dt.date) -> dt.date:
        """Return what names the day's period: the day, or the Monday of its week."""
        return day - dt.timedelta(days=day.weekday()) if self.period == CapPeriod.WEEK else day

    def binds(self, *, clinic_id: int, channel: str) -> bool:
        """Whether it is about visits in this clinic that are booked through this channel."""
        return self.clinic_id in {None, clinic_id} and self.channel in {"", channel}


class Wave(NamedTuple):
    """From so many days ahead on, this much of the working time is open; see `ReleaseWave`."""

    id: int
    days_ahead: int
    percent: int


class Break(NamedTuple):
    """So much time has to stay free between two times of the clinic's clock; see `FloatingBreak`."""

    id: int
    length: dt.timedelta
    earliest: dt.time
    latest: dt.time


class Override(NamedTuple):
    """Other rules for the service or a channel; see `PolicyOverride`. None: as in the network's rules."""

    id: int
    names_service: bool
    channel: str
    minimum_notice_minutes: int | None
    horizon_days: int | None
    needs_approval: bool | None


class Member(NamedTuple):
    """A room or device in use; `is_limited` when exceptions of its own say that it cannot be used at times."""

    resource_id: int
    clinic_id: int
    is_limited: bool


class Requirement(NamedTuple):
    """One of these is needed, from so many minutes before the visit to so many after it, the most fitting first."""

    id: int
    setup_minutes: int
    cleanup_minutes: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Special:
    """All special rules of one doctor and service; `resource_id` is the doctor's, None for an unknown doctor.

    `ways`: minutes from one clinic to another (both directions), where the doctor works in several.
    """

    resource_id: int | None = None
    before_minutes: int = 0
    after_minutes: int = 0
    overrides: tuple[Override, ...] = ()
    caps: tuple[Cap, ...] = ()
    waves: tuple[Wave, ...] = ()
    breaks: tuple[Break, ...] = ()
    ways: tuple[tuple[int, int, int], ...] = ()
    requirements: tuple[Requirement, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether windows and claims of the doctor decide alone."""
        return not (
            self.before_minutes
            or self.after_minutes
            or self.caps
            or self.waves
            or self.breaks
            or self.ways
            or self.requirements
        )

    def ways_from(self, clinic_id: int) -> dict[int, int]:
        """Return the minutes that it takes from this clinic, by the other."""
        return {
            other: minutes
            for one, another, minutes in self.ways
            for here, other in ((one, another), (another, one))
            if here == clinic_id
        }

    def members_in(self, clinic_id: int) -> list[Member]:
        """Return every room and device that may serve in a clinic, each once, by id."""
        found = {
            member.resource_id: member
            for requirement in self.requirements
            for member in requirement.members
            if member.clinic_id == clinic_id
        }
        return [found[resource_id] for resource_id in sorted(found)]


# One statement for all of it: most of the answers are empty. Pools count for the fit: a room of few pools is
# given away before one that others need as well.
_READ: Final = """
    SELECT json_build_object(
      'resource', (SELECT id FROM booking_resource WHERE doctor_id = %(doctor)s),
      'buffers', (SELECT json_build_array(buffer_before_minutes, buffer_after_minutes)
                  FROM services_service WHERE id = %(service)s),
      'overrides', (SELECT json_agg(json_build_array(id, service_id IS NOT NULL, channel, minimum_notice_minutes,
                      horizon_days, needs_approval) ORDER BY id)
                    FROM booking_policyoverride WHERE service_id = %(service)s OR service_id IS NULL),
      'caps', (SELECT json_agg(json_build_array(id, doctor_id, clinic_id, service_id, channel, period, most)
                 ORDER BY id)
               FROM booking_bookingcap
               WHERE is_active AND (doctor_id = %(doctor)s OR doctor_id IS NULL)
                 AND (service_id = %(service)s OR service_id IS NULL)),
      'waves', (SELECT json_agg(json_build_array(id, days_ahead, percent) ORDER BY days_ahead)
                FROM booking_releasewave
                WHERE CASE WHEN EXISTS (SELECT FROM booking_releasewave WHERE doctor_id = %(doctor)s)
                  THEN doctor_id = %(doctor)s ELSE doctor_id IS NULL END),
      'breaks', (SELECT json_agg(json_build_array(id, minutes, earliest, latest) ORDER BY earliest, id)
                 FROM doctors_floatingbreak WHERE is_active AND doctor_id = %(doctor)s),
      'ways', (SELECT json_agg(json_build_array(t.from_clinic_id, t.to_clinic_id, t.minutes) ORDER BY t.id)
               FROM clinics_traveltime t
               WHERE t.minutes > 0
                 AND t.from_clinic_id IN (SELECT clinic_id FROM doctors_doctorclinic WHERE doctor_id = %(doctor)s)
                 AND t.to_clinic_id IN (SELECT clinic_id FROM doctors_doctorclinic WHERE doctor_id = %(doctor)s)),
      'requirements', (SELECT json_agg(json_build_array(q.id, q.setup_minutes, q.cleanup_minutes, (
          SELECT json_agg(json_build_array(r.id, r.clinic_id, EXISTS (
              SELECT FROM booking_scheduleexception e WHERE e.resource_id = r.id
            )) ORDER BY (SELECT count(*) FROM booking_resourcepool_resources o WHERE o.resource_id = r.id), r.id)
          FROM booking_resourcepool_resources m JOIN booking_resource r ON r.id = m.resource_id
          WHERE m.resourcepool_id = q.pool_id AND r.is_active AND r.doctor_id IS NULL
        )) ORDER BY q.id)
        FROM booking_servicerequirement q WHERE q.service_id = %(service)s)
    )::text
"""


def read_special(*, doctor_id: int, service_id: int) -> Special:
    """Return the special rules from the database. One query.

    A doctor without a resource row (imported past the signals) is given one.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"doctor": doctor_id, "service": service_id})
        [text] = cursor.fetchone()
    found: dict[str, Any] = {key: value or () for key, value in json.loads(text).items()}
    before, after = found["buffers"] or (0, 0)
    return Special(
        resource_id=found["resource"] or _new_resource(doctor_id),
        before_minutes=before,
        after_minutes=after,
        overrides=tuple(Override(*row) for row in found["overrides"]),
        caps=tuple(Cap(*row) for row in found["caps"]),
        waves=tuple(Wave(*row) for row in found["waves"]),
        breaks=tuple(_break(*row) for row in found["breaks"]),
        ways=tuple((one, other, minutes) for one, other, minutes in found["ways"]),
        requirements=tuple(_requirement(*row) for row in found["requirements"]),
    )


def channel_of(channel: str, *, for_staff: bool) -> str:
    """Return the channel by whose rules a question is answered: that of the website or the desk unless said."""
    return channel or (AppointmentSource.DESK if for_staff else AppointmentSource.SITE).value


def policy_for(policy: Policy, special: Special, channel: str) -> Policy:
    """Return the booking rules for a service and channel.

    Each value comes from the most specific row that has one: service and channel, service, channel, neither.
    """
    rows = _ranked(special.overrides, channel)
    if not rows:
        return policy
    notice = next(
        (row.minimum_notice_minutes for row in rows if row.minimum_notice_minutes is not None), None
    )
    horizon = next((row.horizon_days for row in rows if row.horizon_days is not None), None)
    return replace(
        policy,
        minimum_notice_minutes=policy.minimum_notice_minutes if notice is None else notice,
        horizon_days=policy.horizon_days if horizon is None else horizon,
    )


def needs_approval(special: Special, channel: str) -> bool:
    """Whether the clinic approves each visit for this service that is booked through this channel."""
    rows = _ranked(special.overrides, channel)
    return next((row.needs_approval for row in rows if row.needs_approval is not None), False)


def override_behind(special: Special, channel: str, field: str) -> int | None:
    """Return the id of the row from which a value of the rules comes; None for the network's rules."""
    rows = _ranked(special.overrides, channel)
    return next((row.id for row in rows if getattr(row, field) is not None), None)


def _ranked(overrides: Sequence[Override], channel: str) -> list[Override]:
    rows = [row for row in overrides if row.channel in {"", channel}]
    return sorted(rows, key=lambda row: (row.names_service, bool(row.channel)), reverse=True)


def _break(row_id: int, minutes: int, earliest: str, latest: str) -> Break:
    return Break(
        row_id, dt.timedelta(minutes=minutes), dt.time.fromisoformat(earliest), dt.time.fromisoformat(latest)
    )


def _requirement(
    row_id: int, setup_minutes: int, cleanup_minutes: int, members: list[list[Any]] | None
) -> Requirement:
    return Requirement(row_id, setup_minutes, cleanup_minutes, tuple(Member(*row) for row in members or ()))


def _new_resource(doctor_id: int) -> int | None:
    if not Doctor.objects.filter(pk=doctor_id).exists():
        return None
    Resource.objects.bulk_create(
        [Resource(kind=ResourceKind.DOCTOR, doctor_id=doctor_id)], ignore_conflicts=True
    )
    return Resource.objects.values_list("pk", flat=True).get(doctor=doctor_id)
