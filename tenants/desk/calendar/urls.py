"""Addresses of the calendar, below /desk/calendar/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.calendar.views import booking, changes, pages, panels, rooms

urlpatterns = [
    path("", pages.calendar, name="calendar"),
    path("feed/", pages.feed, name="calendar_feed"),
    path("version/", pages.version, name="calendar_version"),
    path("print/", pages.printed, name="calendar_print"),
    path("book/", booking.book, name="calendar_book"),
    path("people/", booking.people, name="calendar_people"),
    path("visits/<uuid:public_id>/", panels.visit, name="calendar_visit"),
    path("visits/<uuid:public_id>/move/", changes.move, name="calendar_move"),
    path("visits/<uuid:public_id>/undo/", changes.undo_booking, name="calendar_undo"),
    path("visits/<uuid:public_id>/restore/", changes.restore, name="calendar_restore"),
    path("visits/<uuid:public_id>/<slug:action>/", panels.progress, name="calendar_progress"),
    path("rooms/<int:pk>/close/", rooms.close, name="calendar_room"),
    path("sessions/<uuid:public_id>/", panels.session, name="calendar_session"),
    path("blocks/", changes.block, name="calendar_block"),
    path("blocks/<int:pk>/", panels.blocked, name="calendar_blocked"),
    path("blocks/<int:pk>/move/", changes.block_moved, name="calendar_block_moved"),
    path("blocks/<int:pk>/remove/", changes.block_removed, name="calendar_block_removed"),
]
