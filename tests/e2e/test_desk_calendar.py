"""The desk's calendar in the real browser: hands, keys, two desks at once, paper, a phone, both languages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from tenants.audit.actions import SYSTEM
from tenants.booking.actions import block_time
from tenants.booking.models import Appointment, AppointmentStatus, Claim, ClaimKind, Resource
from tests.e2e.calendar_page import HOUR_PX, drag, re_of, shown, starts
from tests.e2e.conftest import Desk, overflow, serious_problems
from tests.factories import make_patient
from tests.tenants.desk.calendar.world import make_day

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_visits_are_dragged_resized_and_put_back(desk: Desk) -> None:
    day = make_day(doctors=2, visits=2)
    first, second, other = day.visits[0], day.visits[1], day.bookables[1]
    first.service.doctors.add(other.doctor)
    page = desk(day)

    drag(page, shown(page, first), by_y=3 * HOUR_PX)
    expect(page.locator("#cal-undo")).to_contain_text("Moved to 12:00.")
    expect(shown(page, first)).to_contain_text("12:00")
    assert starts(first) == day.at("12:00")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#cal-undo")).to_contain_text("Taken back.")
    expect(shown(page, first)).to_contain_text("9:00")
    assert starts(first) == day.at("09:00")

    drag(page, shown(page, second), by_y=HOUR_PX / 2, at_bottom=True)
    expect(page.locator("#cal-undo")).to_contain_text("Now until 10:30.")
    second.refresh_from_db()
    assert second.ends_at == day.at("10:30")

    # Onto the other one: refused, put back, free times offered; one of them takes it.
    drag(page, shown(page, first), by_y=HOUR_PX / 2)
    alert = page.get_by_role("alert").filter(has_text="taken")
    expect(alert).to_be_visible()
    expect(shown(page, first)).to_contain_text("9:00")
    assert starts(first) == day.at("09:00")
    assert serious_problems(page) == []
    alert.get_by_role("button", name="10:30").click()
    expect(shown(page, first)).to_contain_text("10:30")
    assert starts(first) == day.at("10:30")
    expect(alert).to_have_count(0)

    # To the other doctor, where nothing is in the way.
    width = page.locator(".ec-body .ec-day").first.bounding_box()
    assert width is not None
    drag(page, shown(page, first), by_x=width["width"], by_y=3 * HOUR_PX)
    expect(page.locator("#cal-undo")).to_contain_text("Moved to 13:30.")
    first.refresh_from_db()
    assert first.doctor_id == other.doctor.pk


def test_blocked_time_is_made_moved_and_opened(desk: Desk) -> None:
    day = make_day(visits=1)
    page = desk(day)
    column = page.locator(".ec-body .ec-day").first
    box = column.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 80, box["y"] + 3 * HOUR_PX + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + 4 * HOUR_PX - 4, steps=5)
    page.mouse.up()
    page.locator("#cal-panel summary").filter(has_text="Close this time").click()
    page.get_by_role("textbox", name="Reason").fill("Lamp")
    page.get_by_role("button", name="Close this time", exact=True).click()
    block = page.locator(".ec-event.is-block")
    expect(block).to_contain_text("Lamp")
    claim = Claim.objects.get(kind=ClaimKind.BLOCK, active=True)
    assert (claim.span.lower, claim.span.upper) == (day.at("12:00"), day.at("13:00"))

    drag(page, block, by_y=HOUR_PX)
    expect(page.locator("#cal-undo")).to_contain_text("The closed time is moved.")
    assert Claim.objects.get(kind=ClaimKind.BLOCK, active=True).span.lower == day.at("13:00")
    drag(page, shown(page, day.visits[0]), by_y=4.25 * HOUR_PX)
    expect(page.get_by_role("alert").filter(has_text="Free nearby")).to_be_visible()

    page.wait_for_load_state("networkidle")  # the refused move is put back, and the board drawn again
    block.click()
    page.get_by_role("button", name="Open this time again").click()
    expect(block).to_have_count(0)
    page.keyboard.press("u")
    expect(block).to_have_count(1)


def test_a_day_by_keyboard_alone(desk: Desk) -> None:
    day = make_day(doctors=2, visits=1)
    visit = day.visits[0]
    page = desk(day)

    page.keyboard.press("ArrowRight")
    cursor = page.locator(".cal-cursor")
    expect(cursor).to_be_focused()
    page.keyboard.press("Home")
    expect(cursor).to_have_attribute("aria-label", re_of(visit.patient.last_name))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=visit.patient.full_name)).to_be_focused()
    page.keyboard.press("Escape")
    expect(cursor).to_be_focused()

    page.keyboard.press("m")
    expect(page.locator("#cal-live")).to_contain_text("Moving")
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "+", "+", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#cal-undo")).to_contain_text("Moved to 10:00.")
    visit.refresh_from_db()
    assert (visit.appointment_date, visit.ends_at) == (day.at("10:00"), day.at("10:40"))
    page.keyboard.press("u")
    expect(page.locator("#cal-undo")).to_contain_text("Taken back.")
    assert starts(visit) == day.at("09:00")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#cal-live")).to_contain_text("Left where it was.")

    expect(cursor).to_be_focused()
    page.keyboard.press("ArrowRight")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(cursor).to_have_attribute("aria-label", re_of("free"))
    page.keyboard.press("b")
    expect(page.locator("#cal-find")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.locator("#cal-title")).not_to_have_text("")
    expect(page.locator("[name=date]")).to_have_value((day.date + dt.timedelta(days=1)).isoformat())
    page.keyboard.press("t")
    expect(page.locator("[name=date]")).to_have_value((day.date - dt.timedelta(days=1)).isoformat())
    page.keyboard.press("w")
    expect(page.locator("[name=view][value=week]")).to_be_checked()


def test_two_desks_see_each_other_and_one_of_two_moves_wins(desk: Desk) -> None:
    day = make_day(visits=1)
    visit = day.visits[0]
    left, right = desk(day), desk(day)

    drag(left, shown(left, visit), by_y=HOUR_PX)
    expect(left.locator("#cal-undo")).to_contain_text("Moved to 10:00.")
    expect(shown(right, visit)).to_contain_text("10:00", timeout=6000)

    # Both hold the same visit: the polling of the right one is cut off, so it moves what it still sees.
    right.route("**/desk/calendar/version/**", lambda route: route.abort())
    drag(left, shown(left, visit), by_y=HOUR_PX)
    expect(left.locator("#cal-undo")).to_contain_text("Moved to 11:00.")
    drag(right, shown(right, visit), by_y=3 * HOUR_PX)
    alert = right.get_by_role("alert").filter(has_text="changed in the meantime")
    expect(alert).to_be_visible()
    expect(shown(right, visit)).to_contain_text("11:00")
    assert starts(visit) == day.at("11:00")
    visit.refresh_from_db()
    assert visit.version == 3

    # Without a connection the desk says so, and says when it is back.
    right.unroute("**/desk/calendar/version/**")
    right.context.set_offline(True)
    expect(right.locator("#cal-offline")).to_be_visible(timeout=8000)
    right.context.set_offline(False)
    expect(right.locator("#cal-offline")).to_be_hidden(timeout=8000)


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("ru", True)])
def test_a_visit_is_booked_and_goes_through_its_day(desk: Desk, *, language: str, phone: bool) -> None:
    words = {
        "en": {
            "book": "Book for 12:00",
            "confirm": "Confirm",
            "arrived": "Has arrived",
            "here": "in the waiting room",
        },
        "ru": {
            "book": "Записать на 12:00",
            "confirm": "Подтвердить",
            "arrived": "Пациент пришёл",
            "here": "в холле",
        },
    }[language]
    day = make_day(visits=1)
    patient = make_patient(last_name="Zaytseva", first_name="Vera", alerts="Penicillin")
    page = desk(day, language=language, phone=phone)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert serious_problems(page) == []
    assert overflow(page) <= 0

    column = page.locator(".ec-body .ec-day").first
    column.scroll_into_view_if_needed()
    column.click(position={"x": 60, "y": 3 * HOUR_PX + 4})
    page.locator("#cal-find").fill("zay")
    page.locator(f"[data-pick-person='{patient.pk}']").click()
    expect(page.locator(".cal-person.is-picked")).to_contain_text("Zaytseva")
    assert serious_problems(page) == []
    page.get_by_role("button", name=words["book"]).click()
    expect(page.get_by_role("heading", name="Zaytseva Vera")).to_be_visible()
    visit = Appointment.objects.get(patient=patient)
    assert visit.appointment_date == day.at("12:00")
    expect(page.locator(".cal-alert-badge")).to_contain_text("Penicillin")
    assert serious_problems(page) == []
    assert overflow(page) <= 0

    page.get_by_role("button", name=words["confirm"], exact=True).click()
    expect(page.get_by_role("button", name=words["confirm"], exact=True)).to_have_count(0)
    page.get_by_role("button", name=words["arrived"]).click()
    expect(page.locator("#cal-panel dl .badge").first).to_have_text(words["here"])
    expect(shown(page, visit)).to_have_class(re.compile("is-arrived"))
    visit.refresh_from_db()
    assert visit.status == AppointmentStatus.CONFIRMED
    assert visit.checked_in_at is not None


def test_a_booking_is_taken_back(desk: Desk) -> None:
    day = make_day(visits=0)
    patient = day.first.patient
    page = desk(day)

    page.locator(".ec-body .ec-day").first.click(position={"x": 60, "y": 4})
    page.locator("#cal-find").fill(patient.last_name)
    page.locator(f"[data-pick-person='{patient.pk}']").click()
    page.get_by_role("button", name="Book for 9:00").click()
    expect(page.locator("#cal-undo")).to_contain_text("The visit is booked.")
    expect(page.locator(".ec-event")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".ec-event")).to_have_count(0)
    assert Appointment.objects.get().status == AppointmentStatus.CANCELLED


@pytest.mark.parametrize("language", ["en", "ru"])
def test_week_rooms_colours_and_empty_days(desk: Desk, language: str) -> None:
    day = make_day(doctors=2, visits=2)
    room = Resource.objects.create(kind="room", name="Room 7", clinic=day.first.clinic)
    visit = day.visits[0]
    Claim.objects.create(
        resource=room, span=(visit.appointment_date, visit.ends_at), kind="booking", appointment=visit
    )
    page = desk(day, language=language)
    expect(page.locator(".ec-event")).to_have_count(4)

    page.locator("[name=by][value=room]").check(force=True)
    expect(page.locator(".cal-head").filter(has_text="Room 7")).to_have_count(1)
    expect(page.locator(".ec-event")).to_have_count(1)
    assert serious_problems(page) == []
    page.locator("[name=by][value=doctor]").check(force=True)
    expect(page.locator(".ec-event")).to_have_count(4)
    page.locator("[name=colour][value=service]").check(force=True)
    expect(page.locator("#cal-grid")).to_have_class(re.compile("is-by-service"))
    assert serious_problems(page) == []
    page.locator("[name=view][value=week]").check(force=True)
    expect(page.locator(".ec-body .ec-day")).to_have_count(7)
    assert serious_problems(page) == []
    page.locator("[name=view][value=day]").check(force=True)
    expect(page.locator(".ec-event")).to_have_count(4)

    for bookable in day.bookables:
        for rule in bookable.hours:
            rule.delete()
    page.keyboard.press("n")
    expect(page.locator(".cal-empty h2")).to_be_visible()
    assert serious_problems(page) == []
    page.locator("button[data-show-all]").click()
    expect(page.locator(".cal-head")).to_have_count(2)


def test_paper_has_tables_and_nothing_else(desk: Desk) -> None:
    day = make_day(doctors=2, visits=3)
    block_time(
        doctor_id=day.first.doctor.pk,
        clinic_id=day.first.clinic.pk,
        starts_at=day.at("13:00"),
        ends_at=day.at("14:00"),
        reason="Lunch",
        actor=SYSTEM,
    )
    page = desk(day, path="print/")

    assert serious_problems(page) == []
    assert overflow(page) <= 0
    page.emulate_media(media="print")
    expect(page.locator("table")).to_have_count(2)
    expect(page.locator(".cal-paper-tools")).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text="Lunch")).to_be_visible()
    assert len(page.pdf(prefer_css_page_size=True)) > 1000


def test_a_phone_shows_one_doctor_and_swipes_to_the_next(desk: Desk) -> None:
    day = make_day(doctors=2, visits=2)
    page = desk(day, phone=True, has_touch=True)

    expect(page.locator(".cal-head")).to_have_count(1)
    expect(page.locator(".ec-event")).to_have_count(2)
    before = page.locator(".cal-head b").inner_text()
    page.evaluate(
        """() => {
            const grid = document.getElementById("cal-grid");
            const touch = (x) => new Touch({ identifier: 1, target: grid, clientX: x, clientY: 500 });
            grid.dispatchEvent(new TouchEvent("touchstart", { touches: [touch(300)] }));
            grid.dispatchEvent(new TouchEvent("touchend", { changedTouches: [touch(120)] }));
        }"""
    )
    expect(page.locator(".cal-head b")).not_to_have_text(before)
    expect(page.locator(".ec-event")).to_have_count(2)
    assert overflow(page) <= 0
    assert serious_problems(page) == []
