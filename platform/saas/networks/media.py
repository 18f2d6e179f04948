"""Uploaded files of the network whose host was asked, and of no other."""

import mimetypes
from typing import Final

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

_SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"})
"""Types that a browser may show in place; anything else is a download, so that no upload runs as a page."""

_PUBLIC_FOLDERS: Final = ("images/", "original_images/", "doctors/", "clinics/", "brand/", "services/")
"""Folders that hold what the public site shows. Documents have their own view, with its own permissions."""


@require_safe
def serve_media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve `<media root>/<entered schema>/<path>`. Anything outside that folder is a 404."""
    if not path.startswith(_PUBLIC_FOLDERS):
        raise Http404
    try:
        file = default_storage.open(path, "rb")
    except (
        FileNotFoundError,
        IsADirectoryError,
        NotADirectoryError,
        SuspiciousFileOperation,
        ValueError,
    ) as error:
        raise Http404 from error
    content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = FileResponse(file, content_type=content_type, as_attachment=content_type not in _SHOWN)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
