"""Rooms and devices of a demo network, what needs them, who is away, who waits for an earlier time."""

from __future__ import annotations

import datetime as dt
from random import Random

from tenants.audit.actions import SYSTEM
from tenants.booking.actions.waitlist import join_waitlist
from tenants.booking.models import (
    ExceptionKind,
    ExceptionScope,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
)
from tenants.clinics.models import Clinic
from tenants.desk.demo.catalogue import Catalogue
from tenants.desk.demo.shapes import DemoNetwork
from tenants.doctors.models import Doctor, FloatingBreak
from tenants.patients.models import Patient


def write_equipment(demo: DemoNetwork, catalogue: Catalogue, *, today: dt.date) -> None:
    """Write rooms, needs, holidays, leaves and breaks."""
    if demo.holidays:
        for clinic in Clinic.objects.all():
            clinic.holiday_calendar = demo.holidays
            clinic.save(update_fields=["holiday_calendar", "updated_at"])
    for room in demo.rooms:
        pool, _made = ResourcePool.objects.get_or_create(name=room.pool)
        pool.resources.add(
            Resource.objects.create(kind=room.kind, name=room.name, clinic=catalogue.clinics[room.clinic])
        )
    categories = {row.key: row.name for row in demo.categories}
    for need in demo.needs:
        for service in catalogue.services.values():
            if service.category.name == categories[need.category]:
                ServiceRequirement.objects.create(
                    service=service,
                    pool=ResourcePool.objects.get(name=need.pool),
                    setup_minutes=need.setup,
                    cleanup_minutes=need.cleanup,
                )
    for leave in demo.leaves:
        ScheduleException.objects.create(
            scope=ExceptionScope.DOCTOR,
            doctor=catalogue.doctors[leave.doctor],
            kind=ExceptionKind.BLOCK,
            start_date=today + dt.timedelta(days=leave.first),
            end_date=today + dt.timedelta(days=leave.last),
            reason=leave.reason,
        )
    for pause in demo.breaks:
        FloatingBreak.objects.create(
            doctor=catalogue.doctors[pause.doctor],
            minutes=pause.minutes,
            earliest=dt.time.fromisoformat(pause.earliest),
            latest=dt.time.fromisoformat(pause.latest),
        )


def write_wishes(demo: DemoNetwork, *, rng: Random, now: dt.datetime) -> None:
    """Put patients on the waiting list."""
    people = list(Patient.objects.filter(user__isnull=True, birth_date__isnull=False).order_by("pk"))
    for wish, patient in zip(demo.wishes, rng.sample(people, len(demo.wishes)), strict=True):
        doctor = Doctor.objects.get(user__last_name=wish.doctor)
        service = doctor.services.order_by("pk").first()
        if service is None:
            continue
        join_waitlist(
            patient_id=patient.pk,
            service_id=service.pk,
            doctor_id=doctor.pk,
            earliest=now.date(),
            latest=now.date() + dt.timedelta(days=wish.days),
            urgency=wish.urgency,
            language=demo.language,
            actor=SYSTEM,
            now=now,
        )
