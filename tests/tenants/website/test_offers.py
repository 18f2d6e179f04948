"""Waiting, and times taken by one tap: looking changes nothing, a second tap does no harm, what is over says so."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db.models.functions import Now
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions.offering import offer_freed_time
from tenants.booking.actions.rebooking import propose_rebooking
from tenants.booking.actions.waitlist import join_waitlist
from tenants.booking.links import appointment_from_token, entry_path, manage_path, offer_path, proposal_path
from tenants.booking.models import Appointment, RebookingProposal, WaitlistEntry, WaitlistOffer
from tenants.outbox.worker import deliver_due
from tests import factories
from tests.factories import Bookable
from tests.fixtures.networks import NetworkClient
from tests.tenants.website.helpers import DETAILS, book_away, slot_of

pytestmark = pytest.mark.django_db


def offered(bookable: Bookable, **changes: Any) -> WaitlistOffer:
    slot = slot_of(bookable)
    today = timezone.now().date()
    facts: dict[str, Any] = {
        "patient_id": bookable.patient.pk,
        "service_id": bookable.service.pk,
        "earliest": today,
        "latest": today + dt.timedelta(days=9),
        "language": "ru",
        "actor": SYSTEM,
        "now": timezone.now(),
    }
    join_waitlist(**{**facts, **changes})
    [offer] = offer_freed_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        now=timezone.now(),
    )
    return offer


def proposed(bookable: Bookable) -> RebookingProposal:
    visit = book_away(bookable, slot_of(bookable))
    batch = propose_rebooking(
        appointment_ids=[visit.pk],
        reason="ill",
        actor=SYSTEM,
        now=timezone.now(),
        doctor_id=bookable.doctor.pk,
    )
    return batch.proposals.get()


def _visit(response: Any) -> int:
    """The visit to whose page an answer leads; the token itself tells the time too."""
    return appointment_from_token(response["Location"].split("/")[2]).pk


def test_joining_without_a_free_time(bookable: Bookable, client: Any) -> None:
    query = urlencode(
        {"doctor": bookable.doctor.slug, "service": bookable.service.slug, "clinic": bookable.clinic.slug}
    )
    address = f"/book/waitlist/?{query}"
    assert client.get(address).status_code == 200
    today = timezone.now().date()
    days = {"earliest": today.isoformat(), "latest": (today + dt.timedelta(days=20)).isoformat()}
    bad = client.post(address, {**DETAILS, **days, "latest": (today - dt.timedelta(days=5)).isoformat()})
    assert bad.status_code == 422
    done = client.post(address, {**DETAILS, **days, "part": "morning", "any_doctor": "on"})
    assert done.status_code == 303
    entry = WaitlistEntry.objects.get()
    assert (entry.doctor, entry.until_time, entry.patient.phone) == (None, dt.time(11, 59), "+79161234567")
    page = client.get(done["Location"])
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    left = client.post(done["Location"])
    assert left.status_code == 303
    entry.refresh_from_db()
    assert entry.state == "left"
    assert client.get(done["Location"]).status_code == 200


def test_offer_is_taken_by_one_tap_and_looking_changes_nothing(bookable: Bookable, client: Any) -> None:
    offer = offered(bookable)
    address = offer_path(offer)
    page = client.get(address)
    assert page.status_code == 200
    assert BeautifulSoup(page.content, "lxml").select_one('button[value="accept"]') is not None
    assert not Appointment.objects.exists()
    taken = client.post(address, {"answer": "accept"})
    assert taken.status_code == 303
    assert client.get(taken["Location"]).status_code == 200
    assert _visit(client.post(address, {"answer": "accept"})) == _visit(taken)
    assert Appointment.objects.count() == 1
    assert client.get(address).status_code == 200
    assert client.get(entry_path(offer.entry)).status_code == 200


def test_offer_declined_or_over_says_so(bookable: Bookable, client: Any) -> None:
    offer = offered(bookable)
    address = offer_path(offer)
    assert client.post(address, {"answer": "something"}).status_code == 200
    assert client.post(address, {"answer": "decline"}).status_code == 303
    assert client.post(address, {"answer": "accept"}).status_code == 410
    page = client.get(address)
    assert page.status_code == 200
    assert b'value="accept"' not in page.content


def test_offer_after_its_time_is_gone(bookable: Bookable, client: Any) -> None:
    offer = offered(bookable)
    WaitlistOffer.objects.update(expires_at=Now())
    assert client.post(offer_path(offer), {"answer": "accept"}).status_code == 410
    assert not Appointment.objects.exists()


def test_earlier_time_for_a_visit(bookable: Bookable, client: Any) -> None:
    visit = book_away(bookable, slot_of(bookable, 5))
    address = f"{manage_path(visit)}earlier/"
    assert client.get(address).status_code == 200
    done = client.post(address, {"part": "", "any_doctor": "on"})
    assert done.status_code == 303
    entry = WaitlistEntry.objects.get()
    assert (entry.appointment_id, entry.patient_id) == (visit.pk, visit.patient_id)
    assert client.get(done["Location"]).status_code == 200
    assert client.post(address, {"part": "noon"}).status_code == 422


def test_new_time_for_a_visit_is_taken_by_one_tap(bookable: Bookable, client: Any) -> None:
    proposal = proposed(bookable)
    address = proposal_path(proposal)
    assert client.get(address).status_code == 200
    taken = client.post(address, {"answer": "accept"})
    assert taken.status_code == 303
    assert _visit(client.post(address, {"answer": "accept"})) == _visit(taken)
    assert client.get(address).status_code == 200
    assert client.post(address, {"answer": "decline"}).status_code == 410


def test_new_time_that_does_not_suit(bookable: Bookable, client: Any) -> None:
    address = proposal_path(proposed(bookable))
    assert client.post(address, {"answer": "decline"}).status_code == 303
    page = client.get(address)
    assert page.status_code == 200
    assert b"/move/" in page.content


@pytest.mark.parametrize("kind", ["offer", "proposal", "waiting"])
def test_damaged_links_lead_nowhere(bookable: Bookable, client: Any, kind: str) -> None:
    assert client.get(f"/visits/{kind}/nonsense/").status_code == 404
    visit = book_away(bookable, slot_of(bookable))
    token = manage_path(visit).split("/")[2]
    assert client.get(f"/visits/{kind}/{token}/").status_code == 404


def test_letters_carry_the_link_in_the_readers_language(bookable: Bookable, client: Any) -> None:
    mail.outbox.clear()
    offer = offered(bookable)
    proposal = proposed(factories.make_bookable(clinic=bookable.clinic))
    deliver_due()
    to_waiting = next(letter for letter in mail.outbox if "/visits/offer/" in letter.body)
    assert to_waiting.to == [bookable.patient.email]
    assert "Врач" in to_waiting.body
    assert offer_path(offer) in to_waiting.body
    assert entry_path(offer.entry) in to_waiting.body
    to_moved = next(letter for letter in mail.outbox if "/visits/proposal/" in letter.body)
    assert proposal_path(proposal) in to_moved.body
    assert to_moved.to == [proposal.appointment.patient.email]


def test_links_and_ids_of_one_network_mean_nothing_in_its_twin(
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    one, other = twin_networks
    paths: dict[str, list[str]] = {}
    holds: dict[str, str] = {}
    for network in twin_networks:
        with network_context(network):
            offer = offered(factories.make_bookable())
            proposal = proposed(factories.make_bookable())
            paths[network.slug] = [offer_path(offer), entry_path(offer.entry), proposal_path(proposal)]
            holds[network.slug] = str(offer.hold.public_id)
    for network, twin in ((one, other), (other, one)):
        browser = NetworkClient(network)
        assert [browser.get(path).status_code for path in paths[network.slug]] == [200, 200, 200]
        assert [browser.get(path).status_code for path in paths[twin.slug]] == [404, 404, 404]
        assert [browser.post(path).status_code for path in paths[twin.slug]] == [404, 404, 404]
        foreign = browser.post(
            f"/api/v1/holds/{holds[twin.slug]}/release/", "{}", content_type="application/json"
        )
        assert foreign.status_code == 404
