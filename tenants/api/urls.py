"""Addresses below /api/v1/ on a network's host."""

from django.urls import path, re_path

from tenants.api.views import (
    appointments,
    catalogue,
    chains,
    documentation,
    holds,
    open_slots,
    reviews,
    searching,
    series,
    sessions,
    slots,
    waitlist,
)
from tenants.api.views.base import UnknownAddress

app_name = "api"
urlpatterns = [
    path("", documentation.Index.as_view(), name="index"),
    path("clinics/", catalogue.ClinicList.as_view(), name="clinics"),
    path("clinics/<int:pk>/", catalogue.ClinicDetail.as_view(), name="clinic"),
    path("doctors/", catalogue.DoctorList.as_view(), name="doctors"),
    path("doctors/<int:pk>/", catalogue.DoctorDetail.as_view(), name="doctor"),
    path("services/", catalogue.ServiceList.as_view(), name="services"),
    path("services/<int:pk>/", catalogue.ServiceDetail.as_view(), name="service"),
    path("specializations/", catalogue.SpecializationList.as_view(), name="specializations"),
    path("categories/", catalogue.CategoryList.as_view(), name="categories"),
    path("available-slots/", slots.AvailableSlots.as_view(), name="available_slots"),
    path("first-available/", searching.FirstAvailable.as_view(), name="first_available"),
    path("month/", searching.Month.as_view(), name="month"),
    path("smart-scheduling-links/$bulk-publish", open_slots.BulkPublish.as_view(), name="open_slots"),
    path("smart-scheduling-links/locations.ndjson", open_slots.Locations.as_view(), name="open_locations"),
    path("smart-scheduling-links/schedules.ndjson", open_slots.Schedules.as_view(), name="open_schedules"),
    path(
        "smart-scheduling-links/slots-<int:pk>.ndjson",
        open_slots.Slots.as_view(),
        name="open_slots_of",
    ),
    path("appointments/", appointments.AppointmentList.as_view(), name="appointments"),
    path("appointments/<uuid:public_id>/", appointments.AppointmentDetail.as_view(), name="appointment"),
    path("appointments/<uuid:public_id>/cancel/", appointments.CancelAppointment.as_view(), name="cancel"),
    path(
        "appointments/<uuid:public_id>/reschedule/",
        appointments.RescheduleAppointment.as_view(),
        name="reschedule",
    ),
    path("holds/", holds.HoldList.as_view(), name="holds"),
    path("holds/<uuid:public_id>/extend/", holds.ExtendHold.as_view(), name="extend_hold"),
    path("holds/<uuid:public_id>/release/", holds.ReleaseHold.as_view(), name="release_hold"),
    path("sessions/", sessions.SessionList.as_view(), name="sessions"),
    path("sessions/<uuid:public_id>/seats/", sessions.TakeSeat.as_view(), name="take_seat"),
    path("series/", series.SeriesList.as_view(), name="series"),
    path("series/plan/", series.PlanSeries.as_view(), name="plan_series"),
    path("chains/", chains.ChainList.as_view(), name="chains"),
    path("chains/options/", chains.ChainOptions.as_view(), name="chain_options"),
    path("waitlist/", waitlist.WaitlistView.as_view(), name="waitlist"),
    path("waitlist/<uuid:public_id>/leave/", waitlist.LeaveWaitlist.as_view(), name="leave_waitlist"),
    path("reviews/", reviews.ReviewList.as_view(), name="reviews"),
    path("schema/", documentation.Schema.as_view(), name="schema"),
    path("docs/", documentation.Docs.as_view(), name="docs"),
    re_path(r"^.*$", UnknownAddress.as_view(), name="unknown"),
]
