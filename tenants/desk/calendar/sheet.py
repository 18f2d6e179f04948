"""What the calendar shows, read in a number of queries that does not depend on how much there is."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from django.db import connection
from django.db.models import Prefetch, Q
from django.db.models.functions import Now

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.sorting import alphabetical
from tenants.booking.models import Appointment, AppointmentStatus, Claim, ClaimKind, Resource, ResourceKind
from tenants.booking.slots import ONE_DAY, Window
from tenants.booking.windows.store import windows_of
from tenants.desk.calendar.frame import By, Frame, View
from tenants.doctors.models import DoctorClinic, DoctorSpecialization

# One statement: what the desk asks every three seconds. Claims are found through the resources, whose index with
# the span serves; an expired hold changes the answer by the database's clock alone.
_VERSION: Final = """
    WITH shown AS (
        SELECT r.id, r.version, r.windows_until FROM booking_resource r
        WHERE r.clinic_id = %(clinic)s
           OR r.doctor_id IN (SELECT doctor_id FROM doctors_doctorclinic WHERE clinic_id = %(clinic)s)
    )
    SELECT md5(concat_ws('/',
        (SELECT concat_ws(':', count(*), max(a.updated_at), sum(a.version)) FROM booking_appointment a
         WHERE a.clinic_id = %(clinic)s AND a.appointment_date >= %(since)s AND a.appointment_date < %(until)s),
        (SELECT concat_ws(':', count(*), sum(hashtext(concat(c.id, c.span))::bigint))
         FROM shown JOIN booking_claim c ON c.resource_id = shown.id
         WHERE c.active AND c.span && tstzrange(%(since)s, %(until)s, '[)')
           AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())),
        (SELECT concat_ws(':', count(*), sum(version), min(windows_until)) FROM shown)))
"""


class State(StrEnum):
    """Where a visit is, as the desk sees it: its status and how far the patient has come."""

    APPROVAL = "approval"
    SCHEDULED = "scheduled"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_ROOM = "in_room"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Column:
    """A doctor, room or device; `windows` are when it works here."""

    resource: Resource
    title: str
    note: str
    photo_url: str
    windows: list[Window]
    is_own: bool


@dataclass(slots=True)
class Sheet:
    """Everything shown. Visits in a group session are in `visits` too, with their `session_id`."""

    frame: Frame
    columns: list[Column] = field(default_factory=list)
    choices: list[Column] = field(default_factory=list)
    visits: list[Appointment] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    places: dict[int, list[int]] = field(default_factory=dict)
    version: str = ""


def sheet_of(frame: Frame, *, user: User) -> Sheet:
    """Read what the frame shows to this user: a doctor sees their own column only.

    `choices` are the columns there are, `columns` those shown: the chosen one, or all of a day. Eight queries.
    """
    version = version_of(frame)  # first: what changes meanwhile is shown once more, not missed
    visits = _visits(frame, user)
    resources = _resources(frame, user, doctor_ids={visit.doctor_id for visit in visits})
    windows = _windows(frame, resources)
    choices = [_column(resource, windows, user) for resource in resources]
    columns = choices
    if frame.column or frame.view == View.WEEK:
        columns = [c for c in choices if c.resource.pk == frame.column] or choices[:1]
    shown = {column.resource.pk for column in columns}
    claims = _claims(frame, [resource.pk for resource in resources])
    places: dict[int, list[int]] = defaultdict(list)
    for claim in claims:
        if claim.appointment_id is not None:
            places[claim.appointment_id].append(claim.resource_id)
    # A visit whose claim is gone (it did not take place) still stands in its doctor's column.
    doctors = {resource.doctor_id: resource.pk for resource in resources if resource.doctor_id is not None}
    if frame.by == By.DOCTOR:
        for visit in visits:
            places[visit.pk] = [doctors[visit.doctor_id]] if visit.doctor_id in doctors else []
    return Sheet(
        frame=frame,
        columns=columns,
        choices=choices,
        visits=[visit for visit in visits if shown.intersection(places.get(visit.pk, ()))],
        claims=[claim for claim in claims if claim.resource_id in shown],
        places={visit: [pk for pk in pks if pk in shown] for visit, pks in places.items()},
        version=version,
    )


def version_of(frame: Frame) -> str:
    """Return a word that changes when anything shown in the frame does. One statement."""
    params: dict[str, int | dt.datetime] = {
        "clinic": frame.clinic.pk,
        "since": frame.starts_at,
        "until": frame.ends_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, params)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def state_of(visit: Appointment) -> State:
    """Return where the visit is."""
    if visit.status in {AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW, AppointmentStatus.COMPLETED}:
        return State(visit.status)
    if visit.in_room_at is not None:
        return State.IN_ROOM
    if visit.checked_in_at is not None:
        return State.ARRIVED
    if visit.awaiting_approval:
        return State.APPROVAL
    return State(visit.status)


def span_of(claim: Claim) -> tuple[dt.datetime, dt.datetime]:
    """Return beginning and end of a claim, which has both: a constraint says so."""
    begin, end = claim.span.lower, claim.span.upper
    assert begin is not None and end is not None  # noqa: PT018, S101 - booking_claim_half_open
    return begin, end


def time_off(
    windows: Sequence[Window], *, since: dt.datetime, until: dt.datetime
) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    """Yield the stretches of `[since, until)` that no window covers, in order."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.starts_at <= merged[-1].ends_at:
            merged[-1] = Window(merged[-1].starts_at, max(merged[-1].ends_at, window.ends_at))
        else:
            merged.append(window)
    edges = [(since, since), *((w.starts_at, w.ends_at) for w in merged), (until, until)]
    for (_before, free_from), (free_until, _after) in pairwise(edges):
        begin, end = max(free_from, since), min(free_until, until)
        if begin < end:
            yield begin, end


