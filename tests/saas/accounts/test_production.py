"""What production forces, proved in a process that runs with production's settings."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
GOOD = {
    "SECRET_KEY": "k3JmR8vQx2ZpL7nT5wYc9HdG4sBfA6uEoKiXrNzVtMqPgWjUyD1hSbCaFl0",
    "PLATFORM_HOST": "clinics.example.org",
    "EMAIL_URL": "smtp://mail.example.org:25",
    "DEFAULT_FROM_EMAIL": "Clinics <noreply@clinics.example.org>",
    "DEBUG": "",
}

_PROBE = """
import json, sys
sys.path[:0] = ["platform", "."]
import django
django.setup()
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
names = (
    "DEBUG MFA_REQUIRED SESSION_COOKIE_NAME CSRF_COOKIE_NAME LANGUAGE_COOKIE_NAME SESSION_COOKIE_SECURE "
    "CSRF_COOKIE_SECURE SESSION_COOKIE_DOMAIN CSRF_COOKIE_DOMAIN SESSION_COOKIE_PATH CSRF_COOKIE_PATH "
    "SESSION_COOKIE_HTTPONLY SECURE_HSTS_SECONDS SECURE_SSL_REDIRECT PLATFORM_SCHEME IS_DEMO "
    "DATABASE_MAY_LOSE_COMMITS CELERY_TASK_ALWAYS_EAGER"
).split()
print(json.dumps({name: getattr(settings, name, None) for name in names}))
"""


def _run(script: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": os.environ.get("DATABASE_URL", "postgres://x@127.0.0.1/x"),
        "REDIS_URL": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
        **GOOD,
        **changes,
        "DJANGO_SETTINGS_MODULE": "saas.settings.production",
    }
    environment = {name: value for name, value in environment.items() if value}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def production() -> dict[str, Any]:
    result = _run(_PROBE)
    assert result.returncode == 0, result.stderr
    values: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return values


def test_second_factor_is_forced(production: dict[str, Any]) -> None:
    assert production["MFA_REQUIRED"] is True


def test_second_factor_cannot_be_switched_off_by_the_environment() -> None:
    result = _run(_PROBE, MFA_REQUIRED="0")
    assert json.loads(result.stdout.splitlines()[-1])["MFA_REQUIRED"] is True


def test_cookies_belong_to_one_host(production: dict[str, Any]) -> None:
    for cookie in ("SESSION", "CSRF"):
        assert production[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert production[f"{cookie}_COOKIE_SECURE"] is True
        assert production[f"{cookie}_COOKIE_DOMAIN"] is None
        assert production[f"{cookie}_COOKIE_PATH"] == "/"
    assert production["SESSION_COOKIE_HTTPONLY"] is True
    assert production["LANGUAGE_COOKIE_NAME"].startswith("__Host-")


def test_everything_is_https_and_nothing_is_a_demo(production: dict[str, Any]) -> None:
    assert production["SECURE_SSL_REDIRECT"] is True
    assert production["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert production["PLATFORM_SCHEME"] == "https"
    assert (production["DEBUG"], production["IS_DEMO"]) == (False, False)
    assert not production["DATABASE_MAY_LOSE_COMMITS"]
    assert not production["CELERY_TASK_ALWAYS_EAGER"]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 60}, "SECRET_KEY"),
        ({"PLATFORM_HOST": "localhost"}, "PLATFORM_HOST"),
        ({"PLATFORM_HOST": ""}, "PLATFORM_HOST"),
        ({"EMAIL_URL": ""}, "EMAIL_URL"),
        ({"DEFAULT_FROM_EMAIL": ""}, "DEFAULT_FROM_EMAIL"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"DATABASE_POOLER": "statement"}, "DATABASE_POOLER"),
    ],
)
def test_unsafe_values_refuse_to_start(changes: dict[str, str], complaint: str) -> None:
    result = _run("import sys; sys.path[:0] = ['platform', '.']; import django; django.setup()", **changes)
    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert complaint in result.stderr


_COOKIES = """
import sys
sys.path[:0] = ["platform", "."]
import django
django.setup()
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.contrib.sessions.middleware import SessionMiddleware
from django.middleware.csrf import CsrfViewMiddleware, get_token
from saas.networks.context import network_context
settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
settings.CACHES["default"]["BACKEND"] = "django.core.cache.backends.locmem.LocMemCache"

def view(request):
    request.session["x"] = 1
    get_token(request)
    return HttpResponse("ok")

request = RequestFactory().get("/", secure=True)
with network_context("t_1"):
    response = SessionMiddleware(CsrfViewMiddleware(view))(request)
print(response.cookies.output())
"""


def test_cookies_as_they_are_sent() -> None:
    result = _run(_COOKIES)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if line.startswith("Set-Cookie: ")]
    assert {line.split("=")[0] for line in lines} == {"Set-Cookie: __Host-session", "Set-Cookie: __Host-csrf"}
    for line in lines:
        assert "Secure" in line
        assert "Path=/" in line
        assert "HttpOnly" in line
        assert "SameSite=Lax" in line
        assert "Domain" not in line
