"""What the layout of a network's site needs. Read only when a template asks for it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from saas.core.colours import Palette, palette
from saas.core.phones import display_phone
from saas.networks.requests import network_of
from tenants.clinics.models import Organisation
from tenants.clinics.selectors import organisation
from tenants.cms.menu import menu
from tenants.website import brand


@dataclass(frozen=True, slots=True)
class Brand:
    """The network as the layout and the letters about accounts show it; `phone` is grouped for reading."""

    name: str
    tagline: str
    logo_url: str
    phone: str
    email: str
    css_version: str
    colours: Palette


@dataclass(frozen=True, slots=True)
class MenuItem:
    title: str
    url: str
    is_current: bool


def clinic_site(request: HttpRequest) -> dict[str, Any]:
    """Give `brand` and `menu` on a network's host, nothing on the public site."""
    network = network_of(request)
    if network is None:
        return {}
    return {
        "brand": SimpleLazyObject(lambda: _brand(network.name)),
        "menu": SimpleLazyObject(lambda: _menu(request.path)),
    }


def _brand(fallback_name: str) -> Brand:
    try:
        profile = organisation()
    except Organisation.DoesNotExist:
        profile = Organisation(name=fallback_name)
    return Brand(
        name=profile.name or fallback_name,
        tagline=profile.tagline,
        logo_url=profile.logo.url if profile.logo else "",
        phone=display_phone(profile.phone) if profile.phone else "",
        email=profile.email,
        css_version=brand.version(profile.brand_colour),
        colours=palette(profile.brand_colour),
    )


def _menu(path: str) -> list[MenuItem]:
    return [
        MenuItem(title=entry.title, url=entry.url, is_current=path.startswith(entry.url))
        for entry in menu(get_language() or "en")
    ]
