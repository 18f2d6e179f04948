"""Every way of booking that has a front door: what a browser or a program sends, and what there is to fight for."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import httpx
from django.conf import settings
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.api.models import ApiScope
from tenants.api.tokens import create_token
from tenants.audit.actions import SYSTEM
from tenants.booking.actions.groups import create_session
from tenants.booking.actions.offering import offer_freed_time
from tenants.booking.actions.waitlist import join_waitlist
from tenants.booking.links import manage_path, offer_path
from tenants.booking.models import (
    Appointment,
    GroupSession,
    PolicyOverride,
    Resource,
    ResourcePool,
    ServiceRequirement,
    WaitlistOffer,
)
from tenants.services.models import Service
from tests.factories import (
    Bookable,
    make_bookable,
    make_clinic,
    make_hours,
    make_patient,
    make_service,
    make_user,
)
from tests.fixtures.networks import ClientFor
from tests.tenants.booking.helpers import book, set_policy
from tests.tenants.desk.day import ALWAYS

DOCTORS: Final = 4
STARTS: Final = 12
SEATS: Final = 7
DAYTIME: Final = (("08:00", "20:00"),)
CSRF: Final = "c" * 32
HALF_HOUR: Final = dt.timedelta(minutes=30)
LOCAL: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class House:
    """One clinic on UTC: doctors who share rooms and devices, and what is under way there already."""

    bookables: list[Bookable]
    on_approval: Service
    nine: dt.datetime
    session: GroupSession
    offers: list[WaitlistOffer]
    visits: list[Appointment]
    """Visits that several want to move."""
    own_visits: list[Appointment]
    """For each way one that nobody else moves."""
    token: str
    reception: str
    """The cookie of a session in which somebody of reception is signed in."""

    def start(self, number: int) -> dt.datetime:
        """One of the times that everybody wants."""
        return self.nine + HALF_HOUR * (number % STARTS)

    def quiet_start(self, number: int) -> dt.datetime:
        """A time that nobody else wants: two days later or three, one for each number below 22.

        An hour apart: what is cleaned after one visit is not needed for the next.
        """
        day, hour = divmod(number, 11)
        return self.nine.replace(hour=8 + hour) + dt.timedelta(days=2 + day)


def make_house(network: NetworkRef, client_for: ClientFor) -> House:
    """Make the house. Every service needs a room and a device out of pools, named in either order."""
    set_policy(minimum_notice_minutes=0, slot_step_minutes=30)
    clinic = make_clinic(time_zone="UTC")
    now = timezone.now()
    at_any_hour = {now.weekday(), (now.weekday() + 1) % 7}  # whoever walks in comes now, whenever that is
    bookables = [
        make_bookable(clinic=clinic, windows=DAYTIME, days=set(range(7)) - at_any_hour)
        for _ in range(DOCTORS)
    ]
    for each in bookables:
        make_hours(doctor=each.doctor, clinic=clinic, windows=ALWAYS, days=at_any_hour)
    on_approval = make_service(doctors=[each.doctor for each in bookables], clinics=[clinic])
    PolicyOverride.objects.create(service=on_approval, needs_approval=True)
    in_group = make_service(doctors=[bookables[2].doctor], clinics=[clinic], group_capacity=SEATS)
    _equip(clinic.pk, [*(each.service for each in bookables), on_approval, in_group])

    day = (now + dt.timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    session = create_session(
        doctor_id=bookables[2].doctor.pk,
        service_id=in_group.pk,
        clinic_id=clinic.pk,
        starts_at=day.replace(hour=15, minute=30),
        actor=SYSTEM,
        now=now,
    )
    reception = client_for(network)
    reception.force_login(
        make_user(role=Role.RECEPTION), "allauth.account.auth_backends.AuthenticationBackend"
    )
    _token, secret = create_token(
        name="race",
        scopes=[ApiScope.APPOINTMENTS_READ, ApiScope.APPOINTMENTS_WRITE],
        actor=SYSTEM,
        now=now,
    )
    return House(
        bookables=bookables,
        on_approval=on_approval,
        nine=day.replace(hour=9),
        session=session,
        offers=_offers(bookables[3], day.replace(hour=17), now=now),
        visits=[
            book(
                bookables[n % DOCTORS],
                day + dt.timedelta(days=1, hours=8 + n // 2),
                patient_id=make_patient().pk,
                now=now,
            )
            for n in range(24)
        ],
        own_visits=[
            book(
                bookables[n % DOCTORS],
                day + dt.timedelta(days=4, hours=8 + n // 2),
                patient_id=make_patient().pk,
                now=now,
            )
            for n in range(len(WAYS))
        ],
        token=secret,
        reception=reception.cookies[settings.SESSION_COOKIE_NAME].value,
    )


def _equip(clinic_id: int, services: list[Service]) -> None:
    pools = [ResourcePool.objects.create(name=name) for name in ("Rooms", "Devices")]
    for pool, kind, count in zip(pools, ("room", "device"), (3, 2), strict=True):
        pool.resources.set(
            Resource.objects.create(kind=kind, name=f"{kind} {n}", clinic_id=clinic_id) for n in range(count)
        )
    for number, service in enumerate(services):
        for pool in pools if number % 2 else reversed(pools):
            ServiceRequirement.objects.create(service=service, pool=pool, cleanup_minutes=10)


def _offers(bookable: Bookable, starts_at: dt.datetime, *, now: dt.datetime) -> list[WaitlistOffer]:
    for _n in range(6):
        join_waitlist(
            patient_id=make_patient().pk,
            service_id=bookable.service.pk,
            earliest=now.date(),
            latest=now.date() + dt.timedelta(days=9),
            language="en",
            actor=SYSTEM,
            now=now,
        )
    freed_until = starts_at + dt.timedelta(hours=3)
    return offer_freed_time(
        doctor_id=bookable.doctor.pk, clinic_id=None, starts_at=starts_at, ends_at=freed_until, now=now
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contestant got in the end, and how long the slowest of their requests took."""

    way: str
    response: httpx.Response
    seconds: float


