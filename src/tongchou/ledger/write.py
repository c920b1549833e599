"""The one way in for plain data: form, sheet and API all come here, as text by column name.

Text is cleaned by its column, references are looked up through the referred ledger's own read
door, the row is placed against the writer's scope, saved, written into the trail, and handed to
the ledger's ``saved``, all in one transaction. A change of state is no plain data: it is an action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from tongchou import audit, insert
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index
from tongchou.ledger import door, registry
from tongchou.ledger.columns import SEALED_KINDS, Column, clean_text
from tongchou.ledger.declaration import Ledger
from tongchou.refusal import Refusal, Refusals

BATCH_ROWS = 500
#: classes whose values enter the trail as keyed hashes
HASHED_CLASSES = ("D1", "D2", "D3", "D4")
IdentityKey = tuple[str, ...]
_FEW_WORDS = ("area", "choice", "bool", "date")


@dataclass
class Cleaned:
    """One row of text after its columns read it: values by column name, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Refusal] = field(default_factory=list)


def clean_rows(ledger: Ledger, raws: Sequence[Mapping[str, Any]], actor: Actor, *, creating: bool = True) -> list[Cleaned]:
    """Read many rows of text. References are looked up once for all rows.

    ``creating`` also demands the required columns; a change names only what it changes.
    """
    columns = {column.name: column for column in ledger.editable_columns(creating=creating)}
    read: dict[tuple[str, str], Any] = {}
    cleaned = [_clean(columns, raw, creating, read) for raw in raws]
    for column in columns.values():
        if column.kind == "ref":
            _resolve(column, cleaned, actor)
    return cleaned


def clean_row(ledger: Ledger, raw: Mapping[str, Any], actor: Actor, *, creating: bool = True) -> dict[str, Any]:
    """Read one row of text. Raises Refusals with every problem found."""
    cleaned = clean_rows(ledger, [raw], actor, creating=creating)[0]
    if cleaned.problems:
        raise Refusals(cleaned.problems)
    return cleaned.values


def create_rows(ledger: Ledger, values: Iterable[Mapping[str, Any]], *, by: Actor) -> list[Any]:
    """Save new rows from cleaned values, all or none. Raises Refusal."""
    _demand(ledger, by, "create")
    values = list(values)
    known = next((row for row in find_existing(ledger, values) if row is not None), None)
    if known is not None:
        raise _taken(ledger, known)
    return insert_rows(ledger, [build_row(ledger, one, by) for one in values], by=by)


def insert_rows(ledger: Ledger, rows: Sequence[Any], *, by: Actor) -> list[Any]:
    """Save rows that ``build_row`` made and nobody saved yet, all or none. Raises Refusal."""
    _demand(ledger, by, "create")
    try:
        with transaction.atomic():
            events = [_event("create", ledger, row, by, _created(ledger, row)) for row in rows]  # before the values are sealed
            insert.insert_new(ledger.model, rows)
            audit.record_many(events)
            ledger.saved(rows, [], by)
    except IntegrityError as error:
        raise _taken(ledger) from error
    return list(rows)


def change_rows(ledger: Ledger, pairs: Iterable[tuple[Any, Mapping[str, Any]]], *, by: Actor) -> list[Any]:
    """Save changed values on rows, all or none; rows that stay as they are cost nothing.

    Returns the rows that did change. Raises Refusal.
    """
    _demand(ledger, by, "change")
    changed, events = [], []
    try:
        with transaction.atomic():
            for row, values in pairs:
                changes = apply_values(ledger, row, values, by)
                if changes:
                    row.save(update_fields=None)
                    changed.append(row)
                    events.append(_event("change", ledger, row, by, changes))
            audit.record_many(events)
            if changed:
                ledger.saved([], changed, by)
    except IntegrityError as error:
        raise _taken(ledger) from error
    return changed


