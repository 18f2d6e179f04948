"""What the engine needs from the database, in as few queries as there are kinds of facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from saas.core.batch import Batch
from tenants.booking.models import ClaimKind, Resource, ResourceKind
from tenants.booking.slots import Busy, BusyKind, BusyTimes
from tenants.booking.windows.instants import ONE_DAY
from tenants.booking.windows.store import HISTORY_DAYS, StoredWindow, windows_of

# Written by hand: these run for every page of free times, and the ORM takes longer to build them than PostgreSQL
# takes to answer. The condition on claims is spelt like the exclusion constraint's, so that its index serves.
_BUSY: Final = """
    SELECT r.doctor_id, lower(c.span), upper(c.span), c.kind
    FROM booking_resource r JOIN booking_claim c ON c.resource_id = r.id
    WHERE r.doctor_id = ANY(%s) AND c.active AND NOT c.overbook AND c.span && tstzrange(%s, %s, '[)')
      AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
"""
_LOCK: Final = "SELECT id FROM booking_resource WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_RESOURCES_AND_WINDOWS: Final = """
    SELECT 0, r.id, NULL::bigint, NULL::timestamptz, NULL::timestamptz, r.windows_until, r.version, NULL::bigint,
           r.is_active
    FROM booking_resource r WHERE r.id = ANY(%s)
    UNION ALL
    SELECT 1, w.resource_id, w.clinic_id, lower(w.span), upper(w.span), w.local_date, NULL, NULL, NULL
    FROM booking_workwindow w WHERE w.resource_id = ANY(%s) AND w.local_date >= %s AND w.local_date < %s
    UNION ALL
"""
# Claims are joined to bigints: the exclusion constraint's index has no equality of bigint and integer, which numbers
# of psycopg2 are, and without it the planner reads that stretch of time of all resources.
# The first column says what a row is: 0 a resource, 1 a window, 2 a claim, 3 a block, 4 a claim that ends now, 5 the
# patient.
_SITUATION: Final = f"""
    {_RESOURCES_AND_WINDOWS}
    SELECT CASE c.kind WHEN 'block' THEN 3 ELSE 2 END, c.resource_id, c.clinic_id, lower(c.span), upper(c.span),
           NULL, NULL, NULL, NULL
    FROM unnest(%s::bigint[]) AS wanted(id) JOIN booking_claim c ON c.resource_id = wanted.id
    WHERE c.active AND NOT c.overbook AND c.span && tstzrange(%s, %s, '[)')
      AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
"""  # noqa: S608 - our own text
_SITUATION_UNDER_LOCK: Final = f"""
    {_RESOURCES_AND_WINDOWS}
    SELECT 5, p.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM patients_patient p WHERE p.id = %s
    UNION ALL
    SELECT CASE WHEN coalesce(c.expires_at <= statement_timestamp(), false) OR coalesce(c.hold_id = %s, false) THEN 4
                WHEN c.kind = 'block' THEN 3 ELSE 2 END,
           c.resource_id, c.clinic_id, lower(c.span), upper(c.span), NULL, c.id, c.appointment_id, NULL
    FROM unnest(%s::bigint[]) AS wanted(id) JOIN booking_claim c ON c.resource_id = wanted.id
    WHERE c.active AND NOT c.overbook AND c.span && tstzrange(%s, %s, '[)')
"""  # noqa: S608 - our own text
_IS_RESOURCE: Final = 0
_IS_WINDOW: Final = 1
_IS_BLOCK: Final = 3
_HAS_ENDED: Final = 4
_IS_PATIENT: Final = 5
_END: Final = """
    WITH ended AS (
      UPDATE booking_claim SET active = false WHERE id = ANY(%s) RETURNING resource_id
    )
    UPDATE booking_resource SET version = version + 1 WHERE id IN (SELECT resource_id FROM ended)
"""


class Taking(NamedTuple):
    """A claim `[starts_at, ends_at)`, and where it was made."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    kind: BusyKind
    clinic_id: int | None


class Ended(NamedTuple):
    """The claim of a hold that has expired or is the caller's own: to be put away when its time is taken."""

    claim_id: int
    resource_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at: claims of `resource_ids` within `[since, until)`, windows of `windowed_ids` on `[first, last)`.

    `first` and `last` are local dates; a window belongs to the date on which it begins.
    """

    resource_ids: Sequence[int]
    windowed_ids: Sequence[int]
    first: dt.date
    last: dt.date
    since: dt.datetime
    until: dt.datetime

    @property
    def window_params(self) -> list[Any]:
        """The parameters of the statement's part about resources and windows."""
        return [list(self.resource_ids), list(self.windowed_ids), self.first, self.last]


@dataclass(frozen=True, slots=True)
class Situation:
    """Windows in order and claims by resource, as far as the scope goes, with the versions of the resources there.

    `in_use` are those of them that are in use. `has_patient` is known under the lock only.
    """

    windows: dict[int, list[StoredWindow]]
    claims: dict[int, list[Taking]]
    versions: dict[int, int]
    in_use: frozenset[int]
    ended: tuple[Ended, ...] = ()
    has_patient: bool = False

    def busy(self, resource_id: int) -> BusyTimes:
        """Return when a resource is busy, by claims."""
        return BusyTimes(
            Busy(starts_at, ends_at, kind)
            for starts_at, ends_at, kind, _clinic in self.claims.get(resource_id, ())
        )


