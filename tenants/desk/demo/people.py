"""The patients of a demo network."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.utils.text import slugify

from saas.accounts.models import Gender
from tenants.desk.demo.shapes import DemoNetwork
from tenants.doctors.transliteration import to_latin
from tenants.patients.models import Patient

_GENDERS = (Gender.FEMALE, Gender.MALE)


def write_patients(demo: DemoNetwork, *, rng: Random, today: dt.date) -> list[Patient]:
    """Write as many patients as the description says; every phone is theirs alone."""
    names = demo.names
    rows = []
    for number in range(names.patients):
        side = 0 if rng.random() < 0.6 else 1  # noqa: PLR2004 - six of ten visitors are women
        last, first = rng.choice(names.last_names[side]), rng.choice(names.first_names[side])
        middle = rng.choice(names.middle_names[side]) if names.middle_names[side] else ""
        is_child = rng.random() < 0.2  # noqa: PLR2004 - every fifth visitor
        age = rng.randrange(17) if is_child else min(max(int(rng.gauss(44, 16)), 19), 88)
        has_mail = rng.random() < 0.8  # noqa: PLR2004 - some people leave a phone only
        address = f"{slugify(to_latin(first))}.{slugify(to_latin(last))}{number}@{names.mail_host}"
        rows.append(
            Patient(
                last_name=last,
                first_name=first,
                middle_name=middle,
                phone=names.phone.format(number=1_234_567 + number * 7919),
                email=address if has_mail else "",
                birth_date=today - dt.timedelta(days=age * 365 + rng.randrange(365)),
                gender=_GENDERS[side],
                language=demo.language,
            )
        )
    return Patient.objects.bulk_create(rows)
