"""`make run` and a developer's shell: embedded servers, plain HTTP, friendly pages, no forced second factor."""

from saas.settings.base import *  # noqa: F403 - the point of layered settings
from saas.settings.base import env

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="development-only-" + "x" * 48)
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=False)
IS_DEMO = True
