"""Addresses of the waiting-room board, below /desk/board/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.board import views

urlpatterns = [
    path("", views.board, name="board"),
    path("now/", views.now, name="board_now"),
]
