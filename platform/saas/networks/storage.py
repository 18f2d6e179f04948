"""Uploaded files, kept apart by schema: `<root>/<schema>/...`, served only on that network's hosts."""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from saas.networks.context import current_schema


class NetworkFileStorage(FileSystemStorage):
    """Location is computed at every access: one storage object serves all networks.

    Addresses do not carry the schema; the view that serves them prefixes the schema of the asking host,
    so another network's file cannot even be named.
    """

    @property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / current_schema())

    @property
    def location(self) -> str:
        return str(Path(self.base_location).resolve())

    @property
    def base_url(self) -> str:
        return str(settings.MEDIA_URL)
