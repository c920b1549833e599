"""A scenario as a table and as the text of its file, in both directions: what a form changes stays a file that anybody can read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from tongchou.engine.epidemic.layers import Contacts
from tongchou.engine.epidemic.scenario import read_scenario

HEAD = ("name_zh", "name_en", "disease", "reproduction_number", "first_weekday")


def read_table(text: str, contacts: Contacts, *, name: str = "") -> dict[str, Any]:
    """The tables of a scenario file after all its checks: ``HEAD``, ``imports`` and ``measure`` (both lists, may be empty).

    Raises EpidemicFault with the line at fault.
    """
    read_scenario(text, contacts, name=name)
    table = tomllib.loads(text)
    return {**table, "imports": list(table.get("imports", [])), "measure": list(table.get("measure", []))}


def write_scenario(table: Mapping[str, Any]) -> str:
    """The text of a file from such a table. Reading it gives the table back."""
    parts = ["\n".join(f"{key} = {_value(table[key])}" for key in HEAD if table.get(key) not in (None, ""))]
    for header in ("imports", "measure"):
        for row in table.get(header, ()):
            parts.append("\n".join([f"[[{header}]]", *(f"{key} = {_value(value)}" for key, value in row.items() if value is not None)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items()) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no place in a scenario file")


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _quoted(key)


def _quoted(text: str) -> str:
    """A basic TOML string: quotes, backslashes and control characters escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign for sign in escaped) + '"'
