"""The patient's journey in the real browser: in both languages, by keyboard alone, without JavaScript, on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment, AppointmentStatus
from tests import factories
from tests.e2e.conftest import PageFactory, overflow, serious_problems

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WORDS = {
    "en": {
        "month": "Whole month",
        "book": "Book for ",
        "check": "Check the booking",
        "booked": "You are booked",
        "manage": "Move or cancel the visit",
        "move": "Move",
        "move_to": "Move to ",
        "cancel": "Cancel the visit",
        "yes": "Yes, cancel the visit",
    },
    "ru": {
        "month": "Весь месяц",
        "book": "Записаться на ",
        "check": "Проверить запись",
        "booked": "Вы записаны",
        "manage": "Перенести или отменить запись",
        "move": "Перенести",
        "move_to": "Перенести на ",
        "cancel": "Отменить запись",
        "yes": "Да, отменить запись",
    },
}


def _fill_in(page: Page) -> None:
    page.locator("#id_last_name").fill("Кузнецова")
    page.locator("#id_first_name").fill("Вера")
    page.locator("#id_phone").fill("8 (916) 123-45-67")
    page.locator("#id_email").fill("vera@example.org")
    page.locator("#id_consent").check()


def _check_page(page: Page) -> None:
    assert serious_problems(page) == []
    assert overflow(page) <= 0


def _choose_time(page: Page, *, day: int, slot: int, phone: bool) -> Locator:
    """Click a day and one of its times; return the button that goes on."""
    page.locator("#booking a.day").nth(day).click()
    expect(page.locator("#booking a.day").nth(day)).to_have_attribute("aria-current", "date")
    page.locator("#booking a.slot:not(.is-none)").nth(slot).click()
    return page.locator("#booking-bar a") if phone else page.locator("#booking a.picker-go")


def _look_at_the_month(page: Page, name: str) -> None:
    """From the strip to the next month, and by one of its days back to a strip with that day's times."""
    page.get_by_role("link", name=name).click()
    expect(page.locator("#booking table.month")).to_be_visible()
    assert "month=" in page.url
    _check_page(page)
    title = page.locator(".month-title").text_content() or ""
    page.locator("#month-next").click()
    expect(page.locator(".month-title")).not_to_have_text(title)
    expect(page.locator("#month-next")).to_be_focused()
    _check_page(page)
    day = page.locator("#booking a.month-day").first
    number = day.locator("b").text_content() or ""
    day.click()
    current = page.locator("#booking a.day[aria-current=date] b")
    expect(current).to_have_text(number)
    expect(page.locator("#booking a.slot[aria-current]")).to_be_visible()


