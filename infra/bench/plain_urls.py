"""Two views: bare JSON (B) and one query (S)."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path


def bare(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True, "value": 1})


def select(_request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        row = cursor.fetchone()
    return JsonResponse({"ok": True, "value": row[0]})


urlpatterns = [path("bare", bare), path("select", select)]
