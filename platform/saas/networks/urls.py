"""Addresses of the public site for owners who are signed in."""

from django.urls import path

from saas.networks import views

urlpatterns = [
    path("networks/", views.my_networks, name="my_networks"),
    path("networks/<int:network_id>/open/", views.open_network, name="open_network"),
]
