"""The reader of ``permissions.toml``, the one permission table. Default is no; an unknown name raises."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tongchou.access.actor import Actor
from tongchou.access.errors import UnknownInTable
from tongchou.access.personal import CLASSES
from tongchou.access.roles import Role

TABLE = Path(__file__).with_name("permissions.toml")
READS = "-OMSAg"
VERBS = ("list", "read", "create", "change", "import", "export")
SHORT = {"look": ("list", "read"), "work": ("list", "read", "create", "change", "import")}
ANYONE, SIGNED, NOBODY = "anyone", "signed", "nobody"


@dataclass(frozen=True)
class Right:
    """What a role may see of one field class.

    ``read``: ``-`` nothing, ``O`` own, ``M`` masked in scope, ``S`` full in scope with purpose, ``A`` all,
    ``g`` aggregates only. ``own_task`` is the letter for rows of the actor's own open tasks, where it
    differs. ``show`` narrows the form: ``last2``, ``day_status``, ``pass_hold``, ``verify``.
    """

    read: str
    write: bool = False
    own_task: str = ""
    show: str = ""


@dataclass(frozen=True)
class Table:
    """The parsed table: rights by (role, class), roles by (ledger, verb), audience by route name."""

    classes: dict[str, dict[str, Right]]
    ledgers: dict[str, dict[str, frozenset[str]]]
    routes: dict[str, frozenset[str] | str]
    deputise: dict[str, frozenset[str]]
    purposes: dict[str, dict[str, str]]
    purpose_hours: int


@cache
def table() -> Table:
    """The table as it stands in the file. Read once a process: it changes with a release, not at run time."""
    with TABLE.open("rb") as file:
        raw = tomllib.load(file)
    groups = {name: _roles(text, {}) for name, text in raw["groups"].items()}
    return Table(
        classes=_classes(raw["classes"]),
        ledgers={key: _ledger(key, dict(row), groups) for key, row in raw["ledgers"].items()},
        routes=_routes(raw["routes"], groups),
        deputise=_deputise(raw["deputise"], groups),
        purposes=raw["purposes"],
        purpose_hours=raw["session"]["purpose_hours"],
    )


def right(actor: Actor | None, cls: str) -> Right:
    """What the actor may see and write of a field class D1 to D9."""
    rows = _known(table().classes, cls, "field class")
    if actor is None or not actor.role:
        return Right("-")
    return _known(rows, actor.role, "role")


def may(actor: Actor | None, ledger_key: str, verb: str) -> bool:
    """Whether the actor's role may do a verb or a named action on a ledger. Scope is the ledger's own matter."""
    rows = _known(table().ledgers, ledger_key, "ledger")
    roles = _known(rows, verb, f"verb of ledger {ledger_key}")
    return _in(actor, roles)


def may_open(actor: Actor | None, route_name: str) -> bool:
    """Whether the actor may open a page. ``actor`` is None for an anonymous visitor."""
    audience = _known(table().routes, route_name, "route")
    if audience == ANYONE:
        return True
    if audience == NOBODY or actor is None:
        return False
    return audience == SIGNED or _in(actor, audience)


def deputy_roles(actor: Actor) -> frozenset[str]:
    """The roles of posts for which the actor may name deputies and bind phones, inside the own area."""
    return table().deputise.get(actor.role, frozenset())


def is_anonymous(route_name: str) -> bool:
    """Whether a route is open to a visitor who has not signed in."""
    return _known(table().routes, route_name, "route") == ANYONE


def _in(actor: Actor | None, roles: Any) -> bool:
    if actor is None or not actor.role:
        return False
    if actor.role not in Role.values:
        raise UnknownInTable(f"unknown role {actor.role!r}")
    return actor.role in roles or actor.role == Role.SYSTEM


def _known(rows: dict[str, Any], name: str, what: str) -> Any:
    if name not in rows:
        raise UnknownInTable(f"{what} {name!r} has no row in access/permissions.toml: add it there")
    return rows[name]


def _roles(text: str, groups: dict[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    for word in text.split():
        if word in groups:
            found |= groups[word]
        elif word in Role.values:
            found.add(word)
        else:
            raise UnknownInTable(f"permissions.toml: {word!r} is neither a role nor a group")
    return frozenset(found)


def _deputise(raw: dict[str, str], groups: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    for role in raw:
        _roles(role, {})
    return {role: _roles(words, groups) for role, words in raw.items()}


def _classes(raw: dict[str, list[str]]) -> dict[str, dict[str, Right]]:
    missing, extra = set(Role.values) - {*raw, Role.SYSTEM.value}, set(raw) - set(Role.values)
    if missing or extra or any(len(cells) != len(CLASSES) for cells in raw.values()):
        raise UnknownInTable(f"permissions.toml classes: missing roles {sorted(missing)}, unknown {sorted(extra)}, or not nine cells")
    rows = {**raw, Role.SYSTEM.value: ["A w"] * len(CLASSES)}
    return {cls: {role: _right(cells[at]) for role, cells in rows.items()} for at, cls in enumerate(CLASSES)}


def _right(cell: str) -> Right:
    words = cell.split()
    given: dict[str, Any] = {"read": words[0], "write": "w" in words[1:]}
    for word in words[1:]:
        name, _, value = word.partition(":")
        if name not in ("w", "task", "show"):
            raise UnknownInTable(f"permissions.toml: cannot read the cell {cell!r}")
        if value:
            given[{"task": "own_task", "show": "show"}[name]] = value
    if given["read"] not in READS or given.get("own_task", "-") not in READS:
        raise UnknownInTable(f"permissions.toml: cannot read the cell {cell!r}")
    return Right(**given)


def _ledger(key: str, row: dict[str, str], groups: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    actions = row.pop("actions", "").split()
    verbs = (*VERBS, *actions)
    rights: dict[str, set[str]] = {verb: set() for verb in verbs}
    expand: Callable[[str], tuple[str, ...]] = lambda word: verbs if word == "all" else SHORT.get(word, (word,))  # noqa: E731
    for audience, words in row.items():
        for verb in (verb for word in words.split() for verb in expand(word)):
            _known(rights, verb, f"verb of ledger {key}").update(_roles(audience, groups))
    return {verb: frozenset(roles) for verb, roles in rights.items()}


def _routes(raw: dict[str, dict[str, str]], groups: dict[str, frozenset[str]]) -> dict[str, frozenset[str] | str]:
    found: dict[str, frozenset[str] | str] = {}
    for rows in raw.values():
        for name, audience in rows.items():
            if name in found:
                raise UnknownInTable(f"permissions.toml: the route {name!r} is named twice")
            found[name] = audience if audience in (ANYONE, SIGNED, NOBODY) else _roles(audience, groups)
    return found