class Booker:
    """One contestant with an address, a name, a phone and cookies. Wants `at` with `bookable`, or `visit` there."""

    def __init__(
        self,
        house: House,
        number: int,
        *,
        at: dt.datetime,
        bookable: Bookable,
        visit: Appointment,
        base: str,
        host: str,
        wire: httpx.BaseTransport,
    ) -> None:
        self.house = house
        self.number = number
        self.bookable = bookable
        self.at = at
        self.visit = visit
        self.slowest = 0.0
        self._client = httpx.Client(
            transport=wire,
            base_url=base,
            headers={
                "Host": host,
                "X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}",
                "X-CSRFToken": CSRF,
            },
            timeout=60,
        )
        self._client.cookies.set(settings.CSRF_COOKIE_NAME, CSRF, domain="127.0.0.1")

    @property
    def person(self) -> dict[str, str]:
        return {
            "last_name": f"Rival{self.number}",
            "first_name": "Ann",
            "phone": f"+7916556{self.number:04d}",
        }

    @property
    def wish(self) -> dict[str, Any]:
        return {
            "doctor": self.bookable.doctor.pk,
            "service": self.bookable.service.pk,
            "clinic": self.bookable.clinic.pk,
            "starts_at": self.at.isoformat(),
        }

    def form_address(self, service: Service) -> str:
        query = {
            "doctor": self.bookable.doctor.slug,
            "service": service.slug,
            "clinic": self.bookable.clinic.slug,
            "at": self.at.strftime("%Y-%m-%dT%H:%MZ"),
        }
        return f"/book/contacts/?{urlencode(query)}"

    def send(self, path: str, **body: Any) -> httpx.Response:
        """POST and note how long it took."""
        begun = time.monotonic()
        answer = self._client.post(path, **body)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return answer

    def as_reception(self) -> None:
        self._client.cookies.set(settings.SESSION_COOKIE_NAME, self.house.reception, domain="127.0.0.1")


def _api(it: Booker) -> httpx.Response:
    return it.send("/api/v1/appointments/", json={**it.wish, "patient": it.person})


def _api_held(it: Booker) -> httpx.Response:
    held = it.send("/api/v1/holds/", json=it.wish)
    if held.status_code != httpx.codes.CREATED:
        return held
    booked = it.send(
        "/api/v1/appointments/", json={**it.wish, "patient": it.person, "hold": held.json()["id"]}
    )
    assert booked.status_code == httpx.codes.CREATED, f"what is held is booked: {booked.text[:300]}"
    return booked


