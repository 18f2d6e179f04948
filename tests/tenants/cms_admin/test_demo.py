"""The demo networks: complete, believable, and unharmed by a second run."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from io import StringIO
from random import Random

import phonenumbers
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from saas.networks.context import NetworkRef
from tenants.booking.models import Appointment, AppointmentStatus, Claim
from tenants.desk.demo.catalogue import services_by_doctor, write_catalogue
from tenants.desk.demo.networks import HARBOUR, NETWORKS, SEVERNAYA
from tenants.desk.demo.opinions import write_reviews
from tenants.desk.demo.people import write_patients
from tenants.desk.demo.shapes import DemoNetwork
from tenants.desk.demo.visits import write_blocks, write_visits
from tenants.doctors.hours import Window, find_meeting
from tenants.doctors.models import Doctor, DoctorSchedule
from tenants.reviews.models import Review


@pytest.mark.unit
@pytest.mark.parametrize("demo", NETWORKS, ids=lambda demo: demo.slug)
def test_description_holds_together(demo: DemoNetwork) -> None:
    given = services_by_doctor(demo)
    keys = {row.key for row in demo.specializations}

    assert all(set(row.specializations) <= keys for row in demo.doctors)
    assert all(given[doctor.last_name] for doctor in demo.doctors)
    assert all(set(line.specializations) <= keys for line in demo.services)
    assert len({doctor.last_name for doctor in demo.doctors}) == len(demo.doctors)
    assert {block.doctor for block in demo.blocks} <= {doctor.last_name for doctor in demo.doctors}
    for phone in (
        demo.phone,
        *(clinic.phone for clinic in demo.clinics),
        demo.names.phone.format(number=1_234_567),
    ):
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone, None)), phone


@pytest.mark.unit
def test_size_of_the_demo() -> None:
    assert len(SEVERNAYA.specializations) == 10
    assert len(SEVERNAYA.doctors) == 24
    assert 40 <= len(SEVERNAYA.services) <= 50
    assert {clinic.time_zone for clinic in SEVERNAYA.clinics} == {"Europe/Moscow", "Asia/Yekaterinburg"}
    assert len(HARBOUR.doctors) == 8


@pytest.mark.django_db
@pytest.mark.integration
@pytest.mark.slow
def test_weeks_of_visits_and_a_second_run(network: NetworkRef) -> None:
    now = timezone.now()
    catalogue = write_catalogue(HARBOUR)
    write_patients(HARBOUR, rng=Random(1), today=now.date())
    write_blocks(HARBOUR, catalogue.doctors, now=now)
    write_visits(HARBOUR, rng=Random(1), now=now)
    write_reviews(HARBOUR, catalogue.doctors, rng=Random(1))
    before = Appointment.objects.count()

    added = write_visits(HARBOUR, rng=Random(2), now=now)
    later = write_visits(HARBOUR, rng=Random(3), now=now + dt.timedelta(days=3))

    statuses = Counter(Appointment.objects.values_list("status", flat=True))
    assert before > 500
    assert added < before / 20  # only stretches that chance had left empty
    assert later > 0
    assert set(statuses) == set(AppointmentStatus)
    assert not Appointment.objects.filter(
        status__in=("scheduled", "confirmed"), ends_at__lte=now + dt.timedelta(days=3)
    ).exists()
    assert Appointment.objects.filter(created_at__gt=timezone.now()).count() == 0
    assert Claim.objects.filter(active=True).count() > 400
    assert Review.objects.filter(is_published=True).exists()
    assert Doctor.objects.filter(reviews_count__gt=0, rating__gt=3).exists()


@pytest.mark.django_db
@pytest.mark.integration
def test_hours_of_the_demo_do_not_overlap(network: NetworkRef) -> None:
    write_catalogue(SEVERNAYA)

    for doctor in Doctor.objects.all():
        windows = [
            Window.of(row) for row in DoctorSchedule.objects.filter(doctor=doctor).select_related("clinic")
        ]
        assert all(
            find_meeting(row, [other for other in windows if other is not row]) is None for row in windows
        )


@pytest.mark.django_db
@pytest.mark.integration
def test_demo_is_refused_outside_of_demo_installations(public_schema: None) -> None:
    with pytest.raises(CommandError):
        call_command("demo")


@pytest.mark.unit
def test_logins_as_json() -> None:
    out = StringIO()
    with override_settings(IS_DEMO=True):
        call_command("demo", "--logins", "--json", stdout=out)

    rows = json.loads(out.getvalue())
    assert {"role", "url", "email", "password"} == set(rows[0])
    assert all(len(row["password"]) >= 12 for row in rows)
    assert len({row["email"] for row in rows}) == 11
