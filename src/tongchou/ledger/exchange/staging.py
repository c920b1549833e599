"""Read a sheet whole into staged rows, each with what would become of it. Nothing enters the ledger here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from tongchou import areas, audit, citytime, insert, keyed
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.files.sheets.formats import SheetRefused
from tongchou.files.sheets.reading import read_rows
from tongchou.ledger import door, registry, write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange import mapping
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

Outcome = ImportRow.Outcome
_HEAD_ROWS = 10
_WRITE, _WRITE_SORTED = json.JSONEncoder(ensure_ascii=False).encode, json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass
class Judged:
    """One row of the file and what is to be done with it: ``built`` is the new row, ``values`` what it was read as.

    ``text`` is the row as it is kept, ``content`` its digest where nothing else tells rows apart.
    """

    row: int
    raw: dict[str, str]
    outcome: str
    reasons: list[dict[str, Any]] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    object_id: str = ""
    built: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    content: str = ""


@dataclass
class Seen:
    """Identities met so far in this file, with the row that had them first and the hash of its text; and what few words were read as."""

    rows: dict[tuple[Any, ...], tuple[int, int]] = field(default_factory=dict)
    read: write.Read = field(default_factory=dict)


def stage(ledger: Ledger, path: Path, *, file_name: str, by: Actor, map_name: str = "") -> Import:
    """Stage a file for an import: a dry run, kept. A file refused as a whole is kept with its reason.

    Raises Refusal where the post may not import into this ledger.
    """
    source = begin_import(ledger, file_name=file_name, by=by, map_name=map_name)
    stage_into(source, path, by=by)
    return source


def begin_import(ledger: Ledger, *, file_name: str, by: Actor, map_name: str = "", stored: str = "") -> Import:
    """Open the account of a file. Raises Refusal where the post may not import into this ledger."""
    if not ledger.writable or not permissions.may(by, ledger.key, "import"):
        raise Refusal(f"您的岗位无权向“{ledger.label}”导入。", f"Your post may not import into {ledger.key!r}.", code="forbidden")
    return Import.objects.create(
        ledger=ledger.key, file_name=file_name[:200], mapping=map_name, stored=stored,
        post_id=by.post_id, user_id=by.user_id, area_path=by.area_path, created_at=citytime.now(),
    )  # fmt: skip


def stage_into(source: Import, path: Path, *, by: Actor, told: Callable[[int], None] = lambda rows: None) -> None:
    """Read a file whole into an import's account; ``told`` hears how many rows were judged so far."""
    ledger = registry.get(source.ledger)
    areas.tree()  # read outside the transaction it is kept for the next
    source.file_digest, source.refusal = _digest(path), {}
    try:
        rules = mapping.rules_of(ledger, source.mapping) if source.mapping else None
        with transaction.atomic():
            source.judged_position, source.judged_on = audit.hold(), citytime.today()
            source.lines.all().delete()
            _stage_rows(source, ledger, read_rows(path), rules, by, told)
    except (SheetRefused, Refusal) as refused:
        source.state, source.finished_at = Import.State.REFUSED, citytime.now()
        source.rows = source.created = source.updated = source.unchanged = source.rejected = 0
        source.refusal = {"code": refused.code, "zh": refused.zh, "en": refused.en}
        source.save()
    audit.record(
        "import.stage", ledger=ledger.key, object_id=str(source.pk), by=by.by,
        count=max(source.rows, 1), note=f"{source.file_name} {source.state}",
    )  # fmt: skip


def judge(ledger: Ledger, batch: Sequence[tuple[int, dict[str, str], list[Refusal]]], by: Actor, seen: Seen) -> list[Judged]:
    """What would become of each row, against the ledger as it stands now."""
    cleaned = write.clean_rows(ledger, [raw for _row, raw, _early in batch], by, read=seen.read)
    values = [one.values for one in cleaned]
    keys = write.keys_of(ledger, values)
    existing = write.find_existing(ledger, values, keys)
    contents = ["" if any(ways) else content_of(raw) for (_row, raw, _early), ways in zip(batch, keys, strict=True)]
    before = _imported_before(ledger, [content for content in contents if content])
    judged = []
    for (row, raw, early), one, current, content, ways in zip(batch, cleaned, existing, contents, keys, strict=True):
        problems, text = [*early, *one.problems], _WRITE(raw)
        if problems:
            found = Judged(row, raw, Outcome.REJECT, [_reason(row, problem) for problem in problems])
        elif (twin := _twin(row, raw, ways, content, hash(text), seen)) is not None:
            found = twin
        elif content in before:
            found = Judged(row, raw, Outcome.UNCHANGED, object_id=before[content])
        else:
            found = _judge_one(ledger, row, raw, one.values, current, by)
        found.text, found.content = text, content
        judged.append(found)
    return judged


