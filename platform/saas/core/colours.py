"""A brand colour as a palette whose contrast is corrected, never trusted.

Contrast is WCAG 2.2's ratio of relative luminances, 1 to 21. Pure functions: no database, no request.
"""

import colorsys
from dataclasses import dataclass
from typing import Final

Rgb = tuple[float, float, float]
"""Red, green and blue, each 0 to 1."""

TEXT_CONTRAST: Final = 4.5
WHITE: Final[Rgb] = (1.0, 1.0, 1.0)
INK: Final[Rgb] = (0x14 / 255, 0x24 / 255, 0x2B / 255)
CANVAS: Final[Rgb] = (0xF7 / 255, 0xF5 / 255, 0xF0 / 255)
DARK_SURFACE: Final[Rgb] = (0x17 / 255, 0x22 / 255, 0x26 / 255)
DEFAULT: Final = "#0e6b5c"
_TINT: Final = 0.12
_STRONGER: Final = 0.8
_STEPS: Final = 200
_LINEAR_BELOW: Final = 0.04045
"""WCAG: channels up to this are linear, above it they follow a power."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb.

    `brand` reads on white and on the paper canvas, `on_brand` reads on `brand`, `brand_strong` reads on
    `brand_tint`, on white and on the canvas, `on_dark` reads on a dark surface; each with a contrast of at least 4.5.
    """

    brand: str
    brand_strong: str
    brand_tint: str
    on_brand: str
    on_dark: str


def palette(colour: str) -> Palette:
    """Return the palette nearest to the colour asked for; an unreadable text gives the default colour."""
    asked = parse(colour) or parse(DEFAULT) or INK
    brand = darken_until_readable(asked, (WHITE, CANVAS))
    tint = _mix(asked, WHITE, _TINT)
    strong = darken_until_readable(_scale_lightness(brand, _STRONGER), (WHITE, CANVAS, tint))
    on_brand = WHITE if contrast(WHITE, brand) >= TEXT_CONTRAST else INK
    return Palette(
        brand=to_hex(brand),
        brand_strong=to_hex(strong),
        brand_tint=to_hex(tint),
        on_brand=to_hex(on_brand),
        on_dark=to_hex(_lighten_until_readable(asked, DARK_SURFACE)),
    )


def contrast(one: Rgb, other: Rgb) -> float:
    """Return WCAG's contrast ratio, 1 (none) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def parse(colour: str) -> Rgb | None:
    """Read #rrggbb; None for anything else."""
    digits = colour.strip().removeprefix("#")
    if len(digits) != len("rrggbb"):
        return None
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        return None
    return red / 255, green / 255, blue / 255


def to_hex(colour: Rgb) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def darken_until_readable(colour: Rgb, backgrounds: tuple[Rgb, ...]) -> Rgb:
    """Return the lightest colour of the same hue, not lighter than this one, that reads on every background."""
    for step in range(_STEPS + 1):
        darker = _round(_scale_lightness(colour, 1 - step / _STEPS))
        if all(contrast(darker, background) >= TEXT_CONTRAST for background in backgrounds):
            return darker
    return INK


def _lighten_until_readable(colour: Rgb, background: Rgb) -> Rgb:
    """Return the colour, or the mixture with white nearest to it, that reads on the dark background."""
    lighter = (_mix(WHITE, colour, step / _STEPS) for step in range(_STEPS + 1))
    return next((each for each in lighter if contrast(each, background) >= TEXT_CONTRAST), WHITE)


def _round(colour: Rgb) -> Rgb:
    """The colour as eight bits a channel can hold it: what is checked is what is sent."""
    red, green, blue = colour
    return round(red * 255) / 255, round(green * 255) / 255, round(blue * 255) / 255


def _scale_lightness(colour: Rgb, factor: float) -> Rgb:
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    return colorsys.hls_to_rgb(hue, lightness * factor, saturation)


def _mix(colour: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (part * share + rest * (1 - share) for part, rest in zip(colour, other, strict=True))
    return _round((red, green, blue))


def _luminance(colour: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
