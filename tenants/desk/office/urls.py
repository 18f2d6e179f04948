"""Addresses of the front office, below /desk/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.office.views import booking, day

urlpatterns = [
    path("", day.today, name="home"),
    path("day/", day.day, name="day"),
    path("book/", booking.book, name="book"),
    path("visits/<uuid:public_id>/call/", day.call, name="visit_call"),
    path("visits/<uuid:public_id>/send/", day.send, name="visit_send"),
    path("visits/<uuid:public_id>/paper/", day.confirmation, name="visit_paper"),
    path("visits/<uuid:public_id>/undo/<slug:action>/", day.undo, name="visit_undo"),
    path("visits/<uuid:public_id>/<slug:action>/", day.step, name="visit_step"),
]
