"""Tests: real PostgreSQL and Redis, tasks run where they are sent, cheap password hashes."""

from saas.settings.base import *  # noqa: F403 - the point of layered settings
from saas.settings.base import CACHES, ROOT, env

SECRET_KEY = "test-only-" + "x" * 48
IS_DEMO = False
PLATFORM_PORT = 80
MFA_REQUIRED = False
VAR_DIR = ROOT / ".local" / "test" / env.str("PYTEST_XDIST_WORKER", default="main")
MEDIA_ROOT = VAR_DIR / "media"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
DATABASE_MAY_LOSE_COMMITS = True  # the embedded test server runs without fsync
SPARE_SCHEMAS = 0
for _cache in CACHES.values():
    _cache["TIMEOUT"] = 60
    _cache["KEY_PREFIX"] = "test"
