"""Addresses of visits booked together, below /desk/repeating/. Included by the desk, in whose namespace they are."""

from django.urls import path

from tenants.desk.repeating.views import chain, series, together

urlpatterns = [
    path("", together.choose, name="patient_repeat"),
    path("patients/<uuid:public_id>/series/", series.repeat, name="patient_series"),
    path("patients/<uuid:public_id>/visit/", chain.several, name="patient_chain"),
    path("<uuid:public_id>/", together.visits, name="patient_visits"),
    path("<uuid:public_id>/cancel/", together.cancel, name="patient_visits_cancel"),
]
