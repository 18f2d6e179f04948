"""Finding patients by a few letters or digits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Collate
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.sorting import letters
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.patients.models import Patient
from tenants.patients.search import patterns

LIMIT: Final = 8
_MOST_RELATIVES: Final = 24
_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Found:
    """A patient with who shares their phone. `next_visit` is an instant in `zone`; both are None without one."""

    patient: Patient
    age: int | None
    next_visit: dt.datetime | None
    zone: str | None
    family: list[Patient]


def patients_for(user: User) -> QuerySet[Patient]:
    """Return the patients whose cards this user may open: a doctor those they treat, other staff all."""
    if user.role != Role.DOCTOR:
        return Patient.objects.all()
    treated = Appointment.objects.filter(patient=OuterRef("pk"), doctor__user=user)
    return Patient.objects.filter(Exists(treated))


def find_people(text: str, *, user: User, limit: int = LIMIT) -> list[Found]:
    """Return up to `limit` patients whom the text means, best first; those who share a phone stand together.

    Last names that begin so come first, by an index in their order; then any word or number, the first ones that
    the trigram index meets, so that a frequent name costs no more than a rare one. At most three queries.
    """
    groups = patterns(text)
    if not groups:
        return []
    wanted = reduce(and_, (reduce(or_, (_like(each) for each in group)) for group in groups))
    found: list[Patient] = []
    words = [each.strip("%") for each in groups[0] if each.startswith("% ")]
    rows = _with_next_visit(patients_for(user).filter(wanted))
    if words:
        begins = reduce(or_, (Q(in_order__startswith=word) for word in words))
        named = rows.annotate(in_order=Collate("search_text", "C")).filter(begins)
        found = list(named.order_by("in_order", "pk")[:limit])
    if len(found) < limit:
        others = list(rows.order_by()[: limit + len(found)])
        known = {patient.pk for patient in found}
        others = sorted(
            (patient for patient in others if patient.pk not in known),
            key=lambda patient: (letters(patient.last_name), letters(patient.first_name), patient.pk),
        )
        found += others[: limit - len(found)]
    return _found(found, user=user)


def recent_people(*, user: User, limit: int = LIMIT) -> list[Found]:
    """Return the patients whose cards were written last. Two queries."""
    rows = _with_next_visit(patients_for(user).order_by("-pk"))
    return _found(list(rows[:limit]), user=user)


def age_on(birth_date: dt.date | None, today: dt.date) -> int | None:
    """Return full years; somebody born on 29 February has their birthday on 1 March in other years."""
    if birth_date is None:
        return None
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def _like(pattern: str) -> Q:
    """Turn "% iva%" into a look-up; what is between the marks has letters and digits only."""
    return Q(search_text__contains=pattern.strip("%"))


def _with_next_visit(rows: QuerySet[Patient]) -> QuerySet[Patient]:
    coming = Appointment.objects.filter(
        patient=OuterRef("pk"), status__in=_OPEN, ends_at__gt=timezone.now()
    ).order_by("appointment_date")
    return rows.annotate(
        next_visit=Subquery(coming.values("appointment_date")[:1]),
        next_zone=Subquery(coming.values("time_zone")[:1]),
    )


def _found(patients: list[Patient], *, user: User) -> list[Found]:
    families = _families({patient.phone for patient in patients}, user=user) if patients else {}
    today = timezone.now().date()
    found = [
        Found(
            patient=patient,
            age=age_on(patient.birth_date, today),
            next_visit=getattr(patient, "next_visit", None),
            zone=getattr(patient, "next_zone", None),
            family=[each for each in families.get(patient.phone, []) if each.pk != patient.pk],
        )
        for patient in patients
    ]
    place = {patient.phone: order for order, patient in reversed(list(enumerate(patients)))}
    return sorted(found, key=lambda each: place[each.patient.phone])


def _families(phones: Iterable[str], *, user: User) -> dict[str, list[Patient]]:
    families: dict[str, list[Patient]] = defaultdict(list)
    rows = patients_for(user).filter(phone__in=list(phones)).order_by("birth_date", "first_name", "pk")
    for patient in rows[:_MOST_RELATIVES]:
        families[patient.phone].append(patient)
    return families
