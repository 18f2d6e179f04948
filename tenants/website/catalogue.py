"""Reads of the catalogue for the site: lists with filters and search, the price tree, one entry by its address."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Expression, F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Greatest, Lower, Replace
from django.utils.translation import gettext_lazy as _

from saas.core.errors import NotFound
from saas.core.sorting import alphabetical
from tenants.clinics.models import Clinic
from tenants.cms.cards import active_doctors
from tenants.doctors.models import Doctor, Specialization
from tenants.services.models import Service, ServiceCategory
from tenants.services.offers import Offer, offers_for
from tenants.website.text_search import SKELETON_FROM, SKELETON_TO, SOUNDS, skeletons, variants

_SIMILAR = 0.5
_LONGEST_SLUG = 120


class DoctorNotFound(NotFound):
    code = "doctor_unknown"
    message = _("We do not know this doctor. Perhaps they no longer see patients here.")


class ServiceNotFound(NotFound):
    code = "service_unknown"
    message = _("We do not know this service. Perhaps it is no longer offered.")


class ClinicNotFound(NotFound):
    code = "clinic_unknown"
    message = _("We do not know this clinic. Perhaps it has closed.")


class SpecializationNotFound(NotFound):
    code = "specialization_unknown"
    message = _("We do not know this specialization.")


def doctor_by_slug(slug: str) -> Doctor:
    """Return a doctor who sees patients, with name, specializations and clinics. Raises DoctorNotFound."""
    doctor = active_doctors().filter(slug=slug).first() if _is_slug(slug) else None
    if doctor is None:
        raise DoctorNotFound
    return doctor


def service_by_slug(slug: str) -> Service:
    """Return an offered service with its category. Raises ServiceNotFound."""
    rows = Service.objects.filter(is_active=True).select_related("category")
    service = rows.filter(slug=slug).first() if _is_slug(slug) else None
    if service is None:
        raise ServiceNotFound
    return service


def clinic_by_slug(slug: str) -> Clinic:
    """Return an open clinic. Raises ClinicNotFound."""
    clinic = Clinic.objects.filter(is_active=True, slug=slug).first() if _is_slug(slug) else None
    if clinic is None:
        raise ClinicNotFound
    return clinic


def specialization_by_slug(slug: str) -> Specialization:
    """Raises SpecializationNotFound."""
    found = Specialization.objects.filter(slug=slug).first() if _is_slug(slug) else None
    if found is None:
        raise SpecializationNotFound
    return found


def find_doctors(
    *, query: str = "", specialization: Specialization | None = None, clinic: Clinic | None = None
) -> QuerySet[Doctor]:
    """Return doctors who see patients; with a query those whose name, field or service resembles it, the best first."""
    doctors = active_doctors()
    if specialization is not None:
        doctors = doctors.filter(specialization_links__specialization=specialization)
    if clinic is not None:
        doctors = doctors.filter(clinic_links__clinic=clinic)
    readings = variants(query)
    if not readings:
        return doctors
    name = Concat("user__last_name", Value(" "), "user__first_name", Value(" "), "user__middle_name")
    best = _nearness(query, name)
    by_field = reduce(
        or_,
        (
            Q(specializations__name__icontains=reading)
            | Q(specializations__doctor_title__icontains=reading)
            | Q(services__name__icontains=reading)
            for reading in readings
        ),
    )
    matching = Doctor.objects.filter(is_active=True).annotate(nearness=best)
    ids = matching.filter(Q(nearness__gte=_SIMILAR) | by_field).values("pk")
    return (
        doctors.filter(pk__in=ids)
        .annotate(nearness=best)
        .order_by(*alphabetical(F("nearness").desc(), "user__last_name", "user__first_name", "id"))
    )


@dataclass(slots=True)
class PriceGroup:
    """A category of the price list with its services and subcategories."""

    category: ServiceCategory
    depth: int
    services: list[Service] = field(default_factory=list)
    children: list["PriceGroup"] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.services and all(child.is_empty for child in self.children)


def price_tree(*, query: str = "") -> list[PriceGroup]:
    """Return the price list as a tree without empty branches; with a query only what resembles it. Two queries."""
    by_category: dict[int, list[Service]] = defaultdict(list)
    for service in find_services(query=query):
        by_category[service.category_id].append(service)
    categories = list(ServiceCategory.objects.order_by(*alphabetical("order", "name", "id")))
    by_parent: dict[int | None, list[ServiceCategory]] = defaultdict(list)
    for category in categories:
        by_parent[category.parent_id].append(category)

    def build(parent_id: int | None, depth: int) -> list[PriceGroup]:
        groups = [
            PriceGroup(
                category=category,
                depth=depth,
                services=by_category.get(category.pk, []),
                children=build(category.pk, depth + 1),
            )
            for category in by_parent.get(parent_id, [])
        ]
        return [group for group in groups if not group.is_empty]

    return build(None, 0)


def find_services(*, query: str = "") -> QuerySet[Service]:
    """Return offered services by name; with a query those whose name, category or description resembles it."""
    services = Service.objects.filter(is_active=True).order_by(*alphabetical("name", "id"))
    readings = variants(query)
    if not readings:
        return services
    best = _nearness(query, F("name"))
    words = reduce(
        or_,
        (
            Q(name__icontains=reading)
            | Q(category__name__icontains=reading)
            | Q(description__icontains=reading)
            for reading in readings
        ),
    )
    return services.annotate(nearness=best).filter(Q(nearness__gte=_SIMILAR) | words)


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """A service as one doctor gives it: the lowest price and shortest length over clinics, and where."""

    service: Service
    price: Decimal
    is_price_from: bool
    duration_minutes: int
    currency: str
    clinic_ids: tuple[int, ...]


def services_of_doctor(doctor: Doctor) -> list[ServiceOffer]:
    """Return what the doctor offers in open clinics: the consultation first, then in the price list's order.

    The consultation is what costs the doctor's own consultation price. Two queries.
    """
    by_service: dict[int, list[Offer]] = defaultdict(list)
    for offer in offers_for(doctor_ids=[doctor.pk]):
        by_service[offer.service_id].append(offer)
    if not by_service:
        return []
    services = Service.objects.filter(pk__in=by_service).select_related("category")
    found = [
        ServiceOffer(
            service=service,
            price=min(offer.price for offer in by_service[service.pk]),
            is_price_from=len({offer.price for offer in by_service[service.pk]}) > 1,
            duration_minutes=min(offer.duration_minutes for offer in by_service[service.pk]),
            currency=by_service[service.pk][0].currency,
            clinic_ids=tuple(offer.clinic_id for offer in by_service[service.pk]),
        )
        for service in services.order_by(*alphabetical("category__order", "category__name", "name", "id"))
    ]
    found.sort(key=lambda row: row.price != doctor.consultation_price)
    return found


def _nearness(query: str, text: Expression | F) -> Expression:
    """How much the best reading of the query resembles a word of the text, 0 to 1."""
    skeleton: Expression = Func(
        Lower(text), Value(SKELETON_FROM), Value(SKELETON_TO), function="translate", output_field=TextField()
    )
    for spelling, sound in SOUNDS:
        skeleton = Replace(skeleton, Value(spelling), Value(sound))
    found: list[Expression] = [TrigramWordSimilarity(reading, skeleton) for reading in skeletons(query)]
    return Greatest(Value(0.0), *found) if found else Value(0.0)


def _is_slug(text: str) -> bool:
    """PostgreSQL refuses a NUL in a text; no address of ours is longer or holds anything odd."""
    return 0 < len(text) <= _LONGEST_SLUG and text.isprintable()
