"""The end-to-end tests' browser: Chromium from npm, unpacked into `.local/browser`, with the libraries it needs."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

from infra.local import node, processes, progress, stamps
from infra.local.paths import LOCAL, ROOT, local_dir

_SOURCE = ROOT / "infra" / "browser"
_HOME = LOCAL / "browser"
_FONTS = _HOME / "fonts.conf"
# Without the aliases this Chromium dies on the first Cyrillic letter that needs a fallback font.
_FONTS_TEXT = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>{home}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>{home}/font-cache</cachedir>
<alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
<alias><family>serif</family><prefer><family>Open Sans</family></prefer></alias>
<alias><family>monospace</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""
# No sandbox: it needs either root or user namespaces, and the tests only visit our own pages. The rest keeps the
# browser from talking to anybody but us.
ARGUMENTS = (
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
)


def ensure() -> Path:
    """Installs the browser unless it is there; returns its path. Raises LocalError."""
    chosen = os.environ.get("BROWSER_PATH")
    if chosen:
        return Path(chosen)
    key = stamps.digest([_SOURCE / "package-lock.json", _SOURCE / "unpack.mjs"])
    with processes.exclusive(local_dir(LOCAL) / "browser.lock"):
        if not ((_HOME / "chromium").exists() and stamps.is_done("browser", key)):
            with progress.step("Browser for the tests"):
                _install()
            stamps.mark_done("browser", key)
        _FONTS.write_text(_FONTS_TEXT.format(home=_HOME))
    return _HOME / "chromium"


def executable_path() -> str:
    """The browser's path for Playwright; `BROWSER_PATH` names another Chromium. Raises LocalError."""
    return str(ensure())


def environment() -> dict[str, str]:
    """The environment that the browser needs: its own libraries after the system's, and fonts."""
    libraries = [os.environ.get("LD_LIBRARY_PATH", ""), str(_HOME / "lib")]
    return {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(path for path in libraries if path),
        "FONTCONFIG_FILE": str(_FONTS),
    }


def _install() -> None:
    node.install(_SOURCE, name="browser")
    shutil.rmtree(_HOME, ignore_errors=True)
    node.run_script(_SOURCE / "unpack.mjs", [str(_HOME)], log="setup-browser")
    for name in ("al2023", "swiftshader", "fonts"):
        archive = _HOME / f"{name}.tar"
        with tarfile.open(archive) as content:
            # Python before 3.11.4 has no filters; the archive is ours by its hash in the lock file.
            if hasattr(tarfile, "data_filter"):
                content.extraction_filter = tarfile.data_filter
            content.extractall(_HOME)  # noqa: S202 - see above
        archive.unlink()
    # The packed copy is as large as the browser and not needed any more.
    shutil.rmtree(_SOURCE / "node_modules")
