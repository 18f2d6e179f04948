"""Addresses of group sessions, below /desk/sessions/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.sessions.views import lists, opening, roster, seats

urlpatterns = [
    path("", lists.sessions, name="sessions"),
    path("new/", opening.new, name="session_new"),
    path("seats/<uuid:public_id>/move/", seats.move, name="session_seat_move"),
    path("seats/<uuid:public_id>/<slug:action>/", seats.step, name="session_seat_step"),
    path("<uuid:public_id>/", roster.session, name="session"),
    path("<uuid:public_id>/people/", roster.people, name="session_people"),
    path("<uuid:public_id>/seats/", seats.add, name="session_seats"),
    path("<uuid:public_id>/room/", roster.room, name="session_room"),
    path("<uuid:public_id>/cancel/", roster.cancel, name="session_cancel"),
    path("<uuid:public_id>/print/", roster.printed, name="session_print"),
]
