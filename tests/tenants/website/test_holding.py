"""The time is kept while the form is filled in: by POST only, visibly, once longer, and given back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.db.models.functions import Now

from tenants.booking.models import Appointment, Claim, Hold
from tests import factories
from tests.factories import Bookable
from tests.tenants.website.helpers import DETAILS, ClientFor, address_of, book_away, slot_of

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def live() -> int:
    return Claim.objects.filter(active=True, kind="hold").count()


def test_looking_holds_nothing_and_asks_for_a_hold(bookable: Bookable, client: Any) -> None:
    page = client.get(address_of(bookable, slot_of(bookable).starts_at))
    assert live() == 0
    part = BeautifulSoup(page.content, "lxml").select_one("#hold")
    assert part is not None
    assert part["hx-trigger"] == "load"
    assert part.select_one('button[value="hold"][formnovalidate]') is not None


def test_scripts_hold_at_once_and_the_page_says_until_when(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    response = client.post(address, {"step": "hold"}, **HTMX)
    assert response.status_code == 200
    part = BeautifulSoup(response.content, "lxml").select_one("#hold")
    assert part is not None
    assert part.select_one("[data-until]") is not None
    assert response.cookies["held"]["httponly"]
    assert response.cookies["held"]["path"] == "/book/"
    assert live() == 1
    client.post(address, {"step": "hold"}, **HTMX)
    assert Hold.objects.count() == 1
    again = client.get(address)
    assert again.status_code == 200
    assert b"data-until" in again.content


def test_without_scripts_the_button_keeps_what_was_typed(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    response = client.post(address, {"step": "hold", "last_name": "Кузнецова", "phone": "8"})
    page = BeautifulSoup(response.content, "lxml")
    assert response.status_code == 200
    assert page.select_one('input[name="last_name"]')["value"] == "Кузнецова"  # type: ignore[index] # it is there
    assert page.select_one("#hold [data-until]") is not None
    assert page.select_one(".is-invalid, .field-error") is None


def test_the_held_time_is_booked_by_its_holder_only(
    bookable: Bookable, client: Any, client_for: ClientFor
) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    client.post(address, {"step": "hold"}, **HTMX)
    stranger = client_for(client.network)
    assert stranger.get(address).status_code == 409
    assert stranger.post(address, {**DETAILS, "step": "contacts"}).status_code == 409
    check = client.post(address, {**DETAILS, "step": "contacts"})
    assert check.status_code == 200
    assert b"data-until" in check.content
    done = client.post(address, {**DETAILS, "step": "confirm", "key": str(uuid4())})
    assert done.status_code == 303
    assert live() == 0
    assert Appointment.objects.count() == 1


def test_details_hold_the_time_where_no_script_did(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    assert client.post(address, {**DETAILS, "step": "contacts"}).status_code == 200
    assert live() == 1


def test_it_is_extended_once(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    client.post(address, {"step": "hold"}, **HTMX)
    longer = client.post(address, {"step": "extend"}, **HTMX)
    assert b'value="extend"' not in longer.content
    again = client.post(address, {"step": "extend"}, **HTMX)
    assert again.status_code == 200
    assert b'role="alert"' in again.content
    key = str(uuid4())
    page = client.post(address, {**DETAILS, "step": "extend", "key": key})  # the last page, without scripts
    assert key.encode() in page.content


def test_an_expired_hold_is_no_obstacle_while_the_time_is_free(bookable: Bookable, client: Any) -> None:
    slot = slot_of(bookable)
    address = address_of(bookable, slot.starts_at)
    client.post(address, {"step": "hold"}, **HTMX)
    Hold.objects.update(expires_at=Now())
    Claim.objects.update(expires_at=Now())
    sent = {**DETAILS, "step": "confirm", "key": str(uuid4())}
    assert client.post(address, sent).status_code == 303


def test_after_expiry_somebody_faster_wins_and_nothing_typed_is_lost(bookable: Bookable, client: Any) -> None:
    slot = slot_of(bookable)
    address = address_of(bookable, slot.starts_at)
    client.post(address, {"step": "hold"}, **HTMX)
    Hold.objects.update(expires_at=Now())
    Claim.objects.update(expires_at=Now())
    book_away(bookable, slot)
    response = client.post(address, {**DETAILS, "step": "confirm", "key": str(uuid4())})
    assert response.status_code == 409
    assert "Кузнецова" in response.content.decode()
    refresh = client.post(address, {"step": "hold"}, **HTMX)
    assert (refresh.status_code, refresh["HX-Refresh"]) == (204, "true")


def test_another_time_gives_the_first_back(bookable: Bookable, client: Any) -> None:
    first = address_of(bookable, slot_of(bookable).starts_at)
    second = address_of(bookable, slot_of(bookable, 2).starts_at)
    client.post(first, {"step": "hold"}, **HTMX)
    client.post(second, {"step": "hold"}, **HTMX)
    assert live() == 1
    left = client.post(second, {"step": "release"})
    assert (left.status_code, live()) == (303, 0)
    assert left["Location"].startswith("/book/time/")
    client.post(second, {"step": "hold"}, **HTMX)
    assert client.post(second, {"step": "release", "quietly": "1"}).status_code == 204
    assert live() == 0


def test_too_many_holds_of_one_address_do_not_stop_the_booking(
    bookable: Bookable, client: Any, client_for: ClientFor
) -> None:
    for number in range(6):
        visitor = client_for(client.network)
        visitor.post(address_of(bookable, slot_of(bookable, 0).starts_at), {"step": "hold"}, **HTMX)
        assert live() == number + 1
    address = address_of(bookable, slot_of(bookable).starts_at)
    response = client.post(address, {"step": "hold"}, **HTMX)
    assert response.status_code == 200
    assert b"data-until" not in response.content
    assert client.post(address, {**DETAILS, "step": "contacts"}).status_code == 200
    done = client.post(address, {**DETAILS, "step": "confirm", "key": str(uuid4())})
    assert done.status_code == 303


def test_a_person_signed_in_holds_by_name(bookable: Bookable, client: Any) -> None:
    client.force_login(factories.make_user(), "allauth.account.auth_backends.AuthenticationBackend")
    response = client.post(address_of(bookable, slot_of(bookable).starts_at), {"step": "hold"}, **HTMX)
    assert "held" not in response.cookies
    assert Hold.objects.get().holder.startswith("user:")
