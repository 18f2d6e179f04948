"""The chosen time is kept while the form is filled in: seen, extended, given back, with and without scripts."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from saas.networks.context import NetworkRef
from tenants.booking.models import Appointment, Claim
from tests import factories
from tests.e2e.conftest import PageFactory, overflow, serious_problems
from tests.tenants.website.helpers import address_of, slot_of

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

Address = Callable[[NetworkRef], str]


def held() -> int:
    return Claim.objects.filter(active=True, kind="hold").count()


def wait_until_held(count: int) -> None:
    for _try in range(100):
        if held() == count:
            return
        time.sleep(0.1)
    assert held() == count


def test_countdown_extending_leaving_and_booking(
    network: NetworkRef, live_address: Address, new_page: PageFactory
) -> None:
    bookable = factories.make_bookable()
    address = live_address(network) + address_of(bookable, slot_of(bookable).starts_at)
    page = new_page(phone=True)
    page.goto(address)
    page.locator("#hold [data-until]").wait_for()
    assert page.locator("#hold [x-text]").inner_text().startswith(("7:", "6:"))
    assert held() == 1
    assert overflow(page) <= 0
    assert serious_problems(page) == []
    page.fill('input[name="last_name"]', "Orlova")
    page.locator('#hold button[value="extend"]').click()
    page.locator('#hold button[value="extend"]').wait_for(state="detached")
    assert page.input_value('input[name="last_name"]') == "Orlova"
    page.goto(live_address(network) + "/")  # leaving gives it back
    wait_until_held(0)
    page.goto(address)
    page.locator("#hold [data-until]").wait_for()
    page.fill('input[name="last_name"]', "Orlova")
    page.fill('input[name="first_name"]', "Anna")
    page.fill('input[name="phone"]', "+7 916 123-45-67")
    page.check('input[name="consent"]')
    page.press('input[name="phone"]', "Enter")  # checks the booking, not the hold
    page.locator('button.btn-primary[value="confirm"]').wait_for()
    assert held() == 1
    page.locator('button.btn-primary[value="confirm"]').click()
    page.wait_for_url("**/booked/")
    assert held() == 0
    assert Appointment.objects.count() == 1


def test_without_scripts_the_page_says_until_when(
    network: NetworkRef, live_address: Address, new_page: PageFactory
) -> None:
    bookable = factories.make_bookable()
    page = new_page(javascript=False)
    page.context.add_cookies([{"name": "language", "value": "en", "url": live_address(network)}])
    page.goto(live_address(network) + address_of(bookable, slot_of(bookable).starts_at))
    assert held() == 0
    page.fill('input[name="last_name"]', "Orlova")
    page.locator('button[value="hold"]').click()
    page.locator("#hold b.num").first.wait_for()
    assert ":" in page.locator("#hold b.num").first.inner_text()
    assert page.input_value('input[name="last_name"]') == "Orlova"
    assert held() == 1
    page.get_by_role("button", name="Choose another time").click()
    page.wait_for_url("**/book/time/**")
    assert held() == 0