def _visits(frame: Frame, user: User) -> list[Appointment]:
    visits = (
        Appointment.objects.filter(
            clinic=frame.clinic,
            appointment_date__gte=frame.starts_at - ONE_DAY,  # one that began before midnight may still last
            appointment_date__lt=frame.ends_at,
            ends_at__gt=frame.starts_at,
        )
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("patient", "service")
        .only(
            *("public_id", "doctor_id", "clinic_id", "session_id", "appointment_date", "ends_at", "status"),
            *("payment_status", "version", "awaiting_approval", "overbooked", "checked_in_at", "in_room_at"),
            *("patient_id", "service_id"),
            *(
                "patient__last_name",
                "patient__first_name",
                "patient__middle_name",
                "patient__alerts",
                "patient__phone",
            ),
            "service__name",
        )
        .order_by("appointment_date", "pk")
    )
    if user.role == Role.DOCTOR:
        visits = visits.filter(doctor__user=user)
    return list(visits)


def _resources(frame: Frame, user: User, *, doctor_ids: set[int]) -> list[Resource]:
    if frame.by == By.ROOM:
        rooms = Resource.objects.filter(clinic=frame.clinic, is_active=True).exclude(kind=ResourceKind.DOCTOR)
        return list(rooms.order_by("kind", "name", "pk"))
    works_here = DoctorClinic.objects.filter(clinic=frame.clinic)
    doctors = (
        Resource.objects.filter(kind=ResourceKind.DOCTOR)
        .filter(Q(doctor__is_active=True, doctor__in=works_here.values("doctor")) | Q(doctor__in=doctor_ids))
        .select_related("doctor__user")
        .prefetch_related(
            Prefetch("doctor__clinic_links", queryset=works_here, to_attr="links_here"),
            Prefetch(
                "doctor__specialization_links",
                queryset=DoctorSpecialization.objects.select_related("specialization"),
            ),
        )
        .order_by(*alphabetical("doctor__user__last_name", "doctor__user__first_name", "pk"))
    )
    if user.role == Role.DOCTOR:
        doctors = doctors.filter(doctor__user=user)
    return list(doctors)


def _windows(frame: Frame, resources: Sequence[Resource]) -> dict[int, list[Window]]:
    """Return when each resource works in this clinic on the days shown."""
    # What began on the evening before may reach into the first day.
    stored = windows_of(
        [r.pk for r in resources], first=frame.days[0] - ONE_DAY, last=frame.days[-1] + ONE_DAY
    )
    return {
        resource_id: [
            Window(window.starts_at, window.ends_at)
            for window in windows
            if window.clinic_id == frame.clinic.pk
            and window.starts_at < frame.ends_at
            and window.ends_at > frame.starts_at
        ]
        for resource_id, windows in stored.items()
    }


def _column(resource: Resource, windows: dict[int, list[Window]], user: User) -> Column:
    doctor = resource.doctor
    if doctor is None:
        return Column(
            resource=resource,
            title=resource.name or str(resource.get_kind_display()),
            note=str(resource.get_kind_display()),
            photo_url="",
            windows=windows.get(resource.pk, []),
            is_own=False,
        )
    rooms = [link.room for link in getattr(doctor, "links_here", ()) if link.room]
    specialization = doctor.specialization
    return Column(
        resource=resource,
        title=short_name(doctor.user.last_name, doctor.user.first_name) or str(doctor),
        note=" · ".join(filter(None, [specialization.name if specialization else "", *rooms[:1]])),
        photo_url=doctor.photo_url,
        windows=windows.get(resource.pk, []),
        is_own=doctor.user_id == user.pk,
    )


def short_name(last_name: str, first_name: str) -> str:
    """Return "Sokolova M.": enough to find somebody in a column."""
    initial = f"{first_name[0]}." if first_name else ""
    return f"{last_name} {initial}".strip()


def _claims(frame: Frame, resource_ids: Sequence[int]) -> list[Claim]:
    """Return what is busy on these resources. Visits matter for the rooms they take, the rest is drawn itself."""
    claims = Claim.objects.filter(
        resource__in=resource_ids, active=True, span__overlap=(frame.starts_at, frame.ends_at)
    )
    if frame.by == By.DOCTOR:
        claims = claims.exclude(kind=ClaimKind.BOOKING, session__isnull=True)
    claims = claims.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))
    return list(claims.select_related("hold", "session__service").order_by("pk"))
