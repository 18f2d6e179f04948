"""Addresses of the desk on a network's host."""

from django.urls import include, path

from tenants.desk import views

app_name = "desk"

urlpatterns = [
    path("desk/", include("tenants.desk.office.urls")),
    path("desk/patients/", include("tenants.desk.cards.urls")),
    path("desk/waitlist/", include("tenants.desk.waiting.urls")),
    path("desk/repeating/", include("tenants.desk.repeating.urls")),
    path("desk/board/", include("tenants.desk.board.urls")),
    path("desk/doctor/", include("tenants.desk.doctor_day.urls")),
    path("desk/reports/", include("tenants.desk.reports.urls")),
    path("desk/sessions/", include("tenants.desk.sessions.urls")),
    path("desk/calendar/", include("tenants.desk.calendar.urls")),
    path("setup/", views.setup, name="setup"),
    path("setup/<slug:step>/", views.setup_step, name="setup_step"),
]
