"""Rows behind the public lists: only what is open to patients, in a number of queries that rows do not change."""

from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.api.permissions import runs_the_day
from tenants.booking.models import Appointment
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSpecialization, Specialization
from tenants.reviews.models import Review
from tenants.services.models import Service, ServiceCategory


def public_clinics() -> QuerySet[Clinic]:
    return Clinic.objects.filter(is_active=True)


def public_doctors() -> QuerySet[Doctor]:
    """Doctors who see patients, with name, specializations, open clinics and offered services: five queries."""
    return (
        Doctor.objects.filter(is_active=True)
        .select_related("user")
        .prefetch_related(
            Prefetch(
                "specialization_links",
                queryset=DoctorSpecialization.objects.select_related("specialization").order_by(
                    "order", "id"
                ),
            ),
            Prefetch(
                "clinic_links",
                queryset=DoctorClinic.objects.filter(clinic__is_active=True).order_by("order", "id"),
            ),
            Prefetch("services", queryset=Service.objects.filter(is_active=True).only("id").order_by("id")),
        )
    )


def public_services() -> QuerySet[Service]:
    """Services on offer, with category, the doctors who give them and the clinics: four queries."""
    return (
        Service.objects.filter(is_active=True)
        .select_related("category")
        .prefetch_related(
            Prefetch("doctors", queryset=Doctor.objects.filter(is_active=True).only("id").order_by("id")),
            Prefetch("clinics", queryset=public_clinics().only("id").order_by("id")),
        )
    )


def published_reviews() -> QuerySet[Review]:
    return Review.objects.filter(is_published=True, doctor__is_active=True)


def in_clinic(doctors: QuerySet[Doctor], clinic_id: int) -> QuerySet[Doctor]:
    return doctors.filter(
        Exists(DoctorClinic.objects.filter(doctor=OuterRef("pk"), clinic=clinic_id, clinic__is_active=True))
    )


def specialised(doctors: QuerySet[Doctor], specialization: int | str) -> QuerySet[Doctor]:
    return doctors.filter(
        Exists(
            DoctorSpecialization.objects.filter(
                _matches("specialization", specialization), doctor=OuterRef("pk")
            )
        )
    )


def giving(doctors: QuerySet[Doctor], service: int | str) -> QuerySet[Doctor]:
    offered = Service.doctors.through.objects.filter(
        _matches("service", service), doctor=OuterRef("pk"), service__is_active=True
    )
    return doctors.filter(Exists(offered))


def named_like(doctors: QuerySet[Doctor], text: str) -> QuerySet[Doctor]:
    """Doctors every word of whose search is found in the name or a specialization."""
    for word in text.split():
        speciality = DoctorSpecialization.objects.filter(
            Q(specialization__name__icontains=word) | Q(specialization__doctor_title__icontains=word),
            doctor=OuterRef("pk"),
        )
        doctors = doctors.filter(
            Q(user__last_name__icontains=word)
            | Q(user__first_name__icontains=word)
            | Q(user__middle_name__icontains=word)
            | Exists(speciality)
        )
    return doctors


def given_by(services: QuerySet[Service], doctor_id: int) -> QuerySet[Service]:
    links = Service.doctors.through.objects.filter(
        service=OuterRef("pk"), doctor=doctor_id, doctor__is_active=True
    )
    return services.filter(Exists(links))


def offered_in(services: QuerySet[Service], clinic_id: int) -> QuerySet[Service]:
    links = Service.clinics.through.objects.filter(
        service=OuterRef("pk"), clinic=clinic_id, clinic__is_active=True
    )
    return services.filter(Exists(links))


def find_specialization(value: int | str) -> Specialization | None:
    return Specialization.objects.filter(**_lookup(value)).first()


def find_service(value: int | str) -> Service | None:
    return Service.objects.filter(is_active=True, **_lookup(value)).first()


def category_branch(category: int | str) -> list[int]:
    """Ids of a category and everything below it, in one query: the tree is small. Empty when there is none such."""
    children: dict[int | None, list[int]] = {}
    roots: list[int] = []
    for pk, slug, parent in ServiceCategory.objects.values_list("id", "slug", "parent_id"):
        children.setdefault(parent, []).append(pk)
        if category in (pk, slug):
            roots.append(pk)
    found: list[int] = []
    while roots:
        node = roots.pop()
        if node not in found:
            found.append(node)
            roots.extend(children.get(node, []))
    return found


_SHOWN: Final = (
    "public_id", "status", "payment_status", "appointment_date", "ends_at", "time_zone", "price", "currency",
    "notes", "version", "created_at", "awaiting_approval", "doctor__user__first_name", "doctor__user__middle_name",
    "doctor__user__last_name", "service__name", "clinic__name", "patient__public_id", "patient__last_name",
    "patient__first_name", "patient__middle_name", "patient__phone", "patient__email", "patient__birth_date",
)  # fmt: skip
"""What `presenters.appointment` shows: five whole rows would cost a booking a fifth of its time."""


def visible_appointments(user: User | None) -> QuerySet[Appointment]:
    """What this person may know of: reception and managers all, doctors theirs, patients their own.

    Without a person (a token whose scope was checked): all.
    """
    rows = Appointment.objects.select_related("patient", "doctor__user", "service", "clinic").only(*_SHOWN)
    if user is None or runs_the_day(user):
        return rows
    own = Q(patient__user=user.pk)
    return rows.filter(own | Q(doctor__user=user.pk)) if user.role == Role.DOCTOR else rows.filter(own)


def _lookup(value: int | str) -> dict[str, Any]:
    return {"pk": value} if isinstance(value, int) else {"slug": value}


def _matches(relation: str, value: int | str) -> Q:
    return Q(**{relation: value}) if isinstance(value, int) else Q(**{f"{relation}__slug": value})
