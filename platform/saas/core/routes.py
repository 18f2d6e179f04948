"""Every address that the product answers, read from the URLconfs: for the inventory and the tests that walk it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern
from django.utils.regex_helper import normalize


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `template` has `%(name)s` where a value goes; `names` are the values it needs, in order."""

    surface: str
    template: str
    names: tuple[str, ...]
    view: str

    def __str__(self) -> str:
        shown = self.template
        for name in self.names:
            shown = shown.replace(f"%({name})s", f"<{name}>")
        return f"{self.surface} /{shown} {self.view}".replace("%%", "%")


def routes_of(urlconf: str, *, surface: str) -> list[Route]:
    """Return the routes of a URLconf, sorted and without repetitions."""
    found = {
        Route(surface=surface, template=template, names=names, view=_view_name(pattern))
        for template, names, pattern in _walk(get_resolver(urlconf).url_patterns, "", ())
    }
    return sorted(found, key=lambda route: (route.template, route.view))


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str, names: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], URLPattern]]:
    for pattern in patterns:
        text, own = _template(pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, prefix + text, (*names, *own))
        else:
            yield prefix + text, (*names, *own), pattern


def _template(pattern: URLPattern | URLResolver) -> tuple[str, tuple[str, ...]]:
    part = pattern.pattern
    if isinstance(part, RoutePattern):
        text = str(part).replace("%", "%%")
        for name, converter in part.converters.items():
            for kind in _spellings(converter):
                text = text.replace(f"<{kind}{name}>", f"%({name})s")
        return text, tuple(part.converters)
    if isinstance(part, RegexPattern):
        text, names = normalize(str(part))[0]
        return text, tuple(names)
    msg = f"unknown kind of pattern: {part!r}"
    raise TypeError(msg)


def _spellings(converter: object) -> list[str]:
    from django.urls.converters import get_converters  # noqa: PLC0415 - private corner of Django, kept in one place

    kinds = [f"{name}:" for name, known in get_converters().items() if type(known) is type(converter)]
    return [*kinds, ""]


def _view_name(pattern: URLPattern) -> str:
    return str(pattern.lookup_str)
