"""A morning at reception in the real browser: find, book, take in, check in, finish, pay; on a phone, too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment, AppointmentStatus, PaymentStatus
from tests.e2e.conftest import PageFactory, overflow, serious_problems
from tests.factories import PASSWORD, Bookable, make_patient, make_user
from tests.fixtures.networks import NetworkFactory
from tests.tenants.desk.day import open_clinic, visit_at

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.slow]

LiveAddress = Callable[[NetworkRef], str]


def check_page(page: Page) -> None:
    assert serious_problems(page) == []
    assert overflow(page) <= 0


def enter(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login/" not in url)
    page.goto(f"{address}/desk/")


def a_clinic(network: NetworkRef) -> tuple[Bookable, str]:
    with network_context(network):
        bookable = open_clinic()
        make_patient(last_name="Хабарова", first_name="Юлия", phone="+79161234567", alerts="Penicillin")
        visit_at(bookable, minutes=0)
        user = make_user(role=Role.RECEPTION, password=PASSWORD)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return bookable, str(user.email)


@pytest.mark.parametrize("phone", [False, True])
def test_reception_runs_the_morning(
    *, phone: bool, network_factory: NetworkFactory, live_address: LiveAddress, new_page: PageFactory
) -> None:
    network = network_factory("morning")
    bookable, email = a_clinic(network)
    page = new_page(phone=phone, extra_http_headers={"Accept-Language": "en"})
    enter(page, live_address(network), email)
    expect(page.get_by_role("search")).to_be_visible()
    check_page(page)

    find_in_three_keystrokes(page)
    book_the_first_time(page, bookable)
    take_in_who_stands_here(page, bookable)
    see_the_visit_through(page, bookable)

    with network_context(network):
        visit = Appointment.objects.get(patient=bookable.patient)
        assert visit.status == AppointmentStatus.COMPLETED
        assert visit.payment_status == PaymentStatus.PAID
        assert Appointment.objects.filter(source="walk_in", checked_in_at__isnull=False).count() == 1
        assert Appointment.objects.filter(patient__last_name="Хабарова", source="desk").count() == 1
    page.goto(f"{live_address(network)}/desk/board/")
    expect(page.locator("#board")).to_be_visible()
    assert bookable.patient.last_name not in page.content()
    check_page(page)


def find_in_three_keystrokes(page: Page) -> None:
    """Three letters of the other alphabet find her; the panel opens with her in it."""
    page.keyboard.press("/")
    page.keyboard.type("hab")
    found = page.locator("#found .found-row", has_text="Хабарова Юлия")
    expect(found).to_contain_text("Penicillin")
    check_page(page)
    found.get_by_role("button", name=re.compile("Book")).click()
    expect(page.locator("#office-panel")).to_contain_text("Хабарова Юлия")


def choose(page: Page, bookable: Bookable) -> None:
    """Choose doctor and service in the panel."""
    panel = page.locator("#office-panel")
    page.wait_for_timeout(300)  # htmx wires what it has swapped in a moment later
    for name, value in (("doctor", bookable.doctor.pk), ("service", bookable.service.pk)):
        with page.expect_response(lambda answer: "/desk/book/" in answer.url):
            panel.locator(f"select[name={name}]").select_option(str(value))
        expect(panel.locator(f"select[name={name}]")).to_have_value(str(value))
        page.wait_for_timeout(300)  # the same once more


def book_the_first_time(page: Page, bookable: Bookable) -> None:
    panel = page.locator("#office-panel")
    choose(page, bookable)
    panel.locator(".office-time").nth(1).click()  # the first may begin this very minute, and be over
    panel.get_by_role("button", name="Book this time").click()
    expect(panel).to_contain_text("Booked")
    expect(page.locator("#desk-undo")).to_contain_text("The visit is booked.")
    check_page(page)


def take_in_who_stands_here(page: Page, bookable: Bookable) -> None:
    panel = page.locator("#office-panel")
    with page.expect_response(lambda answer: "/desk/book/" in answer.url):
        panel.get_by_role("button", name="Book another visit").click()
    expect(panel.locator("select[name=doctor]")).to_be_visible()
    choose(page, bookable)
    panel.get_by_text("New patient").click()
    panel.locator("input[name=last_name]").fill("Walker")
    panel.locator("input[name=first_name]").fill("Anna")
    panel.locator("input[name=phone]").fill("8 916 111-22-33")
    panel.get_by_role("button", name="Is here now").click()
    expect(panel).to_contain_text("Taken in")
    expect(page.locator("#office-day")).to_contain_text("Walker Anna")


def see_the_visit_through(page: Page, bookable: Bookable) -> None:
    """Arrived, and back, and arrived again; called in; done; paid."""
    row = page.locator(".visit", has_text=bookable.patient.full_name)
    row.get_by_role("button", name="Has arrived").click()
    expect(row).to_contain_text("in the waiting room")
    page.locator("#desk-undo").get_by_role("button", name="Undo").click()
    for step in ("Has arrived", "Call in", "Finish the visit"):
        row.get_by_role("button", name=step).click()
        expect(row.get_by_role("button", name=step)).to_have_count(0)
    page.locator(".office-over summary").first.click()
    row.locator(".visit-acts > form button").click()
    expect(page.locator("#desk-undo")).to_contain_text("The visit is paid.")
    check_page(page)
