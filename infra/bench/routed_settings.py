"""The product's settings with the network's routing as the only middleware: what tenancy alone costs."""

from infra.bench import plain_urls
from saas.settings.production import *  # noqa: F403 - the same in all but two points

MIDDLEWARE = ["saas.networks.middleware.NetworkMiddleware"]
NETWORK_URLCONF = plain_urls.__name__