def build_row(ledger: Ledger, values: Mapping[str, Any], by: Actor, *, anywhere: bool = False) -> Any:
    """A new, unsaved, prepared row. Raises Refusal, also where the writer's scope does not reach."""
    row = insert.blank_row(ledger.model)
    for name, value in values.items():
        _set(ledger.column(name), row, value)
    ledger.prepare(row, values, by)
    if not anywhere:
        _demand_place(ledger, row, by)
    return row


def apply_values(ledger: Ledger, row: Any, values: Mapping[str, Any], by: Actor) -> dict[str, list[str]]:
    """Set values on a row and return what changed, as the trail keeps it; nothing is saved."""
    _demand_place(ledger, row, by)
    changes: dict[str, list[str]] = {}
    for name, value in values.items():
        column = ledger.column(name)
        before, after = column.render(column.read(row)), column.render(value)
        if before != after:
            _set(column, row, value)
            changes[name] = [_trail_text(column, before), _trail_text(column, after)]
    if changes:
        ledger.prepare(row, values, by)
        _demand_place(ledger, row, by)
    return changes


def keys_of(ledger: Ledger, values: Sequence[Mapping[str, Any]]) -> list[list[IdentityKey | None]]:
    """For each row of cleaned values its key by each way to find it, in the ledger's order."""
    ways = ledger.ways_to_find()
    return [[identity_key(way, one) for way in ways] for one in values]


def find_existing(
    ledger: Ledger, values: Sequence[Mapping[str, Any]], known_keys: Sequence[Sequence[IdentityKey | None]] | None = None
) -> list[Any | None]:
    """For each row of cleaned values the saved row with the same identity, or None; one query for each way.

    Looks past the actor's scope on purpose: whoever imports a row that stands in another district
    must be told so, not given a second copy of it.
    """
    found: list[Any | None] = [None] * len(values)
    every = keys_of(ledger, values) if known_keys is None else known_keys
    for number, way in enumerate(ledger.ways_to_find()):
        keys = [every[n][number] if found[n] is None else None for n in range(len(values))]
        wanted = {key[0] for key in keys if key is not None}
        if not wanted:
            continue
        lead = way[0]
        field = f"{lead.attr}_index" if lead.kind in SEALED_KINDS else lead.attr
        if lead.kind == "ref":
            field = f"{lead.attr}__{registry.get(lead.to).identity_columns()[0].attr}"
        rows = ledger.model._default_manager.filter(**{f"{field}__in": wanted})
        by_key = {tuple(_match_part(column, column.read(row)) for column in way): row for row in rows}
        for n, key in enumerate(keys):
            if found[n] is None and key is not None:
                found[n] = by_key.get(key)
    return found


def identity_key(way: Sequence[Column], values: Mapping[str, Any]) -> IdentityKey | None:
    """The values of one way to find a row, comparable to a saved row's; None where its first one is blank."""
    if not values.get(way[0].name):
        return None
    parts = tuple(_match_part(column, values.get(column.name)) for column in way)
    return parts if parts[0] else None


def _clean(columns: Mapping[str, Column], raw: Mapping[str, Any], creating: bool, read: dict[tuple[str, str], Any]) -> Cleaned:
    """``read`` keeps what columns of few words made of a text, so that a sheet asks for each village once."""
    cleaned = Cleaned()
    for name in raw:
        if name not in columns:
            cleaned.problems.append(
                Refusal(f"没有可填写的列“{name}”。", f"There is no column {name!r} to fill in.", code="unknown_column", field=name)
            )
    for name, column in columns.items():
        if name not in raw and not (creating and column.required):
            continue  # a column that nobody spoke of keeps the model's default, or what is saved
        text = raw.get(name)
        key = (name, text) if column.kind in _FEW_WORDS and isinstance(text, str) else None
        if key in read:
            cleaned.values[name] = read[key]
            continue
        try:
            cleaned.values[name] = value = column.parse(text)
        except Refusal as refusal:
            cleaned.problems.append(refusal)
            continue
        if key is not None:
            read[key] = value
    return cleaned


