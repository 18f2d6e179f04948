"""Twin networks: equal ids, equal e-mails, equal password hashes; every free text carries the network's canary.

With equal ids a "foreign id" proves nothing, so what is looked for is the canary of the other network.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection, models, transaction
from django.utils import timezone
from wagtail.documents import get_document_model
from wagtail.models import Page

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope
from tenants.api.tokens import create_token
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.links import manage_path
from tenants.booking.models import Resource
from tenants.booking.windows.store import rebuild
from tenants.cms.models import ContentPage, HomePage
from tenants.reviews.models import Review
from tests.factories import make_bookable, make_category, make_doctor, make_service

FIRST_ID: Final = 7001
"""The id of the first row that the world adds to any table: one number finds an object behind almost every address."""

PASSWORD: Final = "correct horse battery 9"
_HASH: Final = make_password(PASSWORD, salt="thesamesalt", hasher="md5")
ROLES: Final = (Role.PATIENT, Role.DOCTOR, Role.RECEPTION, Role.MANAGER, Role.OWNER)

_SKIPPED_APPS: Final = frozenset({"contenttypes", "auth", "sessions", "mfa", "account", "wagtailsearch"})
_SKIPPED_FIELDS: Final = frozenset(
    {
        "path", "url_path", "hostname", "path_prefix", "language_code", "language", "locale", "currency", "time_zone",
        "country", "phone", "phone_number", "token_hash", "prefix", "file_hash", "password", "codename", "action",
        "object_type", "object_id", "object_pk", "content_path", "content_path_hash", "model_path", "to_path_template",
        "old_path", "redirect_link", "hash", "topic", "dedup_key", "consumer", "client_msg_id", "key", "scope",
        "fingerprint", "request_id", "actor_kind", "source", "base_content_type", "event_type", "kind", "colour",
        "brand_colour", "color", "code", "file", "photo", "logo", "email", "uuid", "aggregate_type", "aggregate_id",
        "recipient_hash", "lease_owner", "url", "icon", "route_path", "template", "focal_point_key", "filter_spec",
    }
)  # fmt: skip


@dataclass
class World:
    """One filled network."""

    ref: NetworkRef
    canary: str
    users: dict[str, User] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    planted: int = 0


def build_world(ref: NetworkRef, canary: str) -> World:
    """Fill a fresh network. The same calls in the same order give its twin the same ids."""
    world = World(ref=ref, canary=canary)
    with network_context(ref):
        _start_ids_at(FIRST_ID)
        _people(world)
        _catalogue(world)
        _content(world)
        world.token = create_token(
            name=f"{canary} token", scopes=ApiScope.values, actor=SYSTEM, now=timezone.now()
        )[1]
        world.planted = _plant(canary)
        # Working time is derived: who first looks at a doctor writes it down. Here nobody is the first.
        rebuild(list(Resource.objects.values_list("pk", flat=True)), now=timezone.now())
        cache.clear()
    return world


def checksums(ref: NetworkRef) -> dict[str, str]:
    """Return a hash of the rows of every table but sessions, the time of the last log-in left aside."""
    with network_context(ref), connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            if table == "django_session":
                continue
            row = "(to_jsonb(t) - 'last_login')::text"
            cursor.execute(
                f"SELECT md5(coalesce(string_agg({row}, chr(10) ORDER BY {row}), '')) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()[0]
    return found


def _start_ids_at(first: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace"
        )
        for (name,) in cursor.fetchall():
            cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s, false)", [name, first])


def _people(world: World) -> None:
    from django.contrib.auth.models import Group

    for role in ROLES:
        user = User(
            email=f"{role}@example.org", role=role, is_patient=role == Role.PATIENT, password=_HASH,
            first_name=f"{world.canary} {role}", last_name=world.canary,
        )  # fmt: skip
        user.save()
        user.groups.set(Group.objects.filter(name=role.value))
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        world.users[role] = user


def _catalogue(world: World) -> None:
    canary = world.canary
    bookable = make_bookable()
    child = make_category(parent=bookable.service.category, slug="child")
    make_service(category=child, slug="second", doctors=[bookable.doctor], clinics=[bookable.clinic])
    make_doctor(
        user=world.users[Role.DOCTOR],
        slug="with-login",
        clinics=[bookable.clinic],
        services=[bookable.service],
    )
    for slug, row in (
        ("the-clinic", bookable.clinic),
        ("the-doctor", bookable.doctor),
        ("the-service", bookable.service),
    ):
        row.slug = slug
        row.save()
    bookable.doctor.photo.save("face.png", ContentFile(_png(canary)))
    patient = bookable.patient
    patient.user = world.users[Role.PATIENT]
    patient.save()
    tomorrow = timezone.now().astimezone(ZoneInfo("Europe/Moscow")).date() + dt.timedelta(days=2)
    appointment = book_appointment(
        doctor_id=bookable.doctor.pk, service_id=bookable.service.pk, clinic_id=bookable.clinic.pk,
        starts_at=dt.datetime.combine(tomorrow, dt.time(10), ZoneInfo("Europe/Moscow")), patient_id=patient.pk,
        source="site", language="en", notes=f"{canary} note", actor=SYSTEM, now=timezone.now(),
    )  # fmt: skip
    review = Review.objects.create(
        patient=patient, doctor=bookable.doctor, rating=5, comment=f"{canary} good", is_published=True
    )
    world.values.update(
        public_id=appointment.public_id, visit=manage_path(appointment).strip("/").split("/")[1], review=review.pk,
        media=bookable.doctor.photo.name,
    )  # fmt: skip


def _content(world: World) -> None:
    home = HomePage.objects.live().first()
    page = ContentPage(title=f"{world.canary} page", slug="the-page")
    home.add_child(instance=page)
    page.save_revision(user=world.users[Role.OWNER]).publish()
    document = get_document_model()(title=f"{world.canary} document")
    document.file.save("paper.txt", ContentFile(world.canary.encode()), save=True)
    document.get_file_size()  # Wagtail fills these in when the file is first shown
    document.get_file_hash()
    world.values.update(page=page.pk, home=home.pk, document=document.pk)


def _plant(canary: str) -> int:
    """Put the canary in front of every free text; return how many columns have it."""
    planted = 0
    for model in apps.get_models():
        config = apps.get_app_config(model._meta.app_label)
        if (
            config.name not in settings.TENANT_APPS
            or config.label in _SKIPPED_APPS
            or not model._meta.managed
        ):
            continue
        for column in model._meta.local_concrete_fields:
            if _is_free_text(column):
                limit = column.max_length or 100_000
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(
                        f'UPDATE "{model._meta.db_table}" SET "{column.column}" = left(%s || "{column.column}", %s) '
                        f'WHERE "{column.column}" IS NOT NULL AND position(%s in "{column.column}") = 0',
                        [f"{canary} ", limit, canary],
                    )
                    planted += cursor.rowcount > 0
    Page.objects.update(draft_title=canary)
    return planted


def _is_free_text(column: models.Field[Any, Any]) -> bool:
    if not isinstance(column, models.CharField | models.TextField) or isinstance(column, models.SlugField):
        return False
    if type(column).__name__ in ("StreamField", "PhoneNumberField", "EmailField", "URLField"):
        return False
    short = column.max_length is not None and column.max_length < 20
    return not (
        column.choices or column.unique or column.primary_key or short or column.name in _SKIPPED_FIELDS
    )


def _png(canary: str) -> bytes:
    """A picture with the canary in a text chunk."""
    from io import BytesIO

    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info, buffer = PngInfo(), BytesIO()
    info.add_text("canary", canary)
    Image.new("RGB", (40, 40), "teal").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
