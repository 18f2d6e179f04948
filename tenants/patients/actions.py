"""What can be done to patients."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from saas.core.batch import Batch
from saas.core.phones import normalise_phone
from saas.networks.context import current_schema
from tenants.patients.models import Patient

_NAME_LENGTH = 150
_COLUMNS: Final = ", ".join(str(field.column) for field in Patient._meta.concrete_fields)
_NAMESAKES: Final = f"SELECT {_COLUMNS} FROM patients_patient WHERE phone = %s ORDER BY id"  # noqa: S608 - our own columns
_EMAIL_LENGTH = 254


def find_or_create_patient(
    *,
    last_name: str,
    first_name: str,
    phone: str,
    email: str = "",
    middle_name: str = "",
    birth_date: dt.date | None = None,
    language: str = "",
    region: str,
    user: User | None = None,
) -> Patient:
    """Return the patient whom these contacts mean, creating one when nobody fits.

    The same person: equal phone (in any spelling; `region` is the ISO country of a number without a code) and
    names, in any case, and no contradiction in middle name, e-mail or date of birth. A contradicting e-mail makes
    another person, so that nobody receives letters about a stranger by typing a name and a phone.

    With `user`, their own card is used when it bears this name; an older card without a log-in becomes theirs
    only if it has the e-mail they sign in with. Missing facts are filled in, known ones never overwritten.
    Takes an advisory lock on the phone. Raises ValidationError with a dict of fields.
    """
    facts = _clean(
        last_name=last_name,
        first_name=first_name,
        middle_name=middle_name,
        phone=phone,
        email=email,
        birth_date=birth_date,
        region=region,
    )
    facts["language"] = language
    with transaction.atomic(savepoint=False):
        namesakes = _namesakes_under_lock(facts)
        patient = _find(facts, user, namesakes)
        if patient is None:
            own = user if user is not None and not Patient.objects.filter(user=user).exists() else None
            return _create(Patient(user=own, **facts))
        return _fill_in(patient, facts, user)


def _find(facts: dict[str, object], user: User | None, namesakes: list[Patient]) -> Patient | None:
    fitting = [patient for patient in namesakes if _agrees(patient, facts)]
    if user is not None:
        own = Patient.objects.filter(user=user).first()
        if own is not None:
            same_name = (own.last_name.lower(), own.first_name.lower()) == (
                str(facts["last_name"]).lower(),
                str(facts["first_name"]).lower(),
            )
            if same_name and _no_contradiction(own.birth_date, facts["birth_date"]):
                return own
        else:
            fitting = [
                card for card in fitting if card.user_id is None and user.email and card.email == user.email
            ]
    # The card with this very e-mail before one that has none.
    fitting.sort(key=lambda card: (card.email != facts["email"], card.pk))
    return fitting[0] if fitting else None


def _agrees(patient: Patient, facts: dict[str, object]) -> bool:
    return (
        _no_contradiction(patient.middle_name.lower(), str(facts["middle_name"]).lower())
        and _no_contradiction(patient.email.lower(), facts["email"])
        and _no_contradiction(patient.birth_date, facts["birth_date"])
    )


def _no_contradiction(known: object, said: object) -> bool:
    return not known or not said or known == said


def _fill_in(patient: Patient, facts: dict[str, object], user: User | None) -> Patient:
    changed = []
    for field in ("middle_name", "email", "birth_date", "language"):
        if not getattr(patient, field) and facts[field]:
            setattr(patient, field, facts[field])
            changed.append(field)
    if user is not None and patient.user_id is None and not Patient.objects.filter(user=user).exists():
        patient.user = user
        changed.append("user")
    if changed:
        patient.save(update_fields=[*changed, "updated_at"])
    return patient


def _namesakes_under_lock(facts: dict[str, object]) -> list[Patient]:
    """Return the cards with this phone and name, the oldest first, when nobody else is about to write one.

    Two bookings of one new patient at once make one card. The key carries the schema: locks are database-wide.
    """
    batch = Batch()
    phone = str(facts["phone"])
    batch.add(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{current_schema()}:patient:{phone}"]
    )
    batch.add(_NAMESAKES, [phone])
    fields = [field.attname for field in Patient._meta.concrete_fields]
    cards = [Patient.from_db("default", fields, row) for row in batch.run()]
    return [card for card in cards if _is_called(card, facts)]


def _is_called(card: Patient, facts: dict[str, object]) -> bool:
    return (card.last_name.casefold(), card.first_name.casefold()) == (
        str(facts["last_name"]).casefold(),
        str(facts["first_name"]).casefold(),
    )


def _create(patient: Patient) -> Patient:
    batch = Batch()
    batch.insert(patient)
    batch.run_for_key(patient)
    return patient


def _clean(
    *,
    last_name: str,
    first_name: str,
    middle_name: str,
    phone: str,
    email: str,
    birth_date: dt.date | None,
    region: str,
) -> dict[str, object]:
    errors: dict[str, ValidationError] = {}
    facts: dict[str, object] = {"birth_date": birth_date}
    for field, text, is_required in (
        ("last_name", last_name, True),
        ("first_name", first_name, True),
        ("middle_name", middle_name, False),
    ):
        name = " ".join(text.replace("\x00", "").split())
        facts[field] = name
        if is_required and not name:
            errors[field] = ValidationError(_("Please fill in this field."), code="required")
        elif len(name) > _NAME_LENGTH:
            errors[field] = ValidationError(
                _("At most %(limit)d characters."), code="max_length", params={"limit": _NAME_LENGTH}
            )
    try:
        facts["phone"] = normalise_phone(phone, region=region)
    except ValidationError as error:
        errors["phone"] = error
    facts["email"] = email.strip().lower()
    if facts["email"]:
        try:
            validate_email(str(facts["email"]))
        except ValidationError as error:
            errors["email"] = error
        if len(str(facts["email"])) > _EMAIL_LENGTH:
            errors["email"] = ValidationError(
                _("At most %(limit)d characters."), code="max_length", params={"limit": _EMAIL_LENGTH}
            )
    if errors:
        raise ValidationError(dict(errors))
    return facts
