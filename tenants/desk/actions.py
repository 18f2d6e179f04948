"""The steps of the set-up checklist. Each is safe to repeat: the same thing twice is one thing."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tenants.audit.actions import Actor, record
from tenants.booking.selectors import first_free_slots
from tenants.clinics.models import Clinic, Organisation
from tenants.desk.errors import NotBookable
from tenants.doctors.actions import save_doctor
from tenants.doctors.hours import refuse_overlap
from tenants.doctors.models import Doctor, DoctorSchedule, Specialization
from tenants.doctors.transliteration import to_latin
from tenants.services.models import Service, ServiceCategory

_SLUG_LENGTH = 70


@transaction.atomic
def add_clinic(*, name: str, city: str, address: str, phone: str, time_zone: str, actor: Actor) -> Clinic:
    """Open a clinic, and give the network's profile its phone if it has none. `phone` is E.164, `time_zone` IANA.

    Locks the profile, so that a double submit finds the first one's clinic and returns it.
    """
    profile = Organisation.objects.select_for_update().get(pk=1)
    known = Clinic.objects.filter(name__iexact=name, address__iexact=address).first()
    if known is not None:
        return known
    clinic = Clinic.objects.create(
        name=name,
        slug=_free_slug(name, taken=set(Clinic.objects.values_list("slug", flat=True)), fallback="clinic"),
        city=city,
        address=address,
        phone=phone,
        time_zone=time_zone,
    )
    if not profile.phone:
        profile.phone = phone
        profile.save(update_fields=["phone"])
    record("setup.clinic_added", actor=actor, on=clinic)
    return clinic


@transaction.atomic
def add_doctor(
    *,
    last_name: str,
    first_name: str,
    middle_name: str,
    specialization: str,
    clinics: Sequence[Clinic],
    actor: Actor,
) -> Doctor:
    """Add a doctor who works in `clinics`; a specialization not known yet is made. Safe to repeat."""
    _lock_setup()
    known = Doctor.objects.filter(
        user__last_name__iexact=last_name,
        user__first_name__iexact=first_name,
        user__middle_name__iexact=middle_name,
    ).first()
    if known is not None:
        return known
    field = Specialization.objects.filter(name__iexact=specialization).first()
    if field is None:
        taken = set(Specialization.objects.values_list("slug", flat=True))
        field = Specialization.objects.create(
            name=specialization, slug=_free_slug(specialization, taken=taken, fallback="specialization")
        )
    doctor = save_doctor(
        doctor=Doctor(),
        last_name=last_name,
        first_name=first_name,
        middle_name=middle_name,
        specializations=[field],
        clinics=clinics,
    )
    doctor.services.add(*Service.objects.filter(doctors=None))
    record("setup.doctor_added", actor=actor, on=doctor)
    return doctor


@transaction.atomic
def add_service(
    *,
    name: str,
    price: Decimal,
    duration_minutes: int,
    doctors: Sequence[Doctor],
    clinics: Sequence[Clinic],
    actor: Actor,
) -> Service:
    """Offer a service by `doctors` in `clinics`; `price` is in the network's currency. Safe to repeat."""
    _lock_setup()
    known = Service.objects.filter(name__iexact=name).first()
    if known is not None:
        return known
    category = ServiceCategory.objects.filter(parent=None).first()
    if category is None:
        category = ServiceCategory.objects.create(name=_("Appointments with doctors"), slug="appointments")
    service = Service.objects.create(
        name=name,
        slug=_free_slug(name, taken=set(Service.objects.values_list("slug", flat=True)), fallback="service"),
        price=price,
        duration_minutes=duration_minutes,
        category=category,
    )
    service.doctors.set(doctors)
    service.clinics.set(clinics)
    record("setup.service_added", actor=actor, on=service)
    return service


@transaction.atomic
def add_hours(
    *,
    doctor: Doctor,
    clinic: Clinic,
    days: Sequence[int],
    start_time: dt.time,
    end_time: dt.time,
    actor: Actor,
) -> list[DoctorSchedule]:
    """Add weekly hours on `days` (0 Monday), wall clock of the clinic. Hours that stand already are not doubled.

    Raises ValidationError when they run into other hours of the doctor; then none of them is written.
    """
    _lock_setup()
    made = []
    for day in days:
        hours = DoctorSchedule(
            doctor=doctor, clinic=clinic, day_of_week=day, start_time=start_time, end_time=end_time
        )
        same = DoctorSchedule.objects.filter(
            doctor=doctor,
            clinic=clinic,
            day_of_week=day,
            start_time=start_time,
            end_time=end_time,
            is_active=True,
        )
        if same.exists():
            continue
        refuse_overlap(hours)
        hours.save()
        made.append(hours)
    if made:
        record("setup.hours_added", actor=actor, on=doctor, data={"days": list(days)})
    return made


@transaction.atomic
def go_live(*, actor: Actor, now: dt.datetime) -> Organisation:
    """Open the site for booking. Raises NotBookable while a patient finds no free time. Repeating keeps the date."""
    profile = Organisation.objects.select_for_update().get(pk=1)
    if profile.went_live_at is not None:
        return profile
    if not first_free_slots(limit=1, now=now):
        raise NotBookable
    profile.went_live_at = now
    profile.save(update_fields=["went_live_at"])
    record("setup.went_live", actor=actor, on=profile)
    return profile


def _lock_setup() -> None:
    """One set-up step at a time per network: the profile's row is the lock."""
    Organisation.objects.select_for_update().get(pk=1)


def _free_slug(text: str, *, taken: set[str], fallback: str) -> str:
    base = slugify(to_latin(text))[:_SLUG_LENGTH] or fallback
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
