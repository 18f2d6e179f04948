"""Appointments from another system: history and what is still to come. Nobody is written to about them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saas.core.phones import normalise_phone
from tenants.audit.actions import Actor
from tenants.booking.actions.importing import import_appointment, visits_imported
from tenants.booking.loading import busy_of
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.cms.importing.kinds import NO_CLINIC, NO_DOCTOR, doctors_by_name
from tenants.cms.importing.plan import CREATE, SKIP, Change, Kind
from tenants.cms.importing.rows import Cells, name_key
from tenants.cms.importing.table import Column
from tenants.cms.importing.undo import Journal
from tenants.patients.actions import find_or_create_patient
from tenants.services.models import Service

_OPEN: Final = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})
_HAPPENED: Final = frozenset({*_OPEN, AppointmentStatus.COMPLETED})
_LANGUAGES: Final = ("en", "ru")
_NO_SERVICE: Final = _("There is no service “%(text)s”.")
_NO_STATUS: Final = _(
    "“%(text)s” is not a status. Write one of: scheduled, confirmed, completed, cancelled, no_show."
)
# As calendars of other systems (RFC 5545, section 3.8.1.11) call them.
_CALENDAR_STATUS: Final = {"tentative": AppointmentStatus.SCHEDULED, "canceled": AppointmentStatus.CANCELLED}


class Visits(Kind):
    """One row for each visit. A visit that is there already, with this doctor at this time, is left as it is."""

    code = "appointments"
    label = _("Appointments")
    permission = "booking.change_appointment"
    default_columns = ("doctor", "service", "clinic")
    columns = (
        Column("date", _("date"), is_required=True, example="2026-12-31"),
        Column("time", _("time"), is_required=True, example="09:30"),
        Column("duration_minutes", _("length, minutes"), example="30"),
        Column("doctor", _("doctor"), is_required=True, example=_("Belova Anna")),
        Column("service", _("service"), is_required=True, example=_("Cardiologist's appointment")),
        Column("clinic", _("clinic"), is_required=True, example=_("Clinic on Lesnaya")),
        Column("last_name", _("patient's last name"), is_required=True, example=_("Petrov")),
        Column("first_name", _("patient's first name"), is_required=True, example=_("Ivan")),
        Column("middle_name", _("patient's middle name")),
        Column("phone", _("patient's phone"), is_required=True, example="+7 916 123-45-67"),
        Column("email", _("patient's e-mail")),
        Column("birth_date", _("date of birth"), example="1980-05-17"),
        Column("status", _("status"), example="scheduled"),
        Column("price", _("price"), example="2500"),
        Column("notes", _("notes")),
    )

    def load(self) -> None:
        self._doctors = doctors_by_name()
        self._clinics = {name_key(row.name): row for row in Clinic.objects.all()}
        self._services = {name_key(row.name): row for row in Service.objects.all()}
        profile = organisation()
        self._region, self._currency, self._language = profile.country, profile.currency, profile.language
        self._now = timezone.now()
        self._statuses = _statuses()
        self._touched: set[int] = set()

    def time_zone_of(self, defaults: Mapping[str, str]) -> str:
        clinic = self._clinics.get(name_key(defaults.get("clinic", "")))
        only = next(iter(self._clinics.values()), None) if len(self._clinics) == 1 else None
        chosen = clinic or only
        return chosen.time_zone if chosen else "UTC"

    def read(self, cells: Cells) -> Change | None:
        doctor = cells.one_of("doctor", self._doctors, NO_DOCTOR)
        service = cells.one_of("service", self._services, _NO_SERVICE)
        clinic = cells.one_of("clinic", self._clinics, NO_CLINIC)
        cells.text("date", is_required=True)
        day, at = cells.date("date"), cells.time("time")
        patient = self._patient(cells)
        minutes = cells.integer("duration_minutes", least=5, most=720) or (
            service.duration_minutes if service else 5
        )
        status = cells.one_of("status", self._statuses, _NO_STATUS, is_required=False)
        price = cells.money("price") if cells.text("price") else None
        notes = cells.text("notes", limit=2000)
        if not cells.is_fine or doctor is None or service is None or clinic is None or day is None:
            return None
        starts_at = dt.datetime.combine(day, at, tzinfo=ZoneInfo(clinic.time_zone)).astimezone(dt.UTC)
        is_past = starts_at < self._now
        if status is None:
            status = AppointmentStatus.COMPLETED if is_past else AppointmentStatus.SCHEDULED
        if not is_past and status in {AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW}:
            cells.wrong("status", _("A visit that is still to come cannot have this status."))
        values = {
            "doctor_id": doctor.pk,
            "service_id": service.pk,
            "clinic_id": clinic.pk,
            "time_zone": clinic.time_zone,
            "starts_at": starts_at,
            "ends_at": starts_at + dt.timedelta(minutes=minutes),
            "status": status,
            "price": price if price is not None else service.price,
            "notes": notes,
            "patient": patient,
            "overbook": is_past,
        }
        key = f"{doctor.pk}:{starts_at.isoformat()}:{patient['phone']}:{name_key(patient['last_name'])}"
        return Change(CREATE, key, values)

    def look_back(self, changes: Sequence[tuple[Cells, Change]]) -> None:
        """Name every visit to come that meets another: one that is booked, a block, or a row of the file."""
        self._mark_known(changes)
        coming = [
            (cells, change)
            for cells, change in changes
            if change.what == CREATE and not change.values["overbook"] and change.values["status"] in _OPEN
        ]
        if not coming:
            return
        since = min(change.values["starts_at"] for _cells, change in coming)
        until = max(change.values["ends_at"] for _cells, change in coming)
        busy = busy_of({change.values["doctor_id"] for _cells, change in coming}, since=since, until=until)
        for cells, change in coming:
            if busy[change.values["doctor_id"]].meeting(change.values["starts_at"], change.values["ends_at"]):
                cells.wrong("time", _("The doctor is busy at this time already."))
        _refuse_meetings(coming, "doctor_id", _("Overlaps with row %(row)d: the doctor has both."))
        _refuse_meetings(coming, "person", _("Overlaps with row %(row)d: the patient would be in both."))

    def write(self, change: Change, journal: Journal) -> None:
        values = dict(change.values)
        contacts = values.pop("patient")
        patient = find_or_create_patient(**contacts, language="", region=self._region)
        if patient.created_at >= self._now:
            journal.created_once(patient)
        appointment = import_appointment(
            **values,
            patient_id=patient.pk,
            currency=self._currency,
            language=patient.language or self._language,
            claims=values["status"] in _HAPPENED,
        )
        self._touched.add(values["doctor_id"])
        journal.created(appointment)

    def finish(self, actor: Actor) -> None:
        visits_imported(doctor_ids=self._touched)

    def _patient(self, cells: Cells) -> dict[str, Any]:
        found: dict[str, Any] = {
            "last_name": cells.text("last_name", is_required=True, limit=150),
            "first_name": cells.text("first_name", is_required=True, limit=150),
            "middle_name": cells.text("middle_name", limit=150),
            "email": cells.text("email", limit=254).lower(),
            "birth_date": cells.date("birth_date"),
        }
        phone = cells.text("phone", is_required=True)
        found["phone"] = phone
        try:
            found["phone"] = normalise_phone(phone, region=self._region) if phone else ""
        except ValidationError as error:
            cells.wrong("phone", error.messages[0])
        try:
            if found["email"]:
                validate_email(found["email"])
        except ValidationError as error:
            cells.wrong("email", error.messages[0])
        return found

    def _mark_known(self, changes: Sequence[tuple[Cells, Change]]) -> None:
        """Turn rows whose visit is there already into ones that change nothing."""
        if not changes:
            return
        starts = [change.values["starts_at"] for _cells, change in changes]
        doctors = {change.values["doctor_id"] for _cells, change in changes}
        known = set(
            Appointment.objects.filter(
                doctor_id__in=doctors, appointment_date__gte=min(starts), appointment_date__lte=max(starts)
            ).values_list("doctor_id", "appointment_date", "patient__phone")
        )
        for _cells, change in changes:
            place = (
                change.values["doctor_id"],
                change.values["starts_at"],
                change.values["patient"]["phone"],
            )
            if place in known:
                object.__setattr__(change, "what", SKIP)


def _refuse_meetings(coming: Sequence[tuple[Cells, Change]], whose: str, message: str | Promise) -> None:
    """Name rows that overlap an earlier one of the same doctor or person."""
    by_owner: dict[object, list[tuple[Cells, Change]]] = defaultdict(list)
    for cells, change in coming:
        by_owner[_owner(change, whose)].append((cells, change))
    for rows in by_owner.values():
        rows.sort(key=lambda row: (row[1].values["starts_at"], row[0].number))
        last_cells, last = rows[0]
        for cells, change in rows[1:]:
            if change.values["starts_at"] < last.values["ends_at"]:
                cells.wrong("time", str(message) % {"row": last_cells.number})
            if change.values["ends_at"] > last.values["ends_at"]:
                last_cells, last = cells, change


def _owner(change: Change, whose: str) -> object:
    if whose != "person":
        return change.values[whose]
    patient = change.values["patient"]
    return patient["phone"], name_key(f"{patient['last_name']} {patient['first_name']}")


def _statuses() -> dict[str, AppointmentStatus]:
    """By code and by label in every language."""
    found: dict[str, AppointmentStatus] = dict(_CALENDAR_STATUS)
    for status in AppointmentStatus:
        found[status.value] = status
        for language in _LANGUAGES:
            with translation.override(language):
                found[name_key(str(status.label))] = status
    return found
