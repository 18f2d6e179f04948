"""Patients: the search, the list, the card and what is kept on it."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_reception, for_staff, staff_of
from tenants.desk.cards.actions import (
    ALLOWED,
    LARGEST,
    add_note,
    change_patient,
    content_type_of,
    keep_file,
    remove_file,
)
from tenants.desk.cards.card import PatientUnknown, card_of, file_for, may_change_card, patient_for
from tenants.desk.cards.finding import Found, find_people, recent_people
from tenants.desk.cards.forms import CardForm, FileForm, NoteForm, PatientForm
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient
from tenants.patients.search import patterns

_REFUSED: Final = 422


@never_cache
@for_staff
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Patients whom a few letters or digits mean: a part of the page, or JSON for who asks for it."""
    user, text = staff_of(request), request.GET.get("q", "")
    found = find_people(text, user=user)
    if request.GET.get("format") == "json" or request.headers.get("Accept", "").startswith(
        "application/json"
    ):
        return JsonResponse({"enough": bool(patterns(text)), "results": [_as_json(each) for each in found]})
    context = {
        "found": found,
        "text": text,
        "enough": bool(patterns(text)),
        "is_list": request.GET.get("as") == "list",
    }
    return render(request, "tenants/desk/cards/_found.html", context)


@never_cache
@for_staff
@require_safe
def patients(request: HttpRequest) -> HttpResponse:
    """The list: what was looked for, else the latest cards."""
    user, text = staff_of(request), request.GET.get("q", "")
    enough = bool(patterns(text))
    context = {
        "text": text,
        "enough": enough,
        "found": find_people(text, user=user, limit=30) if enough else recent_people(user=user, limit=12),
        "may_create": may_change_card(user),
        "is_list": True,
    }
    return render(request, "tenants/desk/cards/patients.html", context)


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def new_patient(request: HttpRequest) -> HttpResponse:
    """A new card; who is known already is opened instead of doubled."""
    form = PatientForm(request.POST or None, initial={"last_name": request.GET.get("q", "")})
    if request.method == "POST" and form.is_valid():
        profile = organisation()
        try:
            patient = find_or_create_patient(
                **form.cleaned_data, language=profile.language, region=profile.country
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return HttpResponseRedirect(reverse("desk:patient", args=[patient.public_id]))
    status = _REFUSED if form.is_bound else 200
    return render(request, "tenants/desk/cards/new.html", {"form": form}, status=status)


@never_cache
@for_staff
@require_safe
def card(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A patient's card."""
    return _card(request, _patient(request, public_id))


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change the facts of a card."""
    patient = _patient(request, public_id)
    initial = {name: getattr(patient, name) for name in CardForm.base_fields}
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_patient(
                patient=patient, **form.cleaned_data, region=organisation().country, actor=actor_of(request)
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("desk:patient", args=[public_id]))
    context = {"form": form, "patient": patient}
    return render(request, "tenants/desk/cards/edit.html", context, status=_REFUSED if form.is_bound else 200)


@never_cache
@for_staff
@require_POST
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Note something on the card."""
    patient, form = _patient(request, public_id), NoteForm(request.POST)
    if form.is_valid():
        try:
            add_note(
                patient=patient,
                text=form.cleaned_data["text"],
                author=staff_of(request),
                actor=actor_of(request),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return HttpResponseRedirect(f"{reverse('desk:patient', args=[public_id])}#notes")
    return _card(request, patient, note_form=form, status=_REFUSED)


@never_cache
@for_staff
@require_POST
def upload(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Keep a file on the card."""
    patient, form = _patient(request, public_id), FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            keep_file(
                patient=patient,
                upload=form.cleaned_data["file"],
                author=staff_of(request),
                actor=actor_of(request),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return HttpResponseRedirect(f"{reverse('desk:patient', args=[public_id])}#files")
    return _card(request, patient, file_form=form, status=_REFUSED)


@never_cache
@for_staff
@require_safe
def download(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Hand out a file of a card: to staff who may open the card, always as a download."""
    try:
        file = file_for(staff_of(request), public_id)
        content = file.file.open("rb")
    except (PatientUnknown, FileNotFoundError) as error:
        raise Http404 from error
    response = FileResponse(
        content, as_attachment=True, filename=file.name, content_type=content_type_of(file)
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@never_cache
@for_staff
@require_POST
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Remove a file: reception and managers any, a doctor what they added."""
    user = staff_of(request)
    try:
        file = file_for(user, public_id)
    except PatientUnknown as error:
        raise Http404 from error
    if not may_change_card(user) and file.uploaded_by_id != user.pk:
        raise PermissionDenied
    patient_id = file.patient.public_id
    remove_file(file=file, actor=actor_of(request))
    messages.success(request, _("The file is removed."))
    return HttpResponseRedirect(f"{reverse('desk:patient', args=[patient_id])}#files")


def _patient(request: HttpRequest, public_id: UUID) -> Patient:
    try:
        return patient_for(staff_of(request), public_id)
    except DomainError as error:
        raise Http404 from error


def _card(
    request: HttpRequest,
    patient: Patient,
    *,
    note_form: NoteForm | None = None,
    file_form: FileForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = staff_of(request)
    context: dict[str, Any] = {
        "card": card_of(patient, user=user, now=timezone.now()),
        "patient": patient,
        "note_form": note_form or NoteForm(),
        "file_form": file_form or FileForm(),
        "allowed": ", ".join(ALLOWED),
        "accept": ",".join(ALLOWED),
        "largest": LARGEST // 1024**2,
        "may_change": may_change_card(user),
        "user_id": user.pk,
    }
    return render(request, "tenants/desk/cards/card.html", context, status=status)


def _as_json(found: Found) -> dict[str, Any]:
    patient = found.patient
    return {
        "id": patient.pk,
        "public_id": str(patient.public_id),
        "name": patient.full_name,
        "phone": patient.phone,
        "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        "age": found.age,
        "alerts": patient.alerts,
        "url": reverse("desk:patient", args=[patient.public_id]),
        "family": [{"id": each.pk, "name": each.full_name} for each in found.family],
    }
