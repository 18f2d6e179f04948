"""Production: nothing has a default that would be unsafe, and unsafe values refuse to start."""

import sentry_sdk
from csp.constants import SELF
from django.core.exceptions import ImproperlyConfigured

from saas.core.scrubbing import scrub_sentry_event
from saas.settings.base import *  # noqa: F403 - the point of layered settings
from saas.settings.base import CONTENT_SECURITY_POLICY, PLATFORM_HOST, STORAGES, env

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PLATFORM_SCHEME = "https"
PLATFORM_PORT = 443
IS_DEMO = False

SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = [SELF]

STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
if env.str("S3_BUCKET", default=""):
    STORAGES["default"] = {
        "BACKEND": "saas.networks.storage_s3.NetworkS3Storage",
        "OPTIONS": {
            "bucket_name": env.str("S3_BUCKET"),
            "endpoint_url": env.str("S3_ENDPOINT_URL", default=None),
            "access_key": env.str("S3_ACCESS_KEY"),
            "secret_key": env.str("S3_SECRET_KEY"),
        },
    }

if env.str("SENTRY_DSN", default=""):
    sentry_sdk.init(
        dsn=env.str("SENTRY_DSN"),
        environment=env.str("SENTRY_ENVIRONMENT", default="production"),
        traces_sample_rate=0.05,
        send_default_pii=False,
        include_local_variables=False,
        max_breadcrumbs=20,
        before_send=scrub_sentry_event,
        before_send_transaction=scrub_sentry_event,
    )


_KEY_CHARACTERS = 50
_KEY_DIFFERENT_CHARACTERS = 20


def _refuse_unsafe_values() -> None:
    needed = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DEFAULT_FROM_EMAIL")
    problems = [f"{name} must be set" for name in needed if not env.str(name, default="")]
    if len(SECRET_KEY) < _KEY_CHARACTERS or len(set(SECRET_KEY)) < _KEY_DIFFERENT_CHARACTERS:
        problems.append("SECRET_KEY must be at least 50 random characters")
    if PLATFORM_HOST in ("localhost", "127.0.0.1", "") or "." not in PLATFORM_HOST:
        problems.append("PLATFORM_HOST must be the public domain")
    if env.bool("DEBUG", default=False):
        problems.append("DEBUG must be off")
    if env.str("DATABASE_POOLER", default="none") not in ("none", "session", "transaction"):
        problems.append("DATABASE_POOLER must be none, session or transaction")
    if problems:
        raise ImproperlyConfigured("; ".join(problems))


_refuse_unsafe_values()
