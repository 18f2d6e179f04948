"""Statements sent together behave as if they were sent one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import IntegrityError, transaction

from saas.core.batch import Batch, key_of_latest
from saas.networks.context import NetworkRef
from tenants.audit.models import AuditEvent
from tenants.patients.models import Patient

pytestmark = pytest.mark.django_db


def card(last_name: str) -> Patient:
    return Patient(last_name=last_name, first_name="Анна", phone="+79161234567", notes="100% 'quoted'; --")


def test_rows_go_in_one_round_trip_and_later_ones_know_the_key(
    network: NetworkRef, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    patient = card("Иванова")
    batch = Batch()
    batch.insert(patient)
    batch.insert(AuditEvent(action="card.made", object_id=key_of_latest(Patient, as_text=True)))

    with django_assert_num_queries(1):
        batch.run_for_key(patient)

    stored = Patient.objects.get(pk=patient.pk)
    assert (stored.last_name, stored.notes) == ("Иванова", "100% 'quoted'; --")
    assert stored.created_at == patient.created_at
    assert AuditEvent.objects.get(action="card.made").object_id == str(patient.pk)
    patient.first_name = "Вера"
    patient.save()
    assert Patient.objects.count() == 1


def test_the_first_failure_ends_the_batch_and_the_transaction_takes_all_back(network: NetworkRef) -> None:
    batch = Batch()
    first = card("Первая")
    batch.insert(first)
    second = card("Вторая")
    second.public_id = first.public_id
    batch.insert(second)

    with pytest.raises(IntegrityError), transaction.atomic():
        batch.run()

    assert not Patient.objects.exists()


def test_nothing_to_send_is_nothing_sent(network: NetworkRef) -> None:
    assert Batch().run() == []
