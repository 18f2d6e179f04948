"""Settings that are the same everywhere. What differs comes from the environment, typed by django-environ."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from saas.settings import installed
from saas.settings.logs import (  # noqa: F401 - settings are read by name
    DJANGO_STRUCTLOG_IP_LOGGING_ENABLED,
    DJANGO_STRUCTLOG_USER_ID_FIELD,
    LOG_LEVEL,
    LOGGING,
)

django_stubs_ext.monkeypatch()  # makes `Manager["User"]` and its kin legal at run time

ROOT = Path(__file__).resolve().parents[3]
env = environ.Env()

INSTALLED_APPS: list[str] = installed.INSTALLED_APPS
SHARED_APPS: list[str] = installed.SHARED_APPS
TENANT_APPS: list[str] = installed.TENANT_APPS

# --- where things are -------------------------------------------------------------------------------------------
VAR_DIR = Path(env.str("VAR_DIR", default=str(ROOT / ".local")))
PLATFORM_HOST = env.str("PLATFORM_HOST", default="localhost")
PLATFORM_SCHEME = env.str("PLATFORM_SCHEME", default="http")
PLATFORM_PORT = env.int("PLATFORM_PORT", default=8000)
PLATFORM_NAME = env.str("PLATFORM_NAME", default="Polyclinic")
ALLOWED_HOSTS = ["*"]  # NetworkMiddleware knows every legal host; anything else gets its 404 page
DEBUG = False
ROOT_URLCONF = "saas.urls"
NETWORK_URLCONF = "tenants.urls"
WSGI_APPLICATION = "saas.wsgi.application"

TENANT_MODEL = "networks.Network"
TENANT_DOMAIN_MODEL = "networks.Domain"
PUBLIC_SCHEMA_NAME = "public"
SPARE_SCHEMAS = env.int("SPARE_SCHEMAS", default=3)
PG_DUMP = env.str("PG_DUMP", default="")

# --- request path -----------------------------------------------------------------------------------------------
MIDDLEWARE = [
    "saas.core.middleware.ResponseHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "saas.core.middleware.PolicyMiddleware",
    "tenants.cms.csp.AdminPolicyMiddleware",
    "saas.core.request_log.RequestLogMiddleware",
    "saas.networks.middleware.NetworkMiddleware",
    "saas.core.middleware.SameOriginMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "saas.core.middleware.PrivateResponseMiddleware",
    "saas.accounts.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "saas.networks.visits.VisitMiddleware",
    "saas.accounts.middleware.SecondFactorMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "saas.core.context_processors.platform",
                "saas.accounts.context_processors.notices",
                "tenants.website.context_processors.clinic_site",
            ],
        },
    }
]
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
CSRF_FAILURE_VIEW = "saas.core.views.csrf_failure"

# --- database, cache, tasks -------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.db_url("DATABASE_URL", default="postgres://polyclinic@127.0.0.1:5432/polyclinic"),
        "ENGINE": "saas.networks.backend",
        "CONN_MAX_AGE": env.int("DATABASE_CONNECTION_SECONDS", default=600),
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "options": "-c statement_timeout=15s -c lock_timeout=3s "
            "-c idle_in_transaction_session_timeout=15s -c jit=off",
        },
    }
}
DATABASE_ROUTERS = ["saas.networks.router.SchemaRouter"]
DATABASE_MAX_REQUESTS_PER_CONNECTION = env.int("DATABASE_MAX_REQUESTS_PER_CONNECTION", default=5000)
DATABASE_POOLER = env.str("DATABASE_POOLER", default="none")  # none, session or transaction
DATABASE_MAY_LOSE_COMMITS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
_REDIS_CACHE = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL, "TIMEOUT": 300}
CACHES = {
    "default": {
        **_REDIS_CACHE,
        "KEY_FUNCTION": "saas.networks.cache.schema_key",
        "REVERSE_KEY_FUNCTION": "saas.networks.cache.reverse_key",
    },
    "platform": {
        **_REDIS_CACHE,
        "KEY_FUNCTION": "saas.networks.cache.platform_key",
        "REVERSE_KEY_FUNCTION": "saas.networks.cache.reverse_key",
    },
}
DJANGO_REDIS_CONNECTION_FACTORY = "django_redis.pool.ConnectionFactory"

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_connect_timeout": 3,
    "socket_timeout": 5,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "forget-grants": {"task": "saas.networks.scheduled.forget_grants", "schedule": timedelta(hours=1)},
    "outbox-sweep": {"task": "tenants.outbox.tasks.sweep_all", "schedule": timedelta(seconds=15)},
    "refill-spares": {
        "task": "saas.networks.scheduled.refill_spare_schemas",
        "schedule": timedelta(minutes=1),
    },
    "count-usage": {"task": "saas.networks.scheduled.count_usage_of_all", "schedule": timedelta(minutes=15)},
    "onboarding-sweep": {"task": "saas.onboarding.tasks.sweep", "schedule": timedelta(seconds=15)},
    "booking-housekeeping": {"task": "tenants.booking.tasks.tidy_all", "schedule": timedelta(minutes=5)},
    "booking-overdue": {
        "task": "tenants.booking.tasks.end_overdue_all",
        "schedule": timedelta(seconds=30),
    },
    "forget-import-files": {
        "task": "tenants.cms.tasks.forget_import_files_of_all",
        "schedule": crontab(hour="2", minute="40"),
    },
    "booking-nightly": {
        "task": "tenants.booking.scheduled.nightly_all",
        "schedule": crontab(hour="1", minute="10"),
    },
    "desk-daily-reports": {
        "task": "tenants.desk.scheduled.daily_reports",
        "schedule": crontab(minute="0,30"),
    },
}

# --- people -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "saas.accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "saas.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = PLATFORM_NAME
MFA_ADAPTER = "saas.accounts.adapter.MfaAdapter"
MFA_REQUIRED = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- languages, time, numbers -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False

# --- files ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [ROOT / "frontend" / "dist"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "saas.networks.storage.NetworkFileStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": ROOT / "frontend" / "dist" / "manifest.json",
        "static_url_prefix": "",
    }
}

# --- mail -------------------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="smtp://127.0.0.1:1025"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"{PLATFORM_NAME} <noreply@{PLATFORM_HOST}>")

# --- content ----------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = PLATFORM_NAME
WAGTAILADMIN_BASE_URL = f"{PLATFORM_SCHEME}://{PLATFORM_HOST}"
WAGTAIL_I18N_ENABLED = True
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAILADMIN_PERMITTED_LANGUAGES = [("ru", "Русский"), ("en", "English")]
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_USER_TIME_ZONES = sorted(available_timezones() - {"localtime"})  # no browser knows that name
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAILADMIN_LOGIN_URL = "/cms/login/"  # our own door, which knows those who are signed in and may not enter
WAGTAIL_FRONTEND_LOGIN_URL = "/_util/login/"  # so does this
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 10 * 1024 * 1024
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
TAGGIT_CASE_INSENSITIVE = True
PHONENUMBER_DEFAULT_REGION = None
PHONENUMBER_DB_FORMAT = "E164"

# --- API --------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.ApiTokenAuthentication",
        "tenants.api.authentication.EnforcedSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.api.errors.handle_error",
    "DEFAULT_PAGINATION_CLASS": "tenants.api.pagination.Pages",
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Polyclinic API",
    "DESCRIPTION": "Find a doctor, see free times, book a visit. "
    "One API per clinic network, on the network's own host.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "DEFAULT_GENERATOR_CLASS": "tenants.api.openapi.NetworkSchemaGenerator",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tenants.api.openapi.document_common_answers",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AppointmentStatus": "tenants.booking.models.AppointmentStatus",
        "PaymentStatus": "tenants.booking.models.PaymentStatus",
    },
}
# Requests of one caller (user, or address of a guest) in so many seconds; "token": all requests of a token.
API_LIMITS = {
    "token": (env.int("API_TOKEN_REQUESTS_PER_MINUTE", default=1200), 60),
    "read": (env.int("API_READS_PER_MINUTE", default=600), 60),
    "book": (env.int("API_BOOKINGS_PER_MINUTE", default=20), 60),
    "change": (env.int("API_CHANGES_PER_MINUTE", default=60), 60),
}
TRUSTED_PROXY_COUNT = env.int(
    "TRUSTED_PROXY_COUNT", default=0
)  # proxies of ours that append to X-Forwarded-For

# --- console ----------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": f"{PLATFORM_NAME} console",
    "SITE_HEADER": PLATFORM_NAME,
    "SITE_SYMBOL": "local_hospital",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#eef7f4",
            "100": "#e3f1ec",
            "200": "#b9dccf",
            "300": "#86c2ae",
            "400": "#4c9f8b",
            "500": "#228171",
            "600": "#0e6b5c",
            "700": "#0a5347",
            "800": "#0a443b",
            "900": "#093a33",
            "950": "#04211d",
        }
    },
}
