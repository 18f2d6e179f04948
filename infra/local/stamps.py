"""Remembers which steps were done with which inputs, so that the second start skips them. Standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.local.paths import ROOT, STAMPS, local_dir

_IGNORED = {"node_modules", "dist", "__pycache__", ".git"}


def files_under(*folders: Path, suffixes: Iterable[str] = ()) -> Iterator[Path]:
    """All files below the folders, sorted, without built and installed ones; `suffixes` narrows them."""
    wanted = tuple(suffixes)
    for folder in folders:
        if folder.is_file():
            yield folder
            continue
        for path in sorted(folder.rglob("*")):
            if (
                path.is_file()
                and not _IGNORED.intersection(path.parts)
                and (not wanted or path.suffix in wanted)
            ):
                yield path


def digest(files: Iterable[Path], *words: str) -> str:
    """One hash over names and contents of files and over further words."""
    sha = hashlib.sha256()
    for word in words:
        sha.update(word.encode() + b"\0")
    for file in files:
        name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        sha.update(str(name).encode() + b"\0")
        sha.update(hashlib.sha256(file.read_bytes()).digest())
    return sha.hexdigest()


def is_done(name: str, key: str) -> bool:
    """Says whether the step was finished with these inputs."""
    try:
        return (STAMPS / name).read_text() == key
    except FileNotFoundError:
        return False


def mark_done(name: str, key: str) -> None:
    """Records that the step was finished with these inputs."""
    (local_dir(STAMPS) / name).write_text(key)
