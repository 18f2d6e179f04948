import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.core import colours

pytestmark = pytest.mark.unit


def _contrast(one: str, other: str) -> float:
    first, second = colours.parse(one), colours.parse(other)
    assert first is not None
    assert second is not None
    return colours.contrast(first, second)


def test_contrast_black_on_white_is_21() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)


def test_palette_good_colour_is_kept() -> None:
    assert colours.palette("#0e6b5c").brand == "#0e6b5c"


@pytest.mark.parametrize(
    "colour", ["#ffff00", "#ffffff", "#ff69b4", "#00ff00", "#000000", "#7f7f7f", "#f7f5f0"]
)
def test_palette_any_colour_reads(colour: str) -> None:
    _assert_reads(colour)


@given(st.integers(0, 0xFFFFFF))
def test_palette_every_colour_reads(number: int) -> None:
    _assert_reads(f"#{number:06x}")


def _assert_reads(colour: str) -> None:
    chosen = colours.palette(colour)
    assert _contrast(chosen.brand, "#ffffff") >= 4.5
    assert _contrast(chosen.brand, "#f7f5f0") >= 4.5
    assert _contrast(chosen.on_brand, chosen.brand) >= 4.5
    for background in (chosen.brand_tint, "#ffffff", "#f7f5f0"):
        assert _contrast(chosen.brand_strong, background) >= 4.5
    assert _contrast(chosen.on_dark, "#172226") >= 4.5
