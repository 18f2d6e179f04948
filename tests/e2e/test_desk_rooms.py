"""Rooms in the desk's calendar and the pages of group sessions, in the real browser."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tenants.audit.actions import SYSTEM
from tenants.booking.actions.groups import create_session, take_seat
from tenants.booking.models import Appointment, Claim, ClaimKind, Resource
from tests.e2e.calendar_page import HOUR_PX, box_of, drag, re_of
from tests.e2e.conftest import Desk, overflow, serious_problems
from tests.factories import make_patient
from tests.tenants.booking.ruling import rooms_of
from tests.tenants.desk.calendar.rooms import House, make_house

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def to_rooms(page: Page) -> Locator:
    """Show the rooms instead of the doctors: the lab, 101 and 102; return the columns."""
    page.locator("[name=by][value=room]").check(force=True)
    columns = page.locator(".ec-body .ec-day")
    expect(columns).to_have_count(3)
    return columns


def in_room(page: Page, visit: Appointment, room: Resource) -> Locator:
    """The visit in a room's column, once it is drawn there."""
    found = page.locator(f".ec-event[data-event='{visit.public_id}/{room.pk}']:not(.ec-preview)")
    expect(found).to_have_count(1, timeout=8000)
    return found


def close_form(page: Page, house: House, until: str) -> None:
    expect(page.get_by_role("heading", name="Close Room 101")).to_be_visible()
    page.get_by_label("Until").fill(house.day.local(until))


def test_a_visit_is_dragged_between_rooms_and_put_back(desk: Desk) -> None:
    house = make_house()
    visit = house.book("09:00")
    page, other = desk(house.day), desk(house.day)
    columns = to_rooms(page)
    to_rooms(other)
    width = box_of(columns.first)["width"]

    drag(page, in_room(page, visit, house.one), by_x=width)
    expect(page.locator("#cal-undo")).to_contain_text("Now in Room 102.")
    assert rooms_of(visit) == [house.other.pk]
    in_room(other, visit, house.other)
    in_room(page, visit, house.other)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#cal-undo")).to_contain_text("Taken back.")
    assert rooms_of(visit) == [house.one.pk]

    # Time and room at once; then to a room that the service has no use for.
    drag(page, in_room(page, visit, house.one), by_x=width, by_y=2 * HOUR_PX)
    expect(page.locator("#cal-undo")).to_contain_text("Moved to 11:00, Room 102.")
    visit.refresh_from_db()
    assert (visit.appointment_date, rooms_of(visit)) == (house.day.at("11:00"), [house.other.pk])
    drag(page, in_room(page, visit, house.other), by_x=-2 * width)
    alert = page.get_by_role("alert").filter(has_text="cannot take place in this room")
    expect(alert).to_be_visible()
    in_room(page, visit, house.other)
    assert serious_problems(page) == []


def test_a_visit_changes_its_room_by_keyboard(desk: Desk) -> None:
    house = make_house()
    visit = house.book("09:00")
    page = desk(house.day)
    to_rooms(page)

    page.locator(".cal-cursor").focus()
    for key in ("Home", "ArrowRight", *4 * ("ArrowDown",)):  # from eight to nine, in the second column
        page.keyboard.press(key)
    expect(page.locator(".cal-cursor")).to_have_attribute("aria-label", re_of(visit.patient.last_name))
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#cal-undo")).to_contain_text("Now in Room 102.")
    assert rooms_of(visit) == [house.other.pk]
    in_room(page, visit, house.other)
    expect(page.locator(".cal-cursor")).to_have_attribute("aria-label", re_of(visit.patient.last_name))

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=visit.patient.full_name)).to_be_focused()
    choice = page.locator("#cal-panel").get_by_label("Room")
    choice.select_option("Room 101")
    page.locator(".cal-room-choice button").press("Enter")
    expect(page.locator("#cal-undo")).to_contain_text("Now in Room 101.")
    assert rooms_of(visit) == [house.one.pk]
    assert serious_problems(page) == []


