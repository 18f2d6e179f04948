"""The import's screens: choose a file, look at what it would do, confirm, watch."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from uuid import UUID

from defusedcsv import csv
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.core.errors import NotFound
from saas.networks.context import current_schema
from tenants.audit.actions import actor_of
from tenants.cms.importing import runs
from tenants.cms.importing.errors import NotNow, UnreadableFile
from tenants.cms.importing.plan import Kind
from tenants.cms.importing.registry import KINDS
from tenants.cms.importing.table import MAX_BYTES, MAX_ROWS, read_table, template_rows
from tenants.cms.importing.undo import Kept
from tenants.cms.models import ImportRun, ImportState

_SHOWN_PROBLEMS = 500
_RECENT = 10


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("file"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.ics,text/csv,text/calendar"})
    )

    def __init__(self, kind: Kind, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # Django's own arguments
        labels = {column.code: column.label for column in kind.columns}
        for code in kind.default_columns:
            self.fields[f"default_{code}"] = forms.CharField(
                label=_("%(column)s, where the file does not say") % {"column": labels[code]},
                required=False,
                max_length=200,
            )

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 32 MB. Please split it."), code="file_too_big"
            )
        return file

    def defaults(self) -> dict[str, str]:
        """What was given for the whole file, by column."""
        return {
            name.removeprefix("default_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("default_")
        }


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Take the file, or say why it cannot be read."""
    kind = _kind(request, code)
    form = UploadForm(kind, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        data = file.read()
        is_small = len(data) <= runs.IN_REQUEST_BYTES
        if is_small and (problem := _unreadable(kind, data, form.defaults())):
            form.add_error("file", problem)
        else:
            taken = runs.take_in(
                kind=code, name=file.name, data=data, defaults=form.defaults(), actor=actor_of(request)
            )
            if is_small:
                runs.check(taken)
            else:
                tasks().check_import.delay(current_schema(), str(taken.public_id), translation.get_language())
            return redirect("catalogue_import:run", code, taken.public_id)
    status = 422 if form.is_bound else 200
    context = {
        "kind": kind,
        "form": form,
        "limit": MAX_ROWS,
        "kinds": _allowed(request),
        "recent": ImportRun.objects.filter(user_id=request.user.pk).defer("undo", "problems")[:_RECENT],
    }
    return render(request, "tenants/cms/import_upload.html", context, status=status)


@require_GET
def run(request: HttpRequest, code: str, public_id: UUID) -> HttpResponse:
    """Show where an import stands: how far it is, what it would do, its problems, what it did."""
    kind, found = _run(request, code, public_id)
    return _page(request, kind, found)


@require_POST
def confirm(request: HttpRequest, code: str, public_id: UUID) -> HttpResponse:
    """Write the file: at once when it is small, in the background when it is not."""
    _kind_of, found = _run(request, code, public_id)
    try:
        runs.claim(found)
    except NotNow:
        return redirect("catalogue_import:run", code, public_id)
    if found.file.size > runs.IN_REQUEST_BYTES:
        tasks().write_import.delay(current_schema(), str(public_id), translation.get_language())
    else:
        runs.write(found)
    return redirect("catalogue_import:run", code, public_id)


@require_POST
def undo(request: HttpRequest, code: str, public_id: UUID) -> HttpResponse:
    """Take the import back; when some rows cannot be, say which and ask."""
    kind, found = _run(request, code, public_id)
    try:
        kept = runs.undo(found, actor=actor_of(request), all_or_nothing="rest" not in request.POST)
    except NotNow:
        return redirect("catalogue_import:run", code, public_id)
    found.refresh_from_db()
    return _page(request, kind, found, kept=kept, status=409 if kept and found.state == "done" else 200)


@require_GET
def problems(request: HttpRequest, code: str, public_id: UUID) -> HttpResponse:
    """Give the problems as a table, to work through beside the file."""
    _kind_of, found = _run(request, code, public_id)
    response = _csv_response(f"{code}-problems.csv")
    writer = csv.writer(response, delimiter=";")
    writer.writerow([_("Row"), _("Column"), _("Problem")])
    writer.writerows(found.problems)
    return response


@require_GET
def template(request: HttpRequest, code: str) -> HttpResponse:
    """Give an empty table with its headings and one example row."""
    kind = _kind(request, code)
    response = _csv_response(f"{code}.csv")
    writer = csv.writer(response, delimiter=";")
    writer.writerows(template_rows(kind.columns))
    return response


def _kind(request: HttpRequest, code: str) -> Kind:
    kind = KINDS.get(code)
    if kind is None:
        raise Http404
    if not request.user.has_perm(kind.permission):
        raise PermissionDenied
    return kind()


def _allowed(request: HttpRequest) -> list[type[Kind]]:
    return [kind for kind in KINDS.values() if request.user.has_perm(kind.permission)]


def _run(request: HttpRequest, code: str, public_id: UUID) -> tuple[Kind, ImportRun]:
    kind = _kind(request, code)
    try:
        return kind, runs.find_run(public_id, kind=code, user_id=request.user.pk)
    except NotFound as error:
        raise Http404 from error


def _page(
    request: HttpRequest, kind: Kind, found: ImportRun, *, kept: Sequence[Kept] = (), status: int = 200
) -> HttpResponse:
    context = {
        "kind": kind,
        "run": found,
        "progress": runs.progress_of(found),
        "is_waiting": found.state in {ImportState.CHECKING, ImportState.RUNNING},
        "problems": found.problems[:_SHOWN_PROBLEMS],
        "problems_hidden": max(found.problems_count - _SHOWN_PROBLEMS, 0),
        "kept": kept,
        "kinds": _allowed(request),
    }
    return render(request, "tenants/cms/import_run.html", context, status=status)


def _unreadable(kind: Kind, data: bytes, defaults: dict[str, str]) -> str:
    """What is wrong with the file as a whole; empty when it can be read."""
    try:
        read_table(data, kind.columns, defaults=defaults)
    except UnreadableFile as error:
        return str(error.message)
    return ""


def _csv_response(name: str) -> HttpResponse:
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def tasks() -> ModuleType:
    """Return Celery's tasks, which load after the apps."""
    from tenants.cms import tasks as module  # noqa: PLC0415 - see above

    return module


app_name = "catalogue_import"
urlpatterns = [
    path("<slug:code>/", upload, name="upload"),
    path("<slug:code>/template.csv", template, name="template"),
    path("<slug:code>/<uuid:public_id>/", run, name="run"),
    path("<slug:code>/<uuid:public_id>/confirm/", confirm, name="confirm"),
    path("<slug:code>/<uuid:public_id>/undo/", undo, name="undo"),
    path("<slug:code>/<uuid:public_id>/problems.csv", problems, name="problems"),
]
