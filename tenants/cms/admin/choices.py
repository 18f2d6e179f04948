"""Doctors to choose from, in filters and forms: each is named after a person, who is read along in the same query."""

from __future__ import annotations

from typing import Any

from django.db.models import Field
from django.forms import ModelChoiceField, ModelForm
from django_filters import Filter
from wagtail.admin.filters import WagtailFilterSet

from tenants.doctors.models import Doctor


class Filters(WagtailFilterSet):
    """The filters of a listing that names only fields."""

    @classmethod
    def filter_for_field(
        cls, field: Field[Any, Any], field_name: str, lookup_expr: str | None = None
    ) -> Filter:
        made = super().filter_for_field(field, field_name, lookup_expr)
        if field.related_model is Doctor:
            made.queryset = Doctor.objects.select_related("user")
        return made


def name_doctors_in_one_query(form_class: type[ModelForm[Any]]) -> None:
    """Let the form's fields that offer doctors read the people along."""
    for field in form_class.base_fields.values():
        if (
            isinstance(field, ModelChoiceField)
            and field.queryset is not None
            and field.queryset.model is Doctor
        ):
            field.queryset = field.queryset.select_related("user")
