"""Which room or device each visit of a demo network is given."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from psycopg2.extras import DateTimeTZRange

from tenants.booking.models import Appointment, AppointmentStatus, Claim, Resource, ServiceRequirement


class RoomSpan(NamedTuple):
    """A resource and the time `[starts_at, ends_at)` in which a visit keeps it busy."""

    resource_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


class Rooms:
    """Gives out rooms, each to one visit at a time."""

    def __init__(
        self,
        needs: dict[int, list[ServiceRequirement]],
        members: dict[tuple[int, int], list[int]],
        busy: dict[int, list[tuple[dt.datetime, dt.datetime]]],
    ) -> None:
        self._needs = needs
        self._members = members
        self._busy = busy

    @classmethod
    def read(cls, first: dt.datetime, last: dt.datetime) -> Rooms:
        """Read needs, pools and what is taken in `[first, last)`."""
        needs: dict[int, list[ServiceRequirement]] = defaultdict(list)
        for row in ServiceRequirement.objects.order_by("id"):
            needs[row.service_id].append(row)
        members: dict[tuple[int, int], list[int]] = defaultdict(list)
        links = Resource.objects.filter(is_active=True, pools__isnull=False).order_by("id")
        for resource_id, clinic_id, pool_id in links.values_list("id", "clinic_id", "pools"):
            members[pool_id, clinic_id or 0].append(resource_id)
        busy: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        claims = Claim.objects.filter(
            active=True, resource__doctor=None, span__overlap=DateTimeTZRange(first, last)
        )
        for resource_id, span in claims.values_list("resource_id", "span"):
            if span.lower is not None and span.upper is not None:
                busy[resource_id].append((span.lower, span.upper))
        return cls(needs, members, busy)

    def take(self, visit: Appointment) -> list[RoomSpan] | None:
        """Return what the visit keeps busy besides the doctor; None when something it needs is not free."""
        if visit.status in {AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW}:
            return []
        taken: list[RoomSpan] = []
        for need in self._needs.get(visit.service_id, ()):
            begin = visit.appointment_date - dt.timedelta(minutes=need.setup_minutes)
            end = visit.ends_at + dt.timedelta(minutes=need.cleanup_minutes)
            pool = self._members.get((need.pool_id, visit.clinic_id), [])
            room = next((each for each in pool if self._is_free(each, begin, end)), None)
            if room is None:
                return None
            taken.append(RoomSpan(room, begin, end))
        for span in taken:
            self._busy[span.resource_id].append((span.starts_at, span.ends_at))
        return taken

    def _is_free(self, resource_id: int, begin: dt.datetime, end: dt.datetime) -> bool:
        return all(until <= begin or end <= since for since, until in self._busy[resource_id])
