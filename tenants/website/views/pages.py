"""Pages of the catalogue: doctors, services, clinics. The content tree calls them (`tenants.cms.rendering`)."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from wagtail.models import Page

from tenants.booking.selectors import first_free_by_doctor
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.cms.cards import active_doctors, clinic_cards, doctor_cards, specializations_in_use, titles_of
from tenants.reviews.models import Review
from tenants.services.offers import offers_for
from tenants.website import catalogue, seo
from tenants.website.choices import Choice, choose, pick_service, read_wish
from tenants.website.hours import open_hours
from tenants.website.picker import Addresses, Picker, Wish, build_picker
from tenants.website.refusals import site_page
from tenants.website.unmet import note_vain_pick, note_vain_search

_PER_PAGE = 24
_REVIEWS = 5


@site_page
def doctors(request: HttpRequest, page: Page) -> HttpResponse:
    """All doctors, by specialization, clinic or name, each with the next free time."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    specialization_slug, clinic_slug = request.GET.get("specialization", ""), request.GET.get("clinic", "")
    specialization = catalogue.specialization_by_slug(specialization_slug) if specialization_slug else None
    clinic = catalogue.clinic_by_slug(clinic_slug) if clinic_slug else None
    found = catalogue.find_doctors(query=query, specialization=specialization, clinic=clinic)
    page_of_doctors = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    cards = doctor_cards(page_of_doctors, now=now, clinic_id=clinic.pk if clinic else None)
    is_all = page_of_doctors.paginator.num_pages == 1
    if (specialization or clinic) and is_all and not any(card.next_free for card in cards):
        note_vain_search(
            request,
            wanted_on=now.date(),
            specialization_id=specialization.pk if specialization else None,
            clinic_id=clinic.pk if clinic else None,
        )
    context = {
        "page": page,
        "query": query,
        "cards": cards,
        "doctors_page": page_of_doctors,
        "specialization": specialization,
        "clinic": clinic,
        "specializations": specializations_in_use(),
        "clinics": clinic_cards(),
        "is_filtered": bool(query or specialization or clinic),
        "seo": seo.describe(
            request,
            title=page.seo_title or (specialization.name if specialization else page.title),
            description=page.search_description
            or _("Doctors, their next free times and prices. Book online in a minute."),
        ),
    }
    template = "tenants/website/_doctors.html" if _is_part(request) else "tenants/website/doctors.html"
    return _varied(render(request, template, context))


@site_page
def doctor(request: HttpRequest, page: Page, *, slug: str) -> HttpResponse:
    """A doctor's page, which sells and books at once."""
    now = timezone.now()
    found = catalogue.doctor_by_slug(slug)
    offered = catalogue.services_of_doctor(found)
    next_free = first_free_by_doctor(doctor_ids=[found.pk], now=now).get(found.pk)
    choice, picker = None, None
    if offered:
        given = [row.service for row in offered]
        wanted = pick_service(given, request.GET.get("service", ""))
        choice = choose(doctor=found, service=wanted, clinic_slug=request.GET.get("clinic", ""), now=now)
        wish = read_wish(request.GET)
        picker = _picker_of(request, choice, wish, base=f"/doctors/{found.slug}/", now=now)
        note_vain_pick(request, picker, wish)
    context = {
        "page": page,
        "doctor": found,
        "titles": titles_of(found),
        "offered": offered,
        "choice": choice,
        "picker": picker,
        "picker_base": f"/doctors/{found.slug}/",
        "next_free": next_free,
    }
    if _is_part(request) and picker is not None:
        return _varied(render(request, "tenants/website/_picker_swap.html", context))
    clinics = [link.clinic for link in found.clinic_links.all()]
    specializations = [link.specialization for link in found.specialization_links.all()]
    context |= {
        "clinics": clinics,
        "specializations": specializations,
        "reviews": _reviews(found.pk) if found.reviews_count else [],
        "seo": seo.describe(
            request,
            title=f"{found.user.get_full_name()}, {titles_of(found).lower()}",
            description=found.bio or titles_of(found),
            image_path=found.photo_url,
            data=seo.doctor_data(
                request, found, titles=[item.name for item in specializations], clinics=clinics
            ),
        ),
    }
    return _varied(render(request, "tenants/website/doctor.html", context))


