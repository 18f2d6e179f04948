"""The first pages of a network's site, in every language of the interface."""

from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.models import Locale, Page, Site

from saas.networks.context import NetworkRef
from tenants.cms.models import ClinicsIndexPage, ContentPage, DoctorsIndexPage, HomePage, ServicesIndexPage

_PAGES: Final = ("home", "doctors", "services", "clinics", "about")


def create_site(*, network: NetworkRef, name: str) -> Site:
    """Create the site of a new network: a home page with its index pages in each language.

    The network's own language is the one that the site's address leads to; the others are its translations.
    Runs in the caller's transaction; does nothing when the site is there already.
    """
    existing = Site.objects.filter(is_default_site=True).first()
    if existing is not None and isinstance(existing.root_page.specific, HomePage):
        return existing
    root = Page.objects.get(depth=1)
    Page.objects.filter(depth=2, slug="home").delete()
    root = Page.objects.get(pk=root.pk)
    root.numchild = Page.objects.filter(depth=2).count()
    root.save(update_fields=["numchild"])
    keys = {kind: uuid4() for kind in _PAGES}
    codes = [network.language, *(code for code, _own in settings.LANGUAGES if code != network.language)]
    homes = [
        _create_tree(root=root, code=code, name=name, keys=keys, is_main=code == network.language)
        for code in codes
    ]
    return Site.objects.create(
        hostname=network.primary_host,
        port=settings.PLATFORM_PORT,
        site_name=name,
        root_page=homes[0],
        is_default_site=True,
    )


def _create_tree(*, root: Page, code: str, name: str, keys: dict[str, UUID], is_main: bool) -> HomePage:
    locale, _created = Locale.objects.get_or_create(language_code=code)
    with translation.override(code):
        home = HomePage(
            title=name,
            slug="home" if is_main else f"home-{code}",
            locale=locale,
            translation_key=keys["home"],
            body=_home_body(),
        )
        root.add_child(instance=home)
        children: tuple[tuple[str, Page], ...] = (
            ("doctors", DoctorsIndexPage(title=_("Doctors"))),
            ("services", ServicesIndexPage(title=_("Services and prices"))),
            ("clinics", ClinicsIndexPage(title=_("Clinics"))),
            ("about", ContentPage(title=_("About us"), body=_about_body())),
        )
        for kind, page in children:
            page.slug, page.locale, page.translation_key, page.show_in_menus = kind, locale, keys[kind], True
            home.add_child(instance=page)
    return home


def _home_body() -> list[tuple[str, Any]]:
    return [
        (
            "hero",
            {
                "title": _("The right doctor, at a time that suits you"),
                "text": _(
                    "Choose a doctor or a service, see the free times and book in a minute. No registration."
                ),
                "picture": None,
            },
        ),
        _promises(),
        ("doctors", {"title": _("Doctors who can see you soonest"), "limit": 4}),
        ("services", {"title": _("Services and prices"), "limit": 6}),
        ("clinics", {"title": _("Where to find us")}),
        (
            "faq",
            {
                "title": _("Questions and answers"),
                "items": [
                    {
                        "question": _("Do I have to register?"),
                        "answer": f"<p>{_('No. A name and a phone number are enough to book a visit.')}</p>",
                    },
                    {
                        "question": _("How do I move or cancel a visit?"),
                        "answer": "<p>"
                        + _("Open the link in the confirmation we send you by e-mail, or call the clinic.")
                        + "</p>",
                    },
                    {
                        "question": _("How do I prepare?"),
                        "answer": "<p>"
                        + _("The page of each service says how to prepare, and so does your confirmation.")
                        + "</p>",
                    },
                ],
            },
        ),
    ]


def _promises() -> tuple[str, Any]:
    items = [
        {
            "icon": "clock",
            "title": _("Free times as they are"),
            "text": _("You see the same calendar as our reception, to the minute."),
        },
        {
            "icon": "banknote",
            "title": _("The price before you choose"),
            "text": _("Every time comes with its price and length."),
        },
        {
            "icon": "calendar-check",
            "title": _("Plans change"),
            "text": _("Move or cancel a visit yourself, by the link in your e-mail."),
        },
    ]
    return ("promises", {"items": items})


def _about_body() -> list[tuple[str, Any]]:
    """True of every clinic, so that patients never read a placeholder; the clinic says more when it likes."""
    texts = (
        _(
            "We see patients by appointment. The page of every doctor tells about their experience and prices "
            "and shows the free times."
        ),
        _(
            "If something is unclear, call or write to the clinic that is nearest to you: we will gladly help."
        ),
    )
    return [
        ("text", "".join(f"<p>{text}</p>" for text in texts)),
        _promises(),
        ("clinics", {"title": _("Where to find us")}),
    ]
