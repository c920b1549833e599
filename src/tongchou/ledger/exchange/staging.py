"""Read a sheet whole into staged rows, each with what would become of it. Nothing enters the ledger here."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from tongchou import areas, audit, citytime, insert
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.files import store
from tongchou.files.sheets.formats import SheetRefused
from tongchou.files.sheets.reading import read_rows
from tongchou.jobs.aside import Aside
from tongchou.ledger import registry, write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange import mapping, ready
from tongchou.ledger.exchange.judging import Batch, Outcome, Staged, Twins, stage_batch
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

_HEAD_ROWS = 10
#: a shorter file is judged before a second process has started
ASIDE_BATCHES = 10
#: batches that wait for one before them, at most
_WAITING = 8


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
    waiting = Import.objects.filter(state__in=(Import.State.STAGING, Import.State.STAGED, Import.State.REFUSED, Import.State.APPLYING))
    store.sweep({stored, *(name for names in waiting.values_list("stored", "made") for name in names)})
    return Import.objects.create(
        ledger=ledger.key, file_name=file_name[:200], mapping=map_name, stored=stored,
        post_id=by.post_id, user_id=by.user_id, area_path=by.area_path, created_at=citytime.now(),
    )  # fmt: skip


def stage_into(source: Import, path: Path, *, by: Actor, told: Callable[[int], None] = lambda rows: None) -> None:
    """Read a file whole into an import's account; ``told`` hears how many rows were judged so far."""
    ledger = registry.get(source.ledger)
    areas.tree()  # read outside the transaction it is kept for the next
    store.forget(source.made)
    source.file_digest, source.refusal, source.made = _digest(path), {}, ""
    # a second process sees what is committed: not what a transaction around this one has done
    judges = _Judges(source, ledger, by, aside=not connection.in_atomic_block)
    try:
        rules = mapping.rules_of(ledger, source.mapping) if source.mapping else None
        with transaction.atomic():
            source.judged_position, source.judged_on = audit.hold(), citytime.today()
            source.lines.all().delete()
            _stage_rows(source, ledger, read_rows(path), rules, judges, told)
    except (SheetRefused, Refusal) as refused:
        source.state, source.finished_at = Import.State.REFUSED, citytime.now()
        source.rows = source.created = source.updated = source.unchanged = source.rejected = 0
        store.forget(source.made)
        source.made = ""
        source.refusal = {"code": refused.code, "zh": refused.zh, "en": refused.en}
        source.save()
    finally:
        judges.close()
    audit.record(
        "import.stage", ledger=ledger.key, object_id=str(source.pk), by=by.by,
        count=max(source.rows, 1), note=f"{source.file_name} {source.state}",
    )  # fmt: skip


def _stage_rows(
    job: Import, ledger: Ledger, rows: Iterator[tuple[int, list[str]]], rules: mapping.Rules | None, judges: _Judges, told: Callable[[int], None]
) -> None:
    head = list(islice(rows, _HEAD_ROWS))
    plan = mapping.plan(ledger, head, rules)
    job.columns, job.ignored = {name: dict(rule) for name, rule in plan.rules.items()}, plan.ignored
    counts = dict.fromkeys(Outcome.values, 0)
    with ready.making(job, ledger) as put_by:
        for staged in judges.judged(_batches(plan, head, rows)):
            insert.insert_lines(ImportRow, [one.line for one in staged])
            put_by(staged)
            for one in staged:
                counts[one.outcome] += 1
            told(sum(counts.values()))
    for name, number in counts.items():
        setattr(job, name, number)
    job.rows, job.state = sum(counts.values()), Import.State.STAGED
    if not job.rows:
        raise Refusal("表头下面没有数据行。", "There are no rows below the header.", code="no_rows")
    job.save()


class _Judges:
    """Judge the batches of a file in their order, here and in a second process where the file is long."""

    def __init__(self, source: Import, ledger: Ledger, by: Actor, *, aside: bool) -> None:
        self._source, self._ledger, self._by, self._may = source, ledger, by, aside
        self._read: write.Read = {}
        self._aside: Aside | None = None
        self._twins = Twins()

    def judged(self, batches: Iterable[Batch]) -> Iterator[list[Staged]]:
        waiting: deque[tuple[Batch, list[Staged] | None]] = deque()
        for number, batch in enumerate(batches):
            if number == ASIDE_BATCHES and self._may:
                self._aside = Aside("tongchou.ledger.exchange.judging:stage_aside", ledger=self._ledger.key, source=self._source.pk, by=self._by)
            if self._aside is not None and self._aside.free() and not any(early for _row, _raw, early in batch):
                self._aside.ask(batch)
                waiting.append((batch, None))
            else:
                waiting.append((batch, self._stage(batch)))
            while waiting and (waiting[0][1] is not None or len(waiting) > _WAITING or (self._aside is not None and self._aside.ready())):
                yield self._settled(*waiting.popleft())
        while waiting:
            yield self._settled(*waiting.popleft())

    def close(self) -> None:
        if self._aside is not None:
            self._aside.close()

    def _stage(self, batch: Batch) -> list[Staged]:
        return stage_batch(self._ledger, self._source.pk, batch, self._by, self._read)

    def _settled(self, batch: Batch, staged: list[Staged] | None) -> list[Staged]:
        if staged is None and self._aside is not None:
            staged = self._aside.take()
        staged = staged or self._stage(batch)
        return [self._twins.settle(self._source, raw, one) for (_row, raw, _early), one in zip(batch, staged, strict=True)]


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


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
