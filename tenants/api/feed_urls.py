"""Addresses of private calendars, which programs and not people open."""

from django.urls import path

from tenants.api.views import feeds

app_name = "feeds"
urlpatterns = [path("calendar/<str:token>.ics", feeds.calendar, name="calendar")]
