from typing import Any

from django.conf import settings
from django.http import HttpRequest

from saas.core.languages import language_choices


def platform(request: HttpRequest) -> dict[str, Any]:
    """What every page may need: the platform's name, the languages, whether this is the embedded demo."""
    return {
        "platform_name": settings.PLATFORM_NAME,
        "platform_host": settings.PLATFORM_HOST,
        "is_demo": settings.IS_DEMO,
        "language_choices": language_choices(),
        "network": getattr(request, "network", None),
    }
