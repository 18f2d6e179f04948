"""Filters of the clinic's site."""

from django import template

from saas.core.phones import display_phone

register = template.Library()


@register.filter
def phone(number: str) -> str:
    """Return the number grouped the way its own country writes it."""
    return display_phone(number)
