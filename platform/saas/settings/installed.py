"""Which apps there are, and in which kind of schema each one has its tables."""

# --- apps: public schema, network schemas, both -----------------------------------------------------------------
_BOTH = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "saas.accounts",
    "allauth.account",
    "allauth.mfa",
]
SHARED_APPS = [
    *_BOTH,
    "saas.core",
    "saas.networks",
    "saas.billing",
    "saas.onboarding",
    "saas.console",
    "django.contrib.admin",
]
TENANT_APPS = [
    *_BOTH,
    "tenants.audit",
    "tenants.outbox",
    "tenants.patients",
    "tenants.clinics",
    "tenants.doctors",
    "tenants.services",
    "tenants.booking",
    "tenants.reviews",
    "tenants.notifications",
    "tenants.cms",
    "tenants.website",
    "tenants.desk",
    "tenants.api",
    "wagtail.contrib.redirects",
    "wagtail.embeds",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
]
_WITHOUT_TABLES = [
    "unfold",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "django_vite",
    "django_structlog",
    "csp",
    "phonenumber_field",
]
INSTALLED_APPS = [*_WITHOUT_TABLES, *SHARED_APPS, *[app for app in TENANT_APPS if app not in SHARED_APPS]]
