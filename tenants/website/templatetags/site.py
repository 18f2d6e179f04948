"""Filters of the clinic's site."""

from django import template

from saas.core.phones import display_phone
from tenants.clinics.models import Clinic

register = template.Library()


@register.filter
def phone(number: str) -> str:
    """Return the number grouped the way its own country writes it."""
    return display_phone(number)


@register.filter
def postal(clinic: Clinic) -> str:
    """Return the address with its city, which is not said twice when the address names it already."""
    city = "" if clinic.city.casefold() in clinic.address.casefold() else clinic.city
    return ", ".join(part for part in (city, clinic.address) if part)
