"""The owner's journey in the real browser, in both languages: from the landing to a booked visit and the console."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from playwright.sync_api import Page, expect

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import network_context, public_context
from saas.networks.models import Network
from tenants.booking.models import Appointment
from tenants.clinics.models import Organisation
from tests.e2e.conftest import PageFactory, overflow, serious_problems

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.slow]

PASSWORD = "violet tractor seldom rains"
OPERATOR = "operator@platform.example"
WORDS = {
    "ru": {
        "taken": "зарезервирован",
        "free": "свободен",
        "subject": "ваш код",
        "ready": "Ваш сайт готов",
        "setup": "Настроить клинику",
        "proof": "Что пациент увидит первым",
        "go": "Открыть запись",
        "live": "Ваш сайт работает",
        "check": "Проверить запись",
        "book": "Записаться на ",
        "booked": "Вы записаны",
    },
    "en": {
        "taken": "reserved",
        "free": "is free",
        "subject": "is your code",
        "ready": "Your site is ready",
        "setup": "Set up the clinic",
        "proof": "What a patient sees first",
        "go": "Go live",
        "live": "Your site is live",
        "check": "Check the booking",
        "book": "Book for ",
        "booked": "You are booked",
    },
}


def check_page(page: Page) -> None:
    assert serious_problems(page) == []
    assert overflow(page) <= 0


def letter_to(address: str) -> EmailMessage:
    return next(letter for letter in reversed(mail.outbox) if address in letter.to)


def send(page: Page) -> None:
    """Press the button of the step's form."""
    page.locator("main form.card button[type=submit]").click()


@pytest.mark.parametrize(("language", "phone"), [("ru", False), ("en", True)])
def test_owner_opens_a_clinic_and_a_patient_books_there(
    *, language: str, phone: bool, platform_address: str, new_page: PageFactory
) -> None:
    words = WORDS[language]
    headers = {"Accept-Language": language}
    page = new_page(phone=phone, extra_http_headers=headers)
    sign_up(page, platform_address, words)
    set_up(page, words)
    patient_books(new_page(phone=phone, extra_http_headers=headers), page.url.partition("/setup/")[0], words)
    operator_looks(new_page(), platform_address)


def sign_up(page: Page, platform_address: str, words: dict[str, str]) -> None:
    page.goto(platform_address + "/")
    check_page(page)
    address = page.locator("form.address-form input[name=address]").first
    hint = page.locator(".address-hint").first
    address.fill("admin")
    expect(hint).to_contain_text(words["taken"])
    check_page(page)
    proposed = page.locator(".suggestions button").first
    wanted = proposed.inner_text()
    proposed.click()
    expect(address).to_have_value(wanted)
    expect(hint).to_contain_text(words["free"])
    address.fill("lesnaya")
    expect(hint).to_contain_text(words["free"])
    address.press("Enter")
    expect(page.locator("#id_address")).to_have_value("lesnaya")
    check_page(page)
    page.locator("#id_clinic_name").fill("Лесная")
    page.locator("#id_email").fill("owner@example.org")
    page.locator("#id_password").fill("short")
    page.locator("#id_consent").check()
    send(page)
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#id_clinic_name")).to_have_value("Лесная")
    check_page(page)
    page.locator("#id_password").fill(PASSWORD)
    send(page)

    expect(page.locator("#id_code")).to_be_visible()
    check_page(page)
    letter = letter_to("owner@example.org")
    assert words["subject"] in letter.subject
    found = re.search(r"\b\d{6}\b", str(letter.body))
    assert found
    page.locator("#id_code").fill(found[0])
    page.locator("#id_code").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(words["ready"])
    check_page(page)
    page.get_by_role("button", name=words["setup"]).click()
    page.wait_for_url("**/setup/")


def set_up(page: Page, words: dict[str, str]) -> None:
    check_page(page)
    expect(page.locator("#id_name")).to_have_value("Лесная")
    page.locator("#id_city").fill("Москва")
    page.locator("#id_address").fill("Лесная, 5")
    page.locator("#id_phone").fill("+7 495 123-45-67")
    send(page)
    expect(page.locator("#id_last_name")).to_be_visible()
    check_page(page)
    page.locator("#id_last_name").fill("Белова")
    page.locator("#id_first_name").fill("Анна")
    page.locator("#id_specialization").fill("Кардиология")
    send(page)
    expect(page.locator("#id_price")).to_be_visible()
    check_page(page)
    page.locator("#id_price").fill("3200")
    send(page)
    expect(page.locator("#id_start_time")).to_be_visible()
    check_page(page)
    send(page)
    expect(page.get_by_role("heading", name=words["proof"])).to_be_visible()
    expect(page.locator("section.card ul.rows li")).to_have_count(3)
    check_page(page)
    page.get_by_role("button", name=words["go"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["live"])
    check_page(page)


def patient_books(page: Page, site: str, words: dict[str, str]) -> None:
    page.goto(f"{site}/")
    check_page(page)
    page.goto(f"{site}/book/")
    page.locator("main a[href*='/book/']").first.click()
    page.goto(f"{site}/doctors/belova-anna/")
    page.locator("#booking a.day:not(.is-none)").nth(1).click()
    page.locator("#booking a.slot:not(.is-none)").first.click()
    bar = page.locator("#booking-bar a, #booking a.picker-go").locator("visible=true").first
    expect(bar).to_contain_text(words["book"])
    bar.click()
    page.locator("#id_last_name").fill("Кузнецова")
    page.locator("#id_first_name").fill("Вера")
    page.locator("#id_phone").fill("+7 916 123-45-67")
    page.locator("#id_email").fill("vera@example.org")
    page.locator("#id_consent").check()
    page.get_by_role("button", name=words["check"]).click()
    page.get_by_role("button", name=words["book"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["booked"])

    with public_context():
        network = Network.objects.get(slug="lesnaya")
    with network_context(network.schema_name):
        appointment = Appointment.objects.get()
        assert str(appointment.doctor) == "Анна Белова"
        assert Organisation.objects.get().went_live_at is not None
    parts = {part.get_content_type() for part in letter_to("vera@example.org").message().walk()}
    assert "text/calendar" in parts


def operator_looks(page: Page, platform_address: str) -> None:
    with public_context():
        operator = User.objects.create_user(
            OPERATOR, PASSWORD, role=Role.OPERATOR, is_staff=True, is_patient=False
        )
        EmailAddress.objects.create(user=operator, email=OPERATOR, verified=True, primary=True)
    page.goto(f"{platform_address}/console/networks/network/")
    page.locator("input[name=login]").fill(OPERATOR)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_text("lesnaya").first).to_be_visible()
