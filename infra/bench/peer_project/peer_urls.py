"""The peer's addresses."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def ready(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ready")


urlpatterns = [path("ready", ready), path("appointment/", include("appointment.urls"))]
