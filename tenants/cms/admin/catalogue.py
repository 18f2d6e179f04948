"""Listings and forms of clinics, doctors, hours, services and prices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.admin.viewsets.model import ModelViewSetGroup

from tenants.clinics.models import Clinic
from tenants.cms.admin.asking import (
    ClinicEditing,
    DoctorEditing,
    OverrideAdding,
    OverrideEditing,
    ServiceEditing,
)
from tenants.cms.admin.base import CatalogueViewSet, Listing, TextColumn
from tenants.cms.admin.forms import (
    DAYS,
    CategoryForm,
    ClinicForm,
    DoctorForm,
    OverrideForm,
    ServiceForm,
    SpecializationForm,
)
from tenants.doctors.models import Doctor, Specialization
from tenants.services.models import Service, ServiceCategory, ServiceOverride
from tenants.services.tree import category_tree

_MANY = forms.CheckboxSelectMultiple


class ClinicViewSet(CatalogueViewSet):
    model = Clinic
    edit_view_class = ClinicEditing
    icon = "home"
    list_display = (
        "name",
        "city",
        "address",
        "phone",
        "time_zone",
        BooleanColumn("is_active", label=_("Open"), sort_key="is_active"),
    )
    list_filter = ("is_active", "city")
    list_export = ("name", "slug", "city", "address", "phone", "email", "time_zone", "is_active")
    search_fields = ("name", "city", "address", "phone")
    ordering = ("name", "id")
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("name"), FieldPanel("slug"), FieldPanel("is_active")], heading=_("Clinic")
            ),
            MultiFieldPanel(
                [
                    FieldPanel("city"),
                    FieldPanel("address"),
                    FieldPanel("directions"),
                    FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
                    FieldPanel("time_zone"),
                ],
                heading=_("Where"),
            ),
            MultiFieldPanel(
                [FieldPanel("phone"), FieldPanel("email"), FieldPanel("photo")], heading=_("Contacts")
            ),
            MultiFieldPanel([FieldPanel(day) for day in DAYS], heading=_("Opening hours")),
            MultiFieldPanel(
                [FieldPanel("holiday_country"), FieldPanel("holiday_region")], heading=_("Public holidays")
            ),
        ],
        base_form_class=ClinicForm,
    )


class SpecializationViewSet(CatalogueViewSet):
    model = Specialization
    icon = "tag"
    list_display = ("name", "doctor_title", "slug")
    list_export = ("name", "slug", "doctor_title", "description", "icon")
    search_fields = ("name", "doctor_title")
    ordering = ("name",)
    edit_handler = ObjectList(
        [FieldPanel(name) for name in ("name", "slug", "doctor_title", "description", "icon")],
        base_form_class=SpecializationForm,
    )


def _specializations(doctor: Doctor) -> str:
    return ", ".join(link.specialization.name for link in doctor.specialization_links.all())


def _clinics(doctor: Doctor) -> str:
    return ", ".join(link.clinic.name for link in doctor.clinic_links.all())


class DoctorListing(Listing):
    """Doctors, with the names of their fields and clinics also in the export."""

    def to_row_dict(self, item: Doctor) -> dict[str, Any]:
        return {
            "user.last_name": item.user.last_name,
            "user.first_name": item.user.first_name,
            "user.middle_name": item.user.middle_name,
            "slug": item.slug,
            "specializations": _specializations(item),
            "clinics": _clinics(item),
            "experience_years": item.experience_years,
            "consultation_price": item.consultation_price,
            "rating": item.rating,
            "reviews_count": item.reviews_count,
            "is_active": item.is_active,
        }


class DoctorViewSet(CatalogueViewSet):
    model = Doctor
    edit_view_class = DoctorEditing
    icon = "user"
    index_view_class = DoctorListing
    select_related = ("user",)
    prefetch_related = ("specialization_links__specialization", "clinic_links__clinic")
    list_display = (
        "__str__",
        TextColumn("specializations", _("Specializations"), _specializations),
        TextColumn("clinics", _("Clinics"), _clinics),
        "rating",
        "reviews_count",
        BooleanColumn("is_active", label=_("Sees patients"), sort_key="is_active"),
    )
    list_filter = ("is_active", "specializations", "clinics")
    list_export = (
        "user.last_name",
        "user.first_name",
        "user.middle_name",
        "slug",
        "specializations",
        "clinics",
        "experience_years",
        "consultation_price",
        "rating",
        "reviews_count",
        "is_active",
    )
    export_headings = {
        "user.last_name": _("last name"),
        "user.first_name": _("first name"),
        "user.middle_name": _("middle name"),
    }
    search_fields = ("user__last_name", "user__first_name", "user__middle_name", "slug")
    ordering = ("user__last_name", "user__first_name", "id")
    inspect_view_fields = (
        "slug",
        "specializations",
        "clinics",
        "experience_years",
        "education",
        "bio",
        "is_active",
    )
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [
                    FieldRowPanel(
                        [FieldPanel("last_name"), FieldPanel("first_name"), FieldPanel("middle_name")]
                    ),
                    FieldPanel("slug"),
                    FieldPanel("photo"),
                    FieldPanel("account"),
                    FieldPanel("is_active"),
                ],
                heading=_("Person"),
            ),
            MultiFieldPanel(
                [FieldPanel("specializations"), FieldPanel("main_specialization")],
                heading=_("Specializations"),
            ),
            MultiFieldPanel([FieldPanel("clinics"), FieldPanel("main_clinic")], heading=_("Clinics")),
            MultiFieldPanel(
                [FieldPanel("services"), FieldPanel("consultation_price")], heading=_("Services")
            ),
            MultiFieldPanel(
                [
                    FieldPanel("bio"),
                    FieldPanel("experience_years"),
                    FieldPanel("education"),
                    FieldPanel("certificates"),
                    FieldPanel("languages"),
                ],
                heading=_("About"),
            ),
        ],
        base_form_class=DoctorForm,
    )


class CategoryListing(Listing):
    """The tree: every category below its parent, set off by its depth."""

    def get_base_queryset(self) -> QuerySet[ServiceCategory]:
        rows: QuerySet[ServiceCategory] = super().get_base_queryset()
        tree = category_tree()
        return rows.annotate(
            place=_by_category({branch.category.pk: place for place, branch in enumerate(tree)}),
            depth=_by_category({branch.category.pk: branch.depth for branch in tree}),
        )

    def order_queryset(self, queryset: QuerySet[ServiceCategory]) -> QuerySet[ServiceCategory]:
        if self.request.GET.get("ordering"):
            ordered: QuerySet[ServiceCategory] = super().order_queryset(queryset)
            return ordered
        in_tree: QuerySet[ServiceCategory] = queryset.order_by(F("place"), F("pk"))
        return in_tree


def _by_category(values: dict[int, int]) -> Case | Value:
    whens = [When(pk=pk, then=value) for pk, value in values.items()]
    return Case(*whens, default=0, output_field=IntegerField()) if whens else Value(0)


class CategoryViewSet(CatalogueViewSet):
    model = ServiceCategory
    icon = "list-ul"
    index_view_class = CategoryListing
    list_per_page = 1000
    list_display = (
        TextColumn(
            "name", _("Name"), lambda category: f"{'— ' * getattr(category, 'depth', 0)}{category.name}"
        ),
        "slug",
        "order",
    )
    list_export = ("name", "slug", "parent", "order")
    search_fields = ("name", "slug")
    select_related = ("parent",)
    edit_handler = ObjectList(
        [FieldPanel("name"), FieldPanel("slug"), FieldPanel("parent"), FieldPanel("order")],
        base_form_class=CategoryForm,
    )


class ServiceViewSet(CatalogueViewSet):
    model = Service
    edit_view_class = ServiceEditing
    icon = "clipboard-list"
    copy_view_enabled = True
    select_related = ("category",)
    list_display = (
        "name",
        "category",
        "price",
        "duration_minutes",
        BooleanColumn("is_active", label=_("Offered"), sort_key="is_active"),
    )
    list_filter = ("is_active", "category", "clinics", "doctors")
    list_export = (
        "name",
        "slug",
        "category",
        "price",
        "duration_minutes",
        "is_active",
        "preparation_instructions",
    )
    search_fields = ("name", "slug", "description")
    ordering = ("name", "id")
    inspect_view_fields = (
        "name",
        "category",
        "price",
        "duration_minutes",
        "description",
        "preparation_instructions",
        "clinics",
    )
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("name"), FieldPanel("slug"), FieldPanel("category"), FieldPanel("is_active")],
                heading=_("Service"),
            ),
            FieldRowPanel([FieldPanel("price"), FieldPanel("duration_minutes")]),
            FieldRowPanel([FieldPanel("buffer_before_minutes"), FieldPanel("buffer_after_minutes")]),
            FieldPanel("group_capacity"),
            FieldPanel("clinics", widget=_MANY),
            FieldPanel("doctors", widget=_MANY),
            FieldPanel("description"),
            FieldPanel("preparation_instructions"),
        ],
        base_form_class=ServiceForm,
    )


class OverrideViewSet(CatalogueViewSet):
    model = ServiceOverride
    add_view_class = OverrideAdding
    edit_view_class = OverrideEditing
    icon = "sliders"
    select_related = ("service", "doctor__user", "clinic")
    list_display = (
        TextColumn("service", _("Service"), "service", "service__name"),
        TextColumn("doctor", _("Doctor"), "doctor"),
        TextColumn("clinic", _("Clinic"), "clinic"),
        BooleanColumn("is_first_visit", label=_("First visit")),
        "price",
        "duration_minutes",
        "valid_from",
        "valid_until",
    )
    list_filter = ("service", "doctor", "clinic", "is_first_visit")
    list_export = (
        "service",
        "doctor",
        "clinic",
        "is_first_visit",
        "price",
        "duration_minutes",
        "valid_from",
        "valid_until",
    )
    search_fields = ("service__name", "doctor__user__last_name")
    ordering = ("service", "id")
    edit_handler = ObjectList(
        [
            FieldPanel("service"),
            FieldPanel("doctor"),
            FieldPanel("clinic"),
            FieldPanel("is_first_visit"),
            FieldRowPanel([FieldPanel("price"), FieldPanel("duration_minutes")]),
            FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]),
        ],
        base_form_class=OverrideForm,
    )


class CatalogueGroup(ModelViewSetGroup):
    """The catalogue's place in the menu."""

    menu_label = _("Catalogue")
    menu_icon = "folder-open-inverse"
    menu_order = 120
    items = (
        ClinicViewSet("clinics"),
        DoctorViewSet("doctors"),
        SpecializationViewSet("specializations"),
        ServiceViewSet("services"),
        CategoryViewSet("categories"),
        OverrideViewSet("special-prices"),
    )
