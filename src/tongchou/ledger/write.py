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

from tongchou import audit, citytime, insert
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index, normalise
from tongchou.ledger import door, registry
from tongchou.ledger.columns import SEALED_KINDS, Column, clean_text
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.shape import FEW_WORDS, HASHED_CLASSES, shape_of
from tongchou.refusal import Refusal, Refusals

BATCH_ROWS = 500
IdentityKey = tuple[str, ...]
#: what the trail will tell of a new row: its id, its area, its values as ``audit.written_new`` has them
Told = tuple[str, str, str]
#: what columns of few words made of a text: a sheet asks for each village once
Read = dict[tuple[str, str], Any]


@dataclass
class Cleaned:
    """One row of text after its columns read it: values by column name, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Refusal] = field(default_factory=list)


def clean_rows(
    ledger: Ledger, raws: Sequence[Mapping[str, Any]], actor: Actor, *, creating: bool = True, read: Read | None = None
) -> list[Cleaned]:
    """Read many rows of text. References are looked up once for all rows.

    ``creating`` also demands the required columns; a change names only what it changes. ``read`` serves the rows of
    one file, as long as nothing else changes what they are read against.
    """
    read = {} if read is None else read
    columns = ledger.editable_columns(creating=creating)
    asked: dict[tuple[str, ...], tuple[list[Column], list[str]]] = {}
    cleaned = []
    for raw in raws:
        names = tuple(raw)
        if names not in asked:  # a column that nobody spoke of keeps the model's default, or what is saved
            spoken = [column for column in columns if column.name in raw or (creating and column.required)]
            asked[names] = spoken, [name for name in names if all(column.name != name for column in columns)]
        cleaned.append(_clean(*asked[names], raw, read))
    for column in columns:
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


def told_of(ledger: Ledger, rows: Sequence[Any]) -> list[Told]:
    """What the trail will tell of new rows; to be asked before their values are sealed."""
    shape, hashes, place = shape_of(ledger), dict[str, str](), _area_field(ledger)
    return [(str(row.pk), str(getattr(row, place, "") or ""), audit.written_new(shape.created(row, hashes))) for row in rows]


def insert_rows(ledger: Ledger, rows: Sequence[Any], *, by: Actor) -> list[Any]:
    """Save rows that ``build_row`` made and nobody saved yet, all or none. Raises Refusal."""
    _demand(ledger, by, "create")
    try:
        with transaction.atomic():
            told = told_of(ledger, rows)
            insert.insert_new(ledger.model, rows)
            audit.record_many(_created(ledger, told, by))
            ledger.saved(rows, [], by)
    except IntegrityError as error:
        raise _taken(ledger) from error
    return list(rows)


def insert_lines(ledger: Ledger, lines: Sequence[list[Any]], told: Sequence[Told], *, by: Actor) -> None:
    """Save new rows that stand as ``insert.lines_of`` them, with what ``told_of`` said of them, all or none. Raises Refusal."""
    _demand(ledger, by, "create")
    try:
        with transaction.atomic(savepoint=False):  # SQLite copies every page that changes below a savepoint
            insert.stamp_lines(ledger.model, lines, dict.fromkeys(ledger.stamped, citytime.now()))
            insert.insert_lines(ledger.model, lines)
            audit.record_many(_created(ledger, told, by))
            ledger.saved([insert.StoredRow(ledger.model, line) for line in lines], [], by)
    except IntegrityError as error:
        raise _taken(ledger) from error


def change_rows(ledger: Ledger, pairs: Iterable[tuple[Any, Mapping[str, Any]]], *, by: Actor) -> list[Any]:
    """Save changed values on rows, all or none; rows that stay as they are cost nothing.

    Returns the rows that did change. Raises Refusal.
    """
    _demand(ledger, by, "change")
    told = []
    try:
        with transaction.atomic():
            for row, values in pairs:
                changes = apply_values(ledger, row, values, by)
                if changes:
                    row.save(update_fields=None)
                    told.append((row, changes))
            audit.record_many(_changed(ledger, told, by))
            changed = [row for row, _changes in told]
            if changed:
                ledger.saved([], changed, by)
    except IntegrityError as error:
        raise _taken(ledger) from error
    return changed


def build_row(ledger: Ledger, values: Mapping[str, Any], by: Actor, *, anywhere: bool = False, pk: Any = None) -> Any:
    """A new, unsaved, prepared row. Raises Refusal, also where the writer's scope does not reach."""
    row = insert.blank_row(ledger.model, pk)
    shape_of(ledger).set(row, values)
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
            shape_of(ledger).set(row, {name: value})
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
        wanted: set[Any] = {key[0] for key in keys if key is not None}
        if not wanted:
            continue
        lead = way[0]
        field = lead.attr
        if lead.kind in SEALED_KINDS:
            field, wanted = f"{lead.attr}_index", {blind_index(lead.kind, text) for text in wanted}
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


def _clean(asked: Sequence[Column], unknown: Sequence[str], raw: Mapping[str, Any], read: Read) -> Cleaned:
    cleaned = Cleaned()
    values = cleaned.values
    for name in unknown:
        refusal = Refusal(f"没有可填写的列“{name}”。", f"There is no column {name!r} to fill in.", code="unknown_column", field=name)
        cleaned.problems.append(refusal)
    for column in asked:
        name, text = column.name, raw.get(column.name)
        key = (name, text) if column.kind in FEW_WORDS and isinstance(text, str) else None
        if key in read:
            values[name] = read[key]
            continue
        try:
            values[name] = value = column.parse(text)
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


def _trail_text(column: Column, text: str) -> str:
    return audit.value_hash(text) if text and column.cls in HASHED_CLASSES else text


def _created(ledger: Ledger, told: Sequence[Told], by: Actor) -> list[audit.Event]:
    who = by.by
    return [audit.Event("create", ledger.key, object_id, who, area, values) for object_id, area, values in told]


def _changed(ledger: Ledger, told: Iterable[tuple[Any, Mapping[str, Any]]], by: Actor) -> list[audit.Event]:
    place, who = _area_field(ledger), by.by
    return [audit.Event("change", ledger.key, str(row.pk), who, str(getattr(row, place, "") or ""), changes) for row, changes in told]


def _area_field(ledger: Ledger) -> str:
    """The row's own field that says in which area it lies; empty where another row says it."""
    place = ledger.placed.get("area", "")
    return "" if "__" in place else place


def _match_part(column: Column, value: Any) -> str:
    if value is None or value == "":
        return ""
    return normalise(column.kind, value) if column.kind in SEALED_KINDS else clean_text(column.render(value))


def _taken(ledger: Ledger, known: Any = None) -> Refusal:
    title = [column for column in ledger.title_of(known) if column.cls not in HASHED_CLASSES] if known else []
    which = " ".join(column.render(column.read(known)) for column in title)
    return Refusal(
        f"“{ledger.label}”台账中已有这条记录（{which or '编号相同'}），请找到它再修改，不要重复新增。",
        f"The ledger {ledger.key!r} already holds this record ({which or 'same identity'}); find it and change it.",
        code="duplicate",
    )
