"""Wagtail keeps one process-wide cache of rows: the content types of its form pages. Keep one per schema."""

from functools import lru_cache

from django.apps import apps

from saas.networks.context import current_schema


def install() -> None:
    """Wrap `wagtail.contrib.forms.utils.get_form_types` when that app is installed."""
    if not apps.is_installed("wagtail.contrib.forms"):
        return
    from wagtail.contrib.forms import utils  # noqa: PLC0415 - imports models, so only once apps are ready

    original = utils.get_form_types.__wrapped__

    @lru_cache(maxsize=4096)
    def for_schema(_schema_name: str) -> object:
        return original()

    def get_form_types() -> object:
        return for_schema(current_schema())

    utils.get_form_types = get_form_types
