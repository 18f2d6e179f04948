"""Holds: as hard as a visit, over by the database's clock, one for each form."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions.holding import (
    FORM_SECONDS,
    confirm_hold,
    extend_hold,
    hold_slot,
    release_hold,
    sweep_holds,
)
from tenants.booking.errors import SlotTaken, TooLateToBook
from tenants.booking.models import Appointment, Claim, Hold
from tenants.booking.reservation_errors import HoldExtended, HoldGone, HoldNotFound, TooManyHolds
from tenants.booking.selectors import free_slots
from tests.factories import Bookable, make_bookable
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy

pytestmark = pytest.mark.django_db

HALF = dt.timedelta(minutes=30)


def hold(bookable: Bookable, starts_at: dt.datetime = NINE, **changes: Any) -> Hold:
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": starts_at,
        "holder": "web:one",
        "now": NOW,
    }
    return hold_slot(**{**facts, **changes})


def confirm(held: Hold, bookable: Bookable, holder: str = "web:one") -> Appointment:
    return confirm_hold(
        public_id=held.public_id,
        holder=holder,
        patient_id=bookable.patient.pk,
        source="site",
        language="en",
        actor=GUEST,
        now=NOW,
    )


def is_free(bookable: Bookable, at: dt.datetime) -> bool:
    day = at.date()
    slots = free_slots(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        start=day,
        end=day + dt.timedelta(days=1),
        now=NOW,
    )
    return at in [slot.starts_at for slot in slots]


def run_out(held: Hold) -> None:
    """Let the hold's time pass on the database's clock."""
    Hold.objects.filter(pk=held.pk).update(expires_at=Now() - dt.timedelta(seconds=1))
    held.claims.update(expires_at=Now() - dt.timedelta(seconds=1))


def test_held_time_is_taken_for_everybody_else(network: NetworkRef) -> None:
    bookable = make_bookable()
    hold(bookable)
    assert not is_free(bookable, NINE)
    with pytest.raises(SlotTaken) as refused:
        book(bookable)
    assert len(refused.value.params["alternatives"]) == 3
    with pytest.raises(SlotTaken):
        hold(bookable, holder="web:two")


def test_confirming_books_the_held_time_and_ends_the_hold(network: NetworkRef) -> None:
    bookable = make_bookable()
    held = hold(bookable)
    visit = confirm(held, bookable)
    assert visit.appointment_date == NINE
    assert list(Claim.objects.filter(active=True).values_list("kind", "appointment")) == [
        ("booking", visit.pk)
    ]
    with pytest.raises(SlotTaken):
        confirm(held, bookable)


def test_expired_hold_gives_way_and_can_still_be_confirmed_when_free(network: NetworkRef) -> None:
    bookable = make_bookable()
    held = hold(bookable)
    run_out(held)
    assert is_free(bookable, NINE)
    assert confirm(held, bookable).appointment_date == NINE
    late = hold(bookable, NINE + HALF)
    run_out(late)
    other = make_bookable().patient
    book(bookable, NINE + HALF, patient_id=other.pk)
    with pytest.raises(SlotTaken):
        confirm(late, bookable)


def test_another_time_replaces_the_first_and_the_same_one_keeps_its_end(network: NetworkRef) -> None:
    bookable = make_bookable()
    first = hold(bookable)
    assert hold(bookable).pk == first.pk
    second = hold(bookable, NINE + HALF)
    assert second.pk != first.pk
    assert is_free(bookable, NINE)
    assert not is_free(bookable, NINE + HALF)
    with pytest.raises(HoldGone):
        extend_hold(public_id=first.public_id, holder="web:one")


def test_a_refused_replacement_keeps_the_first(network: NetworkRef) -> None:
    bookable = make_bookable()
    first = hold(bookable)
    book(bookable, NINE + HALF)
    with pytest.raises(SlotTaken):
        hold(bookable, NINE + HALF)
    assert not is_free(bookable, NINE)
    assert Claim.objects.filter(hold=first, active=True).exists()


def test_it_can_be_extended_once(network: NetworkRef) -> None:
    held = hold(make_bookable())
    longer = extend_hold(public_id=held.public_id, holder="web:one")
    assert longer.expires_at - held.expires_at == dt.timedelta(seconds=FORM_SECONDS)
    assert longer.claims.get().expires_at == longer.expires_at
    with pytest.raises(HoldExtended):
        extend_hold(public_id=held.public_id, holder="web:one")


def test_only_the_holder_may_touch_it(network: NetworkRef) -> None:
    bookable = make_bookable()
    held = hold(bookable)
    for stranger in ("web:two", "web:on"):
        with pytest.raises(HoldNotFound):
            extend_hold(public_id=held.public_id, holder=stranger)
        with pytest.raises(HoldNotFound):
            release_hold(public_id=held.public_id, holder=stranger)
        with pytest.raises(HoldNotFound):
            confirm(held, bookable, holder=stranger)


def test_given_back_it_is_free_at_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    held = hold(bookable)
    release_hold(public_id=held.public_id, holder="web:one")
    release_hold(public_id=held.public_id, holder="web:one")
    assert is_free(bookable, NINE)
    with pytest.raises(HoldGone):
        extend_hold(public_id=held.public_id, holder="web:one")


def test_an_address_holds_a_few_times_at_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    for number in range(3):
        hold(bookable, NINE + number * HALF, holder=f"web:{number}", origin="here", most_of_origin=3)
    with pytest.raises(TooManyHolds) as refused:
        hold(bookable, NINE + 3 * HALF, holder="web:3", origin="here", most_of_origin=3)
    assert 0 < refused.value.params["retry_after"] <= FORM_SECONDS
    hold(bookable, NINE + 4 * HALF, holder="web:0", origin="here", most_of_origin=3)  # replaces its own
    hold(bookable, NINE + 3 * HALF, holder="web:4", origin="there", most_of_origin=3)


def test_what_was_held_in_time_can_be_booked_in_time(network: NetworkRef) -> None:
    set_policy(minimum_notice_minutes=120)
    bookable = make_bookable()
    held = hold(bookable, now=NINE - dt.timedelta(minutes=121))
    other = hold(bookable, NINE + HALF, holder="web:two", now=NINE - dt.timedelta(minutes=91))
    run_out(other)
    facts: dict[str, Any] = {
        "patient_id": bookable.patient.pk,
        "source": "site",
        "language": "en",
        "actor": GUEST,
    }

    while_filling_in = NINE - dt.timedelta(minutes=118)
    booked = confirm_hold(public_id=held.public_id, holder="web:one", now=while_filling_in, **facts)
    assert booked.appointment_date == NINE
    with pytest.raises(TooLateToBook):
        confirm_hold(
            public_id=other.public_id, holder="web:two", now=NINE - dt.timedelta(minutes=88), **facts
        )


def test_rules_for_patients_bind_holds(network: NetworkRef) -> None:
    bookable = make_bookable()
    soon = NOW + dt.timedelta(hours=1)
    with pytest.raises(TooLateToBook):
        hold(bookable, soon, now=soon - dt.timedelta(minutes=10))
    assert hold(bookable, soon, now=soon - dt.timedelta(minutes=10), for_staff=True).starts_at == soon


def test_the_sweep_frees_what_expired_and_forgets_old_holds(network: NetworkRef) -> None:
    bookable = make_bookable()
    old, live = hold(bookable), hold(bookable, NINE + HALF, holder="web:two")
    run_out(old)
    assert sweep_holds() == 1
    assert not Claim.objects.filter(hold=old, active=True).exists()
    assert Claim.objects.filter(hold=live, active=True).exists()
    Hold.objects.filter(pk=old.pk).update(expires_at=Now() - dt.timedelta(days=2))
    assert sweep_holds() == 0
    assert list(Hold.objects.values_list("pk", flat=True)) == [live.pk]
