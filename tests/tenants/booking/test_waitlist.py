"""The waiting list: who is offered what, how long it stands, and what becomes of the answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import block_time, cancel_appointment, reschedule_appointment, unblock_time
from tenants.booking.actions.offering import offer_freed_time
from tenants.booking.actions.waitlist import (
    accept_offer,
    decline_offer,
    expire_entries,
    expire_offers,
    join_waitlist,
    leave_waitlist,
)
from tenants.booking.errors import PatientBusy, SlotTaken
from tenants.booking.models import Appointment, Claim, WaitlistEntry, WaitlistOffer
from tenants.booking.reservation_errors import BadWish, EntryClosed, OfferGone
from tenants.booking.selectors.waitlist import fairness_log, waiting_entries
from tenants.booking.waiting import offer_until
from tenants.outbox.models import OutboxEvent
from tenants.patients.models import Patient
from tests.factories import Bookable, make_bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

HALF = dt.timedelta(minutes=30)
UTC = dt.UTC


def join(bookable: Bookable, patient: Patient | None = None, **changes: Any) -> WaitlistEntry:
    facts: dict[str, Any] = {
        "patient_id": (patient or make_patient()).pk,
        "service_id": bookable.service.pk,
        "earliest": NOW.date(),
        "latest": NOW.date() + dt.timedelta(days=14),
        "language": "en",
        "actor": GUEST,
        "now": NOW,
    }
    return join_waitlist(**{**facts, **changes})


def freed(
    bookable: Bookable, starts_at: dt.datetime = NINE, *, length: dt.timedelta = HALF
) -> list[WaitlistOffer]:
    return offer_freed_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=starts_at,
        ends_at=starts_at + length,
        now=NOW,
    )


def run_out(offer: WaitlistOffer) -> None:
    past = Now() - dt.timedelta(seconds=1)
    WaitlistOffer.objects.filter(pk=offer.pk).update(expires_at=past)
    Claim.objects.filter(hold=offer.hold_id).update(expires_at=past)


def test_freed_time_is_held_and_offered_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    entry = join(bookable)
    [offer] = freed(bookable)
    assert offer.entry_id == entry.pk
    assert (offer.hold.starts_at, offer.hold.purpose) == (NINE, "waitlist")
    with pytest.raises(SlotTaken):
        book(bookable)
    assert freed(bookable) == []
    event = OutboxEvent.objects.get(topic="waitlist.offered")
    assert event.payload["offer"] == str(offer.public_id)


def test_urgency_comes_first_then_fit_then_the_longest_wait(network: NetworkRef) -> None:
    bookable = make_bookable()
    first = join(bookable)
    second = join(bookable)
    named = join(bookable, doctor_id=bookable.doctor.pk)
    urgent = join(bookable, urgency=2)
    order = []
    for number in range(4):
        [offer] = freed(bookable, NINE + number * HALF)
        order.append(offer.entry_id)
    assert order == [urgent.pk, named.pk, first.pk, second.pk]


def test_who_had_an_offer_stands_behind_who_had_none(network: NetworkRef) -> None:
    bookable = make_bookable()
    often, never = join(bookable), join(bookable)
    WaitlistEntry.objects.filter(pk=often.pk).update(offers_made=1)
    [offer] = freed(bookable)
    assert offer.entry_id == never.pk
    assert offer.ranking["place"] == 1
    assert offer.ranking["of"] == 2


def test_the_log_says_who_was_passed_over_and_why(network: NetworkRef) -> None:
    bookable = make_bookable()
    evening = join(bookable, from_time=dt.time(15), urgency=3)
    patient = make_patient()
    other = make_bookable()
    book(other, patient_id=patient.pk)
    busy = join(bookable, patient, urgency=2)
    taker = join(bookable)
    [offer] = freed(bookable)
    assert offer.entry_id == taker.pk
    assert [row["entry"] for row in offer.ranking["passed_over"]] == [evening.pk, busy.pk]
    logged = fairness_log(since=offer.created_at, until=offer.created_at + HALF)
    assert [row.pk for row in logged] == [offer.pk]


@pytest.mark.parametrize(
    "wish",
    [
        {"earliest": dt.date(2027, 1, 13)},
        {"latest": dt.date(2027, 1, 11)},
        {"weekdays": [0, 2]},
        {"from_time": dt.time(9, 1)},
        {"until_time": dt.time(8, 59)},
    ],
)
def test_a_time_outside_the_wish_is_not_offered(network: NetworkRef, wish: dict[str, Any]) -> None:
    bookable = make_bookable()
    join(bookable, **wish)
    assert freed(bookable) == []


def test_other_doctor_or_clinic_is_not_offered(network: NetworkRef) -> None:
    bookable, other = make_bookable(), make_bookable()
    join(bookable, doctor_id=other.doctor.pk)
    join(bookable, clinic_id=other.clinic.pk)
    join(other)
    assert freed(bookable) == []


def test_a_long_stretch_is_offered_to_several(network: NetworkRef) -> None:
    bookable = make_bookable()
    for _number in range(3):
        join(bookable)
    offers = freed(bookable, length=2 * HALF)
    assert [offer.hold.starts_at for offer in offers] == [NINE, NINE + HALF]


def test_accepting_books_and_again_gives_the_same_visit(network: NetworkRef) -> None:
    bookable = make_bookable()
    entry = join(bookable)
    [offer] = freed(bookable)
    visit = accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    assert (visit.patient_id, visit.appointment_date, visit.source) == (entry.patient_id, NINE, "waitlist")
    assert accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW).pk == visit.pk
    entry.refresh_from_db()
    assert (entry.state, entry.appointment_id) == ("booked", visit.pk)
    assert Appointment.objects.count() == 1
    with pytest.raises(OfferGone):
        decline_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    with pytest.raises(EntryClosed):
        leave_waitlist(public_id=entry.public_id, actor=GUEST, now=NOW)


def test_accepting_moves_the_visit_that_was_to_be_earlier(network: NetworkRef) -> None:
    bookable = make_bookable()
    later = book(bookable, NINE + 4 * HALF)
    join(bookable, bookable.patient, appointment_id=later.pk)
    assert freed(bookable, NINE + 6 * HALF) == []  # later than it is
    [offer] = freed(bookable)
    visit = accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    assert (visit.pk, visit.appointment_date) == (later.pk, NINE)
    assert Claim.objects.filter(active=True).count() == 1
    assert accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW).pk == later.pk


def test_declining_passes_it_to_the_next_and_never_back(network: NetworkRef) -> None:
    bookable = make_bookable()
    first, second = join(bookable), join(bookable)
    [offer] = freed(bookable)
    decline_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    first.refresh_from_db()
    assert (first.state, first.offers_made) == ("waiting", 1)
    assert OutboxEvent.objects.filter(topic="time.freed").count() == 1
    [following] = freed(bookable)
    assert following.entry_id == second.pk
    decline_offer(public_id=following.public_id, actor=GUEST, now=NOW)
    assert freed(bookable) == []
    assert book(bookable).appointment_date == NINE


def test_an_offer_nobody_answered_goes_to_the_next(network: NetworkRef) -> None:
    bookable = make_bookable()
    join(bookable)
    second = join(bookable)
    [offer] = freed(bookable)
    assert expire_offers(now=NOW) == 0
    run_out(offer)
    with pytest.raises(OfferGone) as refused:
        accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    assert refused.value.params == {"state": "expired"}
    assert expire_offers(now=NOW) == 1
    [following] = freed(bookable)
    assert following.entry_id == second.pk
    assert Appointment.objects.count() == 0


def test_leaving_withdraws_the_offer(network: NetworkRef) -> None:
    bookable = make_bookable()
    entry = join(bookable)
    [offer] = freed(bookable)
    leave_waitlist(public_id=entry.public_id, actor=GUEST, now=NOW)
    assert leave_waitlist(public_id=entry.public_id, actor=GUEST, now=NOW).state == "left"
    with pytest.raises(OfferGone):
        accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    assert book(bookable).appointment_date == NINE


def test_patient_who_booked_elsewhere_meanwhile_is_told(network: NetworkRef) -> None:
    bookable, other = make_bookable(), make_bookable()
    entry = join(bookable)
    [offer] = freed(bookable)
    book(other, patient_id=entry.patient_id)
    with pytest.raises(PatientBusy):
        accept_offer(public_id=offer.public_id, actor=GUEST, now=NOW)
    offer.refresh_from_db()
    assert offer.state == "open"


def test_the_same_wish_again_changes_the_first(network: NetworkRef) -> None:
    bookable, patient = make_bookable(), make_patient()
    first = join(bookable, patient)
    again = join(bookable, patient, weekdays=[4, 4, 1])
    assert (again.pk, again.weekdays) == (first.pk, [1, 4])
    with pytest.raises(BadWish):
        join(bookable, latest=NOW.date() - dt.timedelta(days=3), earliest=NOW.date() - dt.timedelta(days=9))
    with pytest.raises(BadWish):
        join(bookable, from_time=dt.time(12), until_time=dt.time(10))


def test_entries_whose_days_are_over_are_closed(network: NetworkRef) -> None:
    bookable = make_bookable()
    over = join(bookable, latest=NOW.date())
    visit = book(bookable)
    pointless = join(bookable, bookable.patient, appointment_id=visit.pk)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    kept = join(bookable)
    assert expire_entries(now=NOW + dt.timedelta(days=3)) == 2
    states = dict(WaitlistEntry.objects.values_list("pk", "state"))
    assert states == {over.pk: "expired", pointless.pk: "expired", kept.pk: "waiting"}


def test_cancelling_moving_and_unblocking_are_heard(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable)
    reschedule_appointment(public_id=visit.public_id, starts_at=NINE + HALF, actor=GUEST, now=NOW)
    cancel_appointment(public_id=visit.public_id, actor=GUEST, now=NOW)
    join(bookable)
    block = block_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=NINE,
        ends_at=NINE + HALF,
        reason="",
        actor=GUEST,
    )
    unblock_time(claim_id=block.pk, actor=GUEST)
    heard = OutboxEvent.objects.filter(deliveries__consumer="waitlist").order_by("occurred_at")
    assert [event.topic for event in heard] == ["appointment.moved", "appointment.cancelled", "time.freed"]
    assert heard[0].payload["from_ends"] == (NINE + HALF).isoformat()


def test_the_list_takes_as_many_queries_for_one_as_for_three(
    network: NetworkRef, django_assert_num_queries: Any
) -> None:
    bookable = make_bookable()
    join(bookable)
    for _more in range(2):
        with django_assert_num_queries(2):
            assert all(str(row.patient) and vars(row)["open_offers"] == [] for row in waiting_entries())
        join(bookable)
        join(bookable)


MOSCOW = "Europe/Moscow"


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2027-01-12T12:00+03:00", "2027-01-12T12:30+03:00"),
        ("2027-01-12T20:45+03:00", "2027-01-13T09:15+03:00"),
        ("2027-01-12T21:00+03:00", "2027-01-13T09:30+03:00"),
        ("2027-01-12T23:59+03:00", "2027-01-13T09:30+03:00"),
        ("2027-01-13T03:00+03:00", "2027-01-13T09:30+03:00"),
        ("2027-01-13T09:00+03:00", "2027-01-13T09:30+03:00"),
    ],
)
def test_nobody_has_to_answer_at_night(now: str, until: str) -> None:
    last_moment = dt.datetime(2027, 2, 1, tzinfo=UTC)
    found = offer_until(now=dt.datetime.fromisoformat(now), zone=MOSCOW, last_moment=last_moment)
    assert found == dt.datetime.fromisoformat(until)


def test_the_visit_itself_ends_the_offer_and_too_little_time_makes_none() -> None:
    now = dt.datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
    quarter = now + dt.timedelta(minutes=15)
    assert offer_until(now=now, zone=MOSCOW, last_moment=quarter) == quarter
    assert offer_until(now=now, zone=MOSCOW, last_moment=now + dt.timedelta(minutes=9)) is None
