"""A network's brand colour as the CSS variables of its site."""

from hashlib import sha256

from saas.core.colours import palette


def css(colour: str) -> str:
    """Return the rule of /brand.css."""
    chosen = palette(colour)
    return (
        f":root{{--brand:{chosen.brand};--brand-strong:{chosen.brand_strong};"
        f"--brand-tint:{chosen.brand_tint};--on-brand:{chosen.on_brand}}}\n"
    )


def version(colour: str) -> str:
    """Return a short text that changes with what `css` gives; part of the address of the style sheet."""
    return sha256(css(colour).encode()).hexdigest()[:10]
