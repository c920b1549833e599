"""Size, names, imports, clock: the rules of `docs/architecture.md` that the source text can break."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.apps import apps
from django.db import models

from tests.architecture import source

REASON = re.compile(r"#\s*(?!noqa|type:)\S.{7,}")
MOST_LINES = 500
MOST_FUNCTION_LINES = 60
EMPTY_NAMES = {"utils", "helpers", "common", "misc", "util", "helper"}
CLOCK_CALLS = {
    "time.time_ns", "timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.date.today", "django.utils.timezone.now",
}  # fmt: skip
KERNEL_CORE = ("columns", "declaration", "registry", "door", "serializer")
KERNEL_CORE_LINES, KERNEL_LINES, KERNEL_PAGES_LINES = 900, 2900, 600


def test_files_stay_under_500_lines():
    written = [*source.code(), *source.under("src", suffix=".html"), *source.under("src", suffix=".js"), *source.under("src", suffix=".css")]
    lines = {str(path): source.text(path).count("\n") for path in written}
    assert len(lines) > 50
    source.held("long_file", {path: count for path, count in lines.items() if count > MOST_LINES})


def test_functions_stay_under_60_lines():
    found = {}
    for path in source.code():
        for name, node in source.functions(path):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > MOST_FUNCTION_LINES:
                found[f"{path} {name}"] = count
    source.held("long_function", found)


def test_no_module_is_named_for_nothing():
    named = [path for path in source.code() if {*path.parts[:-1], path.stem} & EMPTY_NAMES]
    assert named == []


def test_every_room_says_in_one_sentence_what_it_is():
    silent = []
    for path in source.under("src", suffix=".py"):
        if path.name == "__init__.py" and len(path.parts) == 4 and not (ast.get_docstring(source.tree(path)) or "").strip():
            silent.append(str(path))
    assert silent == []


def test_imports_stand_at_the_head_of_the_file():
    """``__getattr__`` of a module is how a package opens late; elsewhere a late import says why in a comment on its line.

    Benches are left out: each is a program that chooses its data folder first and sets Django up afterwards.
    """
    found = {}
    for path in source.under("src", "demo", suffix=".py"):
        lines = source.text(path).splitlines()
        for name, node in source.functions(path):
            late = [part for part in ast.walk(node) if isinstance(part, ast.Import | ast.ImportFrom)]
            unsaid = [part for part in late if not REASON.search(lines[part.lineno - 1])]
            if unsaid and name != "__getattr__":
                found[f"{path} {name}"] = [part.lineno for part in unsaid]
    source.held("local_import", found)


def test_only_the_city_s_clock_tells_the_time():
    found = {}
    for path in [*source.under("src", "demo", "bench", suffix=".py")]:
        calls = [node for node in ast.walk(source.tree(path)) if isinstance(node, ast.Call)]
        asked = [f"{source.dotted(call.func)}:{call.lineno}" for call in calls if source.dotted(call.func) in CLOCK_CALLS]
        if asked:
            found[str(path)] = asked
    source.held("clock", found)


def test_no_signals():
    found = []
    for path in source.under("src", suffix=".py"):
        for node in ast.walk(source.tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if any(word in {*names, *module.split(".")} for word in ("signals", "dispatch", "receiver")):
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_dates_end_in_on_and_instants_in_at():
    found = {}
    for model in apps.get_models():
        if not model.__module__.startswith("tongchou."):
            continue
        for field in model._meta.local_fields:
            if isinstance(field, models.DateTimeField):
                right = field.name == "at" or field.name.endswith("_at")
            elif isinstance(field, models.DateField):
                right = field.name == "on" or field.name.endswith("_on")
            else:
                continue
            if not right:
                found[f"{model._meta.label}.{field.name}"] = type(field).__name__
    source.held("date_name", found)


def test_the_kernel_stays_small():
    """design.md, section 4: 900 lines for declaration, registry, read door and serializer, 2,500 with importer, exporter and API.

    The pages, which that count does not name, have a rail of their own (docs/decisions/0003-kernel-rails.md); 300 lines more
    let an import use two cores and make each row once (docs/decisions/0004-import-on-two-cores.md).
    """
    files = [path for path in source.under("src", suffix=".py") if path.parts[2] == "ledger" and "migrations" not in path.parts]
    pages = sum(source.text(path).count("\n") for path in files if path.parts[3] == "pages")
    assert 0 < pages <= KERNEL_PAGES_LINES, pages
    counted = {path.stem: source.text(path).count("\n") for path in files if path.parts[3] != "pages"}
    core = sum(counted.get(name, 0) for name in KERNEL_CORE)
    assert 0 < core <= KERNEL_CORE_LINES, counted
    assert sum(counted.values()) <= KERNEL_LINES, counted


def test_no_registry_is_named_in_a_tracked_file():
    """Where packages come from is the machine's business: a lock with an address works in one place only."""
    hosts = ["pypi." + "org", "python" + "hosted", "npmjs." + "org", "npmjs." + "com", "npm" + "mirror", "registry." + "yarnpkg"]
    pattern = re.compile("|".join(re.escape(host) for host in hosts))
    found = []
    for path in source.files():
        whole = (source.ROOT / path).read_bytes()
        if b"\0" in whole[:4096]:
            continue
        found += [str(path)] if pattern.search(whole.decode("utf-8", "replace")) else []
    assert found == []


def test_the_locks_hold_hashes_and_no_address():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "requirements-scale.txt", "requirements-bench.txt"):
        whole = source.text(Path(name))
        pinned = re.findall(r"^[a-z0-9][^ ]*==", whole, re.MULTILINE)
        assert pinned and "://" not in whole, name
        blocks = re.split(r"\n(?=[a-z0-9])", whole)
        assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0]), name
    assert '"resolved"' not in source.text(Path("package-lock.json"))


def test_every_dependency_asked_for_is_pinned():
    """The ``.in`` files name what is wanted; ``python3 requirements/compile.py`` pins it."""
    locks = {"base": "", "dev": "-dev", "node": "-node", "scale": "-scale", "bench": "-bench"}
    for name, file in ((name, f"requirements{end}.txt") for name, end in locks.items()):
        lines = source.text(Path("requirements") / f"{name}.in").splitlines()
        asked = {re.split(r"[\[<>=~! ]", line)[0].lower() for line in lines if line and not line.startswith(("-", "#"))}
        pinned = set(re.findall(r"^([a-z0-9._-]+)==", source.text(Path(file)), re.MULTILINE))
        assert asked and asked <= pinned, f"{file}: run python3 requirements/compile.py; missing {asked - pinned}"


def test_what_a_run_needs_is_in_the_base():
    """A name imported by the product comes with requirements.txt, not with the tools of its developers."""
    dev_only = {"pytest", "hypothesis", "playwright", "pypdf", "mypy", "grimp", "importlinter"}
    found = []
    for path in source.under("src", suffix=".py"):
        for node in ast.walk(source.tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found += [f"{path}: {name}" for name in names if name.split(".")[0] in dev_only]
    held_names = {f"{where}": "imports a development package" for where in found}
    source.held("development_import", held_names)
