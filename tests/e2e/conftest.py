"""The real browser against a live server. `live_address(ref)` is a network's site, `platform_address` the public one.

Needs a built front end (`make` builds it). The browser reaches `*.localhost` on the loopback by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from infra.local import browser as local_browser
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.factories import make_user
from tests.fixtures.networks import ClientFor
from tests.tenants.desk.calendar.world import Day

_DESKTOP: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
_TIMEOUT_MS: Final = 30_000

PageFactory = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; every test has contexts of its own."""
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop lives in this thread, and Django would take the tests for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=local_browser.executable_path(),
                args=list(local_browser.ARGUMENTS),
                env=dict(local_browser.environment()),
            )
            yield browser
            browser.close()


@pytest.fixture
def live_port(live_server: LiveServer, settings: Settings) -> int:
    """The port of the live server, under which the product then builds its absolute addresses."""
    port = int(live_server.url.rsplit(":", 1)[1])
    settings.PLATFORM_PORT = port
    return port


@pytest.fixture
def live_address(live_port: int) -> Callable[[NetworkRef], str]:
    """A function that gives the address of a network's site, without a slash at the end."""

    def address(network: NetworkRef) -> str:
        return f"http://{network.primary_host}:{live_port}"

    return address


@pytest.fixture
def platform_address(live_port: int, settings: Settings) -> str:
    """The address of the public site, without a slash at the end."""
    return f"http://{settings.PLATFORM_HOST}:{live_port}"


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[PageFactory]:
    """A function that opens a page: `new_page(phone=True, javascript=False)`. Script errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(*, phone: bool = False, javascript: bool = True, **options: Any) -> Page:
        context = chromium.new_context(
            viewport=PHONE if phone else _DESKTOP,  # type: ignore[arg-type] # a TypedDict of the same shape
            java_script_enabled=javascript,
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(_TIMEOUT_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if "Content Security" in message.text else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


# A colour on its way to another one has a contrast that nobody is asked to read.
_AT_REST = """Promise.all(
  document.getAnimations()
    .filter((each) => each.effect?.getTiming().iterations !== Infinity)
    .map((each) => each.finished.catch(() => {})),
)"""


def _said(node: dict[str, Any]) -> list[str]:
    return [check["message"] for check in node["any"]]


def serious_problems(page: Page) -> list[str]:
    """What axe finds serious or critical on the page once it has come to rest: rule, then the elements and why."""
    expect(page.locator(".htmx-request")).to_have_count(0)  # what waits for an answer is paler meanwhile
    page.evaluate(_AT_REST)
    results = Axe().run(page).response
    return [
        f"{violation['id']}: {[(node['target'], _said(node)) for node in violation['nodes']]}"
        for violation in results["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


Desk = Callable[..., Page]


@pytest.fixture
def desk(
    network: NetworkRef,
    client_for: ClientFor,
    live_address: Callable[[NetworkRef], str],
    new_page: PageFactory,
) -> Desk:
    """A function that opens the calendar on a day: `desk(day, language="ru", phone=True)`, always as somebody new."""

    def open_desk(day: Day, *, language: str = "en", path: str = "", **options: object) -> Page:
        client = client_for(network)
        client.force_login(make_user(role=Role.RECEPTION))
        base = live_address(network)
        page = new_page(**options)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": base,
                },
                {"name": "language", "value": language, "url": base},
            ]
        )
        query = f"date={day.date.isoformat()}&clinic={day.first.clinic.pk}"
        page.goto(f"{base}/desk/calendar/{path}?{query}")
        if not path:
            expect(page.locator("#cal-grid")).to_have_attribute("aria-busy", "false")
        return page

    return open_desk
