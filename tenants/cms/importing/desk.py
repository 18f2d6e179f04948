"""An import between its steps: the file, whose it is, how far it got. Kept in the network's cache for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final

from django.core.cache import cache

_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Upload:
    """A file waiting to be confirmed. Found only by its unguessable token, by the person who brought it."""

    token: str
    kind: str
    user_id: int
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a confirmed import is: `state` is waiting, running, done, refused or failed."""

    state: str
    done: int = 0
    total: int = 0
    created: int = 0
    updated: int = 0
    skipped: int = 0


def keep(*, kind: str, user_id: int, name: str, data: bytes) -> Upload:
    """Keep a file for an hour, in this network's cache."""
    upload = Upload(token=token_urlsafe(24), kind=kind, user_id=user_id, name=name[:120], data=data)
    cache.set(_key(upload.token), upload, _SECONDS)
    return upload


def find(token: str, *, user_id: int, kind: str) -> Upload | None:
    """Return the file if it is still there, of this kind and this person's."""
    upload: Upload | None = cache.get(_key(token))
    return upload if upload is not None and (upload.user_id, upload.kind) == (user_id, kind) else None


def drop(token: str) -> None:
    cache.delete(_key(token))


def begin(token: str) -> bool:
    """Claim the import for one run; False for whoever comes second (a double click)."""
    return bool(cache.add(_key(token, "run"), 1, _SECONDS))


def release(token: str) -> None:
    """Let the import be confirmed again."""
    cache.delete(_key(token, "run"))


def tell(token: str, progress: Progress) -> None:
    cache.set(_key(token, "progress"), progress, _SECONDS)


def progress_of(token: str) -> Progress | None:
    found: Any = cache.get(_key(token, "progress"))
    return found if isinstance(found, Progress) else None


def _key(token: str, part: str = "file") -> str:
    return f"cms:import:{part}:{token}"
