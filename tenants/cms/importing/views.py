"""The import's screens: choose a file, look at what it would do, confirm, watch."""

from __future__ import annotations

from defusedcsv import csv
from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from wagtail.admin import messages

from saas.networks.context import current_schema
from tenants.audit.actions import actor_of
from tenants.cms.importing import desk
from tenants.cms.importing.kinds import KINDS
from tenants.cms.importing.plan import CREATE, SKIP, UPDATE, Kind, make_plan
from tenants.cms.importing.rows import Problem
from tenants.cms.importing.running import IN_REQUEST_ROWS, run
from tenants.cms.importing.table import MAX_BYTES, MAX_ROWS, UnreadableFile, read_table, template_rows

_SHOWN_PROBLEMS = 500


class UploadForm(forms.Form):
    file = forms.FileField(label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 4 MB. Please split it."), code="file_too_big"
            )
        return file


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Take the file, or say why it cannot be read."""
    kind = _kind(request, code)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        data = file.read()
        try:
            read_table(data, kind.columns)
        except UnreadableFile as error:
            form.add_error("file", str(error.message))
        else:
            kept = desk.keep(kind=code, user_id=_user_id(request), name=file.name, data=data)
            return redirect("catalogue_import:preview", code, kept.token)
    status = 422 if form.is_bound else 200
    context = {"kind": kind, "form": form, "limit": MAX_ROWS, "kinds": _allowed(request)}
    return render(request, "tenants/cms/import_upload.html", context, status=status)


@require_GET
def preview(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """Show what the file would do and every problem it has."""
    kind = _kind(request, code)
    kept = desk.find(token, user_id=_user_id(request), kind=code)
    if kept is None:
        return _start_over(request, code)
    plan = make_plan(kind, kept.data)
    labels = {column.code: column.label for column in kind.columns}
    problems = [
        Problem(problem.row, str(labels.get(problem.column, problem.column)), problem.message)
        for problem in plan.problems[:_SHOWN_PROBLEMS]
    ]
    context = {
        "kind": kind,
        "name": kept.name,
        "token": token,
        "plan": plan,
        "problems": problems,
        "problems_hidden": len(plan.problems) - len(problems),
        "creates": plan.counts[CREATE],
        "updates": plan.counts[UPDATE],
        "skips": plan.counts[SKIP],
        "kinds": _allowed(request),
    }
    return render(request, "tenants/cms/import_preview.html", context)


@require_POST
def confirm(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """Write the file: at once when it is small, in the background when it is not."""
    _kind(request, code)
    kept = desk.find(token, user_id=_user_id(request), kind=code)
    if kept is None:
        return _start_over(request, code)
    if desk.begin(token):
        rows = kept.data.count(b"\n")
        desk.tell(token, desk.Progress("waiting", total=rows))
        actor = actor_of(request)
        if rows > IN_REQUEST_ROWS:
            from tenants.cms.tasks import import_catalogue  # noqa: PLC0415 - Celery's tasks load after the apps

            import_catalogue.delay(current_schema(), code, token, actor.user_id, actor.operator_id)
        else:
            run(kept, actor=actor)
    return redirect("catalogue_import:progress", code, token)


@require_GET
def progress(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """Show how far the import is; the page reloads itself until it is over."""
    kind = _kind(request, code)
    found = desk.progress_of(token)
    if found is None:
        return _start_over(request, code)
    if found.state == "refused":
        messages.error(
            request, _("The catalogue changed meanwhile, so the file was checked again. Nothing was written.")
        )
        return redirect("catalogue_import:preview", code, token)
    context = {
        "kind": kind,
        "progress": found,
        "is_over": found.state in {"done", "failed"},
        "token": token,
        "kinds": _allowed(request),
    }
    return render(request, "tenants/cms/import_progress.html", context)


@require_GET
def template(request: HttpRequest, code: str) -> HttpResponse:
    """Give an empty table with its headings and one example row."""
    kind = _kind(request, code)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}.csv"'
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


def _user_id(request: HttpRequest) -> int:
    assert request.user.pk is not None  # noqa: S101 - the admin lets nobody in who is not signed in
    return int(request.user.pk)


def _start_over(request: HttpRequest, code: str) -> HttpResponse:
    messages.error(request, _("The file is no longer here: it is kept for an hour. Please choose it again."))
    return redirect("catalogue_import:upload", code)


app_name = "catalogue_import"
urlpatterns = [
    path("<slug:code>/", upload, name="upload"),
    path("<slug:code>/template.csv", template, name="template"),
    path("<slug:code>/<str:token>/", preview, name="preview"),
    path("<slug:code>/<str:token>/confirm/", confirm, name="confirm"),
    path("<slug:code>/<str:token>/progress/", progress, name="progress"),
]
