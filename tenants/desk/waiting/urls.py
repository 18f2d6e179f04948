"""Addresses of the waiting list, below /desk/waitlist/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.waiting import views

urlpatterns = [
    path("", views.waitlist, name="waitlist"),
    path("patients/<uuid:public_id>/", views.join, name="waitlist_join"),
    path("<uuid:public_id>/leave/", views.leave, name="waitlist_leave"),
]
