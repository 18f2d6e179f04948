"""Addresses of a doctor's own day, below /desk/doctor/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.doctor_day import views

urlpatterns = [
    path("", views.my_day, name="doctor_day"),
    path("timeline/", views.timeline, name="doctor_timeline"),
    path("block/", views.block, name="doctor_block"),
    path("block/<int:pk>/remove/", views.unblock, name="doctor_unblock"),
    path("feed/", views.feed, name="doctor_feed"),
    path("feed/<int:pk>/revoke/", views.feed_revoked, name="doctor_feed_revoke"),
    path("visits/<uuid:public_id>/", views.visit, name="doctor_visit"),
    path("visits/<uuid:public_id>/next/", views.next_visit, name="doctor_next"),
    path("visits/<uuid:public_id>/<slug:action>/", views.step, name="doctor_step"),
]
