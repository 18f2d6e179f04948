"""What an import wrote, row by row, and how to take it back.

Each step holds what a row was and what the import made of it. Taking back goes from the last step to the first; a
row that somebody changed since, or that something else needs by now, is left alone and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.actions.importing import delete_imported
from tenants.booking.models import Appointment
from tenants.doctors.actions import set_clinics, set_specializations

Step = dict[str, Any]
"""`model`, `pk`, and `before` (None: the row is new) and `after`, both field values as text; links as lists of keys."""


class Journal:
    """Notes what an import writes."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._noted: set[tuple[str, object]] = set()

    def created(self, row: Model) -> None:
        self.steps.append({"model": row._meta.label_lower, "pk": row.pk, "before": None, "after": None})

    def created_once(self, row: Model) -> None:
        """Note a row that several changes may have made together."""
        if (row._meta.label_lower, row.pk) not in self._noted:
            self._noted.add((row._meta.label_lower, row.pk))
            self.created(row)

    def changed(self, row: Model, *, before: dict[str, Any], after: dict[str, Any]) -> None:
        if before != after:
            self.steps.append(
                {"model": row._meta.label_lower, "pk": row.pk, "before": before, "after": after}
            )


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that could not be taken back."""

    name: str
    why: str | Promise


def snapshot(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return the values of these fields as JSON can hold them; of links to many, their keys in order."""
    found: dict[str, Any] = {}
    for name in names:
        field = _field(row, name)
        if field.many_to_many:
            found[name] = _links(row, name)
        else:
            value = getattr(row, field.attname)
            found[name] = None if value is None else str(value)
    return found


def take_back(steps: Iterable[Step], *, all_or_nothing: bool) -> list[Kept]:
    """Undo the steps in one transaction, the last first; return what was left alone.

    With `all_or_nothing` nothing is undone unless everything can be.
    """
    with transaction.atomic():
        kept = [found for step in reversed(list(steps)) if (found := _undo(step)) is not None]
        if kept and all_or_nothing:
            transaction.set_rollback(True)
    return kept


def _undo(step: Step) -> Kept | None:
    model = apps.get_model(step["model"])
    row = model._default_manager.filter(pk=step["pk"]).first()
    if row is None:
        return (
            None
            if step["before"] is None
            else Kept(f"{step['model']} {step['pk']}", _("It was deleted since."))
        )
    if step["before"] is None:
        return _delete(row)
    if snapshot(row, step["after"]) != step["after"]:
        return Kept(str(row), _("It was changed since."))
    _restore(row, step["before"])
    return None


def _delete(row: Model) -> Kept | None:
    if isinstance(row, Appointment):
        return None if delete_imported(row) else Kept(str(row), _("It was changed since."))
    try:
        with transaction.atomic():
            row.delete()
    except (ProtectedError, IntegrityError):
        return Kept(str(row), _("Something else needs it by now."))
    return None


def _restore(row: Model, before: dict[str, Any]) -> None:
    plain = []
    for name, value in before.items():
        field = _field(row, name)
        if field.many_to_many:
            _set_links(row, name, value)
        else:
            setattr(row, field.attname, None if value is None else field.to_python(value))
            plain.append(name)
    if plain:
        row.save(update_fields=plain)


def _field(row: Model, name: str) -> Any:  # noqa: ANN401 - whichever kind of field it is
    return row._meta.get_field(name)


def _links(row: Model, name: str) -> list[int]:
    if row.pk is None:
        return []
    ordered = _ORDERED.get((row._meta.label_lower, name))
    if ordered is not None:
        rows = getattr(row, ordered[0]).order_by("order", "id")
        return list(rows.values_list(f"{ordered[1]}_id", flat=True))
    return sorted(getattr(row, name).values_list("pk", flat=True))


def _set_links(row: Model, name: str, keys: list[int]) -> None:
    ordered = _ORDERED.get((row._meta.label_lower, name))
    if ordered is None:
        getattr(row, name).set(keys)
        return
    found = _field(row, name).related_model._default_manager.in_bulk(keys)
    ordered[2](row, [found[key] for key in keys if key in found])


_ORDERED: Final[dict[tuple[str, str], tuple[str, str, Callable[[Any, list[Any]], None]]]] = {
    ("doctors.doctor", "specializations"): (
        "specialization_links",
        "specialization",
        lambda doctor, rows: set_specializations(doctor=doctor, specializations=rows),
    ),
    ("doctors.doctor", "clinics"): (
        "clinic_links",
        "clinic",
        lambda doctor, rows: set_clinics(doctor=doctor, clinics=rows),
    ),
}
"""Links whose order means something: the links' own name, their field, and what sets them."""
