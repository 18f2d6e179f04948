"""What staff do on a patient's card: change it, note something, keep and remove files."""

from __future__ import annotations

import datetime as dt
import mimetypes
from pathlib import PurePath
from typing import Final
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.text import get_valid_filename
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from saas.core.phones import normalise_phone
from tenants.audit.actions import Actor, record
from tenants.patients.models import Patient, PatientFile, PatientNote

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of one file."""

MOST_FILES: Final = 200
"""Files on one card."""

# What a file begins with decides what it is; its name only has to agree.
_SIGNATURES: Final[dict[str, tuple[bytes, ...]]] = {
    ".pdf": (b"%PDF-",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".webp": (b"RIFF",),
    ".docx": (b"PK\x03\x04",),
    ".xlsx": (b"PK\x03\x04",),
    ".dcm": (),
    ".txt": (),
}
ALLOWED: Final = tuple(sorted(_SIGNATURES))
_NAME_LENGTH: Final = 120
_HEAD: Final = 512
_DICOM: Final = slice(128, 132)


@transaction.atomic
def change_patient(
    *,
    patient: Patient,
    last_name: str,
    first_name: str,
    middle_name: str,
    phone: str,
    email: str,
    birth_date: dt.date | None,
    gender: str,
    language: str,
    alerts: str,
    region: str,
    actor: Actor,
) -> Patient:
    """Write the facts of a card. `phone` in any spelling, of `region` if it has no country code. Locks the card.

    Raises ValidationError with a dict of fields.
    """
    card = Patient.objects.select_for_update().get(pk=patient.pk)
    if birth_date is not None and birth_date.year < 1900:  # noqa: PLR2004 - nobody is that old
        raise ValidationError({"birth_date": _("Is the year right?")})
    try:
        number = normalise_phone(phone, region=region)
    except ValidationError as error:
        raise ValidationError({"phone": error}) from error
    facts: dict[str, object] = {
        "last_name": _plain(last_name),
        "first_name": _plain(first_name),
        "middle_name": _plain(middle_name),
        "phone": number,
        "email": email.strip().lower(),
        "birth_date": birth_date,
        "gender": gender,
        "language": language,
        "alerts": _plain(alerts),
    }
    changed = [name for name, value in facts.items() if getattr(card, name) != value]
    if not changed:
        return card
    for name in changed:
        setattr(card, name, facts[name])
    card.save(update_fields=[*changed, "updated_at"])
    record("patients.changed", actor=actor, on=card, data={"fields": changed})
    return card


@transaction.atomic
def add_note(*, patient: Patient, text: str, author: User, actor: Actor) -> PatientNote:
    """Note something on a card. Raises ValidationError for an empty note."""
    said = text.replace("\x00", "").strip()
    if not said:
        raise ValidationError({"text": _("Please fill in this field.")})
    note = PatientNote.objects.create(patient=patient, text=said, author=author)
    record("patients.noted", actor=actor, on=patient, data={"note": note.pk})
    return note


def keep_file(*, patient: Patient, upload: File[bytes], author: User, actor: Actor) -> PatientFile:
    """Store a file on a card: private, under a name that nobody can guess. Returns its row.

    Raises ValidationError for one that is too large, empty, of a type not in `ALLOWED`, or not what its name says.
    The file is written before the row; if the row fails, the file is removed.
    """
    name = PurePath(str(upload.name or "")).name.replace("\x00", "")
    ending = PurePath(name).suffix.lower()
    if ending not in _SIGNATURES:
        raise ValidationError(
            {
                "file": _("Files of this type are not kept. Allowed: %(types)s.")
                % {"types": ", ".join(ALLOWED)}
            }
        )
    if not upload.size:
        raise ValidationError({"file": _("The file is empty.")})
    if upload.size > LARGEST:
        raise ValidationError(
            {"file": _("The file is larger than %(limit)s MB.") % {"limit": LARGEST // 1024**2}}
        )
    if not _is_what_it_says(upload, ending):
        raise ValidationError({"file": _("The file is not what its name says.")})
    path = default_storage.save(f"private/patients/{uuid4().hex}{ending}", upload)
    try:
        with transaction.atomic():
            card = Patient.objects.select_for_update().get(pk=patient.pk)
            _refuse_too_many(card)
            row = PatientFile.objects.create(
                patient=card, file=path, name=_tidy(name, ending), size=upload.size, uploaded_by=author
            )
            record("patients.file_added", actor=actor, on=card, data={"file": row.pk, "size": row.size})
    except BaseException:
        default_storage.delete(path)
        raise
    return row


@transaction.atomic
def remove_file(*, file: PatientFile, actor: Actor) -> None:
    """Remove a file from its card, and from the storage once that is committed."""
    path, patient = str(file.file.name), file.patient
    record("patients.file_removed", actor=actor, on=patient, data={"file": file.pk})
    file.delete()
    transaction.on_commit(lambda: default_storage.delete(path), robust=True)


def content_type_of(file: PatientFile) -> str:
    """Return the type a file is served with; it is always a download."""
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _is_what_it_says(upload: File[bytes], ending: str) -> bool:
    head = upload.read(_HEAD)
    upload.seek(0)
    if ending == ".dcm":
        return bool(head[_DICOM] == b"DICM")
    if ending == ".txt":
        return b"\x00" not in head
    return bool(head.startswith(_SIGNATURES[ending]))


def _refuse_too_many(card: Patient) -> None:
    if card.files.count() >= MOST_FILES:
        raise ValidationError({"file": _("This card has too many files. Remove some first.")})


def _tidy(name: str, ending: str) -> str:
    stem = get_valid_filename(PurePath(name).stem or "file")[:_NAME_LENGTH]
    return f"{stem}{ending}"


def _plain(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
