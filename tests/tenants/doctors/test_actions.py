from __future__ import annotations

from typing import Any

import pytest

from saas.accounts.roles import Role
from saas.core.errors import Conflict
from tenants.doctors.actions import save_doctor
from tenants.doctors.models import Doctor
from tests.factories import make_clinic, make_doctor, make_specialization, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def test_new_doctor_gets_a_person_who_cannot_sign_in_and_an_address(network: object) -> None:
    main, second = make_specialization(), make_specialization()

    first = save_doctor(
        doctor=Doctor(),
        last_name="Щукин",
        first_name="Юрий",
        specializations=[main, second],
        clinics=[make_clinic()],
    )
    namesake = save_doctor(
        doctor=Doctor(), last_name="Щукин", first_name="Юрий", specializations=[main], clinics=[make_clinic()]
    )

    assert first.slug == "shchukin-yuriy"
    assert namesake.slug == "shchukin-yuriy-2"
    assert first.specialization == main
    assert first.user.role == Role.DOCTOR
    assert first.user.email is None
    assert not first.user.has_usable_password()


def test_clinics_are_replaced_and_rooms_of_those_that_stay_kept(network: object) -> None:
    stays, goes, comes = make_clinic(), make_clinic(), make_clinic()
    doctor = make_doctor(clinics=[goes, stays])
    doctor.clinic_links.filter(clinic=stays).update(room="305")

    save_doctor(
        doctor=doctor,
        last_name="A",
        first_name="B",
        specializations=[make_specialization()],
        clinics=[stays, comes],
    )

    links = [(link.clinic, link.room) for link in Doctor.objects.get().clinic_links.all()]
    assert links == [(stays, "305"), (comes, "")]


def test_taken_address_is_a_conflict_and_nothing_is_written(network: object) -> None:
    taken = make_doctor()

    with pytest.raises(Conflict):
        save_doctor(
            doctor=Doctor(slug=taken.slug), last_name="A", first_name="B", specializations=[], clinics=[]
        )

    assert Doctor.objects.count() == 1


def test_a_card_becomes_the_account_of_somebody_who_signs_in(network: object) -> None:
    doctor = make_doctor(clinics=[make_clinic()])
    placeholder, account = doctor.user, make_user(role=Role.DOCTOR)
    facts: dict[str, Any] = {
        "last_name": "Белова",
        "first_name": "Анна",
        "specializations": [make_specialization()],
        "clinics": list(doctor.clinics.all()),
    }

    save_doctor(doctor=doctor, **facts, account=account)

    placeholder.refresh_from_db()
    account.refresh_from_db()
    assert Doctor.objects.get().user == account
    assert account.last_name == "Белова"
    assert not placeholder.is_active
    save_doctor(doctor=doctor, **facts)  # without an account it keeps the one it has
    assert Doctor.objects.get().user == account
    with pytest.raises(Conflict):
        save_doctor(doctor=make_doctor(clinics=facts["clinics"]), **facts, account=account)
