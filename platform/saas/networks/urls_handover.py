"""Addresses that every network's host answers for the platform."""

from django.urls import path

from saas.networks import media, views

urlpatterns = [
    path("handover/<str:token>/", views.handover, name="handover"),
    path("media/<path:path>", media.serve_media, name="media"),
]
