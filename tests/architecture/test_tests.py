"""Tests of the tests: each must be able to fail."""

from __future__ import annotations

import ast
from fnmatch import fnmatch

from tongchou.cli.test import NO_CITY_DATABASE

from tests.architecture import source

ASSERTING = ("held", "refused", "raises", "warns", "fail", "expect")


def asserts(node: ast.AST, helpers: dict[str, ast.AST], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a function can fail by what it finds, itself or in a function of the same file that it calls."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert) and not isinstance(part.test, ast.Constant):
            return True
        if isinstance(part, ast.Call):
            name = source.dotted(part.func).rsplit(".", 1)[-1]
            if name in ASSERTING or name.startswith(("assert", "check_that")):
                return True
            if name in helpers and name not in seen and asserts(helpers[name], helpers, seen | {name}):
                return True
    return False


def silent_tests(tree: ast.Module) -> list[str]:
    """Names of the test functions of a file that assert nothing."""
    every = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return [name for name, node in every.items() if name.startswith("test_") and not asserts(node, every)]


def test_every_test_asserts_something():
    found = {str(path): silent for path in source.under("tests", suffix=".py") if (silent := silent_tests(source.tree(path)))}
    assert found == {}


def test_the_finder_finds_a_silent_test():
    sample = "def look():\n  assert 1 == 2\ndef test_a():\n  print(1)\ndef test_b():\n  look()\ndef test_c():\n  assert True\n"
    assert silent_tests(ast.parse(sample)) == ["test_a", "test_c"]


def test_what_is_tested_once_asks_no_city_s_database():
    """The second database's run leaves these rooms out: none of their tests may be about a database."""
    rooms = [tuple(room.split("/")) for room in NO_CITY_DATABASE]
    files = [path for path in source.under("tests", suffix=".py") if any(all(map(fnmatch, path.parts, room)) for room in rooms)]
    assert len({path.parts[1] for path in files}) >= 8
    assert [str(path) for path in files if "django" + "_db" in source.text(path)] == []
