"""Addresses of the public site's reading pages; the sign-up has its own module."""

from django.urls import path

from saas.onboarding import views_pages, views_samples

urlpatterns = [
    path("", views_pages.landing, name="landing"),
    path("features/", views_pages.features, name="features"),
    path("pricing/", views_pages.pricing, name="pricing"),
    path("security/", views_pages.security, name="security"),
    path("_components/", views_samples.components, name="components"),
]
