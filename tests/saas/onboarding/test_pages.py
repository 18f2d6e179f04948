import re

import pytest
from django.test import Client

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

PAGES = ("/", "/features/", "/pricing/", "/security/")
CYRILLIC = re.compile("[А-Яа-яЁё]")


def _visible_text(page: str) -> str:
    without_head = page[page.index("<body") :]
    return re.sub(r"<[^>]+>", " ", without_head)


@pytest.mark.parametrize("path", PAGES)
def test_page_speaks_english(public_client: Client, path: str) -> None:
    response = public_client.get(path, headers={"accept-language": "en"})
    assert response.status_code == 200
    page = response.content.decode()
    assert '<html lang="en"' in page
    assert not CYRILLIC.search(_visible_text(page).replace("Русский", ""))


@pytest.mark.parametrize("path", PAGES)
def test_page_speaks_russian(public_client: Client, path: str) -> None:
    page = public_client.get(path, headers={"accept-language": "ru"}).content.decode()
    assert '<html lang="ru"' in page
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert heading
    assert CYRILLIC.search(heading[1])
    # Sentences left in English would show as a run of four Latin words.
    assert not re.search(r"(?:\b[a-z]{2,} ){3}[a-z]{2,}", _visible_text(page))


@pytest.mark.parametrize("path", PAGES)
def test_page_carries_nothing_that_the_policy_blocks(public_client: Client, path: str) -> None:
    page = public_client.get(path).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)


def test_landing_leads_to_the_sign_up_without_javascript(public_client: Client) -> None:
    page = public_client.get("/").content.decode()
    assert re.search(r'<form[^>]+method="get"[^>]+action="/signup/"', page)
    assert 'name="address"' in page


def test_prices_are_shown_in_the_readers_currency(public_client: Client) -> None:
    assert "₽" in public_client.get("/pricing/", headers={"accept-language": "ru"}).content.decode()
    assert "€" in public_client.get("/pricing/", headers={"accept-language": "en"}).content.decode()


def test_pages_refuse_to_be_posted_to(public_client: Client) -> None:
    assert public_client.post("/pricing/").status_code == 405


def test_style_guide_is_for_developers_only(public_client: Client) -> None:
    assert public_client.get("/_components/").status_code == 404
