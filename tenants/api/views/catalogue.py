"""Public lists: clinics, doctors, services, specializations, categories."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from saas.core.errors import NotFound
from saas.core.sorting import alphabetical
from tenants.api import presenters, selectors, serializers
from tenants.api.openapi import PAGES, paged, query
from tenants.api.pagination import PAGE_PARAMS, page_choice, page_of
from tenants.api.params import Params
from tenants.api.permissions import PublicCatalogue
from tenants.api.views.base import ApiView
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, Specialization
from tenants.services.models import Service, ServiceCategory

_UNKNOWN = {
    "clinic": _("There is no such clinic."),
    "doctor": _("There is no such doctor."),
    "service": _("There is no such service."),
    "specialization": _("There is no such specialization."),
    "category": _("There is no such category."),
}


class CatalogueView(ApiView):
    """A list or one row of something public; subclasses say which rows and how they look."""

    permission_classes = (PublicCatalogue,)
    filters: ClassVar[tuple[str, ...]] = ()

    def rows(self, params: Params) -> QuerySet[Any]:
        """The public rows, filtered. Problems of filters are noted in `params`."""
        raise NotImplementedError

    def present(self, rows: list[Any]) -> list[dict[str, Any]]:
        raise NotImplementedError

    def page(self, request: Request) -> Response:
        params = Params(request, known=(*self.filters, *PAGE_PARAMS))
        choice = page_choice(params)
        rows = self.rows(params)
        params.done()
        return Response(page_of(request, rows, choice, self.present))

    def one(self, request: Request, pk: int) -> Response:
        params = Params(request, known=())
        rows = self.rows(params)
        params.done()
        found = rows.filter(pk=pk).first()
        if found is None:
            raise NotFound
        return Response(self.present([found])[0])

    @staticmethod
    def must_exist(params: Params, name: str, found: Model | bool | None) -> None:  # noqa: FBT001 - the fact itself
        if not found:
            params.refuse(name, "unknown", _UNKNOWN[name])


class Clinics(CatalogueView):
    def rows(self, params: Params) -> QuerySet[Clinic]:
        return selectors.public_clinics().order_by(*alphabetical("name", "id"))

    present = staticmethod(presenters.clinics)


class ClinicList(Clinics):
    @extend_schema(
        operation_id="clinics_list", tags=["Catalogue"], parameters=PAGES, responses=paged(serializers.Clinic)
    )
    def get(self, request: Request) -> Response:
        """Clinics that are open to patients."""
        return self.page(request)


class ClinicDetail(Clinics):
    @extend_schema(operation_id="clinics_retrieve", tags=["Catalogue"], responses=serializers.Clinic)
    def get(self, request: Request, pk: int) -> Response:
        """One clinic."""
        return self.one(request, pk)


class Doctors(CatalogueView):
    def rows(self, params: Params) -> QuerySet[Doctor]:
        rows = selectors.public_doctors().order_by(*alphabetical("user__last_name", "user__first_name", "id"))
        if (specialization := params.id_or_slug("specialization")) is not None:
            self.must_exist(params, "specialization", selectors.find_specialization(specialization))
            rows = selectors.specialised(rows, specialization)
        if (clinic := params.whole("clinic")) is not None:
            self.must_exist(params, "clinic", selectors.public_clinics().filter(pk=clinic).exists())
            rows = selectors.in_clinic(rows, clinic)
        if (service := params.id_or_slug("service")) is not None:
            self.must_exist(params, "service", selectors.find_service(service))
            rows = selectors.giving(rows, service)
        if text := params.text("search"):
            rows = selectors.named_like(rows, text)
        return rows

    present = staticmethod(presenters.doctors)


class DoctorList(Doctors):
    filters = ("specialization", "clinic", "service", "search")

    @extend_schema(
        operation_id="doctors_list",
        tags=["Catalogue"],
        parameters=[
            query("specialization", str, "Id or slug of a specialization, such as `cardiology`."),
            query("clinic", int, "Id of a clinic in which the doctor works."),
            query("service", str, "Id or slug of a service that the doctor gives."),
            query("search", str, "Words from the name or the specialization."),
            *PAGES,
        ],
        responses=paged(serializers.Doctor),
    )
    def get(self, request: Request) -> Response:
        """Doctors who see patients, in order of their names."""
        return self.page(request)


class DoctorDetail(Doctors):
    @extend_schema(operation_id="doctors_retrieve", tags=["Catalogue"], responses=serializers.Doctor)
    def get(self, request: Request, pk: int) -> Response:
        """One doctor."""
        return self.one(request, pk)


class Services(CatalogueView):
    def rows(self, params: Params) -> QuerySet[Service]:
        rows = selectors.public_services().order_by(*alphabetical("name", "id"))
        if (category := params.id_or_slug("category")) is not None:
            branch = selectors.category_branch(category)
            self.must_exist(params, "category", bool(branch))
            rows = rows.filter(category__in=branch)
        if (doctor := params.whole("doctor")) is not None:
            self.must_exist(params, "doctor", Doctor.objects.filter(pk=doctor, is_active=True).exists())
            rows = selectors.given_by(rows, doctor)
        if (clinic := params.whole("clinic")) is not None:
            self.must_exist(params, "clinic", selectors.public_clinics().filter(pk=clinic).exists())
            rows = selectors.offered_in(rows, clinic)
        return rows

    present = staticmethod(presenters.services)


class ServiceList(Services):
    filters = ("category", "doctor", "clinic")

    @extend_schema(
        operation_id="services_list",
        tags=["Catalogue"],
        parameters=[
            query("category", str, "Id or slug of a category; those below it are included."),
            query("doctor", int, "Id of a doctor who gives the service."),
            query("clinic", int, "Id of a clinic that offers it."),
            *PAGES,
        ],
        responses=paged(serializers.Service),
    )
    def get(self, request: Request) -> Response:
        """Services on offer, with their usual price and length."""
        return self.page(request)


class ServiceDetail(Services):
    @extend_schema(operation_id="services_retrieve", tags=["Catalogue"], responses=serializers.Service)
    def get(self, request: Request, pk: int) -> Response:
        """One service."""
        return self.one(request, pk)


class SpecializationList(CatalogueView):
    def rows(self, params: Params) -> QuerySet[Specialization]:
        return Specialization.objects.order_by(*alphabetical("name", "id"))

    present = staticmethod(presenters.specializations)

    @extend_schema(
        operation_id="specializations_list",
        tags=["Catalogue"],
        parameters=PAGES,
        responses=paged(serializers.Specialization),
    )
    def get(self, request: Request) -> Response:
        """Fields of medicine by which doctors can be filtered."""
        return self.page(request)


class CategoryList(CatalogueView):
    def rows(self, params: Params) -> QuerySet[ServiceCategory]:
        return ServiceCategory.objects.order_by(*alphabetical("order", "name", "id"))

    present = staticmethod(presenters.categories)

    @extend_schema(
        operation_id="categories_list",
        tags=["Catalogue"],
        parameters=PAGES,
        responses=paged(serializers.ServiceCategory),
    )
    def get(self, request: Request) -> Response:
        """The tree of service categories, flat: each names the one above it."""
        return self.page(request)
