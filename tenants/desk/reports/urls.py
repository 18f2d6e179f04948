"""Addresses of the reports, below /desk/reports/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.reports import views

urlpatterns = [
    path("", views.reports, name="reports"),
    path("daily/", views.daily, name="reports_daily"),
    path("files/<slug:code>/", views.export, name="reports_export"),
]
