"""The API described: as OpenAPI for programs, as a page for people."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView, View
from rest_framework.request import Request
from rest_framework.response import Response

from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.api.documentation import Operation, operations
from tenants.api.openapi import description, description_yaml
from tenants.api.params import Params
from tenants.api.permissions import PublicCatalogue
from tenants.api.views.base import ApiView

_RESOURCES: Final = (
    "clinics",
    "doctors",
    "services",
    "specializations",
    "categories",
    "available_slots",
    "appointments",
    "reviews",
)


class Index(ApiView):
    """Where everything is, for those who open the API's root."""

    permission_classes = (PublicCatalogue,)
    schema = None

    def get(self, request: Request) -> Response:
        Params(request, known=()).done()
        names = (*_RESOURCES, "schema", "docs")
        return Response({name: request.build_absolute_uri(reverse(f"api:{name}")) for name in names})


class Schema(View):
    """The OpenAPI description of this release."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(
            description_yaml(),
            content_type="application/vnd.oai.openapi; charset=utf-8",
            headers={
                "Content-Disposition": 'inline; filename="openapi.yaml"',
                "Cache-Control": "public, max-age=300",
            },
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Operations under one heading."""

    name: str
    operations: list[Operation]


class Docs(TemplateView):
    """A readable list of operations. The search is an ordinary form: it works without JavaScript."""

    http_method_names = ["get", "head"]
    template_name = "tenants/api/docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.GET.get("q", "").strip()[:60]
        base_url = network_url(current_network().primary_host)
        found = [operation for operation in operations(base_url) if operation.matches(wanted)]
        return super().get_context_data(
            **kwargs,
            page_title=_("API for developers"),
            api=description()["info"],
            wanted=wanted,
            base_url=base_url,
            groups=[
                Group(name=tag, operations=[operation for operation in found if operation.tag == tag])
                for tag in dict.fromkeys(operation.tag for operation in found)
            ],
        )
