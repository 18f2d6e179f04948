"""What can be imported, and by which names rows find each other: names in any case, doctors by full name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from saas.core.phones import normalise_phone
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.cms.admin.fields import unique_slug
from tenants.cms.importing.plan import CREATE, SKIP, UPDATE, Change, Kind
from tenants.cms.importing.rows import Cells, name_key
from tenants.cms.importing.table import Column
from tenants.cms.importing.undo import Journal, snapshot
from tenants.doctors.actions import save_doctor
from tenants.doctors.hours import Window, find_meeting
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSchedule, Specialization
from tenants.services.models import Service, ServiceCategory
from tenants.services.tree import category_tree

NO_CLINIC: Final = _("There is no clinic “%(text)s”.")
NO_DOCTOR: Final = _("There is no doctor “%(text)s”. Write last, first and middle name.")
_NO_SPECIALIZATION: Final = _("There is no specialization “%(text)s”.")
_NO_CATEGORY: Final = _("There is no category “%(text)s”. For one inside another write “Outer / Inner”.")
_CATEGORY_SEPARATOR: Final = " / "


class Clinics(Kind):
    code = "clinics"
    label = _("Clinics")
    permission = "clinics.add_clinic"
    columns = (
        Column("name", _("name"), is_required=True, example=_("Clinic on Lesnaya")),
        Column("city", _("city"), example=_("Moscow")),
        Column("address", _("address"), is_required=True, example=_("Lesnaya street, 5")),
        Column("phone", _("phone"), is_required=True, example="+7 495 123-45-67"),
        Column("email", _("e-mail"), example="lesnaya@example.com"),
        Column("time_zone", _("time zone"), is_required=True, example="Europe/Moscow"),
        Column("directions", _("how to get there")),
        Column("is_active", _("open to patients"), example=_("yes")),
    )

    def load(self) -> None:
        self._existing = {name_key(row.name): row for row in Clinic.objects.all()}
        self._region = organisation().country

    def read(self, cells: Cells) -> Change | None:
        name = cells.text("name", is_required=True, limit=200)
        values: dict[str, Any] = {"name": name}
        for code in ("city", "address", "email", "time_zone", "directions"):
            if cells.has(code):
                values[code] = cells.text(code, is_required=code in {"address", "time_zone"})
        phone = cells.text("phone", is_required=True)
        try:
            values["phone"] = normalise_phone(phone, region=self._region) if phone else ""
        except ValidationError as error:
            cells.wrong("phone", error.messages[0])
        if cells.has("is_active"):
            values["is_active"] = cells.flag("is_active", default=True)
        cells.check_fields(
            Clinic(**values), {code for code in ("city", "email", "time_zone") if values.get(code)}
        )
        return _compared(self._existing.get(name_key(name)), name_key(name), values)

    def write(self, change: Change, journal: Journal) -> None:
        _save(self._existing.get(change.key) or Clinic(), change.values, journal)


class Specializations(Kind):
    code = "specializations"
    label = _("Specializations")
    permission = "doctors.add_specialization"
    columns = (
        Column("name", _("name"), is_required=True, example=_("Cardiology")),
        Column("doctor_title", _("title of the doctor"), example=_("cardiologist")),
        Column("description", _("description")),
    )

    def load(self) -> None:
        self._existing = {name_key(row.name): row for row in Specialization.objects.all()}

    def read(self, cells: Cells) -> Change | None:
        name = cells.text("name", is_required=True, limit=100)
        values: dict[str, Any] = {"name": name}
        if cells.has("doctor_title"):
            values["doctor_title"] = cells.text("doctor_title", limit=100)
        if cells.has("description"):
            values["description"] = cells.text("description")
        return _compared(self._existing.get(name_key(name)), name_key(name), values)

    def write(self, change: Change, journal: Journal) -> None:
        _save(self._existing.get(change.key) or Specialization(), change.values, journal)


class Doctors(Kind):
    code = "doctors"
    label = _("Doctors")
    permission = "doctors.add_doctor"
    columns = (
        Column("last_name", _("last name"), is_required=True, example=_("Belova")),
        Column("first_name", _("first name"), is_required=True, example=_("Anna")),
        Column("middle_name", _("middle name")),
        Column("specializations", _("specializations"), is_required=True, example=_("Cardiology | Therapy")),
        Column("clinics", _("clinics"), is_required=True, example=_("Clinic on Lesnaya")),
        Column("experience_years", _("years of experience"), example="12"),
        Column("consultation_price", _("consultation price"), example="2500"),
        Column("bio", _("about the doctor")),
        Column("education", _("education")),
        Column("is_active", _("sees patients"), example=_("yes")),
    )

    def load(self) -> None:
        rows = Doctor.objects.select_related("user").prefetch_related("specialization_links", "clinic_links")
        self._existing = {_person_key(row): row for row in rows}
        self._specializations = {name_key(row.name): row for row in Specialization.objects.all()}
        self._clinics = {name_key(row.name): row for row in Clinic.objects.all()}

    def read(self, cells: Cells) -> Change | None:
        names = {
            "last_name": cells.text("last_name", is_required=True, limit=150),
            "first_name": cells.text("first_name", is_required=True, limit=150),
            "middle_name": cells.text("middle_name", limit=150),
        }
        key = name_key(" ".join(names.values()))
        values: dict[str, Any] = {}
        if cells.has("experience_years"):
            values["experience_years"] = cells.integer("experience_years", most=80)
        if cells.has("consultation_price"):
            values["consultation_price"] = cells.money("consultation_price")
        for code in ("bio", "education"):
            if cells.has(code):
                values[code] = cells.text(code)
        if cells.has("is_active"):
            values["is_active"] = cells.flag("is_active", default=True)
        links: dict[str, list[Any]] = {
            "specializations": cells.many_of(
                "specializations", self._specializations, _NO_SPECIALIZATION, is_required=True
            ),
            "clinics": cells.many_of("clinics", self._clinics, NO_CLINIC, is_required=True),
        }
        existing = self._existing.get(key)
        change = _compared(existing, key, values)
        if existing is not None and change.what == SKIP and not _same_links(existing, links):
            change = Change(UPDATE, key, values)
        return Change(change.what, key, {"fields": values, "names": names, **links})

    def write(self, change: Change, journal: Journal) -> None:
        doctor = self._existing.get(change.key) or Doctor()
        is_new = doctor.pk is None
        names = [*change.values["fields"], "specializations", "clinics"]
        before = {} if is_new else snapshot(doctor, names)
        person_before = {} if is_new else snapshot(doctor.user, change.values["names"])
        for name, value in change.values["fields"].items():
            setattr(doctor, name, value)
        save_doctor(
            doctor=doctor,
            specializations=change.values["specializations"],
            clinics=change.values["clinics"],
            **change.values["names"],
        )
        if is_new:
            journal.created(doctor.user)
            journal.created(doctor)
        else:
            journal.changed(
                doctor.user, before=person_before, after=snapshot(doctor.user, change.values["names"])
            )
            journal.changed(doctor, before=before, after=snapshot(doctor, names))


class Services(Kind):
    code = "services"
    label = _("Services")
    permission = "services.add_service"
    columns = (
        Column("name", _("name"), is_required=True, example=_("Cardiologist's appointment")),
        Column("category", _("category"), is_required=True, example=_("Appointments / For adults")),
        Column("price", _("price"), is_required=True, example="2500"),
        Column("duration_minutes", _("length, minutes"), is_required=True, example="30"),
        Column("clinics", _("clinics"), is_required=True, example=_("Clinic on Lesnaya")),
        Column("doctors", _("doctors"), example=_("Belova Anna")),
        Column("description", _("description")),
        Column("preparation_instructions", _("how to prepare")),
        Column("is_active", _("offered"), example=_("yes")),
    )

    def load(self) -> None:
        rows = Service.objects.prefetch_related("clinics", "doctors")
        self._existing = {name_key(row.name): row for row in rows}
        self._categories = _categories_by_path()
        self._clinics = {name_key(row.name): row for row in Clinic.objects.all()}
        self._doctors = doctors_by_name()

    def read(self, cells: Cells) -> Change | None:
        name = cells.text("name", is_required=True, limit=200)
        values: dict[str, Any] = {
            "name": name,
            "price": cells.money("price", is_required=True),
            "category": cells.one_of("category", self._categories, _NO_CATEGORY),
        }
        cells.text("duration_minutes", is_required=True)
        values["duration_minutes"] = cells.integer("duration_minutes", least=5, most=720, default=5)
        for code in ("description", "preparation_instructions"):
            if cells.has(code):
                values[code] = cells.text(code)
        if cells.has("is_active"):
            values["is_active"] = cells.flag("is_active", default=True)
        links: dict[str, list[Any]] = {
            "clinics": cells.many_of("clinics", self._clinics, NO_CLINIC, is_required=True)
        }
        if cells.has("doctors"):
            links["doctors"] = cells.many_of("doctors", self._doctors, NO_DOCTOR)
        key = name_key(name)
        existing = self._existing.get(key)
        change = _compared(existing, key, values)
        if (
            existing is not None
            and change.what == SKIP
            and any(
                {row.pk for row in getattr(existing, code).all()} != {row.pk for row in rows}
                for code, rows in links.items()
            )
        ):
            change = Change(UPDATE, key, values)
        return Change(change.what, key, {"fields": values, "links": links})

    def write(self, change: Change, journal: Journal) -> None:
        service = self._existing.get(change.key) or Service()
        links = change.values["links"]
        before = snapshot(service, links)
        _save(service, change.values["fields"], journal)
        for code, rows in links.items():
            getattr(service, code).set(rows)
        if change.what == UPDATE:
            journal.changed(service, before=before, after=snapshot(service, links))


class Schedules(Kind):
    code = "hours"
    label = _("Working hours")
    permission = "doctors.add_doctorschedule"
    columns = (
        Column("doctor", _("doctor"), is_required=True, example=_("Belova Anna")),
        Column("clinic", _("clinic"), is_required=True, example=_("Clinic on Lesnaya")),
        Column("day_of_week", _("weekday"), is_required=True, example=_("Monday")),
        Column("start_time", _("from"), is_required=True, example="09:00"),
        Column("end_time", _("until"), is_required=True, example="13:00"),
        Column("valid_from", _("valid from")),
        Column("valid_until", _("valid until")),
        Column("is_active", _("in force"), example=_("yes")),
    )

    def load(self) -> None:
        self._doctors = doctors_by_name()
        self._clinics = {name_key(row.name): row for row in Clinic.objects.all()}
        links = DoctorClinic.objects.values_list("doctor_id", "clinic_id")
        self._works: set[tuple[int, int]] = set(links)
        rows = DoctorSchedule.objects.select_related("clinic")
        self._existing = {_schedule_key(row): row for row in rows}

    def read(self, cells: Cells) -> Change | None:
        doctor = cells.one_of("doctor", self._doctors, NO_DOCTOR)
        clinic = cells.one_of("clinic", self._clinics, NO_CLINIC)
        values: dict[str, Any] = {
            "doctor": doctor,
            "clinic": clinic,
            "day_of_week": cells.weekday("day_of_week"),
            "start_time": cells.time("start_time"),
            "end_time": cells.time("end_time"),
        }
        for code in ("valid_from", "valid_until"):
            if cells.has(code):
                values[code] = cells.date(code)
        if cells.has("is_active"):
            values["is_active"] = cells.flag("is_active", default=True)
        if not cells.is_fine or doctor is None or clinic is None:
            return None
        if values["start_time"] == values["end_time"]:
            cells.wrong("end_time", _("The end is the same as the beginning."))
        first, last = values.get("valid_from"), values.get("valid_until")
        if first and last and last < first:
            cells.wrong("valid_until", _("The last day is before the first one."))
        if (doctor.pk, clinic.pk) not in self._works:
            cells.wrong("clinic", _("This doctor does not work in this clinic."))
        key = _schedule_key(DoctorSchedule(**values))
        return _compared(self._existing.get(key), key, values)

    def look_back(self, changes: Sequence[tuple[Cells, Change]]) -> None:
        """Hours of one doctor must not meet: not in the file, and not with those that stay."""
        touched = {change.key for _cells, change in changes}
        windows: dict[int, list[Window]] = defaultdict(list)
        for key, row in self._existing.items():
            if row.is_active and key not in touched:
                windows[row.doctor_id].append(Window.of(row))
        for cells, change in changes:
            row = _with_values(self._existing.get(change.key) or DoctorSchedule(), change.values)
            if not row.is_active:
                continue
            window = Window.of(row)
            meeting = find_meeting(window, windows[row.doctor_id])
            if meeting is not None:
                cells.wrong(
                    "start_time",
                    _("These hours overlap with others of this doctor: %(other)s.") % {"other": meeting},
                )
            windows[row.doctor_id].append(window)

    def write(self, change: Change, journal: Journal) -> None:
        row = self._existing.get(change.key) or DoctorSchedule()
        before = snapshot(row, change.values)
        is_new = row.pk is None
        _with_values(row, change.values).save()
        _note(journal, row, is_new=is_new, before=before, names=change.values)


def _compared(existing: Model | None, key: str, values: dict[str, Any]) -> Change:
    if existing is None:
        return Change(CREATE, key, values)
    same = all(getattr(existing, name) == value for name, value in values.items())
    return Change(SKIP if same else UPDATE, key, values)


def _with_values(row: Any, values: dict[str, Any]) -> Any:  # noqa: ANN401 - whichever model it is
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _save(row: Any, values: dict[str, Any], journal: Journal) -> None:  # noqa: ANN401 - any model with name and slug
    before, is_new = snapshot(row, values), row.pk is None
    _with_values(row, values)
    if not row.slug:
        row.slug = unique_slug(model=type(row), text=row.name, length=row._meta.get_field("slug").max_length)
    row.save()
    _note(journal, row, is_new=is_new, before=before, names=values)


def _note(
    journal: Journal, row: Model, *, is_new: bool, before: dict[str, Any], names: Iterable[str]
) -> None:
    if is_new:
        journal.created(row)
    else:
        journal.changed(row, before=before, after=snapshot(row, names))


def _person_key(doctor: Doctor) -> str:
    user = doctor.user
    return name_key(f"{user.last_name} {user.first_name} {user.middle_name}")


def doctors_by_name() -> dict[str, Doctor]:
    """By full name and, where that is nobody else's, by last and first name alone."""
    doctors = list(Doctor.objects.select_related("user"))
    short: dict[str, list[Doctor]] = defaultdict(list)
    for doctor in doctors:
        short[name_key(f"{doctor.user.last_name} {doctor.user.first_name}")].append(doctor)
    found = {key: rows[0] for key, rows in short.items() if len(rows) == 1}
    return found | {_person_key(doctor): doctor for doctor in doctors}


def _categories_by_path() -> dict[str, ServiceCategory]:
    """By "Outer / Inner" and, where the name is there once, by the name alone."""
    found: dict[str, ServiceCategory] = {}
    by_name: dict[str, list[ServiceCategory]] = defaultdict(list)
    path: list[str] = []
    for branch in category_tree():
        path[branch.depth :] = [branch.category.name]
        found[name_key(_CATEGORY_SEPARATOR.join(path))] = branch.category
        by_name[name_key(branch.category.name)].append(branch.category)
    return {key: rows[0] for key, rows in by_name.items() if len(rows) == 1} | found


def _same_links(doctor: Doctor, links: dict[str, list[Any]]) -> bool:
    return [link.specialization_id for link in doctor.specialization_links.all()] == [
        row.pk for row in links["specializations"]
    ] and [link.clinic_id for link in doctor.clinic_links.all()] == [row.pk for row in links["clinics"]]


def _schedule_key(row: DoctorSchedule) -> str:
    return f"{row.doctor_id}:{row.clinic_id}:{row.day_of_week}:{row.start_time:%H:%M}:{row.valid_from or ''}"
