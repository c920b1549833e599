"""What would become of the rows of a sheet, against the ledger as it stands now. Nothing is written here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tongchou import areas, insert, keyed
from tongchou.access.actor import Actor
from tongchou.audit.ids import uuid7
from tongchou.ledger import door, registry, write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

Outcome = ImportRow.Outcome
#: rows of a file: number, text by column name, and what is wrong with it already
Batch = Sequence[tuple[int, dict[str, str], list[Refusal]]]
_WRITE, _WRITE_SORTED = json.JSONEncoder(ensure_ascii=False).encode, json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass
class Judged:
    """One row of the file and what is to be done with it: ``built`` is the new row, ``values`` what it was read as.

    ``text`` is the row as it is kept, ``content`` its digest where nothing else tells rows apart, ``key`` what tells
    that two rows of one file mean the same.
    """

    row: int
    outcome: str
    reasons: list[dict[str, Any]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    object_id: str = ""
    built: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    content: str = ""
    key: tuple[Any, ...] | None = None


class Staged(NamedTuple):
    """A judged row as it is kept: ``said`` is equal for equal texts, ``line`` its ``ImportRow`` as stored.

    ``made`` is what will be written of a new row of a ledger that stands alone, and what the trail will tell of it.
    """

    row: int
    outcome: str
    key: tuple[Any, ...] | None
    said: bytes
    line: list[Any]
    made: tuple[list[Any], write.Told] | None = None


def judge(ledger: Ledger, batch: Batch, by: Actor, read: write.Read) -> list[Judged]:
    """What would become of each row by itself; whether it stands in the file twice is for ``Twins``. ``read`` serves all batches of a file."""
    cleaned = write.clean_rows(ledger, [raw for _row, raw, _early in batch], by, read=read)
    values = [one.values for one in cleaned]
    keys = write.keys_of(ledger, values)
    existing = write.find_existing(ledger, values, keys)
    contents = ["" if any(ways) else content_of(raw) for (_row, raw, _early), ways in zip(batch, keys, strict=True)]
    before = _imported_before(ledger, [content for content in contents if content])
    judged = []
    for (row, raw, early), one, current, content, ways in zip(batch, cleaned, existing, contents, keys, strict=True):
        problems = [*early, *one.problems]
        if problems:
            found = Judged(row, Outcome.REJECT, [_reason(row, problem) for problem in problems])
        elif content in before:
            found = Judged(row, Outcome.UNCHANGED, object_id=before[content])
        else:
            found = _judge_one(ledger, row, raw, one.values, current, by)
        found.text, found.content = _WRITE(raw), content
        if not problems:
            found.key = next(((number, *key) for number, key in enumerate(ways) if key is not None), (-1, content))
        judged.append(found)
    return judged


def stage_batch(ledger: Ledger, source: Any, batch: Batch, by: Actor, read: write.Read) -> list[Staged]:
    """The rows judged, as they are kept for the import with the key ``source``."""
    judged = judge(ledger, batch, by, read)
    lines = _lines(source, judged)
    said = [hashlib.blake2b(one.text.encode(), digest_size=8).digest() for one in judged]
    made = _made(ledger, judged)
    return [Staged(one.row, str(one.outcome), one.key, text, line, made.get(one.row)) for one, text, line in zip(judged, said, lines, strict=True)]


def stage_aside(*, ledger: str, source: Any, by: Actor) -> Callable[[Batch], list[Staged]]:
    """``stage_batch`` for the second process (``tongchou.jobs.aside``): nothing moves while a file is staged, so it sees the same ledger."""
    declared, read = registry.get(ledger), write.Read()
    areas.tree()
    return lambda batch: stage_batch(declared, source, batch, by, read)


class Twins:
    """Identities met so far in a file, with the row that had them first."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], tuple[int, bytes]] = {}

    def settle(self, source: Import, raw: Mapping[str, str], one: Staged) -> Staged:
        """The row as it stays: of the same identity twice, equal rows count once, unequal ones are handed back."""
        if one.key is None:
            return one
        first, said = self._rows.setdefault(one.key, (one.row, one.said))
        if first == one.row:
            return one
        found = Judged(one.row, Outcome.UNCHANGED if said == one.said else Outcome.REJECT, text=_WRITE(raw))
        if said != one.said:
            found.reasons = [{
                "row": one.row, "column": "", "code": "duplicate_in_file",
                "zh": f"与第 {first} 行是同一条记录，内容却不同；请核对后只留一行。",
                "en": f"This is the same record as row {first} with other content; check and keep one.",
            }]  # fmt: skip
        return Staged(one.row, str(found.outcome), None, one.said, _lines(source.pk, [found])[0])


