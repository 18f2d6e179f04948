"""Whatever people do, in whatever order: nothing overlaps, nothing is lost, what is shown can be booked.

A short run by default; `STATE_MACHINE_RUNS=500` for the long one.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.test import TestCase
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from psycopg2.extras import DateTimeTZRange

from saas.core.errors import DomainError
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import (
    block_time,
    book_appointment,
    cancel_appointment,
    reschedule_appointment,
    unblock_time,
)
from tenants.booking.actions.holding import confirm_hold, hold_slot, release_hold
from tenants.booking.actions.offering import offer_freed_time
from tenants.booking.actions.series import book_series
from tenants.booking.actions.waitlist import accept_offer, decline_offer, join_waitlist
from tenants.booking.errors import SlotTaken
from tenants.booking.gaps.store import drifted
from tenants.booking.models import (
    Appointment,
    BookingCap,
    Claim,
    FreeGap,
    Hold,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
    WaitlistOffer,
    WorkWindow,
)
from tenants.booking.oracle import free_intervals
from tenants.booking.remembering import forget
from tenants.booking.selectors import explain, free_slots
from tenants.doctors.models import FloatingBreak
from tests.factories import make_clinic, make_doctor, make_hours, make_patient, make_service
from tests.tenants.booking.helpers import NOW
from tests.trust.booking.racing import count_overlaps

pytestmark = pytest.mark.django_db

T = TypeVar("T")

RUNS, MANY_RUNS = int(os.environ.get("STATE_MACHINE_RUNS", "6")), 100
STEPS = 18
DAYS = [dt.date(2027, 1, 12), dt.date(2027, 1, 13)]
ONE_DAY = dt.timedelta(days=1)

doctors = st.integers(0, 1)
services = st.integers(0, 2)
patients = st.integers(0, 4)
instants = st.builds(
    lambda day, quarter: (
        dt.datetime.combine(DAYS[day], dt.time(6), tzinfo=dt.UTC) + quarter * dt.timedelta(minutes=15)
    ),
    st.integers(0, 1),
    st.integers(-1, 18),
)
picks = st.integers(0, 1000)


class Clinic(RuleBasedStateMachine):
    """Two doctors, two rooms, a device; a plain service, one with room and buffers, one with room and device."""

    def __init__(self) -> None:
        super().__init__()
        self._atomic = transaction.atomic()
        self._atomic.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)
        forget()

    @initialize(limit=st.integers(0, 6))
    def open_doors(self, limit: int) -> None:
        forget()
        self.clinic = make_clinic()
        self.doctors = [make_doctor(clinics=[self.clinic]) for _ in range(2)]
        self.services = [
            make_service(doctors=self.doctors, clinics=[self.clinic], **fields)
            for fields in (
                {},
                {"buffer_before_minutes": 5, "buffer_after_minutes": 10},
                {"duration_minutes": 60},
            )
        ]
        for doctor in self.doctors:
            make_hours(doctor=doctor, clinic=self.clinic, windows=[("09:00", "11:30"), ("12:00", "13:30")])
        rooms = [self._resource("room"), self._resource("room")]
        pool = ResourcePool.objects.create(name="Rooms")
        pool.resources.set(rooms)
        device = ResourcePool.objects.create(name="Device")
        device.resources.set([self._resource("device")])
        for service, needed in ((1, pool), (2, pool), (2, device)):
            ServiceRequirement.objects.create(
                service=self.services[service], pool=needed, setup_minutes=5, cleanup_minutes=15
            )
        FloatingBreak.objects.create(
            doctor=self.doctors[1], minutes=30, earliest=dt.time(10), latest=dt.time(11, 30)
        )
        if limit:
            BookingCap.objects.create(most=limit, period="day", doctor=self.doctors[0])
        self.patients = [make_patient() for _ in range(5)]

    @rule(doctor=doctors, service=services, patient=patients, at=instants, staff=st.booleans())
    def book(self, doctor: int, service: int, patient: int, at: dt.datetime, *, staff: bool) -> None:
        self._try(lambda: self._book(doctor, service, at, self.patients[patient].pk, for_staff=staff))

    @rule(doctor=doctors, service=services, day=st.integers(0, 1), pick=picks)
    def book_what_is_shown(self, doctor: int, service: int, day: int, pick: int) -> None:
        shown = self._shown(doctor, service, day)
        if shown:
            slot = shown[pick % len(shown)]
            with TestCase.captureOnCommitCallbacks(execute=True):
                assert self._book(doctor, service, slot, make_patient().pk).appointment_date == slot

    @rule(doctor=doctors, service=services, at=instants, staff=st.booleans())
    def ask_and_be_told_the_truth(self, doctor: int, service: int, at: dt.datetime, *, staff: bool) -> None:
        """What is shown, explained and booked is one answer."""
        verdict = explain(**self._offer(doctor, service), starts_at=at, now=NOW, for_staff=staff)
        if not staff:
            assert verdict.bookable == (at in self._shown(doctor, service, DAYS.index(at.date())))
        code = "bookable"
        try:
            with transaction.atomic():
                self._book(doctor, service, at, make_patient().pk, for_staff=staff)
                transaction.set_rollback(True)
        except DomainError as error:
            code = error.code
        assert verdict.code in _EXPLAINED.get(code, {code}), (verdict, code)

    @rule(doctor=doctors, service=services, at=instants, holder=st.sampled_from("ab"))
    def hold(self, doctor: int, service: int, at: dt.datetime, holder: str) -> None:
        self._try(lambda: hold_slot(**self._offer(doctor, service), starts_at=at, holder=holder, now=NOW))

    @rule(pick=picks, end=st.sampled_from(["confirm", "release", "expire"]))
    def end_hold(self, pick: int, end: str) -> None:
        hold = self._some(Hold, pick)
        if hold is None:
            return
        whose = {"public_id": hold.public_id, "holder": hold.holder.split("@", maxsplit=1)[0]}
        if end == "confirm":
            self._try(
                lambda: confirm_hold(
                    **whose,
                    patient_id=make_patient().pk,
                    source="site",
                    language="en",
                    actor=GUEST,
                    now=NOW,
                )
            )
        elif end == "release":
            self._try(lambda: release_hold(**whose))
        else:
            past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            Claim.objects.filter(hold=hold).update(expires_at=past)
            Hold.objects.filter(pk=hold.pk).update(expires_at=past)

    @rule(pick=picks, at=instants, doctor=st.none() | doctors, staff=st.booleans(), force=st.booleans())
    def move(self, pick: int, at: dt.datetime, doctor: int | None, *, staff: bool, force: bool) -> None:
        visit = self._some(Appointment, pick)
        if visit is None:
            return
        self._try(
            lambda: reschedule_appointment(
                public_id=visit.public_id,
                starts_at=at,
                doctor_id=None if doctor is None else self.doctors[doctor].pk,
                actor=GUEST,
                now=NOW,
                for_staff=staff,
                overbook_reason="urgent" if force and staff else "",
            )
        )

    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        visit = self._some(Appointment, pick)
        if visit is not None:
            self._try(lambda: cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW))

    @rule(doctor=doctors, at=instants, quarters=st.integers(1, 8))
    def block(self, doctor: int, at: dt.datetime, quarters: int) -> None:
        self._try(
            lambda: block_time(
                doctor_id=self.doctors[doctor].pk,
                clinic_id=self.clinic.pk,
                starts_at=at,
                ends_at=at + quarters * dt.timedelta(minutes=15),
                reason="",
                actor=GUEST,
            )
        )

    @rule(pick=picks)
    def unblock(self, pick: int) -> None:
        blocks = list(Claim.objects.filter(kind="block", active=True).order_by("pk"))
        if blocks:
            self._try(lambda: unblock_time(claim_id=blocks[pick % len(blocks)].pk, actor=GUEST))

    @rule(doctor=doctors, service=services, at=instants)
    def overbook(self, doctor: int, service: int, at: dt.datetime) -> None:
        self._try(
            lambda: self._book(
                doctor, service, at, make_patient().pk, for_staff=True, overbook_reason="urgent"
            )
        )

    @rule(doctor=doctors, service=services, at=instants)
    def repeat(self, doctor: int, service: int, at: dt.datetime) -> None:
        self._try(
            lambda: book_series(
                **self._offer(doctor, service),
                dates=[at, at + ONE_DAY],
                patient_id=make_patient().pk,
                source="desk",
                language="en",
                actor=GUEST,
                now=NOW,
            )
        )

    @rule(doctor=doctors, service=services, at=instants, answer=st.sampled_from(["yes", "no", "later"]))
    def wait_and_be_offered(self, doctor: int, service: int, at: dt.datetime, answer: str) -> None:
        def work() -> None:
            join_waitlist(
                patient_id=make_patient().pk,
                service_id=self.services[service].pk,
                doctor_id=self.doctors[doctor].pk,
                earliest=DAYS[0],
                latest=DAYS[1],
                language="en",
                actor=GUEST,
                now=NOW,
            )
            made: list[WaitlistOffer] = offer_freed_time(
                doctor_id=self.doctors[doctor].pk,
                clinic_id=self.clinic.pk,
                starts_at=at,
                ends_at=at + dt.timedelta(hours=1),
                now=NOW,
            )
            for offer in made:
                if answer == "yes":
                    accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
                elif answer == "no":
                    decline_offer(public_id=offer.public_id, actor=GUEST, now=NOW)

        self._try(work)

    @rule(
        doctor=doctors,
        day=st.integers(0, 1),
        kind=st.sampled_from(["add", "replace", "block"]),
        hour=st.integers(8, 13),
    )
    def change_schedule(self, doctor: int, day: int, kind: str, hour: int) -> None:
        ScheduleException.objects.create(
            scope="doctor",
            doctor=self.doctors[doctor],
            clinic=self.clinic,
            kind=kind,
            start_date=DAYS[day],
            end_date=DAYS[day],
            start_time=dt.time(hour),
            end_time=dt.time(hour + 1, 30),
        )

    @rule()
    def change_schedule_back(self) -> None:
        last = ScheduleException.objects.order_by("-pk").first()
        if last is not None:
            last.delete()

    @invariant()
    def nothing_overlaps(self) -> None:
        assert count_overlaps() == 0

    @invariant()
    def gaps_claims_and_blocks_make_up_windows(self) -> None:
        if not hasattr(self, "doctors"):
            return
        resources = list(
            Resource.objects.filter(doctor__in=self.doctors).order_by("pk").values_list("pk", flat=True)
        )
        first, last = DAYS[0] - ONE_DAY, DAYS[1] + 2 * ONE_DAY
        free = free_intervals(resources, first=first, last=last)  # makes the windows fresh
        assert drifted(resources, first=first) == []
        for pk in resources:
            windows = WorkWindow.objects.filter(resource=pk, local_date__gte=first, local_date__lt=last)
            claims = Claim.objects.filter(resource=pk, active=True, overbook=False)
            held = [_bounds(row.span) for row in claims]
            gaps = FreeGap.objects.filter(resource=pk, local_date__gte=first, local_date__lt=last)
            kept = [(row.starts_at, row.ends_at) for row in gaps]
            for window in windows:
                opens, closes = _bounds(window.span)
                inside = sorted(
                    (max(begin, opens), min(end, closes))
                    for begin, end in [*held, *kept]
                    if begin < closes and end > opens
                )
                assert inside[0][0] == opens
                assert inside[-1][1] == closes
                assert all(one[1] == other[0] for one, other in pairwise(inside))
            # Expired holds are in the way of nobody, though gaps leave them out until they are swept.
            for begin, end in kept:
                assert any(each.starts_at <= begin and end <= each.ends_at for each in free[pk])

    def _resource(self, kind: str) -> Resource:
        return Resource.objects.create(kind=kind, name=kind, clinic=self.clinic)

    def _offer(self, doctor: int, service: int) -> dict[str, Any]:
        return {
            "doctor_id": self.doctors[doctor].pk,
            "service_id": self.services[service].pk,
            "clinic_id": self.clinic.pk,
        }

    def _shown(self, doctor: int, service: int, day: int) -> list[dt.datetime]:
        start = DAYS[day]
        slots = free_slots(**self._offer(doctor, service), start=start, end=start + ONE_DAY, now=NOW)
        return [slot.starts_at for slot in slots]

    def _book(
        self, doctor: int, service: int, at: dt.datetime, patient_id: int, **changes: Any
    ) -> Appointment:
        facts: dict[str, Any] = {
            **self._offer(doctor, service),
            "starts_at": at,
            "patient_id": patient_id,
            "source": "desk" if changes.get("for_staff") else "site",
            "language": "en",
            "actor": GUEST,
            "now": NOW,
            **changes,
        }
        return book_appointment(**facts)

    def _some(self, model: type[Any], pick: int) -> Any:
        rows = list(model.objects.order_by("pk"))
        return rows[pick % len(rows)] if rows else None

    def _try(self, work: Callable[[], T]) -> T | None:
        """Do it, with what follows the commit; being refused by a rule is fine, anything else is not."""
        try:
            with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
                return work()
        except DomainError as error:
            refused = error
        note(f"refused: {refused.code}")
        assert not isinstance(refused, SlotTaken) or "alternatives" in refused.params
        return None


_CLOSED = {"not_working", "break", "exception", "holiday"}
_EXPLAINED = {"slot_taken": {"taken", "blocked"}, "not_working": _CLOSED, "break": _CLOSED}
"""A refusal by its code, and how `explain` may call it: it says more of why the doctor is not there."""


def _bounds(span: DateTimeTZRange) -> tuple[dt.datetime, dt.datetime]:
    assert span.lower is not None
    assert span.upper is not None
    return span.lower, span.upper


@pytest.mark.timeout(0 if RUNS >= MANY_RUNS else 180)
def test_any_order_of_deeds_keeps_the_promises(network: NetworkRef) -> None:
    connection.ensure_connection()
    run_state_machine_as_test(
        Clinic,
        settings=settings(
            max_examples=RUNS,
            # Shrinking a failure takes minutes: the long run does it, the short one says what it met.
            phases=tuple(Phase) if RUNS >= MANY_RUNS else (Phase.explicit, Phase.reuse, Phase.generate),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
