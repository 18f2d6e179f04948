"""What the bench measures on: one network of a believable size, one as small as can be, and one more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.core.management import call_command
from django.utils import timezone

from infra.bench import load
from infra.bench.servers import HOST
from saas.networks.actions import NetworkProfile, create_network, provision_network
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.hosts import network_host
from tenants.api.models import ApiScope
from tenants.api.tokens import create_token
from tenants.audit.actions import SYSTEM
from tenants.booking.selectors import free_slots
from tenants.doctors.models import Doctor
from tests.factories import (
    make_bookable,
    make_clinic,
    make_doctor,
    make_hours,
    make_service,
    make_specialization,
)

DOCTORS = 40
SERVICES_OF_A_DOCTOR = 3
DAYS = 45
WINDOWS = (("09:00", "13:00"), ("14:00", "18:00"))


@dataclass(frozen=True, slots=True)
class Bookable:
    """One free time."""

    doctor: int
    service: int
    clinic: int
    starts_at: str


@dataclass(frozen=True, slots=True)
class Site:
    """A network ready to be asked: its host, a token that may do everything, and a doctor with a service."""

    ref: NetworkRef
    token: str
    doctor: int
    service: int

    @property
    def host(self) -> str:
        return self.ref.primary_host

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def slots_path(self, days: int) -> str:
        """The address of the doctor's free times from tomorrow on."""
        first = timezone.now().date() + timedelta(days=1)
        last = first + timedelta(days=days - 1)
        span = f"date={first}" if days == 1 else f"from={first}&to={last}"
        return f"/api/v1/available-slots/?doctor={self.doctor}&service={self.service}&{span}"


def prepare_platform() -> None:
    """Tables of the platform and the template of a network."""
    with public_context():
        call_command("migrate", interactive=False, verbosity=0)
    call_command("build_template", verbosity=0)


def provision(slug: str) -> NetworkRef:
    """Make a network the way sign-up does."""
    profile = NetworkProfile(name=slug.title(), slug=slug, owner_email=f"owner@{slug}.{HOST}")
    network = create_network(profile=profile)
    network = provision_network(network_id=network.pk, profile=profile)
    return network.ref(primary_host=network_host(slug))


def small(slug: str) -> Site:
    """A network with one doctor, one clinic and one service."""
    ref = provision(slug)
    with network_context(ref):
        one = make_bookable()
        return Site(ref=ref, token=make_token(), doctor=one.doctor.pk, service=one.service.pk)


def large(slug: str) -> Site:
    """A network with forty doctors in two clinics, three services each."""
    ref = provision(slug)
    with network_context(ref):
        clinics = [make_clinic(), make_clinic(time_zone="Asia/Yekaterinburg")]
        doctors = [
            make_doctor(specializations=[make_specialization()], clinics=[clinics[n % 2]])
            for n in range(DOCTORS)
        ]
        for number, doctor in enumerate(doctors):
            for _ in range(SERVICES_OF_A_DOCTOR):
                make_service(doctors=[doctor], clinics=clinics)
            make_hours(doctor=doctor, clinic=clinics[number % 2], windows=WINDOWS)
        first = doctors[0]
        service = first.services.order_by("id").values_list("pk", flat=True)[0]
        return Site(ref=ref, token=make_token(), doctor=first.pk, service=service)


def free_times(site: Site) -> Iterator[Bookable]:
    """Give free times of the network, spread over doctors and days as patients would take them."""
    with network_context(site.ref):
        doctors = [
            (doctor.pk, doctor.services.order_by("id").values_list("pk", flat=True)[0])
            for doctor in Doctor.objects.exclude(pk=site.doctor).order_by("id")
        ]
    yield from _free_times(site, doctors)


def free_times_of_one(site: Site) -> Iterator[Bookable]:
    """Give free times of the network's own doctor."""
    return _free_times(site, [(site.doctor, site.service)])


def _free_times(site: Site, doctors: list[tuple[int, int]]) -> Iterator[Bookable]:
    today = timezone.now().date()
    for day in range(2, DAYS):
        with network_context(site.ref):
            found = [
                free_slots(
                    doctor_id=doctor,
                    service_id=service,
                    start=today + timedelta(days=day),
                    end=today + timedelta(days=day + 1),
                    now=timezone.now(),
                )
                for doctor, service in doctors
            ]
        for position in range(max(map(len, found), default=0)):
            for slots in found:
                if position < len(slots):
                    slot = slots[position]
                    yield Bookable(
                        slot.doctor_id, slot.service_id, slot.clinic_id, slot.starts_at.isoformat()
                    )


def booking_body(time: Bookable, number: int) -> bytes:
    """The body of a booking for a new patient."""
    patient = {
        "last_name": "Ivanova",
        "first_name": "Anna",
        "phone": f"+7 916 {number // 10000 % 1000:03d}-{number // 100 % 100:02d}-{number % 100:02d}",
        "email": f"patient{number}@example.org",
    }
    wish = {
        "doctor": time.doctor,
        "service": time.service,
        "clinic": time.clinic,
        "starts_at": time.starts_at,
    }
    return json.dumps({**wish, "patient": patient}).encode()


def booking_requests(site: Site, times: Iterator[Bookable], numbers: count[int]) -> Iterator[bytes]:
    """Give complete HTTP requests, each for another time and patient, each with its Idempotency-Key."""
    for time in times:
        number = next(numbers)
        headers = {**site.headers, "Idempotency-Key": f"bench-{number}"}
        body = booking_body(time, number)
        yield load.request("POST", "/api/v1/appointments/", host=site.host, headers=headers, body=body)


def make_token() -> str:
    """Make a token that may do everything in the entered network."""
    _token_row, secret = create_token(name="bench", scopes=ApiScope.values, actor=SYSTEM, now=timezone.now())
    return secret
