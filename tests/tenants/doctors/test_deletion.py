"""A doctor added by mistake can go; one who ever had a visit stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import ProtectedError
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from saas.networks.context import NetworkRef
from tenants.booking.models import Claim, ClaimKind, Resource
from tenants.doctors.models import Doctor
from tests.factories import make_doctor

pytestmark = pytest.mark.django_db


def test_doctor_without_visits_is_deleted_with_the_resource(network: NetworkRef) -> None:
    make_doctor().delete()

    assert not Doctor.objects.exists()
    assert not Resource.objects.exists()


def test_doctor_with_a_claim_is_protected(network: NetworkRef) -> None:
    doctor = make_doctor()
    now = timezone.now()
    Claim.objects.create(
        resource=Resource.objects.get(doctor=doctor),
        span=DateTimeTZRange(now, now + dt.timedelta(hours=1)),
        kind=ClaimKind.BLOCK,
    )

    with pytest.raises(ProtectedError):
        doctor.delete()
