"""Blocks of pages. None takes raw HTML: what an editor writes is text, rich text of the allowed kinds, or a choice."""

from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

from tenants.cms import cards

RICH_TEXT: Final = ["h2", "h3", "bold", "italic", "ol", "ul", "hr", "link", "document-link"]

ICONS: Final = [
    ("shield-check", _("shield")),
    ("clock", _("clock")),
    ("calendar-check", _("calendar")),
    ("heart-pulse", _("heart")),
    ("banknote", _("money")),
    ("stethoscope", _("stethoscope")),
    ("map-pin", _("place")),
    ("message-circle", _("speech")),
    ("baby", _("child")),
    ("file-text", _("paper")),
]


class HeroBlock(blocks.StructBlock):
    """The first screen: one promise and the way to a booking."""

    title = blocks.CharBlock(label=_("title"), max_length=120)
    text = blocks.TextBlock(label=_("text"), required=False, max_length=400)
    picture = ImageChooserBlock(label=_("picture"), required=False)

    class Meta:
        icon = "home"
        label = _("First screen with booking")
        template = "tenants/cms/blocks/hero.html"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        now = timezone.now()
        context["soonest"] = cards.soonest_visits(limit=3, now=now)
        context["specializations"] = cards.specializations_in_use()
        return context


class PromiseBlock(blocks.StructBlock):
    icon = blocks.ChoiceBlock(label=_("icon"), choices=ICONS, default="shield-check")
    title = blocks.CharBlock(label=_("title"), max_length=80)
    text = blocks.TextBlock(label=_("text"), required=False, max_length=240)


class PromisesBlock(blocks.StructBlock):
    items = blocks.ListBlock(PromiseBlock(), label=_("promises"), min_num=1, max_num=6)

    class Meta:
        icon = "tick"
        label = _("Promises")
        template = "tenants/cms/blocks/promises.html"


class DoctorsBlock(blocks.StructBlock):
    """Doctors with their next free time, the soonest first."""

    title = blocks.CharBlock(label=_("title"), max_length=120)
    limit = blocks.IntegerBlock(label=_("how many"), default=4, min_value=1, max_value=12)

    class Meta:
        icon = "group"
        label = _("Doctors with their next free time")
        template = "tenants/cms/blocks/doctors.html"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["doctors"] = cards.soonest_doctors(limit=value["limit"] or 4, now=timezone.now())
        return context


class ServicesBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=120)
    limit = blocks.IntegerBlock(label=_("how many"), default=6, min_value=1, max_value=24)

    class Meta:
        icon = "list-ul"
        label = _("Services with prices")
        template = "tenants/cms/blocks/services.html"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["services"] = cards.first_services(limit=value["limit"] or 6)
        context["currency"] = cards.currency()
        return context


class ClinicsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=120)

    class Meta:
        icon = "site"
        label = _("Clinics")
        template = "tenants/cms/blocks/clinics.html"

    def get_context(
        self, value: blocks.StructValue, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["clinics"] = cards.clinic_cards()
        return context


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("question"), max_length=200)
    answer = blocks.RichTextBlock(label=_("answer"), features=RICH_TEXT)


class FaqBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("title"), max_length=120)
    items = blocks.ListBlock(QuestionBlock(), label=_("questions"), min_num=1)

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "tenants/cms/blocks/faq.html"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("words"), max_length=600)
    author = blocks.CharBlock(label=_("who said it"), required=False, max_length=120)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = "tenants/cms/blocks/quote.html"


class PictureBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("picture"))
    caption = blocks.CharBlock(label=_("caption"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "tenants/cms/blocks/picture.html"


class BodyBlocks(blocks.StreamBlock):
    """What a free page may hold."""

    text = blocks.RichTextBlock(
        label=_("Text"), icon="pilcrow", features=RICH_TEXT, template="tenants/cms/blocks/text.html"
    )
    picture = PictureBlock()
    quote = QuoteBlock()
    faq = FaqBlock()
    promises = PromisesBlock()
    doctors = DoctorsBlock()
    services = ServicesBlock()
    clinics = ClinicsBlock()


class HomeBlocks(BodyBlocks):
    """What the home page may hold."""

    hero = HeroBlock()
