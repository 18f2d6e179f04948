"""Several services in one visit to the clinic: one after the other, across doctors and rooms, all or nothing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from django.db.models import Q

from saas.core.errors import DomainError, NotFound
from tenants.audit.actions import Actor
from tenants.booking.actions.booking import book_appointment
from tenants.booking.counting import lock_caps_of
from tenants.booking.errors import ServiceNotOffered
from tenants.booking.loading import lock_resources
from tenants.booking.models import Appointment, AppointmentSeries, Resource, SeriesKind
from tenants.booking.reservation_errors import BadChain, ChainConflict
from tenants.booking.selectors.chains import LONGEST_CHAIN, Wanted, find_chains
from tenants.booking.selectors.series import slot_params
from tenants.booking.transactions import in_transaction

_ALTERNATIVES: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One service of the visit: who gives it, and the instant at which it begins."""

    doctor_id: int
    service_id: int
    starts_at: dt.datetime


def book_chain(
    *,
    parts: Sequence[Part],
    clinic_id: int,
    patient_id: int,
    source: str,
    language: str,
    notes: str = "",
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> list[Appointment]:
    """Book the parts in one transaction, or none; return their visits in order, each with its position from 1.

    Locks every resource that any part may need, in id order, before the first one is booked. Raises BadChain for
    parts that do not follow each other, ChainConflict when one cannot be had (with other ways on that day),
    ServiceNotOffered and PatientNotFound for something unknown.
    """
    if not 1 < len(parts) <= LONGEST_CHAIN:
        raise BadChain
    if any(following.starts_at <= part.starts_at for part, following in pairwise(parts)):
        raise BadChain

    def others() -> list[Any]:
        # The day's parts in the same order; whoever gives them.
        since = parts[0].starts_at
        chains = find_chains(
            wanted=[Wanted(service_id=part.service_id) for part in parts],
            clinic_id=clinic_id,
            since=since - dt.timedelta(hours=12),
            until=since + dt.timedelta(days=3),
            now=now,
            patient_id=patient_id,
            for_staff=for_staff,
            channel=source,
            limit=_ALTERNATIVES,
        )
        return [[slot_params(slot) for slot in chain.slots] for chain in chains]

    def work() -> list[Appointment]:
        _lock_all(parts, clinic_id=clinic_id)
        chain = AppointmentSeries.objects.create(kind=SeriesKind.CHAIN)
        booked: list[Appointment] = []
        for position, part in enumerate(parts, start=1):
            if booked and part.starts_at < booked[-1].ends_at:
                raise BadChain
            try:
                booked.append(
                    book_appointment(
                        doctor_id=part.doctor_id,
                        service_id=part.service_id,
                        clinic_id=clinic_id,
                        starts_at=part.starts_at,
                        patient_id=patient_id,
                        source=source,
                        language=language,
                        notes=notes,
                        actor=actor,
                        now=now,
                        for_staff=for_staff,
                        series_id=chain.pk,
                        position=position,
                    )
                )
            except (NotFound, ServiceNotOffered):
                raise
            except DomainError as error:
                raise ChainConflict(part=position, cause=error, find=others) from error
        return booked

    return in_transaction(work)


def _lock_all(parts: Sequence[Part], *, clinic_id: int) -> None:
    """Lock in id order whatever the parts' own bookings will lock: one at a time they might meet a rival's.

    Resources first, then limits of visits, as every booking does.
    """
    services = {part.service_id for part in parts}
    doctors = {part.doctor_id for part in parts}
    needed = Q(doctor__in=doctors) | Q(
        pools__requirements__service__in=services, clinic=clinic_id, is_active=True
    )
    lock_resources(set(Resource.objects.filter(needed).values_list("pk", flat=True)))
    lock_caps_of(doctor_ids=doctors, service_ids=services, clinic_id=clinic_id)