@site_page
def services(request: HttpRequest, page: Page) -> HttpResponse:
    """The price list as a tree, with search."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    context = {
        "page": page,
        "query": query,
        "groups": catalogue.price_tree(query=query),
        "currency": organisation().currency,
        "seo": seo.describe(
            request,
            title=page.seo_title or page.title,
            description=page.search_description
            or _("Services with prices, length and how to prepare. Book online."),
        ),
    }
    template = "tenants/website/_services.html" if _is_part(request) else "tenants/website/services.html"
    return _varied(render(request, template, context))


@site_page
def service(request: HttpRequest, page: Page, *, slug: str) -> HttpResponse:
    """A service: price, length, how to prepare, who does it and when."""
    now = timezone.now()
    found = catalogue.service_by_slug(slug)
    offers = offers_for(service_id=found.pk)
    rows = active_doctors().filter(pk__in={offer.doctor_id for offer in offers})
    cards = doctor_cards(rows, now=now, service_id=found.pk)
    cards.sort(key=lambda card: (card.next_free is None, card.next_free.starts_at if card.next_free else now))
    if not any(card.next_free for card in cards):
        note_vain_search(request, wanted_on=now.date(), service_id=found.pk)
    prices = [offer.price for offer in offers] or [found.price]
    context = {
        "page": page,
        "service": found,
        "cards": cards,
        "currency": organisation().currency,
        "price": min(prices),
        "is_price_from": len(set(prices)) > 1,
        "clinics": [
            clinic for clinic in clinic_cards() if clinic.pk in {offer.clinic_id for offer in offers}
        ],
        "seo": seo.describe(request, title=found.name, description=found.description or found.name),
    }
    return render(request, "tenants/website/service.html", context)


@site_page
def clinics(request: HttpRequest, page: Page) -> HttpResponse:
    """Where the network's clinics are and when they are open."""
    found = clinic_cards()
    now = timezone.now()
    context = {
        "page": page,
        "clinics": [(clinic, open_hours(clinic, now=now)) for clinic in found],
        "seo": seo.describe(
            request,
            title=page.seo_title or page.title,
            description=page.search_description
            or ", ".join(f"{clinic.city} {clinic.address}" for clinic in found),
        ),
    }
    return render(request, "tenants/website/clinics.html", context)


@site_page
def clinic(request: HttpRequest, page: Page, *, slug: str) -> HttpResponse:
    """A clinic: address, hours, how to get there, and who works in it."""
    now = timezone.now()
    found: Clinic = catalogue.clinic_by_slug(slug)
    rows = active_doctors().filter(clinic_links__clinic=found)
    context = {
        "page": page,
        "clinic": found,
        "hours": open_hours(found, now=now),
        "cards": doctor_cards(rows, now=now, clinic_id=found.pk),
        "seo": seo.describe(
            request,
            title=found.name,
            description=f"{found.city} {found.address}".strip(),
            image_path=found.photo_url,
            data=seo.clinic_data(request, found),
        ),
    }
    return render(request, "tenants/website/clinic.html", context)


def _picker_of(request: HttpRequest, choice: Choice, wish: Wish, *, base: str, now: dt.datetime) -> Picker:
    return build_picker(
        doctor=choice.doctor,
        service=choice.service,
        clinic=choice.clinic,
        offer=choice.offer,
        wish=wish,
        links=Addresses(
            base=base,
            target="/book/contacts/",
            keep={"service": choice.service.slug, "clinic": choice.clinic.slug},
        ),
        now=now,
    )


def _reviews(doctor_id: int) -> list[Review]:
    """Published reviews of completed visits, newest first, with the patient's first name."""
    rows = Review.objects.filter(doctor_id=doctor_id, is_published=True).select_related("patient")
    return list(rows[:_REVIEWS])


def _is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for the changing part of the page only (not for a page it restores from history)."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def _varied(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ("HX-Request",))
    return response
