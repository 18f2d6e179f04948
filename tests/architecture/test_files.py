"""Rules about files that no linter knows. First in `.ci/run`: they take a second and need nothing."""

from __future__ import annotations

import ast
import importlib.util
import platform
import re
import subprocess
import sysconfig
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 400
# Written apart, so that this file does not contain what it forbids.
FORBIDDEN = [
    re.compile(r"/work/" + r"(main|shared)\b"),
    re.compile(r"(?<![\w.])/root" + r"/\w"),
    re.compile(
        r"https?://[\w.-]*(artifact" + r"ory|npm" + r"js|python" + r"hosted|pypi" + r"\.org)", re.IGNORECASE
    ),
]
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(ld\+)?json[\"'])", re.IGNORECASE
)
INLINE_STYLE = re.compile(r"<style\b|\sstyle=", re.IGNORECASE)
INLINE_HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)


@cache
def files() -> list[Path]:
    """Tracked files and new ones that are not ignored, as they are now."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for name in names if name and (path := ROOT / name).is_file())


def text_of(path: Path) -> str:
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode()


def templates() -> list[Path]:
    # Mail programs know no style sheets: letters may style inline.
    return [path for path in files() if path.suffix == ".html" and "emails" not in path.parts]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_platform_folder_is_no_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_import_platform_is_the_standard_librarys() -> None:
    assert Path(str(platform.__file__)).parent == Path(sysconfig.get_path("stdlib"))
    assert platform.python_version()


def test_source_roots_are_importable() -> None:
    for package, folder in (
        ("saas", "platform/saas"),
        ("tenants", "tenants"),
        ("infra.local", "infra/local"),
    ):
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert Path(str(spec.origin)).parent == ROOT / folder


def test_modules_stay_short() -> None:
    long = {
        name(path): lines
        for path in files()
        if path.suffix in {".py", ".js", ".mjs"}
        and "migrations" not in path.parts
        and (lines := len(path.read_text().splitlines())) > MODULE_LINES
    }
    assert not long, f"longer than {MODULE_LINES} lines: split by use case"


def test_files_name_no_machine_and_no_registry() -> None:
    found = [
        f"{name(path)}:{number}: {hit[0]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        for pattern in FORBIDDEN
        if (hit := pattern.search(line))
    ]
    assert not found


def test_python_locks_carry_hashes_and_no_addresses() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        assert "--index-url" not in text, lock.name
        requirements = re.findall(r"^[a-z0-9][^ ]*==", text, re.MULTILINE)
        assert len(requirements) > 20
        assert text.count("==") >= len(requirements)
        assert len(re.findall(r"^\S+==.*\\\n\s+--hash=sha256:", text, re.MULTILINE)) == len(requirements), (
            lock.name
        )


def test_javascript_locks_carry_hashes_and_no_addresses() -> None:
    locks = [path for path in files() if path.name == "package-lock.json"]
    assert len(locks) >= 2
    for lock in locks:
        text = lock.read_text()
        assert '"resolved"' not in text, name(lock)
        assert '"integrity": "sha512-' in text, name(lock)


@pytest.mark.parametrize("pattern", [INLINE_SCRIPT, INLINE_STYLE, INLINE_HANDLER])
def test_templates_have_nothing_inline(pattern: re.Pattern[str]) -> None:
    found = [name(path) for path in templates() if pattern.search(path.read_text())]
    assert not found, "the content security policy blocks inline scripts, styles and handlers"


@pytest.mark.parametrize(
    ("pattern", "markup"),
    [
        (INLINE_SCRIPT, "<script>alert(1)</script>"),
        (INLINE_SCRIPT, '<script type="module">'),
        (INLINE_STYLE, '<p style="color: red">'),
        (INLINE_HANDLER, '<a href="#" onclick="go()">'),
    ],
)
def test_inline_patterns_find_what_they_forbid(pattern: re.Pattern[str], markup: str) -> None:
    assert pattern.search(markup)


@pytest.mark.parametrize(
    "markup", ['<script src="/a.js" defer></script>', '<script id="d" type="application/json">{}</script>']
)
def test_inline_script_pattern_allows_files_and_data(markup: str) -> None:
    assert not INLINE_SCRIPT.search(markup)


def test_every_task_declares_its_schema() -> None:
    """A task is a network task, whose first argument is the schema name, or a public one: there is no third kind."""
    wrong: list[str] = []
    for path in files():
        if path.suffix != ".py" or path.parts[len(ROOT.parts)] not in {"platform", "tenants"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef):
                continue
            decorators = {_called(decorator) for decorator in node.decorator_list}
            place = f"{name(path)}:{node.lineno} {node.name}"
            if decorators & {"shared_task", "task"}:
                wrong.append(f"{place}: plain Celery task")
            if "network_task" in decorators and [*node.args.posonlyargs, *node.args.args][:1] == []:
                wrong.append(f"{place}: no arguments")
            elif "network_task" in decorators and node.args.args[0].arg != "schema_name":
                wrong.append(f"{place}: the first argument is not schema_name")
    assert not wrong


def _called(decorator: ast.expr) -> str:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
