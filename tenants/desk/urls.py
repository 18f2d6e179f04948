"""Addresses of the desk on a network's host."""

from django.urls import include, path

from tenants.desk import views

app_name = "desk"

urlpatterns = [
    path("desk/", views.home, name="home"),
    path("desk/calendar/", include("tenants.desk.calendar.urls")),
    path("setup/", views.setup, name="setup"),
    path("setup/<slug:step>/", views.setup_step, name="setup_step"),
]
