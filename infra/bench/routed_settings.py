"""The product's settings with the network's routing as the only middleware: what tenancy alone costs."""

from infra.bench import plain_urls
from saas.settings.production import *  # noqa: F403 - the same in all but what follows

INSTALLED_APPS = [  # allauth insists on its middleware
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "saas.core",
    "saas.accounts",
    "saas.networks",
]
MIDDLEWARE = ["saas.networks.middleware.NetworkMiddleware"]
NETWORK_URLCONF = plain_urls.__name__