def content_of(raw: Mapping[str, str]) -> str:
    """A keyed digest of a row that has no identity: it is known again in a later file, nothing can be read back."""
    return keyed.under("index")(b"row\0" + _WRITE_SORTED(raw).encode())


def _stage_rows(
    job: Import, ledger: Ledger, rows: Iterator[tuple[int, list[str]]], rules: mapping.Rules | None, by: Actor, told: Callable[[int], None]
) -> None:
    head = list(islice(rows, _HEAD_ROWS))
    plan = mapping.plan(ledger, head, rules)
    job.columns, job.ignored = {name: dict(rule) for name, rule in plan.rules.items()}, plan.ignored
    seen = Seen()
    counts = dict.fromkeys(Outcome.values, 0)
    for batch in _batches(plan, head, rows):
        judged = judge(ledger, batch, by, seen)
        insert.insert_new(ImportRow, [_staged(job, one) for one in judged])
        for one in judged:
            counts[one.outcome] += 1
        told(sum(counts.values()))
    for name, number in counts.items():
        setattr(job, name, number)
    job.rows, job.state = sum(counts.values()), Import.State.STAGED
    if not job.rows:
        raise Refusal("表头下面没有数据行。", "There are no rows below the header.", code="no_rows")
    job.save()


def _batches(plan: mapping.Plan, head: list[tuple[int, list[str]]], rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[Any]]:
    batch = [_read(plan, number, cells) for number, cells in head if number > plan.header_row]
    for number, cells in rows:
        if len(batch) >= write.BATCH_ROWS:
            yield batch
            batch = []
        batch.append(_read(plan, number, cells))
    if batch:
        yield batch


def _read(plan: mapping.Plan, row: int, cells: list[str]) -> tuple[int, dict[str, str], list[Refusal]]:
    if len(cells) > len(plan.headers) and any(cells[len(plan.headers) :]):
        text = f"这一行有 {len(cells)} 格，表头只有 {len(plan.headers)} 列；请检查逗号和引号。"
        return row, {}, [Refusal(text, f"This row has {len(cells)} cells under {len(plan.headers)} headers; check commas and quotes.", code="too_many_cells")]
    try:
        return row, plan.raw(cells), []
    except Refusal as refusal:
        return row, {}, [refusal]


def _judge_one(ledger: Ledger, row: int, raw: dict[str, str], values: Mapping[str, Any], current: Any, by: Actor) -> Judged:
    try:
        if current is None:
            built = write.build_row(ledger, values, by)
            return Judged(row, raw, Outcome.CREATE, object_id=str(built.pk), built=built, values=values)
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
        return Judged(row, raw, outcome, differs=sorted(changes), object_id=str(current.pk), values=given)
    except Refusal as refusal:
        parts = getattr(refusal, "parts", [refusal])
        return Judged(row, raw, Outcome.REJECT, [_reason(row, part) for part in parts])


def given_values(ledger: Ledger, raw: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the sheet speaks of: a column that it lacks leaves the saved value alone."""
    return {name: value for name, value in values.items() if name in raw}


def _twin(row: int, raw: dict[str, str], keys: Sequence[write.IdentityKey | None], content: str, said: int, seen: Seen) -> Judged | None:
    """The same identity twice in one file: equal rows (of the same hash ``said``) count once, unequal ones are handed back."""
    way, key = next(((number, key) for number, key in enumerate(keys) if key is not None), (-1, (content,)))
    first = seen.rows.setdefault((way, *key), (row, said))
    if first[0] == row:
        return None
    if first[1] == said:
        return Judged(row, raw, Outcome.UNCHANGED)
    return Judged(row, raw, Outcome.REJECT, [{
        "row": row, "column": "", "code": "duplicate_in_file",
        "zh": f"与第 {first[0]} 行是同一条记录，内容却不同；请核对后只留一行。",
        "en": f"This is the same record as row {first[0]} with other content; check and keep one.",
    }])  # fmt: skip


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


def _staged(job: Import, one: Judged) -> ImportRow:
    line = insert.blank_row(ImportRow)
    line.source_id, line.row, line.values, line.outcome = job.pk, one.row, one.text, str(one.outcome)
    line.content, line.object_id = one.content, one.object_id
    if one.reasons or one.differs:
        line.reasons, line.differs = one.reasons, one.differs
    return line


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
