"""Tests: real PostgreSQL and Redis, tasks run where they are sent, cheap password hashes."""

from pathlib import Path

from saas.settings.base import *  # noqa: F403 - the point of layered settings
from saas.settings.base import CACHES, DJANGO_VITE, ROOT, env

SECRET_KEY = "test-only-" + "x" * 48
IS_DEMO = False
PLATFORM_PORT = 80
MFA_REQUIRED = False
VAR_DIR = ROOT / ".local" / "test" / env.str("PYTEST_XDIST_WORKER", default="main")
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(
    parents=True, exist_ok=True
)  # WhiteNoise warns of a missing one, and warnings are errors here
DJANGO_VITE["default"]["dev_mode"] = not Path(str(DJANGO_VITE["default"]["manifest_path"])).exists()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
DATABASE_MAY_LOSE_COMMITS = True  # the embedded test server runs without fsync
SPARE_SCHEMAS = 0
for _cache in CACHES.values():
    _cache["TIMEOUT"] = 60
    _cache["KEY_PREFIX"] = "test"
