"""Stored working time: built from the rules when it is first asked for, and again whenever a rule has changed.

`Resource.windows_until` says up to which local date the stored windows are right; NULL, that they have to be built
anew. Whatever changes a rule sets it to NULL in its own transaction (`mark_stale`), so a reader never meets old
windows after the change has committed. Windows of past dates stay as they were: they are history.
"""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from tenants.booking.windows.expansion import DayWindow
from tenants.booking.windows.instants import ONE_DAY
from tenants.booking.windows.reading import ResourceFacts, find_resources, read_rules
from tenants.booking.windows.signals import windows_rebuilt

HORIZON_DAYS: Final = 400
"""How many days from today on are stored."""
HISTORY_DAYS: Final = 35
"""How many days back are filled in for a resource that has no windows yet."""

_READ: Final = """
    SELECT r.id, r.windows_until, w.clinic_id, w.local_date, lower(w.span), upper(w.span)
    FROM booking_resource r
    LEFT JOIN booking_workwindow w ON w.resource_id = r.id AND w.local_date >= %s AND w.local_date < %s
    WHERE r.id = ANY(%s)
    ORDER BY r.id, lower(w.span)
"""
# Locked in the order of ids, as bookings lock them: an UPDATE alone would lock in any order.
_MARK: Final = """
    UPDATE booking_resource SET windows_until = NULL, version = version + 1
    WHERE id IN (SELECT id FROM booking_resource WHERE {which} ORDER BY id FOR UPDATE)
"""
_LOCK: Final = """
    SELECT r.id, r.kind, r.doctor_id, r.clinic_id, r.windows_until
    FROM booking_resource r WHERE r.id = ANY(%s) ORDER BY r.id FOR UPDATE
"""
_KEPT: Final = """
    SELECT resource_id, max(upper(span)) FROM booking_workwindow
    WHERE resource_id = ANY(%s) AND local_date < %s GROUP BY resource_id
"""
_CLEAR: Final = "DELETE FROM booking_workwindow WHERE resource_id = ANY(%s) AND local_date >= %s"
_COPY: Final = "COPY booking_workwindow (resource_id, clinic_id, local_date, span) FROM STDIN"
_DONE: Final = "UPDATE booking_resource SET windows_until = %s, version = version + 1 WHERE id = ANY(%s)"


class StoredWindow(NamedTuple):
    """Working time `[starts_at, ends_at)`, aware UTC instants; `local_date` is the clinic's."""

    clinic_id: int
    local_date: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Found:
    windows: dict[int, list[StoredWindow]]
    until: dict[int, dt.date | None]


def windows_of(
    resource_ids: Collection[int], *, first: dt.date, last: dt.date
) -> dict[int, list[StoredWindow]]:
    """Return the windows that belong to the local dates `[first, last)`, in order: a list for every resource.

    One query when all are fresh. Stale ones are rebuilt first, under a lock of their resource rows. A window
    belongs to the date on which it begins: ask from the day before on to have night shifts. What lies beyond the
    stored horizon, or before the first stored day, is worked out from the rules as they are and not stored.
    """
    today = timezone.now().date()
    reach = min(last, today + dt.timedelta(days=HORIZON_DAYS - 1))
    found = _read(resource_ids, first, last)
    stale = [pk for pk, until in found.until.items() if until is None or (until < reach and first < reach)]
    if stale:
        with transaction.atomic():
            rebuild_stale(stale, reach=reach)
        found = _read(resource_ids, first, last)
    windows = {pk: found.windows.get(pk, []) for pk in resource_ids}
    _fill_ends(windows, found.until, first=first, last=last, today=today)
    return windows


def mark_stale(resource_ids: Collection[int] | None = None) -> None:
    """Have these resources (None: all) built anew before they are next read. In the caller's transaction.

    Locks the rows until it ends: a booking that begins meanwhile waits, and sees the new rules.
    """
    with connection.cursor() as cursor:
        if resource_ids is None:
            cursor.execute(_MARK.format(which="true"))
        elif resource_ids:
            cursor.execute(_MARK.format(which="id = ANY(%s)"), [list(resource_ids)])


def rebuild_stale(resource_ids: Collection[int], *, reach: dt.date | None = None) -> None:
    """Rebuild those that are (still) stale or do not reach a date, once their rows are locked.

    Must be in a transaction: two readers of one stale doctor build once, the second waits and finds it done.
    """
    locked = [ResourceFacts(*row) for row in _fetch(_LOCK, [list(resource_ids)])]
    _rebuild(
        [
            each
            for each in locked
            if each.windows_until is None or (reach is not None and each.windows_until < reach)
        ],
        today=timezone.now().date(),
    )