@pytest.mark.parametrize(("language", "phone"), [("ru", True), ("en", False)])
def test_patient_books_moves_and_cancels(
    *,
    language: str,
    phone: bool,
    network: NetworkRef,
    live_address: Callable[[NetworkRef], str],
    new_page: PageFactory,
) -> None:
    words = WORDS[language]
    bookable = factories.make_bookable()
    factories.make_bookable(clinic=bookable.clinic)
    base = live_address(network)
    page = new_page(phone=phone)
    page.context.add_cookies([{"name": "language", "value": language, "url": base}])

    for path in ("/", "/doctors/", "/services/", "/clinics/", f"/clinics/{bookable.clinic.slug}/", "/book/"):
        page.goto(base + path)
        _check_page(page)
    page.goto(f"{base}/doctors/{bookable.doctor.slug}/")
    expect(page.locator("html")).to_have_attribute("lang", language)
    _check_page(page)
    _look_at_the_month(page, words["month"])
    page.goto(f"{base}/doctors/{bookable.doctor.slug}/")
    bar = _choose_time(page, day=1, slot=2, phone=phone)
    expect(page.locator("#booking a.slot[aria-current]")).to_have_text("10:00")
    expect(bar).to_contain_text(words["book"])
    expect(bar).to_contain_text("10:00")
    bar.click()

    _check_page(page)
    _fill_in(page)
    page.get_by_role("button", name=words["check"]).click()
    _check_page(page)
    assert not any(typed in page.url for typed in ("123-45-67", "1234567", "4567"))
    page.get_by_role("button", name=words["book"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["booked"])
    _check_page(page)
    appointment = Appointment.objects.get()
    assert appointment.patient.phone == "+79161234567"
    assert appointment.language == language

    page.get_by_role("link", name=words["manage"]).click()
    _check_page(page)
    page.get_by_role("link", name=words["move"], exact=True).click()
    _check_page(page)
    bar = _choose_time(page, day=3, slot=4, phone=phone)
    expect(bar).to_contain_text(words["move_to"])
    bar.click()
    _check_page(page)
    page.get_by_role("button", name=words["move_to"]).click()
    expect(page.get_by_role("link", name=words["cancel"])).to_be_visible()
    appointment.refresh_from_db()
    assert appointment.version == 2

    page.get_by_role("link", name=words["cancel"]).click()
    _check_page(page)
    page.get_by_role("button", name=words["yes"]).click()
    expect(page.get_by_role("link", name=words["cancel"])).to_have_count(0)
    appointment.refresh_from_db()
    assert appointment.status == AppointmentStatus.CANCELLED


def test_booking_without_javascript(
    network: NetworkRef, live_address: Callable[[NetworkRef], str], new_page: PageFactory
) -> None:
    bookable = factories.make_bookable()
    base = live_address(network)
    page = new_page(javascript=False)
    page.goto(f"{base}/book/")
    page.get_by_role("link", name=bookable.service.name).first.click()
    page.get_by_role("link", name=str(bookable.doctor)).last.click()
    page.locator("#picker-range").click()
    page.locator("#booking a.month-day").last.click()
    page.locator("#booking a.slot:not(.is-none)").first.click()
    page.locator("#booking a.picker-go").click()
    _fill_in(page)
    page.locator("#id_phone").fill("12")
    page.get_by_role("button", name="Check the booking").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#id_last_name")).to_have_value("Кузнецова")
    page.locator("#id_phone").fill("+7 916 123 45 67")
    page.get_by_role("button", name="Check the booking").click()
    page.get_by_role("button", name="Book for ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are booked")
    with network_context(network):
        assert Appointment.objects.count() == 1


def test_booking_by_keyboard_alone(
    network: NetworkRef, live_address: Callable[[NetworkRef], str], new_page: PageFactory
) -> None:
    bookable = factories.make_bookable()
    page = new_page()
    page.goto(f"{live_address(network)}/doctors/{bookable.doctor.slug}/")
    _tab_to(page, "a.slot:nth-of-type(1)", limit=60)
    with page.expect_response("**/doctors/**"):
        page.keyboard.press("Enter")
    # The picker is swapped in: what had the focus before may be replaced under the next key.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    _tab_to(page, "a.picker-go", limit=60)
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/contacts/**")
    for field, text in (
        ("#id_last_name", "Ivanova"),
        ("#id_first_name", "Olga"),
        ("#id_phone", "+79161112233"),
    ):
        _tab_to(page, field, limit=30)
        page.keyboard.type(text)
    _tab_to(page, "#id_consent", limit=5)
    page.keyboard.press("Space")
    _tab_to(page, "main button[type=submit]", limit=5)
    page.keyboard.press("Enter")
    page.locator("button[value=confirm]").wait_for()
    _tab_to(page, "button[value=confirm]", limit=40)
    page.keyboard.press("Enter")
    page.wait_for_url("**/booked/")
    assert Appointment.objects.count() == 1


def test_a_day_is_found_in_the_month_by_keyboard_alone(
    network: NetworkRef, live_address: Callable[[NetworkRef], str], new_page: PageFactory
) -> None:
    bookable = factories.make_bookable()
    page = new_page()
    page.goto(f"{live_address(network)}/doctors/{bookable.doctor.slug}/")
    for wanted in ("#picker-range", "#month-next", "a.month-day"):
        _tab_to(page, wanted, limit=60)
        with page.expect_response("**/doctors/**"):
            page.keyboard.press("Enter")
        expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        if wanted != "a.month-day":  # the way on begins where one was
            expect(page.locator(wanted)).to_be_focused()
    expect(page.locator("#booking a.slot[aria-current]")).to_be_visible()


def _tab_to(page: Page, selector: str, *, limit: int) -> None:
    """Press Tab until the focus is on what the selector names, and see that the focus shows."""
    for _step in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    pytest.fail(f"{selector} cannot be reached with Tab")
