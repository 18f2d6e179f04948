"""What can be done to doctors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from saas.accounts.actions import create_person
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import Conflict
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSpecialization, Specialization
from tenants.doctors.transliteration import to_latin

_SLUG_LENGTH: Final = 100


@transaction.atomic
def save_doctor(
    *,
    doctor: Doctor,
    last_name: str,
    first_name: str,
    middle_name: str = "",
    specializations: Sequence[Specialization],
    clinics: Sequence[Clinic],
    account: User | None = None,
) -> Doctor:
    """Write a doctor's card, the person behind it and the links, in the order given (the first is the main one).

    With `account`, somebody of the staff who signs in as a doctor, the card becomes theirs; what it had before is
    shut unless somebody can sign in with it. Else a new doctor gets a user without e-mail, who cannot sign in until
    a manager gives them one. An empty address of the page is made from the name. Raises Conflict when the address
    or the account was taken meanwhile.
    """
    before = User.objects.filter(pk=doctor.user_id).first()
    if account is not None and account != before:
        if Doctor.objects.filter(user=account).exists():
            raise Conflict(_("This account belongs to another doctor's card."))
        doctor.user = account
        _rename(account, last_name=last_name, first_name=first_name, middle_name=middle_name)
    elif before is None:
        doctor.user = create_person(
            email=None, role=Role.DOCTOR, last_name=last_name, first_name=first_name, middle_name=middle_name
        )
    else:
        _rename(doctor.user, last_name=last_name, first_name=first_name, middle_name=middle_name)
    if not doctor.slug:
        doctor.slug = free_slug(last_name=last_name, first_name=first_name)
    try:
        with transaction.atomic():
            doctor.save()
    except IntegrityError as error:
        raise Conflict(_("Another doctor's page has this address. Please choose another.")) from error
    if before is not None and before != doctor.user and not before.email:
        before.is_active = False
        before.save(update_fields=["is_active", "updated_at"])
    set_specializations(doctor=doctor, specializations=specializations)
    set_clinics(doctor=doctor, clinics=clinics)
    return doctor


@transaction.atomic
def set_specializations(*, doctor: Doctor, specializations: Sequence[Specialization]) -> None:
    """Make these the doctor's specializations, in this order."""
    DoctorSpecialization.objects.filter(doctor=doctor).exclude(specialization__in=specializations).delete()
    for order, specialization in enumerate(specializations):
        DoctorSpecialization.objects.update_or_create(
            doctor=doctor, specialization=specialization, defaults={"order": order}
        )


@transaction.atomic
def set_clinics(*, doctor: Doctor, clinics: Sequence[Clinic]) -> None:
    """Make these the clinics the doctor works in, in this order; the rooms of those that stay are kept."""
    DoctorClinic.objects.filter(doctor=doctor).exclude(clinic__in=clinics).delete()
    for order, clinic in enumerate(clinics):
        DoctorClinic.objects.update_or_create(doctor=doctor, clinic=clinic, defaults={"order": order})


def free_slug(*, last_name: str, first_name: str) -> str:
    """Return an address for the doctor's page that nobody has: ivanova-anna, ivanova-anna-2."""
    base = slugify(to_latin(f"{last_name} {first_name}"))[:_SLUG_LENGTH] or "doctor"
    taken = set(Doctor.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _rename(user: User, *, last_name: str, first_name: str, middle_name: str) -> None:
    if (user.last_name, user.first_name, user.middle_name) == (last_name, first_name, middle_name):
        return
    user.last_name, user.first_name, user.middle_name = last_name, first_name, middle_name
    user.save(update_fields=["last_name", "first_name", "middle_name", "updated_at"])
