"""The letters about an account: signed by the network they come from, in its colours, as text and as HTML."""

import re

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client

from saas.accounts.actions import create_person
from saas.accounts.roles import Role
from saas.core.colours import palette
from saas.networks.context import NetworkRef
from tenants.clinics.models import Organisation
from tests.fixtures.networks import ClientFor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def html_of(letter: EmailMessage) -> str:
    assert isinstance(letter, EmailMultiAlternatives)
    ((content, _kind),) = letter.alternatives
    return str(content)


def test_reset_code_comes_from_the_network(network: NetworkRef, client_for: ClientFor) -> None:
    create_person(email="nina@example.org", role=Role.RECEPTION, password="correct horse battery 9")
    organisation = Organisation.objects.get()
    organisation.brand_colour = "#7b1fa2"
    organisation.save()

    client = client_for(network)
    client.cookies["language"] = "ru"
    client.post("/accounts/password/reset/", {"email": "nina@example.org"})

    (letter,) = mail.outbox
    assert letter.subject == "Код для нового пароля"
    assert letter.from_email.startswith(f"{network.name} <") or f'"{network.name}" <' in letter.from_email
    code = re.search(r"(?m)^([A-Z0-9]{4}-?[A-Z0-9]{4}|[A-Z0-9]{6,})$", str(letter.body))
    assert code, letter.body
    html = html_of(letter)
    assert code[1] in html
    assert palette("#7b1fa2").brand in html
    assert f"http://{network.primary_host}" in html


def test_a_known_e_mail_is_not_opened_twice(network: NetworkRef, client_for: ClientFor) -> None:
    create_person(email="nina@example.org", role=Role.PATIENT, password="correct horse battery 9")

    client: Client = client_for(network)
    client.post(
        "/accounts/signup/", {"email": "nina@example.org", "password1": "violet tractor seldom rains"}
    )

    (letter,) = mail.outbox
    assert letter.subject == "You already have an account"
    assert "/accounts/password/reset/" in letter.body
    assert "/accounts/password/reset/" in html_of(letter)
