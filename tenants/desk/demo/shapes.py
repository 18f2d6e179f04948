"""What a demo network is described by. Values only; keys name other values of the same network."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

Windows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """`hours` are opening hours of Monday to Friday, Saturday and Sunday."""

    key: str
    name: str
    city: str
    address: str
    phone: str
    email: str
    time_zone: str
    coordinates: tuple[float, float]
    directions: str
    drawing: str
    hours: tuple[Windows, Windows, Windows]


@dataclass(frozen=True, slots=True)
class DemoSpecialization:
    key: str
    name: str
    doctor_title: str
    icon: str
    description: str


@dataclass(frozen=True, slots=True)
class DemoDoctor:
    """`rhythm` is a key of the network's rhythms: which windows on which weekdays."""

    last_name: str
    first_name: str
    middle_name: str
    portrait: str
    specializations: tuple[str, ...]
    clinic: str
    room: str
    since: int
    price: int
    rhythm: str
    bio: str
    education: tuple[str, ...]
    certificates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoService:
    """Given by the doctors of `specializations`, in all clinics unless `clinics` says otherwise.

    `weight` is how often it is booked, compared with the others of the same doctor; `first_visit_price` makes an
    override for a first visit.
    """

    name: str
    category: str
    specializations: tuple[str, ...]
    price: int
    minutes: int
    description: str
    preparation: str = ""
    weight: int = 1
    first_visit_price: int | None = None
    clinics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoCategory:
    key: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class DemoOverride:
    """Another price or length with one doctor, named by last name, or in one clinic."""

    service: str
    doctor: str = ""
    clinic: str = ""
    price: Decimal | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class DemoReview:
    """`only` names the specializations it fits; empty: any."""

    rating: int
    text: str
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoNames:
    """Where the patients' names come from: pairs of lists, women's first. `phone` has a place for the number."""

    last_names: tuple[tuple[str, ...], tuple[str, ...]]
    first_names: tuple[tuple[str, ...], tuple[str, ...]]
    middle_names: tuple[tuple[str, ...], tuple[str, ...]]
    phone: str
    mail_host: str
    patients: int


@dataclass(frozen=True, slots=True)
class DemoBlock:
    """Time taken out of a doctor's hours: days from today, local times."""

    doctor: str
    day: int
    start: str
    end: str
    reason: str


@dataclass(frozen=True, slots=True)
class DemoRoom:
    """A room or device; those with the same `pool` can stand in for each other."""

    name: str
    kind: str
    clinic: str
    pool: str


@dataclass(frozen=True, slots=True)
class DemoNeed:
    """What every service of a category needs besides the doctor."""

    category: str
    pool: str
    setup: int = 0
    cleanup: int = 0


@dataclass(frozen=True, slots=True)
class DemoLeave:
    """Days on which a doctor is away, counted from today, both included."""

    doctor: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, slots=True)
class DemoBreak:
    """A break of so many minutes somewhere between two times, for a doctor."""

    doctor: str
    minutes: int
    earliest: str
    latest: str


@dataclass(frozen=True, slots=True)
class DemoWish:
    """Somebody on the waiting list: for which doctor, for so many days from today on."""

    doctor: str
    days: int
    urgency: int = 0


@dataclass(frozen=True, slots=True)
class DemoNetwork:
    """A whole network. `rhythms`: key -> (weekdays, windows) pairs; `staff`: role, e-mail, first and last name."""

    slug: str
    name: str
    tagline: str
    language: str
    country: str
    currency: str
    time_zone: str
    phone: str
    email: str
    brand_colour: str
    clinics: tuple[DemoClinic, ...]
    specializations: tuple[DemoSpecialization, ...]
    doctors: tuple[DemoDoctor, ...]
    categories: tuple[DemoCategory, ...]
    services: tuple[DemoService, ...]
    overrides: tuple[DemoOverride, ...]
    rhythms: dict[str, tuple[tuple[tuple[int, ...], Windows], ...]]
    reviews: tuple[DemoReview, ...]
    names: DemoNames
    blocks: tuple[DemoBlock, ...]
    staff: tuple[tuple[str, str, str, str], ...]
    doctor_login: tuple[str, str]
    patient_login: tuple[str, str, str] = field(default=("", "", ""))
    holidays: str = ""
    rooms: tuple[DemoRoom, ...] = ()
    needs: tuple[DemoNeed, ...] = ()
    leaves: tuple[DemoLeave, ...] = ()
    breaks: tuple[DemoBreak, ...] = ()
    wishes: tuple[DemoWish, ...] = ()