def test_a_room_is_closed_with_its_visit_moved_and_opened_again(desk: Desk) -> None:
    house = make_house()
    visit = house.book("09:00")
    page = desk(house.day)
    columns = to_rooms(page)

    columns.nth(1).click(position={"x": 80, "y": 2.75 * HOUR_PX})  # the day begins at eight
    close_form(page, house, "12:00")
    page.get_by_label("Reason").fill("Lamp")
    page.locator("#cal-panel").get_by_role("button", name="Close the room").click()
    block = page.locator(".ec-event.is-block")
    expect(block).to_contain_text("Lamp")
    drag(page, block, by_y=4 * HOUR_PX)
    expect(page.locator("#cal-undo")).to_contain_text("The closed time is moved.")
    moved = Claim.objects.get(kind=ClaimKind.BLOCK, active=True)
    page.locator(f"[data-remove-block='{moved.pk}']").click()  # the panel follows what it shows
    expect(block).to_have_count(0)

    page.keyboard.press("Escape")
    columns.nth(1).click(position={"x": 80, "y": 2.75 * HOUR_PX})  # the day begins at eight
    close_form(page, house, "12:00")
    page.get_by_label("From").fill(house.day.local("09:00"))
    page.get_by_label("From").blur()
    impact = page.locator(".cal-impact")
    expect(impact).to_contain_text(visit.patient.last_name)
    expect(impact).to_contain_text("Room 102")
    assert serious_problems(page) == []
    page.get_by_role("button", name="Close, and move 1 visit").click()
    expect(page.locator("#cal-undo")).to_contain_text("1 visit is in another one")
    assert rooms_of(visit) == [house.other.pk]
    assert Claim.objects.filter(kind=ClaimKind.BLOCK, active=True).count() == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#cal-undo")).to_contain_text("Taken back.")
    assert rooms_of(visit) == [house.one.pk]
    assert not Claim.objects.filter(kind=ClaimKind.BLOCK, active=True).exists()


@pytest.mark.parametrize(("language", "phone"), [("en", False), ("ru", True)])
def test_sessions_are_opened_filled_moved_and_printed(desk: Desk, *, language: str, phone: bool) -> None:
    words = {
        "en": {"new": "New session", "open": "Open", "seat": "Give a seat", "move": "Move"},
        "ru": {"new": "Новое занятие", "open": "Открыть", "seat": "Дать место", "move": "Перенести"},
    }[language]
    house = make_house()
    bookable = house.day.first
    bookable.service.group_capacity = 8
    bookable.service.save()
    patient = make_patient(last_name="Zaytseva", first_name="Vera")
    page = desk(house.day, language=language, phone=phone)
    base = page.url.split("/desk/")[0]
    page.goto(f"{base}/desk/sessions/")

    def fine() -> None:
        assert serious_problems(page) == []
        assert overflow(page) <= 0

    fine()
    page.get_by_role("link", name=words["new"]).first.click()
    fine()
    page.locator("[name=doctor]").select_option(str(bookable.doctor.pk))
    page.locator("[name=clinic]").select_option(str(bookable.clinic.pk))
    page.locator("[name=date]").fill(house.day.date.isoformat())
    page.locator("[name=time]").fill("10:00")
    page.locator("[name=count]").fill("2")
    page.get_by_role("button", name=words["open"], exact=True).click()
    expect(page.locator(".session-row")).to_have_count(2)
    fine()
    page.locator(".session-name").first.click()
    page.wait_for_load_state("networkidle")  # the finder answers once its script is there
    page.locator("#session-find").fill("zay")
    page.locator(".found-row").filter(has_text="Zaytseva").get_by_role("button", name=words["seat"]).click()
    expect(page.locator(".session-seat")).to_contain_text("Zaytseva")
    fine()
    visit = Appointment.objects.get(patient=patient)
    page.goto(f"{base}/desk/sessions/seats/{visit.public_id}/move/")
    page.locator("[name=session]").check()
    fine()
    page.get_by_role("button", name=words["move"], exact=True).click()
    visit.refresh_from_db()
    assert visit.appointment_date == house.day.at("10:00") + dt.timedelta(days=7)
    assert visit.session is not None
    page.goto(f"{base}/desk/sessions/{visit.session.public_id}/print/")
    fine()
    page.goto(f"{base}/desk/sessions/{visit.session.public_id}/cancel/")
    fine()
    page.locator("main form button[type=submit]").click()
    expect(page.locator(".session-row")).to_have_count(1)


def test_the_calendars_session_leads_to_its_page(desk: Desk) -> None:
    house = make_house()
    bookable = house.day.first
    session = create_session(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=house.day.at("09:00"),
        capacity=6,
        actor=SYSTEM,
        now=timezone.now(),
    )
    take_seat(
        session_id=session.public_id,
        patient_id=make_patient(last_name="Gromova").pk,
        source="desk",
        language="en",
        actor=SYSTEM,
        now=timezone.now(),
        for_staff=True,
    )
    page = desk(house.day)
    page.locator(".ec-event.is-session").click()
    page.get_by_role("link", name="Open the session").click()
    expect(page.locator(".session-seat")).to_contain_text("Gromova")
