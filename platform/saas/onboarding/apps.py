from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "saas.onboarding"
    label = "onboarding"