def _api_on_approval(it: Booker) -> httpx.Response:
    wish = {**it.wish, "service": it.house.on_approval.pk}
    return it.send("/api/v1/appointments/", json={**wish, "patient": it.person})


def _api_seat(it: Booker) -> httpx.Response:
    return it.send(f"/api/v1/sessions/{it.house.session.public_id}/seats/", json={"patient": it.person})


def _api_move(it: Booker) -> httpx.Response:
    return it.send(
        f"/api/v1/appointments/{it.visit.public_id}/reschedule/",
        json={"starts_at": it.at.isoformat()},
        headers={"Authorization": f"Bearer {it.house.token}"},
    )


def _site_form(it: Booker, service: Service, step: str) -> httpx.Response:
    form = {**it.person, "consent": "on", "key": str(uuid4()), "step": step}
    return it.send(it.form_address(service), data=form)


def _site(it: Booker) -> httpx.Response:
    return _site_form(it, it.bookable.service, "confirm")


def _site_held(it: Booker) -> httpx.Response:
    """The form that holds the time while it is filled in, as the page's script does."""
    held = _site_form(it, it.bookable.service, "contacts")
    if held.status_code != httpx.codes.OK:
        return held
    booked = _site_form(it, it.bookable.service, "confirm")
    assert booked.status_code == httpx.codes.SEE_OTHER, f"what is held is booked: {booked.status_code}"
    return booked


def _site_on_approval(it: Booker) -> httpx.Response:
    return _site_form(it, it.house.on_approval, "confirm")


def _link_move(it: Booker) -> httpx.Response:
    at = it.at.strftime("%Y-%m-%dT%H:%MZ")
    return it.send(f"{manage_path(it.visit)}move/check/?at={at}", data={})


def _offer(it: Booker) -> httpx.Response:
    offer = it.house.offers[it.number % len(it.house.offers)]
    return it.send(offer_path(offer), data={"answer": "accept"})


def _desk(it: Booker) -> httpx.Response:
    it.as_reception()
    ids = (it.bookable.doctor.pk, it.bookable.clinic.pk, it.bookable.service.pk, int(it.at.timestamp()))
    chosen = {"doctor": ids[0], "clinic": ids[1], "service": ids[2], "slot": ".".join(map(str, ids))}
    return it.send("/desk/book/", data={**it.person, **chosen})


def _walk_in(it: Booker) -> httpx.Response:
    it.as_reception()
    chosen = {key: str(value) for key, value in it.wish.items() if key != "starts_at"}
    return it.send("/desk/book/", data={**it.person, **chosen, "walk_in": "1"})


def _calendar(it: Booker) -> httpx.Response:
    it.as_reception()
    chosen = {key: str(value) for key, value in it.wish.items() if key != "starts_at"}
    return it.send("/desk/calendar/book/", data={**it.person, **chosen, "start": it.at.strftime(LOCAL)})


def _drag(it: Booker) -> httpx.Response:
    it.as_reception()
    visit = it.visit
    where = {"start": it.at.strftime(LOCAL), "version": str(visit.version)}
    return it.send(f"/desk/calendar/visits/{visit.public_id}/move/", data=where)


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: how many come, what winners and losers are answered, and where the losers see other times."""

    come: int
    go: Callable[[Booker], httpx.Response]
    won: int
    shows: str = ""
    """What the page of a loser contains; an answer of the API has them in `params`."""


_TIMES: Final = "/book/contacts/?doctor="
WAYS: Final[dict[str, Way]] = {
    "api": Way(22, _api, won=201),
    "api, held first": Way(16, _api_held, won=201),
    "api, on approval": Way(10, _api_on_approval, won=201),
    "api, a seat": Way(20, _api_seat, won=201),
    "api, moved": Way(16, _api_move, won=200),
    "site": Way(22, _site, won=303, shows=_TIMES),
    "site, held first": Way(16, _site_held, won=303, shows=_TIMES),
    "site, on approval": Way(10, _site_on_approval, won=303, shows=_TIMES),
    "link, moved": Way(16, _link_move, won=303, shows="/move/check/?at="),
    "link, an offer": Way(12, _offer, won=303),
    "desk": Way(16, _desk, won=200, shows="office-time"),
    "desk, walk-in": Way(12, _walk_in, won=200, shows="office-time"),
    "desk, calendar": Way(10, _calendar, won=200),
    "desk, dragged": Way(12, _drag, won=200, shows="alternatives"),
}
