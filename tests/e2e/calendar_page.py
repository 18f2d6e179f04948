"""The calendar as the tests of the real browser see it."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import FloatRect, Locator, Page, expect

from tenants.booking.models import Appointment

HOUR_PX = 96
PAINT_MS = 1000
DRAG_MS = 300

expect.set_options(timeout=15_000)  # two cores may be shared with other work


def shown(page: Page, visit: Appointment) -> Locator:
    return page.locator(f".ec-event[data-event^='{visit.public_id}']:not(.ec-preview)")


def box_of(item: Locator) -> FloatRect:
    """Where the item is. The board may be drawn anew between seeing and measuring: then look again."""
    for _ in range(10):
        expect(item).to_be_visible()
        box = item.bounding_box()
        if box is not None:
            return box
    raise AssertionError(item)


def drag(page: Page, item: Locator, *, by_x: float = 0, by_y: float = 0, at_bottom: bool = False) -> None:
    box = box_of(item)
    x, y = box["x"] + box["width"] / 2, box["y"] + (box["height"] - 3 if at_bottom else box["height"] / 2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_x / 2, y + by_y / 2, steps=4)
    page.mouse.move(x + by_x, y + by_y, steps=4)
    page.mouse.up()


def re_of(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text))


def starts(visit: Appointment) -> dt.datetime:
    visit.refresh_from_db()
    return visit.appointment_date
