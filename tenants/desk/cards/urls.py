"""Addresses of patients, below /desk/patients/. Included by the desk, in whose namespace the names are."""

from django.urls import path

from tenants.desk.cards import views

urlpatterns = [
    path("", views.patients, name="patients"),
    path("search/", views.search, name="patient_search"),
    path("new/", views.new_patient, name="patient_new"),
    path("files/<uuid:public_id>/", views.download, name="patient_file"),
    path("files/<uuid:public_id>/remove/", views.remove, name="patient_file_remove"),
    path("<uuid:public_id>/", views.card, name="patient"),
    path("<uuid:public_id>/edit/", views.edit, name="patient_edit"),
    path("<uuid:public_id>/notes/", views.note, name="patient_note"),
    path("<uuid:public_id>/files/", views.upload, name="patient_upload"),
]
