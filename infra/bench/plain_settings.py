"""The yardsticks: Django with nothing in the way, and Django's own PostgreSQL backend."""

import environ

from infra.bench import plain_urls

env = environ.Env()
SECRET_KEY = "only-the-yardsticks-use-this"  # noqa: S105 - signs nothing
ALLOWED_HOSTS = ["*"]
MIDDLEWARE: list[str] = []
INSTALLED_APPS: list[str] = []
ROOT_URLCONF = plain_urls.__name__
USE_TZ = True
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "OPTIONS": {"options": "-c jit=off"},
    }
}
