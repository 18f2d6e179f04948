"""The site's menu: pages right below the home page that an editor put into menus."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.cache import cache
from wagtail.models import Page, Site

_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu; `url` is its path on the network's host."""

    title: str
    url: str


def menu(language: str) -> list[MenuEntry]:
    """Return the menu in this language, from the network's cache; publishing a page forgets it."""
    found: list[MenuEntry] | None = cache.get(_key(language))
    if found is None:
        found = _read(language)
        cache.set(_key(language), found, _SECONDS)
    return found


def forget_menu() -> None:
    """Forget the cached menus of the entered network."""
    cache.delete_many([_key(code) for code, _name in settings.LANGUAGES])


def _read(language: str) -> list[MenuEntry]:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        return []
    home = Page.objects.filter(
        translation_key=site.root_page.translation_key, locale__language_code=language, live=True
    ).first()
    pages = (home or site.root_page).get_children().live().in_menu()
    return [MenuEntry(title=page.title, url=f"/{page.slug}/") for page in pages]


def _key(language: str) -> str:
    return f"cms:menu:{language}"
