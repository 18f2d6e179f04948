from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "tenants.reviews"
    label = "reviews"
