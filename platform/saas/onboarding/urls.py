"""Addresses of the public site: reading pages and the sign-up."""

from django.urls import path

from saas.onboarding import urls_pages, views

app_name = "public"

urlpatterns = [
    *urls_pages.urlpatterns,
    path("signup/", views.sign_up, name="signup"),
    path("signup/check/", views.address_check, name="address_check"),
    path("signup/code/<str:token>/", views.confirm, name="signup_code"),
    path("signup/code/<str:token>/resend/", views.resend, name="signup_resend"),
    path("signup/address/<str:token>/", views.another_address, name="signup_address"),
    path("signup/progress/<str:token>/", views.progress, name="signup_progress"),
    path("signup/progress/<str:token>/retry/", views.retry, name="signup_retry"),
    path("signup/progress/<str:token>/enter/", views.enter, name="signup_enter"),
]
