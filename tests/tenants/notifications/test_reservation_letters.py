"""Letters about requests, refusals, what was undone, and visits booked together."""

from __future__ import annotations

import datetime as dt

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking import topics
from tenants.booking.actions.series import book_series, cancel_series
from tenants.booking.models import Appointment, AppointmentSeries, PolicyOverride
from tenants.notifications.letters import patient_letter, staff_letter
from tenants.outbox.models import OutboxDelivery
from tenants.outbox.worker import deliver_due
from tests.factories import make_bookable, make_clinic
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def fresh(visit: Appointment) -> Appointment:
    return Appointment.objects.select_related("patient", "doctor__user", "clinic", "service").get(pk=visit.pk)


@pytest.mark.parametrize(
    ("topic", "subject", "words"),
    [
        (topics.BOOKED, "We have your request", "has to accept this visit first"),
        (topics.APPROVED, "You are booked", "we are expecting you"),
        (topics.REFUSED, "The clinic cannot see you", "will not take place"),
        (topics.RESTORED, "Your visit takes place after all", "we are expecting you"),
    ],
)
def test_each_news_has_its_words(network: NetworkRef, topic: str, subject: str, words: str) -> None:
    bookable = make_bookable(clinic=make_clinic(email="desk@clinic.example"))
    PolicyOverride.objects.create(service=bookable.service, needs_approval=True)
    visit = fresh(book(bookable))
    assert visit.awaiting_approval
    letter = patient_letter(visit, topic=topic, message_id="m")
    assert letter is not None
    assert letter.subject.startswith(subject)
    for text in (letter.text, letter.html):
        assert words in text


def test_staff_are_asked_to_approve(network: NetworkRef) -> None:
    bookable = make_bookable(clinic=make_clinic(email="desk@clinic.example"))
    letter = staff_letter(fresh(book(bookable, awaiting_approval=True)), topic=topics.BOOKED, message_id="m")
    assert letter is not None
    assert letter.subject.startswith("Please approve")
    assert "Visit cancelled" not in letter.text


def test_staff_book_without_asking_themselves(network: NetworkRef) -> None:
    bookable = make_bookable()
    PolicyOverride.objects.create(service=bookable.service, needs_approval=True)
    assert not book(bookable, for_staff=True, source="desk").awaiting_approval


def test_visits_booked_together_come_in_one_letter(network: NetworkRef) -> None:
    bookable = make_bookable()
    visits = book_series(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        dates=[NINE, NINE + DAY, NINE + 2 * DAY],
        patient_id=bookable.patient.pk,
        source="desk",
        language="en",
        actor=GUEST,
        now=NOW,
    )
    letter = patient_letter(fresh(visits[0]), topic=topics.BOOKED, message_id="m")
    assert letter is not None
    for text in (letter.text, letter.html):
        assert "Booked together with it" in text
        assert "Wed 13 Jan" in text
        assert "Thu 14 Jan" in text
    deliver_due()
    told = OutboxDelivery.objects.filter(consumer="email_patient").order_by("event__occurred_at")
    assert sorted(told.values_list("last_code", flat=True)) == [
        "",
        "told_with_the_first",
        "told_with_the_first",
    ]


def test_visits_cancelled_together_come_in_one_letter(network: NetworkRef) -> None:
    bookable = make_bookable()
    visits = book_series(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        dates=[NINE, NINE + DAY, NINE + 2 * DAY],
        patient_id=bookable.patient.pk,
        source="desk",
        language="en",
        actor=GUEST,
        now=NOW,
    )
    series = AppointmentSeries.objects.get()
    cancel_series(public_id=series.public_id, actor=GUEST, now=visits[0].ends_at, for_staff=True)
    letter = patient_letter(fresh(visits[1]), topic=topics.CANCELLED, message_id="m")
    assert letter is not None
    for text in (letter.text, letter.html):
        assert "Cancelled together with it" in text
        assert "Thu 14 Jan" in text
        assert "Tue 12 Jan" not in text
    told = OutboxDelivery.objects.filter(event__topic=topics.CANCELLED, consumer="email_patient")
    assert told.count() == 2
    deliver_due()
    assert sorted(told.values_list("last_code", flat=True)) == ["", "told_with_the_first"]
