import pytest

from saas.core.colours import DEFAULT
from tenants.website import brand

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["", "red", "#12", "#zzzzzz", "#0e6b5c;}body{display:none", "url(x)"])
def test_css_unreadable_text_gives_the_default(text: str) -> None:
    assert brand.css(text) == brand.css(DEFAULT)


def test_version_changes_with_the_colour() -> None:
    assert brand.version("#0e6b5c") != brand.version("#2b6299")
