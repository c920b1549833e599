"""What the rules are asked about: the project's files as git sees them, and their syntax trees."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = tomllib.loads((Path(__file__).parent / "exceptions.toml").read_text(encoding="utf-8"))


@cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked or would be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return tuple(sorted(Path(name) for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


def under(*folders: str, suffix: str) -> list[Path]:
    """Files under folders of the root, by their suffix; migrations and what tools write are left out."""
    return [
        path for path in files()
        if path.suffix == suffix and path.parts[0] in folders and "migrations" not in path.parts
    ]  # fmt: skip


def code() -> list[Path]:
    """All of our Python."""
    return [*under("src", "tests", "demo", "bench", "docs", "requirements", suffix=".py"), Path("tong.py"), Path("manage.py")]


@cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a file with its dotted name inside the file."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{prefix}{child.name}", child
                yield from walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{prefix}{child.name}.")
            else:
                yield from walk(child, prefix)

    yield from walk(tree(path), "")


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a name or attribute, else the empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def held(rule: str, found: dict[str, object]) -> None:
    """What breaks a rule must be excused in ``exceptions.toml``, and every excuse must still be needed."""
    excused = EXCEPTIONS.get(rule, {})
    broken = {where: found[where] for where in sorted(set(found) - set(excused))}
    stale = sorted(set(excused) - set(found))
    assert not broken, f"{rule}: {broken}"
    assert not stale, f"{rule}: exceptions no longer needed: {stale}"
    assert all(len(reason) > 15 for reason in excused.values()), f"{rule}: each exception needs a reason in words"
