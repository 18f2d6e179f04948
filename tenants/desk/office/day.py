"""Today at one clinic or all of them: visits in order, how far each is, and the numbers over them."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.models import Appointment, AppointmentStatus, Claim, PaymentMethod, PaymentStatus
from tenants.clinics.models import Clinic
from tenants.desk.calendar.sheet import State, short_name, state_of
from tenants.desk.calendar.steps import STEPS
from tenants.desk.calendar.words import BADGES, STATES
from tenants.doctors.models import DoctorClinic

_SLACK: Final = dt.timedelta(days=1)
_TICKETS: Final = 1000
_HERE: Final = frozenset({State.ARRIVED, State.IN_ROOM})
_OVER: Final = frozenset({State.COMPLETED, State.NO_SHOW, State.CANCELLED})
_MENU: Final = ("confirm", "arrived", "called", "done", "absent", "left")


@dataclass(frozen=True, slots=True)
class Button:
    """One thing that can be done with a visit now."""

    action: str
    label: str | Promise
    icon: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A visit of the day. `waits` is for how many minutes the patient has sat in the waiting room."""

    visit: Appointment
    state: State
    room: str
    waits: int | None
    is_late: bool
    steps: list[Button]
    payments: list[Button]

    @property
    def doctor(self) -> str:
        """Enough of the doctor's name to tell who it is."""
        user = self.visit.doctor.user
        return short_name(user.last_name, user.first_name)

    @property
    def word(self) -> str | Promise:
        return STATES[self.state]

    @property
    def badge(self) -> str:
        return BADGES[self.state]

    @property
    def is_over(self) -> bool:
        return self.state in _OVER

    @property
    def is_here(self) -> bool:
        return self.state in _HERE

    @property
    def ticket(self) -> str:
        return ticket_of(self.visit)


@dataclass(slots=True)
class Numbers:
    """Counts of the day; money by currency, in the order in which it was met."""

    booked: int = 0
    arrived: int = 0
    waiting: int = 0
    done: int = 0
    no_show: int = 0
    unconfirmed: int = 0
    paid: dict[str, Decimal] = field(default_factory=dict)


def ticket_of(visit: Appointment) -> str:
    """Return the number that stands for the patient in public: three digits, the same all day."""
    return f"{visit.pk % _TICKETS:03d}"


def clinics_of(user: User) -> list[Clinic]:
    """Return the open clinics that concern the user: a doctor's own, for others all. One query."""
    clinics = Clinic.objects.filter(is_active=True)
    if user.role == Role.DOCTOR:
        clinics = clinics.filter(doctor_links__doctor__user=user).distinct()
    return list(clinics)


def visits_of_today(*, user: User, now: dt.datetime, clinic: Clinic | None = None) -> list[Appointment]:
    """Return the visits whose clinic has them today, by time, with their names; a doctor's own only. One query.

    Cancelled ones are left out.
    """
    visits = today_of(Appointment.objects.all(), now=now).exclude(status=AppointmentStatus.CANCELLED)
    if clinic is not None:
        visits = visits.filter(clinic=clinic)
    if user.role == Role.DOCTOR:
        visits = visits.filter(doctor__user=user)
    rows = visits.select_related("patient", "doctor__user", "service", "clinic")
    return [visit for visit in rows.order_by("appointment_date", "pk") if is_today(visit, now)]


def today_of(visits: QuerySet[Appointment], *, now: dt.datetime) -> QuerySet[Appointment]:
    """Narrow to a day on either side of now, which the index serves and which holds today of every zone."""
    return visits.filter(appointment_date__gte=now - _SLACK, appointment_date__lt=now + _SLACK)


def is_today(visit: Appointment, now: dt.datetime) -> bool:
    """Say whether the visit is today on its clinic's clock."""
    zone = ZoneInfo(visit.time_zone)
    return visit.appointment_date.astimezone(zone).date() == now.astimezone(zone).date()


def rows_of(visits: list[Appointment], *, now: dt.datetime, may_change: bool) -> list[Row]:
    """Return the visits as the page shows them. Two queries for the rooms, whatever the number of visits."""
    rooms = rooms_of(visits)
    return [_row(visit, rooms.get(visit.pk, ""), now=now, may_change=may_change) for visit in visits]


def rooms_of(visits: list[Appointment]) -> dict[int, str]:
    """Return where each visit takes place: the room it has claimed, else where its doctor sits in that clinic."""
    if not visits:
        return {}
    usual = {
        (link.doctor_id, link.clinic_id): link.room
        for link in DoctorClinic.objects.filter(doctor__in={visit.doctor_id for visit in visits})
    }
    rooms = {visit.pk: usual.get((visit.doctor_id, visit.clinic_id), "") for visit in visits}
    claimed = Claim.objects.filter(
        Q(appointment__in=[visit.pk for visit in visits]), active=True, resource__kind="room"
    )
    rooms.update({pk: name for pk, name in claimed.values_list("appointment_id", "resource__name") if name})
    return rooms


def numbers_of(rows: list[Row]) -> Numbers:
    """Count the day. Paid money is what today's visits brought, whenever it was paid."""
    numbers = Numbers(booked=len(rows))
    for row in rows:
        numbers.arrived += row.visit.checked_in_at is not None or row.state == State.COMPLETED
        numbers.waiting += row.state == State.ARRIVED
        numbers.done += row.state == State.COMPLETED
        numbers.no_show += row.state == State.NO_SHOW
        numbers.unconfirmed += row.state in {State.SCHEDULED, State.APPROVAL}
        if row.visit.payment_status == PaymentStatus.PAID:
            currency = row.visit.currency
            numbers.paid[currency] = numbers.paid.get(currency, Decimal(0)) + row.visit.price
    return numbers


def _row(visit: Appointment, room: str, *, now: dt.datetime, may_change: bool) -> Row:
    state = state_of(visit)
    waits = None
    if state == State.ARRIVED and visit.checked_in_at is not None:
        waits = max(0, int((now - visit.checked_in_at).total_seconds()) // 60)
    steps: list[Button] = []
    payments: list[Button] = []
    if may_change:
        steps = [
            Button(action=name, label=STEPS[name].label, icon=STEPS[name].icon)
            for name in _order(state)
            if state in STEPS[name].states and (not STEPS[name].after_start or visit.appointment_date <= now)
        ]
        if visit.payment_status == PaymentStatus.PENDING and state not in {State.CANCELLED, State.NO_SHOW}:
            payments = [
                Button(action="paid", label=method.label, icon=_PAY_ICONS[method], value=method.value)
                for method in PaymentMethod
            ]
    return Row(
        visit=visit,
        state=state,
        room=room,
        waits=waits,
        is_late=state in {State.SCHEDULED, State.CONFIRMED, State.APPROVAL} and visit.appointment_date < now,
        steps=steps,
        payments=payments,
    )


_PAY_ICONS: Final = {PaymentMethod.CASH: "banknote", PaymentMethod.CARD_TERMINAL: "credit-card"}


def _order(state: State) -> tuple[str, ...]:
    """Return the steps with the likeliest first: arrive, then be called in, then finish."""
    first = {State.ARRIVED: "called", State.IN_ROOM: "done"}.get(state, "arrived")
    return (first, *(name for name in _MENU if name != first))
