"""Who can sign in to the demo. Passwords follow from the installation's secret key: none is in the code."""

from __future__ import annotations

import hmac
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings

from saas.accounts.actions import set_role
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.hosts import network_host, network_url, platform_url
from tenants.desk.demo.shapes import DemoNetwork
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient

OPERATOR: Final = "operator@polyclinic.example"


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in of the demo, as `manage.py demo --logins` prints it."""

    role: str
    url: str
    email: str
    password: str


def password_of(email: str) -> str:
    """Return the demo password of an address: 4-4-4 letters and digits, the same on every run of an installation."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"demo:{email}".encode(), sha256).digest()
    text = b32encode(digest).decode().lower()
    return "-".join((text[:4], text[4:8], text[8:12]))


def logins_of(demo: DemoNetwork) -> list[Login]:
    """Return the log-ins of one network."""
    host = network_host(demo.slug)
    people = [(role, email, "/desk/") for role, email, _first, _last in demo.staff]
    people += [
        ("doctor", demo.doctor_login[1], "/desk/"),
        ("patient", demo.patient_login[0], "/accounts/login/"),
    ]
    return [
        Login(
            role=f"{demo.name}: {role}", url=network_url(host, path), email=email, password=password_of(email)
        )
        for role, email, path in people
    ]


def platform_logins(networks: tuple[DemoNetwork, ...]) -> list[Login]:
    """Return the log-ins of the public site: owners and the operator."""
    owners = [
        Login(
            role=f"{demo.name}: owner on the public site",
            url=platform_url("/accounts/login/"),
            email=email,
            password=password_of(email),
        )
        for demo in networks
        for role, email, _first, _last in demo.staff
        if role == Role.OWNER
    ]
    return [Login("Operator", platform_url("/console/"), OPERATOR, password_of(OPERATOR)), *owners]


def write_staff(demo: DemoNetwork) -> None:
    """Give the network's staff, one doctor and one patient their log-ins. Run inside the network."""
    for role, email, first_name, last_name in demo.staff:
        _person(email, Role(role), first_name=first_name, last_name=last_name)
    last_name, email = demo.doctor_login
    doctor = Doctor.objects.select_related("user").get(user__last_name=last_name)
    doctor.user.email = email
    doctor.user.set_password(password_of(email))
    doctor.user.save()
    set_role(user=doctor.user, role=Role.DOCTOR)
    _verify(doctor.user)
    email, first_name, last_name = demo.patient_login
    patient = _person(email, Role.PATIENT, first_name=first_name, last_name=last_name)
    Patient.objects.get_or_create(
        user=patient,
        defaults={
            "last_name": last_name,
            "first_name": first_name,
            "phone": demo.names.phone.format(number=1_000_001),
            "email": email,
            "language": demo.language,
        },
    )


def write_platform_people(networks: tuple[DemoNetwork, ...]) -> None:
    """Give the operator and the owners their log-ins on the public site. Run in the public schema."""
    operator = User.objects.filter(email=OPERATOR).first()
    if operator is None:
        operator = User.objects.create_superuser(
            OPERATOR, password_of(OPERATOR), first_name="Olga", last_name="Operator"
        )
    _verify(operator)
    for demo in networks:
        for role, email, first_name, last_name in demo.staff:
            if role == Role.OWNER:
                _person(email, Role.OWNER, first_name=first_name, last_name=last_name)


def _person(email: str, role: Role, *, first_name: str, last_name: str) -> User:
    user = User.objects.filter(email=email).first() or User(email=email)
    user.first_name, user.last_name = first_name, last_name
    user.set_password(password_of(email))
    user.save()
    _verify(user)
    return set_role(user=user, role=role)


def _verify(user: User) -> None:
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
