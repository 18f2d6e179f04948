"""Whether an address can be had, and what to propose instead."""

import re
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from saas.networks.actions import is_subdomain_free
from saas.networks.errors import SubdomainRefused
from saas.networks.hosts import clean_subdomain

_LETTERS: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ê": "e", "á": "a", "à": "a", "ç": "c", "í": "i",
    "ó": "o", "ú": "u", "ñ": "n", "ł": "l", "ś": "s", "ź": "z", "ż": "z", "ć": "c", "š": "s", "č": "c", "ž": "z",
    "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "қ": "k", "ә": "a", "ғ": "g", "ң": "n", "ө": "o", "ұ": "u", "ү": "u",
}  # fmt: skip
_MAX: Final = 40
_SUGGESTIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state`: `free`, `taken`, `reserved`, `invalid`, `lookalike` or `empty`; `slug` in its stored form when free."""

    state: str
    slug: str
    message: str
    suggestions: list[str] = field(default_factory=list)


def check_address(text: str, *, clinic_name: str = "") -> Verdict:
    """Judge a wanted subdomain. Suggestions are free at this moment and come from the text, then from the name."""
    try:
        slug = clean_subdomain(text)
    except SubdomainRefused as error:
        state, message = error.code.removeprefix("subdomain_"), str(error.message)
    else:
        if is_subdomain_free(slug):
            return Verdict(state="free", slug=slug, message="")
        state, message = "taken", _("“%(slug)s” is taken. Please choose another address.") % {"slug": slug}
    return Verdict(
        state=state, slug=text.strip().lower(), message=message, suggestions=suggest(text, clinic_name)
    )


def suggest(*texts: str) -> list[str]:
    """Return up to three free addresses that resemble the texts."""
    found: list[str] = []
    for text in texts:
        base = slug_of(text)
        for candidate in (base, f"{base}-clinic", f"{base}-med", f"my-{base}", f"{base}-2"):
            if len(found) == _SUGGESTIONS:
                return found
            if base and candidate not in found and _is_usable(candidate):
                found.append(candidate)
    return found


def slug_of(text: str) -> str:
    """Return the text in Latin letters, digits and single hyphens, at most 33 long; empty if nothing is left."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in text.lower())
    words = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")
    return words.removeprefix("xn-").strip("-")[: _MAX - 7].strip("-")


def _is_usable(candidate: str) -> bool:
    try:
        return is_subdomain_free(clean_subdomain(candidate))
    except SubdomainRefused:
        return False
