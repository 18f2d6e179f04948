"""What all listings of the back office share: safe export, words instead of a crash, nothing left to write by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from defusedcsv import csv
from django.db.models import Model, ProtectedError, QuerySet
from django.forms import BaseForm, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import BaseColumn, Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from saas.core.sorting import alphabetical
from tenants.cms.admin.choices import Filters, name_doctors_in_one_query

_BOM = "\ufeff"  # Excel reads UTF-8 only with it


class Listing(generic.IndexView):
    """A listing with CSV export.

    The export is written before the response leaves the network's schema (a streamed one would run outside of it),
    and cells that a spreadsheet would run as formulas are defused.
    """

    FORMATS = (generic.IndexView.FORMAT_CSV,)
    add_item_label = _("Add")
    select_related: ClassVar[tuple[str, ...]] = ()
    prefetch_related: ClassVar[tuple[str, ...]] = ()

    @cached_property
    def filterset_class(self) -> type[Filters] | None:
        if not self.list_filter:
            return None
        meta = type("Meta", (), {"model": self.model, "fields": self.list_filter})
        return type(f"{self.model.__name__}Filters", (Filters,), {"Meta": meta})

    def get_base_queryset(self) -> QuerySet[Any]:
        rows = super().get_base_queryset()
        if self.select_related:
            rows = rows.select_related(*self.select_related)
        prefetched: QuerySet[Any] = rows.prefetch_related(*self.prefetch_related)
        return prefetched

    def order_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        ordered: QuerySet[Any] = super().order_queryset(queryset)
        by = ordered.query.order_by
        return ordered.order_by(*alphabetical(*by)) if by else ordered

    @cached_property
    def columns(self) -> list[BaseColumn]:
        """The first column leads to the row's page, also when it is a `TextColumn`."""
        columns: list[BaseColumn] = list(super().columns)
        first = columns[0]
        if isinstance(first, TextColumn):
            columns[0] = self._get_title_column_class(TitleColumn)(
                first.name,
                label=first.label,
                accessor=first.accessor,
                sort_key=first.sort_key,
                get_url=lambda row: self.get_edit_url(row) or self.get_inspect_url(row),
            )
        return columns

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        return [button for button in super().header_more_buttons if "export=xlsx" not in str(button.url)]

    def write_csv_response(self, queryset: Iterable[Model]) -> HttpResponse:
        response = HttpResponse(_BOM, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.get_filename()}.csv"'
        writer = csv.writer(response)
        writer.writerow([self.get_heading(queryset, field) for field in self.list_export])
        for item in queryset:
            row = self.to_row_dict(item)
            writer.writerow(
                [self.preprocess_field_value(field, value, self.FORMAT_CSV) for field, value in row.items()]
            )
        return response


class Facts(generic.InspectView):
    """The page of one row, with yes and no in words."""

    def get_field_display_value(self, field_name: str, field: object) -> object:
        value: object = super().get_field_display_value(field_name, field)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return value


class Deletion(generic.DeleteView):
    """Deleting something that is in use ends in a message."""

    def form_valid(self, form: BaseForm) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except ProtectedError:
            messages.error(
                self.request,
                _("“%(object)s” is in use and cannot be deleted. Take it out of use instead.")
                % {"object": self.object},
            )
            return HttpResponseRedirect(self.get_success_url())
        return response


class CatalogueViewSet(ModelViewSet):
    """A model that managers edit and others may look at.

    `columns` of the listing come from `list_display`; the search looks into `search_fields` with the database's
    own comparison, so that parts of words and phones are found as well.
    """

    index_view_class = Listing
    delete_view_class = Deletion
    inspect_view_class = Facts
    search_backend_name = None
    inspect_view_enabled = True
    copy_view_enabled = False
    list_per_page = 50
    select_related: ClassVar[tuple[str, ...]] = ()
    prefetch_related: ClassVar[tuple[str, ...]] = ()

    def get_form_class(self, for_update: bool = False) -> type[ModelForm[Any]]:  # noqa: FBT001, FBT002 - Wagtail's signature
        form_class: type[ModelForm[Any]] = super().get_form_class(for_update)
        name_doctors_in_one_query(form_class)
        return form_class

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return dict(
            super().get_index_view_kwargs(
                **{"select_related": self.select_related, "prefetch_related": self.prefetch_related, **kwargs}
            )
        )


class ReadOnlyViewSet(CatalogueViewSet):
    """A model that is looked at and never edited here: a listing and a page of facts."""

    def get_urlpatterns(self) -> list[Any]:
        names = {"index", "index_results", "inspect"}
        return [pattern for pattern in super().get_urlpatterns() if pattern.name in names]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        view_kwargs = dict(super().get_common_view_kwargs(**kwargs))
        for name in ("add", "edit", "delete", "copy", "history", "usage"):
            view_kwargs.pop(f"{name}_url_name", None)
        return view_kwargs

    def get_form_fields(self) -> tuple[str, ...]:
        return ()

    def register_admin_url_finder(self) -> None:
        """There is no page to edit."""


class TextColumn(Column):
    """A column that shows what a function makes of the row."""

    def __init__(
        self,
        name: str,
        label: str | Promise,
        accessor: str | Callable[[Any], object],
        sort_key: str | None = None,
    ) -> None:
        super().__init__(name, label=label, accessor=accessor, sort_key=sort_key)


def may(request: HttpRequest, permission: str) -> bool:
    """Return whether the asker has a permission such as `booking.change_appointment`."""
    return bool(request.user.has_perm(permission))
