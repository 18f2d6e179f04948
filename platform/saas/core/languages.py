"""The languages that people can choose, each named in itself."""

from django.conf import settings

_OWN_NAMES = {"ru": "Русский", "en": "English"}


def language_choices() -> list[tuple[str, str]]:
    """Return (code, own name) of every language of the interface."""
    return [(code, _OWN_NAMES[code]) for code, _name in settings.LANGUAGES]


def is_language(code: str) -> bool:
    return code in _OWN_NAMES