def content_of(raw: Mapping[str, str]) -> str:
    """A keyed digest of a row that has no identity: it is known again in a later file, nothing can be read back."""
    return keyed.under("index")(b"row\0" + _WRITE_SORTED(raw).encode())


def given_values(ledger: Ledger, raw: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the sheet speaks of: a column that it lacks leaves the saved value alone."""
    return {name: value for name, value in values.items() if name in raw}


def _judge_one(ledger: Ledger, row: int, raw: dict[str, str], values: Mapping[str, Any], current: Any, by: Actor) -> Judged:
    try:
        if current is None:
            built = write.build_row(ledger, values, by)
            return Judged(row, Outcome.CREATE, object_id=str(built.pk), built=built, values=values)
        given = given_values(ledger, raw, values)
        moved = [column.name for column in ledger.columns if column.create_only and column.name in given and column.render(column.read(current)) != column.render(given[column.name])]
        if moved:
            raise Refusal(
                f"“{'、'.join(str(ledger.column(name).label) for name in moved)}”与已有记录不同；它由办理动作改变，不能用表格改。",
                f"{', '.join(moved)} differs from the saved row; it is moved by an action, not by a sheet.",
                code="moved_by_action", field=moved[0],
            )  # fmt: skip
        if not door.may_hold(ledger, current, by):
            raise Refusal("已有的这条记录属于其他区域，不能改写。", "The saved row belongs to another area and is not overwritten.", code="out_of_scope")
        changes = write.apply_values(ledger, current, given, by)
        outcome = Outcome.UPDATE if changes else Outcome.UNCHANGED
        return Judged(row, outcome, differs=sorted(changes), object_id=str(current.pk), values=given)
    except Refusal as refusal:
        parts = getattr(refusal, "parts", [refusal])
        return Judged(row, Outcome.REJECT, [_reason(row, part) for part in parts])


def _made(ledger: Ledger, judged: Sequence[Judged]) -> dict[int, tuple[list[Any], write.Told]]:
    new = [one for one in judged if one.outcome == Outcome.CREATE] if ledger.stands_alone else []
    rows = [one.built for one in new]
    told = write.told_of(ledger, rows)  # asked for before their values are sealed
    lines = insert.lines_of(ledger.model, rows)
    return {one.row: made for one, *made in zip(new, lines, told, strict=True)}


def _imported_before(ledger: Ledger, contents: Sequence[str]) -> dict[str, str]:
    """Rows without any identity that an earlier import already brought in, by content."""
    if not contents:
        return {}
    rows = ImportRow.objects.filter(
        content__in=contents, outcome=Outcome.CREATE, source__ledger=ledger.key, source__state=Import.State.DONE
    )
    return dict(rows.values_list("content", "object_id"))


def _reason(row: int, problem: Refusal) -> dict[str, Any]:
    return {"row": row, "column": problem.field, "code": problem.code, "zh": problem.zh, "en": problem.en}


def _lines(source: Any, judged: Sequence[Judged]) -> list[list[Any]]:
    """The rows' ``ImportRow``s as they are stored."""
    return insert.lines_of_columns(ImportRow, {
        "id": [uuid7() for _one in judged], "source_id": [source] * len(judged), "row": [one.row for one in judged],
        "values": [one.text for one in judged], "outcome": [str(one.outcome) for one in judged], "reasons": [one.reasons for one in judged],
        "differs": [one.differs for one in judged], "content": [one.content for one in judged], "object_id": [one.object_id for one in judged],
    })  # fmt: skip