def read_situation(scope: Scope) -> Situation:
    """Return windows and claims. One query when the windows are fresh.

    Expired holds do not count, by the database's clock. Overbooked visits do not either: they were put on top of
    the others on purpose.
    """
    params = [*scope.window_params, list(scope.resource_ids), scope.since, scope.until]
    return _situation(scope, _rows(_SITUATION, params), moving=None)


def lock_situation(
    scope: Scope, *, patient_id: int | None, moving: int | None, hold_id: int | None
) -> Situation:
    """Lock the resources in id order, which rules out deadlocks, and return the same as it is then, in one round trip.

    Must be in a transaction. Windows and claims are read by a statement of their own after the one that waits for
    the locks. The holds that end now are apart: the expired ones and `hold_id`. `moving` leaves one appointment's
    own claims out.
    """
    batch = Batch()
    batch.add(_LOCK, [list(scope.resource_ids)])
    params = [*scope.window_params, patient_id, hold_id, list(scope.resource_ids), scope.since, scope.until]
    batch.add(_SITUATION_UNDER_LOCK, params)
    return _situation(scope, batch.run(), moving=moving)


def end_claims(claim_ids: Collection[int]) -> None:
    """Put claims of locked resources away and let the resources' versions grow."""
    with connection.cursor() as cursor:
        cursor.execute(_END, [list(claim_ids)])


def busy_of(doctor_ids: Collection[int], *, since: dt.datetime, until: dt.datetime) -> dict[int, BusyTimes]:
    """Return what makes doctors busy within `[since, until)`: a value for every doctor. One query.

    Expired holds and overbooked visits do not count, as in `read_situation`.
    """
    items: dict[int, list[Busy]] = {doctor_id: [] for doctor_id in doctor_ids}
    for doctor_id, starts_at, ends_at, kind in _rows(_BUSY, [list(doctor_ids), since, until]):
        blocked = kind == ClaimKind.BLOCK.value
        items[doctor_id].append(Busy(starts_at, ends_at, BusyKind.BLOCKED if blocked else BusyKind.TAKEN))
    return {doctor_id: BusyTimes(busy) for doctor_id, busy in items.items()}


def ensure_doctor_resource(doctor_id: int) -> None:
    """Give a doctor the resource row that bookings lock, unless it is there."""
    Resource.objects.bulk_create(
        [Resource(kind=ResourceKind.DOCTOR, doctor_id=doctor_id)], ignore_conflicts=True
    )


def lock_resources(resource_ids: Collection[int]) -> list[int]:
    """Lock resource rows in the order of their ids, which rules out deadlocks, and return the ids found."""
    rows = Resource.objects.filter(pk__in=resource_ids).order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def _situation(scope: Scope, rows: list[tuple[Any, ...]], *, moving: int | None) -> Situation:
    windows: dict[int, list[StoredWindow]] = defaultdict(list)
    claims: dict[int, list[Taking]] = defaultdict(list)
    resources: dict[int, tuple[dt.date | None, int, bool]] = {}
    ended: list[Ended] = []
    has_patient = False
    for kind, resource_id, clinic_id, starts_at, ends_at, date, number, appointment_id, is_active in rows:
        if kind == _IS_WINDOW:
            windows[resource_id].append(StoredWindow(clinic_id, date, starts_at, ends_at))
        elif kind == _IS_RESOURCE:
            resources[resource_id] = (date, number, is_active)
        elif kind == _IS_PATIENT:
            has_patient = True
        elif kind == _HAS_ENDED:
            ended.append(Ended(number, resource_id, starts_at, ends_at))
        elif moving is None or appointment_id != moving:
            blocked = BusyKind.BLOCKED if kind == _IS_BLOCK else BusyKind.TAKEN
            claims[resource_id].append(Taking(starts_at, ends_at, blocked, clinic_id))
    if _are_stored(scope, resources):
        for found in windows.values():
            found.sort(key=_beginning)
    else:
        windows = windows_of(scope.windowed_ids, first=scope.first, last=scope.last)
    return Situation(
        windows=windows,
        claims=claims,
        versions={resource_id: version for resource_id, (_until, version, _used) in resources.items()},
        in_use=frozenset(resource_id for resource_id, (_until, _version, used) in resources.items() if used),
        ended=tuple(ended),
        has_patient=has_patient,
    )


def _are_stored(scope: Scope, resources: Mapping[int, tuple[dt.date | None, int, bool]]) -> bool:
    """Whether the windows asked for are stored as they should be: not stale, and not beyond what is stored."""
    if scope.first < timezone.now().date() - HISTORY_DAYS * ONE_DAY:
        return False
    known_until = (
        resources[resource_id][0] for resource_id in scope.windowed_ids if resource_id in resources
    )
    return all(until is not None and until >= scope.last for until in known_until)


def _beginning(window: StoredWindow) -> dt.datetime:
    return window.starts_at


def _rows(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())