def rebuild(resource_ids: Collection[int], *, now: dt.datetime) -> None:
    """Build the windows of these resources anew, from yesterday to the horizon. One transaction; locks the rows."""
    with transaction.atomic():
        _rebuild([ResourceFacts(*row) for row in _fetch(_LOCK, [list(resource_ids)])], today=now.date())


def extend(resource_ids: Collection[int], *, now: dt.datetime) -> None:
    """Add the days up to the horizon to what is stored, and rebuild what is stale. One transaction; locks the rows."""
    today = now.date()
    until = today + dt.timedelta(days=HORIZON_DAYS)
    with transaction.atomic():
        locked = [ResourceFacts(*row) for row in _fetch(_LOCK, [list(resource_ids)])]
        usable = [each for each in locked if each.windows_until is not None and each.windows_until > today]
        _rebuild([each for each in locked if each not in usable], today=today)
        short = [each for each in usable if each.windows_until is not None and each.windows_until < until]
        if not short:
            return
        begin = min(each.windows_until or until for each in short)
        book = read_rules(short, first=begin, last=until)
        _write(
            {each.id: book.expand(each, first=each.windows_until or begin, last=until) for each in short},
            first=begin,
            until=until,
        )


def _rebuild(resources: Sequence[ResourceFacts], *, today: dt.date) -> None:
    """Replace what is stored from yesterday on (today may have begun later in the clinic than here)."""
    if not resources:
        return
    yesterday, until = today - ONE_DAY, today + dt.timedelta(days=HORIZON_DAYS)
    earliest = today - dt.timedelta(days=HISTORY_DAYS)
    ids = [each.id for each in resources]
    _execute(_CLEAR, [ids, yesterday])
    with_history = {pk for pk, _end in _fetch(_KEPT, [ids, yesterday])}
    book = read_rules(resources, first=earliest, last=until)
    _write(
        {
            each.id: book.expand(each, first=yesterday if each.id in with_history else earliest, last=until)
            for each in resources
        },
        first=yesterday,
        until=until,
    )


def _write(windows: Mapping[int, Iterable[DayWindow]], *, first: dt.date, until: dt.date) -> None:
    """Store windows behind those kept from before `first`, and note how far they are right."""
    ids = list(windows)
    kept = dict(_fetch(_KEPT, [ids, first]))
    lines = io.StringIO()
    for resource_id, found in windows.items():
        floor = kept.get(resource_id)
        for starts_at, ends_at, clinic_id, local_date in found:
            begin = max(starts_at, floor) if floor is not None else starts_at
            if begin < ends_at:
                # Wall time without an offset would be read in the session's zone; isoformat() carries +00:00.
                lines.write(
                    f"{resource_id}\t{clinic_id}\t{local_date}\t[{begin.isoformat()},{ends_at.isoformat()})\n"
                )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(_COPY, lines)
    _execute(_DONE, [until, ids])
    windows_rebuilt.send(sender=None, resource_ids=ids)


def _read(resource_ids: Collection[int], first: dt.date, last: dt.date) -> _Found:
    windows: dict[int, list[StoredWindow]] = defaultdict(list)
    until: dict[int, dt.date | None] = {}
    for resource_id, windows_until, clinic_id, local_date, starts_at, ends_at in _fetch(
        _READ, [first, last, list(resource_ids)]
    ):
        until[resource_id] = windows_until
        if clinic_id is not None:
            windows[resource_id].append(StoredWindow(clinic_id, local_date, starts_at, ends_at))
    return _Found(windows=windows, until=until)


def _fill_ends(
    windows: dict[int, list[StoredWindow]],
    until: Mapping[int, dt.date | None],
    *,
    first: dt.date,
    last: dt.date,
    today: dt.date,
) -> None:
    """Add what lies before the first stored day of a resource and behind its horizon."""
    stored_from = today - dt.timedelta(days=HISTORY_DAYS)
    wanted: dict[int, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for resource_id, windows_until in until.items():
        has_past = any(window.local_date < stored_from for window in windows[resource_id])
        if first < stored_from and not has_past:
            wanted[resource_id].append((first, min(last, stored_from)))
        if windows_until is not None and last > windows_until:
            wanted[resource_id].append((max(first, windows_until), last))
    if not wanted:
        return
    book = read_rules(find_resources(list(wanted)), first=first, last=last)
    for resource in book.resources:
        for begin, end in wanted[resource.id]:
            windows[resource.id] += [
                StoredWindow(each.clinic_id, each.local_date, each.starts_at, each.ends_at)
                for each in book.expand(resource, first=begin, last=end)
            ]
        windows[resource.id].sort(key=lambda each: each.starts_at)


def _fetch(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def _execute(query: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, params)


__all__ = [
    "HISTORY_DAYS",
    "HORIZON_DAYS",
    "StoredWindow",
    "extend",
    "mark_stale",
    "rebuild",
    "rebuild_stale",
    "windows_of",
]