def _resolve(column: Column, cleaned: Sequence[Cleaned], actor: Actor) -> None:
    target = registry.get(column.to)
    key = target.identity_columns()[0]
    texts = {one.values[column.name] for one in cleaned if isinstance(one.values.get(column.name), str)}
    if not texts:
        return
    rows = {key.render(key.read(row)): row for row in target.rows(actor).filter(**{f"{key.attr}__in": texts})}
    for one in cleaned:
        text = one.values.get(column.name)
        if not isinstance(text, str):
            continue
        if text in rows:
            one.values[column.name] = rows[text]
        else:
            del one.values[column.name]
            one.problems.append(
                Refusal(
                    f"「{column.label}」在{target.label}台账（您的范围内）中找不到“{text}”。",
                    f"{column.name}: there is no {text!r} in the ledger {target.key!r} within your scope.",
                    code="unknown_reference",
                    field=column.name,
                )
            )


def _set(column: Column, row: Any, value: Any) -> None:
    if value is None:
        field = row._meta.get_field(column.attr)
        if not field.null:
            value = field.get_default() if field.has_default() else ("" if field.empty_strings_allowed else None)
    setattr(row, column.attr, value)
    if column.kind in SEALED_KINDS and hasattr(row, f"{column.attr}_index"):
        setattr(row, f"{column.attr}_index", blind_index(column.kind, value) if value else "")


def _demand(ledger: Ledger, by: Actor, verb: str) -> None:
    if not ledger.writable or not permissions.may(by, ledger.key, verb):
        raise Refusal(
            f"您的岗位“{by.post_name}”无权在“{ledger.label}”台账{'新增' if verb == 'create' else '修改'}。",
            f"Your post {by.post_name!r} may not {verb} rows of the ledger {ledger.key!r}.",
            code="forbidden",
        )


def _demand_place(ledger: Ledger, row: Any, by: Actor) -> None:
    if not door.may_hold(ledger, row, by):
        raise Refusal(
            "这一行不在您的管辖范围内，不能写入；请交由所属区域的岗位办理。",
            "This row lies outside your scope and cannot be written; hand it to the post of its area.",
            code="out_of_scope",
        )


def _created(ledger: Ledger, row: Any) -> dict[str, list[str]]:
    found = {}
    for column in ledger.columns:
        value = _held(column, row) if column.editable else None
        if value is not None and value != "" and (text := column.render(value)):
            found[column.name] = ["", _trail_text(column, text)]
    return found


def _held(column: Column, row: Any) -> Any:
    """A column's value on a row of its own; a link that leads nowhere is not asked for."""
    return None if column.kind == "ref" and getattr(row, f"{column.attr}_id", "") is None else column.read(row)


def _trail_text(column: Column, text: str) -> str:
    return audit.value_hash(text) if text and column.cls in HASHED_CLASSES else text


def _event(action: str, ledger: Ledger, row: Any, by: Actor, changes: Mapping[str, Any]) -> audit.Event:
    area = str(getattr(row, ledger.placed.get("area", ""), "") or "") if "__" not in ledger.placed.get("area", "") else ""
    return audit.Event(action, ledger.key, str(row.pk), by.by, area, changes)


def _match_part(column: Column, value: Any) -> str:
    if value is None or value == "":
        return ""
    return blind_index(column.kind, value) if column.kind in SEALED_KINDS else clean_text(column.render(value))


def _taken(ledger: Ledger, known: Any = None) -> Refusal:
    title = [column for column in ledger.title_of(known) if column.cls not in HASHED_CLASSES] if known else []
    which = " ".join(column.render(column.read(known)) for column in title)
    return Refusal(
        f"“{ledger.label}”台账中已有这条记录（{which or '编号相同'}），请找到它再修改，不要重复新增。",
        f"The ledger {ledger.key!r} already holds this record ({which or 'same identity'}); find it and change it.",
        code="duplicate",
    )
