"""Pages of a network's site. The catalogue gives addresses below the index pages of doctors, services and clinics."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Page
from wagtail.search import index

from tenants.cms import rendering
from tenants.cms.blocks import RICH_TEXT, BodyBlocks, HomeBlocks


class SitePage(Page):
    """What all pages share: the picture shown where a link to the page is posted."""

    share_image = models.ForeignKey(
        "wagtailimages.Image",
        verbose_name=_("picture for links"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    promote_panels = (
        MultiFieldPanel(
            [
                FieldPanel("slug"),
                FieldPanel("seo_title"),
                FieldPanel("search_description"),
                FieldPanel("share_image"),
            ],
            heading=_("For search engines and links"),
        ),
        FieldPanel("show_in_menus"),
    )

    class Meta:
        abstract = True


class HomePage(SitePage):
    """The front page; one in each language."""

    body = StreamField(HomeBlocks(), verbose_name=_("content"), blank=True)

    content_panels = (*Page.content_panels, FieldPanel("body"))
    search_fields = (*Page.search_fields, index.SearchField("body"))
    parent_page_types = ("wagtailcore.Page",)
    subpage_types = (
        "cms.DoctorsIndexPage",
        "cms.ServicesIndexPage",
        "cms.ClinicsIndexPage",
        "cms.ContentPage",
    )
    template = "tenants/cms/home_page.html"

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")


class CataloguePage(RoutablePageMixin, SitePage):
    """An index with one address below it for each row of the catalogue. The website draws both."""

    index_kind = ""
    entry_kind = ""

    intro = RichTextField(_("introduction"), blank=True, features=RICH_TEXT)

    content_panels = (*Page.content_panels, FieldPanel("intro"))
    search_fields = (*Page.search_fields, index.SearchField("intro"))
    parent_page_types = ("cms.HomePage",)
    subpage_types: tuple[str, ...] = ()
    max_count_per_parent = 1

    class Meta:
        abstract = True

    @path("")
    def list_entries(self, request: HttpRequest, *_args: Any) -> HttpResponse:
        return rendering.draw(self.index_kind, request, self)

    @path("<slug:slug>/")
    def show_entry(self, request: HttpRequest, slug: str) -> HttpResponse:
        return rendering.draw(self.entry_kind, request, self, slug=slug)


class DoctorsIndexPage(CataloguePage):
    index_kind = "doctors"
    entry_kind = "doctor"

    class Meta:
        verbose_name = _("page of doctors")
        verbose_name_plural = _("pages of doctors")


class ServicesIndexPage(CataloguePage):
    index_kind = "services"
    entry_kind = "service"

    class Meta:
        verbose_name = _("page of services and prices")
        verbose_name_plural = _("pages of services and prices")


class ClinicsIndexPage(CataloguePage):
    index_kind = "clinics"
    entry_kind = "clinic"

    class Meta:
        verbose_name = _("page of clinics")
        verbose_name_plural = _("pages of clinics")


class ContentPage(SitePage):
    """A page of the clinic's own making: about us, for patients, documents."""

    lead = models.TextField(_("opening words"), blank=True, max_length=600)
    body = StreamField(BodyBlocks(), verbose_name=_("content"), blank=True)

    content_panels = (*Page.content_panels, FieldPanel("lead"), FieldPanel("body"))
    search_fields = (*Page.search_fields, index.SearchField("lead"), index.SearchField("body"))
    parent_page_types = ("cms.HomePage", "cms.ContentPage")
    subpage_types = ("cms.ContentPage",)
    template = "tenants/cms/content_page.html"

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")


class ImportState(models.TextChoices):
    CHECKING = "checking", _("being checked")
    REFUSED = "refused", _("has problems")
    READY = "ready", _("ready to import")
    RUNNING = "running", _("being imported")
    DONE = "done", _("imported")
    FAILED = "failed", _("failed")
    UNDONE = "undone", _("undone")


class ImportRun(models.Model):
    """One file on its way into the network: checked, confirmed, written, perhaps undone.

    The file is deleted once it is written or forgotten; `undo` holds the steps of `tenants.cms.importing.undo`.
    """

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    kind = models.CharField(_("what"), max_length=20)
    file_name = models.CharField(_("file"), max_length=120)
    file = models.FileField(upload_to="private/imports/", blank=True, max_length=200)
    defaults = models.JSONField(default=dict)
    user_id = models.BigIntegerField(null=True)
    operator_id = models.BigIntegerField(null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState.choices, default=ImportState.CHECKING
    )
    rows = models.PositiveIntegerField(_("rows"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    updated = models.PositiveIntegerField(_("changed"), default=0)
    skipped = models.PositiveIntegerField(_("the same already"), default=0)
    problems = models.JSONField(default=list, help_text=_("Row, column and message, the first few thousand."))
    problems_count = models.PositiveIntegerField(_("problems"), default=0)
    undo = models.JSONField(default=list)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.file_name
