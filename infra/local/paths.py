"""Where things live in a checkout. Standard library only."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
LOGS = LOCAL / "log"
STAMPS = LOCAL / "stamps"
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"


def local_dir(path: Path) -> Path:
    """Creates a directory under `.local` that other users may traverse (PostgreSQL runs as one of them)."""
    path.mkdir(parents=True, exist_ok=True)
    return path


def is_world_traversable(path: Path) -> bool:
    """Says whether any user may reach `path`: every existing directory above it has the o+x bit."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents if parent.exists())


def checkout_key() -> str:
    """A short stable name of this checkout, for the few things that have to live outside it."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
