"""Public pages: what they show, what they refuse, how many queries they need."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saas.networks.context import NetworkRef, network_context
from tenants.clinics.models import Clinic, Organisation
from tenants.website.templatetags.site import postal
from tests import factories
from tests.factories import Bookable

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ClientFor = Callable[..., Any]

XSS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raise %}",
    "<svg/onload=alert(1)>",
    "\u2028\u2029]]>--><!--",
)


def _queries(client: Any, path: str) -> int:
    assert client.get(path).status_code == 200  # fills the caches: profile, menu, offers, site roots
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def _paths(bookable: Bookable) -> list[str]:
    doctor, service, clinic = bookable.doctor.slug, bookable.service.slug, bookable.clinic.slug
    return [
        "/",
        "/doctors/",
        f"/doctors/?q={doctor}",
        f"/doctors/?clinic={clinic}",
        f"/doctors/{doctor}/",
        f"/doctors/{doctor}/?service={service}&clinic={clinic}",
        "/services/",
        f"/services/{service}/",
        "/clinics/",
        f"/clinics/{clinic}/",
        "/about/",
        "/book/",
        f"/book/?service={service}",
        f"/book/time/?doctor={doctor}&service={service}",
        "/sitemap.xml",
        "/robots.txt",
        "/brand.css",
    ]


def test_every_page_of_a_new_network_opens(network: NetworkRef, client_for: ClientFor) -> None:
    client = client_for(network)
    for path in ("/", "/doctors/", "/services/", "/clinics/", "/about/", "/book/", "/sitemap.xml"):
        assert client.get(path).status_code == 200, path


def test_every_page_opens_in_both_languages(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    client = client_for(network)
    for language in ("ru", "en"):
        client.cookies["language"] = language
        for path in _paths(bookable):
            response = client.get(path)
            assert response.status_code == 200, path
            assert response.headers["Content-Language"] == language


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/doctors/",
        "/doctors/?q=sokolova",
        "/services/",
        "/clinics/",
        "/book/",
        "{service}",
        "{clinic}",
        "{who}",
    ],
)
def test_queries_do_not_grow_with_doctors(path: str, network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    client = client_for(network)
    path = path.format(
        service=f"/services/{bookable.service.slug}/",
        clinic=f"/clinics/{bookable.clinic.slug}/",
        who=f"/book/?service={bookable.service.slug}",
    )
    one = _queries(client, path)
    for _number in range(2):
        more = factories.make_bookable(clinic=bookable.clinic)
        bookable.service.doctors.add(more.doctor)
    three = _queries(client, path)
    assert three == one
    assert three <= 32


def test_doctor_page_query_count_is_fixed(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    client = client_for(network)
    path = f"/doctors/{bookable.doctor.slug}/"
    one = _queries(client, path)
    for _number in range(2):
        factories.make_service(doctors=[bookable.doctor], clinics=[bookable.clinic])
    assert _queries(client, path) == one
    assert one <= 26


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/doctors/nobody/",
        "/services/nothing/",
        "/clinics/nowhere/",
        "/doctors/?specialization=magic",
        "/doctors/?clinic=nowhere",
        "/book/?service=nothing",
        "/book/?specialization=magic",
        "/book/time/?doctor=nobody",
        "/visits/tampered/",
    ],
)
def test_unknown_things_are_a_404_page_in_the_sites_look(
    path: str, network: NetworkRef, client_for: ClientFor
) -> None:
    response = client_for(network).get(path)
    assert response.status_code == 404
    page = BeautifulSoup(response.content, "lxml")
    assert page.select_one("header.site-head") is not None
    assert page.select_one('a[href="/book/"]') is not None


@pytest.mark.parametrize(
    "query", ["day=tomorrow", "day=9999-99-99", "at=noon", "from=0001-01-01", "at=2026-01-01T10:00"]
)
def test_damaged_day_or_time_is_a_400_that_keeps_the_picker(
    query: str, network: NetworkRef, client_for: ClientFor
) -> None:
    bookable = factories.make_bookable()
    response = client_for(network).get(f"/book/time/?doctor={bookable.doctor.slug}&{query}")
    assert response.status_code == 400
    assert BeautifulSoup(response.content, "lxml").select("#booking a.slot")


@pytest.mark.parametrize("text", ["Соколова", "sokolova", "Sokalova", "cjrjkjdf"])
def test_search_forgives_alphabet_layout_and_typos(
    text: str, network: NetworkRef, client_for: ClientFor
) -> None:
    clinic = factories.make_clinic()
    factories.make_doctor(clinics=[clinic], last_name="Соколова", first_name="Мария", slug="right")
    factories.make_doctor(clinics=[clinic], last_name="Иванов", first_name="Пётр", slug="wrong")
    page = BeautifulSoup(client_for(network).get("/doctors/", {"q": text}).content, "lxml")
    assert [link["href"] for link in page.select("#doctors a.card-cover")] == ["/doctors/right/"]


@pytest.mark.parametrize("text", ["zayt", "zait", "zayc", "Зайц", "Zaitseva", "Zaytsev", "Zaycev", "Зайцев"])
@pytest.mark.parametrize("last_name", ["Зайцева", "Zaitseva", "Zaytseva", "Zayceva"])
def test_search_knows_a_name_by_all_its_spellings(
    text: str, last_name: str, network: NetworkRef, client_for: ClientFor
) -> None:
    clinic = factories.make_clinic()
    factories.make_doctor(clinics=[clinic], last_name=last_name, first_name="Мария", slug="right")
    factories.make_doctor(clinics=[clinic], last_name="Иванов", first_name="Пётр", slug="wrong")
    page = BeautifulSoup(client_for(network).get("/doctors/", {"q": text}).content, "lxml")
    assert [link["href"] for link in page.select("#doctors a.card-cover")] == ["/doctors/right/"]


@pytest.mark.parametrize("text", ["", "%", "_", "'", "\x00", "a" * 5000, "💉"])
def test_search_survives_any_text(text: str, network: NetworkRef, client_for: ClientFor) -> None:
    client = client_for(network)
    assert client.get("/doctors/", {"q": text}).status_code == 200
    assert client.get("/services/", {"q": text}).status_code == 200


@pytest.mark.parametrize("text", XSS)
def test_catalogue_texts_cannot_become_markup(text: str, network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    doctor, service, clinic = bookable.doctor, bookable.service, bookable.clinic
    doctor.bio = doctor.education = service.description = service.preparation_instructions = text
    doctor.user.last_name = service.name = clinic.name = clinic.city = clinic.address = clinic.directions = (
        text
    )
    specialization = doctor.specialization
    assert specialization is not None
    specialization.name = specialization.doctor_title = text
    for row in (doctor, doctor.user, service, clinic, specialization):
        row.save()
    Organisation.objects.update(name=text, tagline=text)
    Organisation.objects.get(pk=1).save()
    client = client_for(network)
    for path in _paths(bookable):
        response = client.get(path)
        assert response.status_code == 200, path
        if "html" not in response.headers["Content-Type"]:
            continue
        page = BeautifulSoup(response.content, "html.parser")
        for script in page.select("script"):
            if script.get("type") == "application/ld+json":
                assert json.loads(script.string or "")
                assert script.get("nonce")
            else:
                assert script.get("src"), path
        assert not page.select("[onerror], [onload]"), path
        assert not page.select('a[href^="javascript"]'), path


def test_head_says_what_search_engines_ask(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    response = client_for(network).get(f"/doctors/{bookable.doctor.slug}/?service={bookable.service.slug}")
    page = BeautifulSoup(response.content, "lxml")
    canonical = page.select_one('link[rel="canonical"]')
    assert canonical is not None
    assert canonical["href"] == f"http://{network.primary_host}/doctors/{bookable.doctor.slug}/"
    data = page.select_one('script[type="application/ld+json"]')
    assert data is not None
    assert json.loads(data.string or "")["@type"] == "Physician"
    assert page.select_one('meta[property="og:title"]') is not None


def test_sitemap_names_public_pages_only(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    hidden = factories.make_doctor(is_active=False)
    text = client_for(network).get("/sitemap.xml").content.decode()
    assert f"/doctors/{bookable.doctor.slug}/</loc>" in text
    assert f"/services/{bookable.service.slug}/</loc>" in text
    assert hidden.slug not in text
    assert "/visits/" not in text
    assert f"http://{network.primary_host}/</loc>" in text


def test_brand_css_is_versioned_and_follows_the_profile(network: NetworkRef, client_for: ClientFor) -> None:
    client = client_for(network)
    first = client.get("/brand.css")
    assert client.get("/brand.css", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    profile = Organisation.objects.get(pk=1)
    profile.brand_colour = "#2b6299"
    profile.save()
    second = client.get("/brand.css", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert b"--brand:#2b6299" in second.content
    version = second.headers["ETag"].strip('"')
    assert "immutable" in client.get(f"/brand.css?v={version}").headers["Cache-Control"]


def test_pages_do_not_leak_between_networks(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    first, second = twin_networks
    with network_context(first):
        bookable = factories.make_bookable()
        bookable.doctor.bio = "canary-of-the-first"
        bookable.doctor.save()
    assert b"canary" in client_for(first).get(f"/doctors/{bookable.doctor.slug}/").content
    assert client_for(second).get(f"/doctors/{bookable.doctor.slug}/").status_code == 404
    for path in ("/", "/doctors/", "/sitemap.xml", "/book/"):
        assert bookable.doctor.slug.encode() not in client_for(second).get(path).content


def test_htmx_gets_the_picker_only(network: NetworkRef, client_for: ClientFor) -> None:
    bookable = factories.make_bookable()
    response = client_for(network).get(f"/doctors/{bookable.doctor.slug}/", headers={"HX-Request": "true"})
    assert b'id="booking"' in response.content
    assert b"<html" not in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_wagtails_page_that_breaks_on_purpose_is_not_there(client: Any) -> None:
    assert client.get("/cms/failwhale/").status_code == 404


def test_a_search_without_a_find_says_what_to_do(bookable: Bookable, client: Any) -> None:
    page = BeautifulSoup(client.get("/book/?q=qqqqzzzz").content, "html.parser")
    assert [link["href"] for link in page.select(".empty a.btn")] == ["/book/"]


def test_a_search_shows_doctors_with_their_free_time(bookable: Bookable, client: Any) -> None:
    page = BeautifulSoup(client.get(f"/book/?q={bookable.doctor.user.last_name}").content, "html.parser")
    card = page.select_one(".doctor-card")
    assert card is not None
    assert card.select_one(".first-free") is not None


def test_a_time_without_a_doctor_leads_to_the_beginning(client: Any) -> None:
    answer = client.get("/book/time/")
    assert (answer.status_code, answer["Location"]) == (302, "/book/")


@pytest.mark.parametrize(
    ("city", "address", "expected"),
    [
        ("Hamburg", "Am Sandtorkai 30, 20457 HAMBURG", "Am Sandtorkai 30, 20457 HAMBURG"),
        ("Москва", "Лесная, 5", "Москва, Лесная, 5"),
        ("", "Лесная, 5", "Лесная, 5"),
    ],
)
def test_an_address_names_its_city_once(city: str, address: str, expected: str) -> None:
    assert postal(Clinic(city=city, address=address)) == expected


def test_a_refusal_is_a_title_and_an_advice(client: Any) -> None:
    page = BeautifulSoup(client.get("/doctors/nobody/").content, "html.parser")
    (title,) = page.select("h1")
    assert not title.get_text(strip=True).endswith(".")
    assert page.select_one(".empty p") is not None


def test_the_phones_button_is_in_a_landmark(bookable: Bookable, client: Any) -> None:
    page = BeautifulSoup(client.get(f"/doctors/{bookable.doctor.slug}/").content, "html.parser")
    (bar,) = page.select("#booking-bar")
    assert (bar.name, bool(bar["aria-label"])) == ("section", True)
