"""Defaults of the commands of the engine: the shipped row of a rule, read from its pack without Django.

A city's own rows are asked through ``rulebook.at`` by the web rooms; a command that needs no city says which row it took.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from tongchou import rulebook
from tongchou.cli.terminal import CommandError

PACKS = Path(rulebook.__file__).parent / "packs"


@cache
def shipped_value(pack: str, rule_id: str) -> dict[str, Any]:
    """Value of the newest shipped row of a rule. Raises CommandError where the pack has none."""
    content = tomllib.loads((PACKS / f"{pack}.toml").read_text(encoding="utf-8"))
    rows = [row for rule in content["rule"] if rule["id"] == rule_id for row in rule["row"] if "value" in row]
    if not rows:
        raise CommandError(f"规则包里没有 {rule_id}", f"the packs have no rule {rule_id}")
    return dict(max(rows, key=lambda row: row["valid_from"])["value"])
